"""Rules of bare ``keras.ops`` calls: ``x + y``, ``ops.relu(x)``, ``ops.mean(x, axis=1)``.

Their kinds carry a prefix (``ops.Add``), because the layers' class names overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..graph import ceil_log2
from .activation_costs import ACTIVATION_COSTS, GELU_BY_TANH
from .activations import LogSoftmax, Softmax, row
from .bare_axes import positions, register_bare
from .core import Identity
from .meaning import Role
from .merging import broadcast
from .rule import Connection, Cost, Elementwise, LayerRule, Mixing, Setting, Site, passes_places


@dataclass(frozen=True)
class Combination(LayerRule):
    """Two operands or three, element by element; any may be a constant.

    ``flops`` operations an element, ``span`` of them one after another.
    """

    elementwise = True

    sees_batch = True
    verb: str = "combines them element by element"
    flops: int = 1
    span: int = 1
    role: Role | None = None
    saves: str = "nothing"
    is_product: bool = False  # times a constant, whose derivative reads the constant only

    def connect(self, site: Site) -> Connection:
        operands = (*site.call.args, *(site.call.kwargs or {}).values())
        result, *others = (site.shape_of(each) for each in operands)
        for shape in others:
            result = broadcast(site, result, shape, self.verb)
        return Connection((result,))

    def cost(self, site: Site, at: Setting) -> Cost:
        # A constant's place in it needs no keeping.
        return Cost(
            other=self.flops * at.elements(site.outputs[0]),
            span=self.span,
            saves="nothing" if self.is_product and len(site.inputs) == 1 else self.saves,
            passes=passes_places(site),
        )


@dataclass(frozen=True)
class Blank(Elementwise):
    """The same value everywhere, in the shape of its input."""

    reads_no_values = True


@dataclass(frozen=True)
class Reduction(LayerRule):
    """One value over some axes: n - 1 operations, and one more an output for a ``mean``.

    ``chooses``: the value is one of those it is taken over, however many copies there are of them.
    """

    sees_batch = True
    mean: int = 0  # 1 or 0, a factor of the costs
    chooses: bool = False
    keeps: bool = False

    def connect(self, site: Site) -> Connection:
        shape, axes = site.inputs[0], self._axes(site)
        if site.config.get("keepdims"):
            return Connection((tuple(1 if axis in axes else dim for axis, dim in enumerate(shape)),))
        return Connection((tuple(dim for axis, dim in enumerate(shape) if axis not in axes),))

    def cost(self, site: Site, at: Setting) -> Cost:
        shape, axes = site.inputs[0], self._axes(site)
        over = at.elements(tuple(shape[axis] for axis in axes))
        results = at.elements(site.outputs[0])
        return Cost(
            other=at.elements(shape) - results + self.mean * results,
            span=ceil_log2(over) + self.mean,
            saves="inputs" if self.keeps else "nothing",
            passes=0 not in axes and len(site.outputs[0]) > 0,
        )

    def mixing(self, site: Site) -> Mixing:
        over = tuple(site.inputs[0][axis] for axis in self._axes(site))
        if self.chooses:
            return Mixing()
        return Mixing(averaged=over) if self.mean else Mixing(summed=over)

    def _axes(self, site: Site) -> list[int]:
        axis, rank = site.config.get("axis"), len(site.inputs[0])
        return list(range(rank)) if axis is None else positions(axis, rank)


class Choice(Reduction):
    """The place of the largest value, or of the smallest."""

    def connect(self, site: Site) -> Connection:
        axes = self._axes(site)
        if len(axes) == 1 and site.config.get("axis") is not None:
            site.chosen = site.inputs[0][axes[0]]
        return super().connect(site)


class Variance(Reduction):
    """The mean, then the mean of the squared distances from it: add, subtract, square, add an element."""

    def cost(self, site: Site, at: Setting) -> Cost:
        over = at.elements(tuple(site.inputs[0][axis] for axis in self._axes(site)))
        return Cost(other=4 * at.elements(site.inputs[0]), span=2 * (ceil_log2(over) + 1) + 2)


register_bare(Combination("adds them", role=Role.ADDITION), "Add")
register_bare(Combination("subtracts them"), "Subtract")
register_bare(Combination("multiplies them", role=Role.PRODUCT, saves="inputs", is_product=True), "Multiply")
register_bare(Combination(saves="inputs"), "Divide", "TrueDivide", "Maximum", "Minimum", "Power", "Where")
register_bare(Combination(), "Mod")
register_bare(
    Combination(), "Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual", "LogicalAnd", "LogicalOr"
)
register_bare(Elementwise(flops=1, span=1), "Log", "Square", "Absolute", "Sin", "Cos", "Erf")
register_bare(Elementwise(flops=1, span=1, saves="outputs"), "Exp", "Sqrt", "Rsqrt", "Reciprocal")
register_bare(Elementwise(flops=1, span=1, kept=0), "Negative", "LogicalNot", "Floor", "Ceil", "Round", "Sign")
register_bare(Elementwise(flops=2, span=2), "Clip")
register_bare(Identity(kept=0), "Cast", "ConvertToTensor", "StopGradient")
register_bare(Blank(kept=0), "ZerosLike", "OnesLike")
register_bare(Reduction(), "Sum")
register_bare(Choice(), "Argmax", "Argmin")
register_bare(Reduction(keeps=True), "Prod")
register_bare(Reduction(chooses=True, keeps=True), "Max", "Min")
register_bare(Reduction(chooses=True), "Any", "All")
register_bare(Reduction(mean=1), "Mean")
register_bare(Variance(), "Var")
register_bare(Softmax(), "Softmax")
register_bare(LogSoftmax(), "LogSoftmax")
for _class, _name in {
    "Relu": "relu",
    "Relu6": "relu6",
    "LeakyRelu": "leaky_relu",
    "HardSigmoid": "hard_sigmoid",
    "Silu": "silu",
    "HardSilu": "hard_silu",
    "Elu": "elu",
    "Selu": "selu",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
    "LogSigmoid": "log_sigmoid",
}.items():
    register_bare(row(_name), _class)


class Gelu(Elementwise):
    """By ``erf``, or by ``tanh`` where it is ``approximate``, which is the operation's default."""

    def cost(self, site: Site, at: Setting) -> Cost:
        return _GELU_BY_TANH.cost(site, at) if site.config.get("approximate", True) else super().cost(site, at)


class Sigmoid(Elementwise):
    """``1 / (1 + exp(-x))``."""

    role = Role.SIGMOID


_gelu = ACTIVATION_COSTS["gelu"]
_GELU_BY_TANH = Elementwise(GELU_BY_TANH.flops, GELU_BY_TANH.span)
register_bare(Gelu(_gelu.flops, _gelu.span), "Gelu")
_sigmoid = ACTIVATION_COSTS["sigmoid"]
register_bare(Sigmoid(_sigmoid.flops, _sigmoid.span, saves="outputs"), "Sigmoid")
