"""Every metric, a row each: what it is called, what it means, and where it is shown, summed and kept.

A metric that follows from others is a row with ``derived``, and nothing else; any other is computed in ``totals.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..graph.wording import say
from .parallelism import parallelism

Number = Any


@dataclass(frozen=True)
class Unit:
    """How numbers of a kind are written, here and in the page.

    Attributes:
        base: how many of one of ``names`` are one of the next.
        names: what is put behind a number, from the smallest on.
        in_words: what it counts, for those who see the bare number; empty where the metric's label says so.
        is_counted: whether whole numbers below ten million are written with every digit.
    """

    base: int
    names: tuple[str, ...]
    in_words: str = ""
    is_counted: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "in_words", say(self.in_words))


UNITS: dict[str, Unit] = {
    "count": Unit(1000, ("", "K", "M", "G", "T", "P")),
    "bytes": Unit(1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB"), "bytes", is_counted=False),
    "ratio": Unit(1000, ("", "K", "M", "G", "T", "P")),
}


@dataclass(frozen=True)
class Metric:
    """One row of :data:`METRICS`.

    Attributes:
        label: what people call it.
        unit: one of :data:`UNITS`; another one is a row there.
        meaning: its definition in a few words, for tables.
        convention: its definition in full, and whose it is; receipts quote it. Empty where there are no receipts.
        scope: what it is a number of: ``"model"``, ``"sample"``, ``"batch"``, or ``"step"`` of training, which
            depends on the optimizer too.
        is_total: whether the whole model has one.
        by_layer: whether each layer has one. The page adds up those of layers that stand together, or takes the
            largest of one for a batch that is not additive: a ratio is better not by layer.
        is_additive: whether those of the layers sum to the model's.
        is_exact: whether it is known whatever a layer does with its weights; others are lower bounds where
            a layer is not counted.
        is_shown: whether tables and the live panel have a row for it.
        is_optional: whether a model for which it is 0 has no such row.
        in_trials: whether trials keep it, so that it can be a limit of a sweep and an axis of the plot.
        larger_is_better: whether people want much of it.
        derived: the metric from those above it, by name; plain arithmetic on any kind of number: to divide
            by what may be 0, take ``maximum(..., 1)`` of ``graph``. Where it is by layer, from the layer's own.
    """

    label: str
    unit: str
    meaning: str
    convention: str = ""
    scope: str = "sample"
    is_total: bool = True
    by_layer: bool = False
    is_additive: bool = False
    is_exact: bool = False
    is_shown: bool = True
    is_optional: bool = False
    in_trials: bool = True
    larger_is_better: bool = False
    derived: Callable[[Mapping[str, Number]], Number] | None = None

    def __post_init__(self) -> None:
        for name in ("label", "meaning", "convention"):
            object.__setattr__(self, name, say(getattr(self, name)))

    @property
    def trial_label(self) -> str:
        """What it is called where it is a trial's, or of a budget: those of a batch are kept for one sample."""
        return say("{quantity}, one sample", quantity=self.label) if self.scope == "batch" else self.label


METRICS: dict[str, Metric] = {
    "n_params": Metric(
        "Parameters",
        "count",
        "elements of all weights, trainable and not",
        "Elements of all weights, trainable and not; a shared weight counts once. Equals Keras's Model.count_params().",
        scope="model",
        by_layer=True,
        is_additive=True,
        is_exact=True,
    ),
    "n_trainable": Metric(
        "Trainable parameters",
        "count",
        "elements of the weights that training changes",
        "Elements of the weights that training changes: what Model.trainable_weights holds.",
        scope="model",
        by_layer=True,
        is_additive=True,
        is_exact=True,
        is_shown=False,
        in_trials=False,
    ),
    "flops": Metric(
        "FLOPs",
        "count",
        "2 x MACs + every other scalar operation, one sample",
        "2 x MACs + every other scalar operation, for one sample: a bias 1 an output, batch normalization 2, "
        "addition, multiplication and maximum 1, exp, log, tanh, erf and square root 1 each; the table is "
        "layer_rules/activation_costs.py. tf.profiler counts the same products and bias additions, but no relu.",
        by_layer=True,
        is_additive=True,
    ),
    "flops_per_token": Metric(
        "FLOPs per token",
        "count",
        "FLOPs over the length of the sequence",
        is_total=False,  # only of a model that reads tokens: see CostReport.flops_per_token
    ),
    "macs": Metric(
        "MACs",
        "count",
        "multiply-accumulates of products, one sample",
        "Multiply-accumulates of matrix, convolution, recurrent and attention products, for one sample. "
        "A lookup in an embedding is none.",
        by_layer=True,
        is_additive=True,
    ),
    "weight_bytes": Metric(
        "Weights",
        "bytes",
        "bytes of all weights",
        "Bytes of all weights, each in its own dtype: mixed precision keeps variables in float32.",
        scope="model",
        by_layer=True,
        is_additive=True,
        is_exact=True,
    ),
    "flash_bytes": Metric(
        "Flash, int8",
        "bytes",
        "bytes of all weights as 8-bit deployment stores them",
        "Weights of one byte and biases of four (int32), every batch normalization folded into the layer before it, "
        "which leaves one bias a channel; without the code that runs them and without scales. As ST's model zoo "
        "counts the flash of weights (STMicroelectronics, stm32ai-modelzoo).",
        scope="model",
        by_layer=True,
        is_additive=True,
        is_exact=True,
        is_shown=False,
        in_trials=False,
    ),
    "activation_bytes": Metric(
        "Activations",
        "bytes",
        "bytes of the tensors a layer makes, one batch",
        scope="batch",
        is_total=False,
        by_layer=True,
        is_shown=False,
        in_trials=False,
    ),
    "live_bytes": Metric(
        "Live tensors",
        "bytes",
        "bytes alive while a layer runs, one batch",
        scope="batch",
        is_total=False,
        by_layer=True,
        is_shown=False,
        in_trials=False,
    ),
    "backward_bytes": Metric(
        "Live in training",
        "bytes",
        "bytes alive while a layer's gradients are made, one batch",
        "What all layers up to it keep for their derivatives, and the gradients of the tensors that are alive there, "
        "for a batch; without weights, their gradients and the optimizer's slots. That of the loss counts with the "
        "last layer, so that the largest of all is the activations' part of the training memory.",
        scope="batch",
        is_total=False,
        by_layer=True,
        is_shown=False,
        in_trials=False,
    ),
    "peak_activation_bytes": Metric(
        "Peak activations",
        "bytes",
        "largest sum of live tensors at inference, one batch",
        "An estimate of the RAM that inference takes: the largest sum of live tensors over the operations in execution "
        "order, those inside a layer included, for a batch, the model's input among them. A tensor lives from the "
        "operation that makes it to its last reader; a reshape or a transpose is a view of what it reads, otherwise "
        "nothing is fused and nothing is done in place: what a planner such as XLA's improves on.",
        scope="batch",
    ),
    "training_bytes": Metric(
        "Training memory",
        "bytes",
        "the most alive in a training step: weights, gradients, slots, activations, one batch",
        "An estimate: weights, their gradients, the optimizer's slots (Adam: 2 x trainable; Kingma and Ba 2015) and "
        "the most that activations take over both passes, for a batch: at each operation what all up to it keep for "
        "their derivatives, and the gradients of the tensors that are alive there. A layer's share is what it holds "
        "throughout, without those gradients. The workspaces of kernels are left out.",
        scope="step",
        by_layer=True,
    ),
    "kv_cache_bytes": Metric(
        "KV cache",
        "bytes",
        "keys and values a decoder keeps of a sequence, one batch",
        "Keys and values of every self-attention layer that is called with use_causal_mask=True, over "
        "the whole sequence, for a batch, in the layer's compute dtype: 2 x key heads x head size x positions where "
        "keys and values are of one size (Shazeer 2019; Ainslie et al. 2023). Of attention that is "
        "opened to its operations, the same where its mask lets nothing see what comes later.",
        scope="batch",
        by_layer=True,
        is_additive=True,
        is_optional=True,
        in_trials=False,
    ),
    "span": Metric(
        "Critical path",
        "count",
        "span: longest chain of operations that wait for one another",
        "The longest chain of scalar operations that wait for one another, sums done as trees: a product over k "
        "terms 1 + ceil(log2 k), a bias 1, an activation its own operations (relu 1, sigmoid 4), softmax over n "
        "2 ceil(log2 n) + 3, a sum over one term 1, as the FLOPs count it; through the graph, the longest path (Brent "
        "1974; Blelloch 1996). A tensor with a time axis is ready step by step: the products with a recurrent layer's "
        "input do not wait for its state.",
        by_layer=True,
    ),
    "parallelism": Metric(
        "Parallelism",
        "ratio",
        "work / span: operations that could run at once, one sample",
        "Work / span, work being the FLOPs: how many operations could run at once on unlimited processors "
        "(Brent 1974; Blelloch 1996), for one sample.",
        larger_is_better=True,
        derived=lambda values: parallelism(values["flops"], values["span"]),
    ),
}

UNCOUNTED = "uncounted"  # layers whose operations are not in the numbers: no cost, but beside all of them


def model_metrics() -> list[str]:
    """The metrics that a whole model has."""
    return [name for name, each in METRICS.items() if each.is_total]


def layer_metrics() -> list[str]:
    """The metrics that a layer has."""
    return [name for name, each in METRICS.items() if each.by_layer]


def trial_metrics() -> list[str]:
    """The metrics that a trial keeps."""
    return [name for name, each in METRICS.items() if each.is_total and each.in_trials]


def limit_metrics() -> list[str]:
    """The metrics of which a structure may have too much."""
    return [name for name, each in METRICS.items() if each.is_total and not each.larger_is_better]


def shown_metrics(values: Mapping[str, Number]) -> list[str]:
    """The metrics worth a row, for a model that has these values of them."""
    return [
        name
        for name, each in METRICS.items()
        if each.is_total and each.is_shown and (not each.is_optional or values[name])
    ]


def derive(values: dict[str, Number], names: list[str]) -> None:
    """Give ``values``, those of a model or of a layer, the metrics of ``names`` that follow from others."""
    for name in names:
        if (derived := METRICS[name].derived) is not None:
            values[name] = derived(values)
