"""Rules of bare ``keras.ops`` calls: ``x + y``, ``ops.relu(x)``, ``ops.mean(x, axis=1)``.

Their kinds carry a prefix (``ops.Add``), because the layers' class names overlap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph import Concat, Dim, Shape, TensorRef, baseline_size, ceil_log2
from .activation_costs import ACTIVATION_COSTS
from .activations import Softmax
from .merging import broadcast
from .registry import register_layer_rule
from .reshaping import regrouped
from .rule import Connection, Cost, Elementwise, LayerRule, Mixing, Setting, Site, UnsupportedLayerError


@dataclass(frozen=True)
class Binary(LayerRule):
    """Two operands, element by element; either may be a constant."""

    verb: str = "combines them element by element"

    def connect(self, site: Site) -> Connection:
        left, right = (_operand_shape(site, each) for each in (*site.call.args, *(site.call.kwargs or {}).values()))
        return Connection((broadcast(site, left, right, self.verb),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(other=at.elements(site.outputs[0]), span=1)


@dataclass(frozen=True)
class Reduction(LayerRule):
    """One value over some axes: n - 1 operations, and one more an output for a ``mean``.

    ``chooses``: the value is one of those it is taken over, however many copies there are of them.
    """

    mean: int = 0  # 1 or 0, a factor of the costs
    chooses: bool = False

    def connect(self, site: Site) -> Connection:
        shape, axes = site.inputs[0], self._axes(site)
        if site.config.get("keepdims"):
            return Connection((tuple(1 if axis in axes else dim for axis, dim in enumerate(shape)),))
        return Connection((tuple(dim for axis, dim in enumerate(shape) if axis not in axes),))

    def cost(self, site: Site, at: Setting) -> Cost:
        shape, axes = site.inputs[0], self._axes(site)
        over = at.elements(tuple(shape[axis] for axis in axes))
        results = at.elements(site.outputs[0])
        return Cost(other=at.elements(shape) - results + self.mean * results, span=ceil_log2(over) + self.mean)

    def mixing(self, site: Site) -> Mixing:
        over = tuple(site.inputs[0][axis] for axis in self._axes(site))
        if self.chooses:
            return Mixing()
        return Mixing(averaged=over) if self.mean else Mixing(summed=over)

    def _axes(self, site: Site) -> list[int]:
        axis = site.config.get("axis")
        if axis is None:
            raise UnsupportedLayerError("there is none for reducing over the batch too")
        return _without_batch(axis, len(site.inputs[0]))


class Variance(Reduction):
    """The mean, then the mean of the squared distances from it: add, subtract, square, add an element."""

    def cost(self, site: Site, at: Setting) -> Cost:
        over = at.elements(tuple(site.inputs[0][axis] for axis in self._axes(site)))
        return Cost(other=4 * at.elements(site.inputs[0]), span=2 * (ceil_log2(over) + 1) + 2)


class Reshape(LayerRule):
    """Axes regrouped; a width passes when it comes out whole."""

    def connect(self, site: Site) -> Connection:
        return Connection((regrouped(site, site.inputs[0], self._target(site)),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(kept=0)

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        # The batch is the one axis left open: every other has its length now.
        return {"newshape": (-1, *(at.size(dim) for dim in site.outputs[0]))}

    def _target(self, site: Site) -> list[int]:
        batch, *target = site.config["newshape"]
        if batch not in (-1, None):
            raise UnsupportedLayerError("there is none for reshaping the batch")
        return list(target)


class Transpose(LayerRule):
    """Axes in another order, the batch first."""

    def connect(self, site: Site) -> Connection:
        batch, *axes = site.config["axes"] or [None]
        if batch != 0:
            raise UnsupportedLayerError("there is none for moving the batch axis")
        return Connection((tuple(site.inputs[0][axis - 1] for axis in axes),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(kept=0)


class ExpandDims(LayerRule):
    """A new axis of length 1."""

    def connect(self, site: Site) -> Connection:
        shape = list(site.inputs[0])
        axes = site.config["axis"]
        for axis in axes if isinstance(axes, (list, tuple)) else [axes]:
            position = axis - 1 if axis >= 0 else len(shape) + 1 + axis
            shape.insert(position, 1)
        return Connection((tuple(shape),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(kept=0)


class Squeeze(LayerRule):
    """Axes of length 1 taken away."""

    def connect(self, site: Site) -> Connection:
        shape, axis = site.inputs[0], site.config["axis"]
        drop = (
            [position for position, dim in enumerate(shape) if dim == 1]
            if axis is None
            else _without_batch(axis, len(shape))
        )
        for position in drop:
            site.freeze((shape[position],), "drops its only channel")
        return Connection((tuple(dim for position, dim in enumerate(shape) if position not in drop),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(kept=0)


class Concatenate(LayerRule):
    """Inputs side by side along one axis."""

    def connect(self, site: Site) -> Connection:
        axis = _without_batch(site.config["axis"], len(site.inputs[0]))[0]
        output: list[Dim] = []
        for position, dims in enumerate(zip(*site.inputs, strict=True)):
            lengths = [dim for dim in dims if isinstance(dim, int)]
            if position == axis:
                output.append(sum(lengths) if len(lengths) == len(dims) else Concat(dims))
                continue
            for dim in dims[1:]:
                site.tie(dims[0], dim, "lays them side by side along another axis")
            output.append(dims[0])
        return Connection((tuple(output),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost()


class Matmul(LayerRule):
    """A product of two tensors over the last axis of one and the last but one of the other."""

    def connect(self, site: Site) -> Connection:
        left, right = self._operands(site)
        site.tie(left[-1], right[-2], "multiplies them as matrices")
        leading = broadcast(site, left[:-2], right[:-2], "multiplies them as matrices")
        return Connection(((*leading, left[-2], right[-1]),))

    def cost(self, site: Site, at: Setting) -> Cost:
        over = at.size(self._operands(site)[0][-1])
        return Cost(macs=over * at.elements(site.outputs[0]), span=1 + ceil_log2(over))

    def mixing(self, site: Site) -> Mixing:
        return Mixing(summed=self._operands(site)[0][-1:])

    def _operands(self, site: Site) -> tuple[Shape, Shape]:
        if len(site.inputs) != 2 or min(map(len, site.inputs)) < 2:
            raise UnsupportedLayerError(
                "there is none for products with constants or vectors (a layer's weights are a constant here: "
                "tie embeddings with keras.layers.ReversibleEmbedding)"
            )
        return site.inputs[0], site.inputs[1]


class GetItem(LayerRule):
    """Part of a tensor. An axis taken whole keeps its width; one that is cut stays as long as it is."""

    def connect(self, site: Site) -> Connection:
        key = site.call.args[1] if len(site.call.args) > 1 else (site.call.kwargs or {})["key"]
        batch, *parts = key if isinstance(key, tuple) else (key,)
        if batch != slice(None) or any(not isinstance(part, (int, slice)) for part in parts):
            raise UnsupportedLayerError("there is none for this kind of indexing")
        output: list[Dim] = []
        for position, dim in enumerate(site.inputs[0]):
            part = parts[position] if position < len(parts) else slice(None)
            if part == slice(None):
                output.append(dim)
                continue
            site.freeze((dim,), "takes a part of it")
            if isinstance(part, slice):
                output.append(len(range(*part.indices(baseline_size(dim)))))
        return Connection((tuple(output),))

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost()


def _operand_shape(site: Site, value: Any) -> Shape:
    if isinstance(value, TensorRef):
        return site.inputs[site.call.inputs.index(value.index)]
    # A constant has the batch axis only if it is of full rank, where it must be 1.
    shape = np.shape(value)
    longest = max(len(each) for each in site.inputs)
    return tuple(shape[1:] if len(shape) > longest else shape)


def _without_batch(axis: Any, rank: int) -> list[int]:
    """Axes as Keras counts them, with the batch, as positions in a shape without it."""
    axes = [each if each < 0 else each - 1 - rank for each in (axis if isinstance(axis, (list, tuple)) else [axis])]
    if any(each < -rank for each in axes):
        raise UnsupportedLayerError("there is none for working along the batch")
    return [each + rank for each in axes]


def _register(rule: Callable[[], LayerRule] | LayerRule, *names: str) -> None:
    for name in names:
        register_layer_rule(f"ops.{name}", rule if isinstance(rule, LayerRule) else rule())


_register(Binary("adds them"), "Add")
_register(Binary("subtracts them"), "Subtract")
_register(Binary("multiplies them"), "Multiply")
_register(Binary(), "Divide", "TrueDivide", "Maximum", "Minimum", "Power", "Mod")
_register(Binary(), "Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual", "LogicalAnd", "LogicalOr")
_register(Elementwise(flops=1, span=1), "Exp", "Log", "Sqrt", "Square", "Absolute", "Negative", "Sin", "Cos", "Erf")
_register(Elementwise(flops=1, span=1), "LogicalNot", "Floor", "Ceil", "Round", "Sign", "Reciprocal")
_register(Elementwise(flops=2, span=2), "Rsqrt", "Clip")
_register(Elementwise(kept=0), "Cast", "Identity", "StopGradient", "ZerosLike", "OnesLike")
_register(Reduction(), "Sum", "Prod", "Argmax", "Argmin")
_register(Reduction(chooses=True), "Max", "Min", "Any", "All")
_register(Reduction(mean=1), "Mean")
_register(Variance(), "Var")
_register(Reshape(), "Reshape")
_register(Transpose(), "Transpose")
_register(ExpandDims(), "ExpandDims")
_register(Squeeze(), "Squeeze")
_register(Concatenate(), "Concatenate")
_register(Matmul(), "Matmul")
_register(GetItem(), "GetItem")
_register(Softmax(), "Softmax", "LogSoftmax")
for _class, _name in {
    "Relu": "relu",
    "Relu6": "relu6",
    "LeakyRelu": "leaky_relu",
    "Sigmoid": "sigmoid",
    "HardSigmoid": "hard_sigmoid",
    "Silu": "silu",
    "HardSilu": "hard_silu",
    "Gelu": "gelu",
    "Elu": "elu",
    "Selu": "selu",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
    "LogSigmoid": "log_sigmoid",
}.items():
    _register(Elementwise(flops=ACTIVATION_COSTS[_name].flops, span=ACTIVATION_COSTS[_name].span), _class)
