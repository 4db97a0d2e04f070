"""Checking a report: build the model, ask Keras and TensorFlow, and say where and why they differ."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import keras
import tensorflow as tf

from ...graph import ModelGraph
from ...graph.forked import refuse_fork
from ...metrics import CostReport, Recount, Verification
from ...metrics.complexity import call_costs
from ...metrics.memory import memory_of, peak, tensor_bytes
from ...metrics.views import storage
from ...structure import Structure
from ..backend import require_tensorflow
from ..rebuilding.fixed_batch import stateful_layers
from ..rebuilding.names import built_names
from ..rebuilding.rebuild import build_model
from ..without_weights import unallocated
from .given_model import compare_outputs
from .profile import IN_BLOCKS, LOOPS_SEEN, NO_OPERATIONS, PRODUCTS, UNSIZED, profiled
from .xla_memory import planned_bytes

# TensorFlow's formula for it divides the output's positions by the strides: the input's only where none is padded.
TRANSPOSED = "Conv2DBackpropInput"
OF_WINDOWS = " of ones and zeros"


def verify_report(structure: Structure, report: CostReport, memory: bool = False) -> Verification:
    """See :meth:`CostReport.verify`."""
    refuse_fork()
    require_tensorflow("counting again by its profiler, cost.verify(),")
    if stateful := stateful_layers(structure):
        raise ValueError(
            f"Expected layers that treat each batch by itself to count again, got {stateful[0]!r}, which keeps "
            "its state. Make it with stateful=False: its costs are the same."
        )
    with unallocated():
        model = build_model(structure, "fresh", compiled=False)
        rows = [
            Recount("parameters", report.n_params, model.count_params(), "equal", "Keras's count_params()"),
            Recount(
                "trainable parameters",
                report.n_trainable,
                sum(math.prod(weight.shape) for weight in model.trainable_weights),
                "equal",
                "elements of Keras's trainable_weights",
            ),
            Recount(
                "weight bytes",
                report.weight_bytes,
                sum(math.prod(weight.shape) * tf.as_dtype(weight.dtype).size for weight in model.weights),
                "equal",
                "elements times bytes of the dtype, over the built model's weights",
            ),
            *_operations(structure, report, _by_layer(structure, profiled(model))),
        ]
        if memory:
            rows.append(_memory(structure, report, model))
    return Verification((*rows, *compare_outputs(structure.space)))


def _by_layer(structure: Structure, counted: dict[str, Counter[str]]) -> dict[str, Counter[str]]:
    """What was counted, by the names of the graph: a built model may call its layers otherwise."""
    given = {made: name for name, made in built_names(structure.space.graph).items()}
    return {given.get(name, name): each for name, each in counted.items()}


def _operations(structure: Structure, report: CostReport, theirs: dict[str, Counter[str]]) -> list[Recount]:
    """Products by TensorFlow's kind of product, then bias additions, then everything."""
    ours = report.by_layer["macs"].to_dict()
    uncounted = set(report.uncounted)
    of_kinds: dict[str, list[str]] = {}
    for layer in {*ours, *theirs} - uncounted:
        kinds = " + ".join(sorted(filter(_is_product, theirs.get(layer, ()))))
        if theirs.get(layer, Counter())[UNSIZED]:
            of_kinds.setdefault(UNSIZED, []).append(layer)
        elif kinds or ours.get(layer):
            kinds += OF_WINDOWS if kinds and _takes_windows(structure, layer) else ""
            of_kinds.setdefault(kinds or "no product", []).append(layer)
    rows = []
    for kinds, layers in sorted(of_kinds.items()):
        loops = sum(bool(theirs[layer][LOOPS_SEEN]) for layer in layers if layer in theirs)
        note = f"2 x MACs of {len(layers)} layers; tf.profiler's own formula"
        note += ", Einsum by its equation" if "Einsum" in kinds else ""
        note += "; how large some of them are, TensorFlow does not know, and counts none of those" * (kinds == UNSIZED)
        note += "; the padding of the blocks a dilated convolution is made into counts there" * (IN_BLOCKS in kinds)
        note += "; Keras takes windows by a convolution of ones and zeros, which moves numbers" * (OF_WINDOWS in kinds)
        note += (
            f"; {loops} run loops, whose bodies tf.profiler does not enter: counted once a timestep" if loops else ""
        )
        rows.append(
            Recount(
                f"products: {kinds}",
                int(2 * sum(ours.get(layer, 0) for layer in layers)),
                sum(
                    theirs[layer][kind]
                    for layer in layers
                    if layer in theirs
                    for kind in filter(_is_product, theirs[layer])
                ),
                "explained" if kinds in (TRANSPOSED, UNSIZED) or IN_BLOCKS in kinds or OF_WINDOWS in kinds else "close",
                note,
            )
        )
    rows.extend(_biases(structure, report, theirs))
    total = sum(
        (count for counter in theirs.values() for kind, count in counter.items() if kind not in NO_OPERATIONS), 0
    )
    rows.append(Recount("all operations", report.flops, total, "explained", _why(theirs, uncounted)))
    return rows


def _takes_windows(structure: Structure, layer: str) -> bool:
    known = structure.space.graph.layers.get(layer)
    return known is not None and known.kind == "ops.ExtractPatches"


def _is_product(kind: str) -> bool:
    return kind.removesuffix(IN_BLOCKS) in PRODUCTS


def _biases(structure: Structure, report: CostReport, theirs: dict[str, Counter[str]]) -> list[Recount]:
    """Bias additions of the layers that add theirs with ``BiasAdd`` alone, as most do."""
    without = structure
    for layer in structure.biases:
        without = without.with_bias(layer, False)
    bias = (report.by_layer["flops"] - without.measure().by_layer["flops"]).to_dict()
    layers = [
        layer
        for layer, counter in theirs.items()
        if counter["BiasAdd"] and not counter["AddV2"] and not counter[LOOPS_SEEN] and layer in structure.biases
    ]
    if not layers:
        return []
    return [
        Recount(
            "bias additions",
            int(sum(bias[layer] for layer in layers)),
            sum(theirs[layer]["BiasAdd"] for layer in layers),
            "close",
            f"{len(layers)} layers that add a bias with BiasAdd; recurrent and attention layers spell theirs "
            "differently",
        )
    ]


def _why(theirs: dict[str, Counter[str]], uncounted: set[str]) -> str:
    kinds = Counter[str]()
    for counter in theirs.values():
        kinds.update(
            {
                kind: count
                for kind, count in counter.items()
                if not _is_product(kind) and kind not in (*NO_OPERATIONS, "BiasAdd")
            }
        )
    largest = ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common(4))
    text = (
        "counted differently besides products: tf.profiler has no formula for relu, sigmoid, tanh, exp and fused "
        "batch normalization, takes a pooling window of k for k operations instead of k - 1, and counts the arithmetic "
        f"of shapes and of normalization's constants. Its largest others: {largest or 'none'}"
    )
    return text + (f"; not counted by us: {', '.join(sorted(uncounted))}" if uncounted else "")


def _memory(structure: Structure, report: CostReport, model: keras.Model) -> Recount:
    """Peak activations without the model's inputs and outputs, whose buffers belong to XLA's caller."""
    connected = structure.space.connected
    at = structure.setting
    sizes = tensor_bytes(connected, at)
    lies_in = storage(connected)
    for index in (*connected.graph.input_tensors, *connected.graph.output_tensors):
        sizes[lies_in[index]] = 0
    return Recount(
        "peak between input and output",
        report.batch_size * peak(memory_of(connected, at, call_costs(connected, at), sizes=sizes).moments),
        planned_bytes(model, report.batch_size).temporary,
        "bound" if _is_chain(connected.graph) else "explained",
        "bytes of the arena in XLA's buffer assignment for the CPU. XLA fuses elementwise operations and reuses their "
        "buffers, which takes less; it orders branches and packs buffers in its own way, which may take more",
    )


def _is_chain(graph: ModelGraph) -> bool:
    """Whether every call reads what the one before it made, so that there is no order to choose."""
    calls = [call for call in graph.calls if call.inputs]
    return all(later.inputs == earlier.outputs for earlier, later in itertools.pairwise(calls))
