"""What a layer rule is, what it sees and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..graph import (
    Call,
    Dim,
    Layer,
    Shape,
    Symbol,
    TensorRef,
    baseline_size,
    cut,
    divide,
    every,
    fix,
    split,
    unify,
)
from ..graph.checks import known, whole
from ..graph.dimensions import per_sample, symbols
from ..graph.model_graph import map_structure
from ..graph.wording import Said, listed, say
from .activation_costs import layer_activation
from .cost import Cost
from .even_constants import lengths_of_constant, resized_constant
from .meaning import Meaning
from .operations import Operations
from .setting import Setting

Number = Any


class UnsupportedLayerError(ValueError):
    """A rule meets a layer used in a way it does not cover; the layer is then listed as not counted."""


@dataclass(frozen=True)
class WeightAxes:
    """A weight by its axes: from this one declaration come its size, shape check and slicing.

    ``incoming`` is the axis of the units whose incoming weights this array holds (a Dense kernel's
    last), by which units are ranked when a layer is narrowed; several axes for several widths (heads and
    their size). Over every other axis the layer sums products with its input: there copies of a unit share
    its weights when a layer is widened. ``None`` for a weight that takes no part in such a sum, as a bias,
    a scale or a depthwise kernel.
    ``is_bias`` marks the weight that exists only while the layer's bias is on. ``dtype`` and
    ``trainable`` are filled in from the layer itself; a rule leaves them alone. ``query_axis`` is the axis
    of a query's size: attention sums products with keys along it, and divides by its root. ``is_scale`` marks
    the factors by which a layer scales channels that it has brought to one spread: by their size, units can
    be ranked (Liu et al. 2017, arXiv:1708.06519). ``is_moving`` marks a statistic that training does not learn
    but averages over its batches, by the configured ``momentum``.

    >>> kernel = sw.WeightAxes("kernel", (4, 8), incoming=1)
    >>> kernel.axes
    (4, 8)
    """

    name: str
    axes: Shape
    incoming: int | tuple[int, ...] | None = None
    is_bias: bool = False
    dtype: str = "float32"
    trainable: bool = True
    query_axis: int | None = None
    is_scale: bool = False
    is_moving: bool = False

    @property
    def produced(self) -> tuple[int, ...]:
        """The axes of :attr:`incoming`."""
        return (self.incoming,) if isinstance(self.incoming, int) else self.incoming or ()

    @property
    def summed(self) -> tuple[int, ...]:
        """The axes over which the layer sums products with its input."""
        rest = (axis for axis in range(len(self.axes)) if axis not in self.produced)
        return () if self.incoming is None else tuple(rest)


@dataclass(frozen=True)
class Mixing:
    """Axes along which a layer computes across channels with no weight to each: copies of a channel change that.

    ``averaged``: a mean, which stays the same when every channel has equally many copies.
    ``summed``: anything else in which a copy counts: a sum, a norm, a softmax, the steps of a recurrence.

    >>> sw.Mixing(summed=(8,)) + sw.Mixing(averaged=(4,))
    Mixing(averaged=(4,), summed=(8,))
    """

    averaged: Shape = ()
    summed: Shape = ()

    def __add__(self, other: Mixing) -> Mixing:
        return Mixing((*self.averaged, *other.averaged), (*self.summed, *other.summed))


@dataclass(frozen=True)
class Connection:
    """A call's output shapes and its layer's weights, in the order of ``keras.Layer.weights``.

    >>> sw.Connection(outputs=((8, 8, 16),), weights=(sw.WeightAxes("scale", (16,)),)).outputs
    ((8, 8, 16),)
    """

    outputs: tuple[Shape, ...]
    weights: tuple[WeightAxes, ...] = ()


@dataclass
class Site:
    """One call of a layer, as its rule sees it. Shapes leave the batch axis out, unless the rule sees it.

    ``of_weights`` are for each input the weights that it is made of and nothing else, if it is;
    ``contracted`` the axes of those weights that the call sums products over; ``shared`` the ones among
    them that other calls read in another way. ``places`` are for each input the axis whose places its whole numbers
    are, where that is known; ``chosen`` is the same of the output, as a rule says it.
    ``found`` are the output shapes as Keras has them, without the batch, with ``None`` for lengths that it
    does not know; ``parts`` is what a rule notes for itself. ``is_blank``: only the shape of what the call makes
    matters to who reads it.

    >>> site = space.connected.calls[1].site
    >>> isinstance(site, sw.Site), site.layer.name, site.inputs
    (True, 'hidden', [(4,)])
    """

    layer: Layer
    inputs: list[Shape]
    call: Call
    outputs: list[Shape] = field(default_factory=list)
    produced: list[Symbol] = field(default_factory=list)
    of_weights: Sequence[frozenset[str]] = ()
    contracted: list[tuple[str, Dim]] = field(default_factory=list)
    shared: list[Dim] = field(default_factory=list)
    found: tuple[tuple[int | None, ...], ...] = ()
    parts: list[Any] = field(default_factory=list)
    places: Sequence[Dim | None] = ()
    chosen: Dim | None = None
    is_blank: bool = False
    constants: dict[int, Shape] = field(default_factory=dict)  # the shapes of those among the arguments, by their id
    is_turned: bool = False  # whether of what a reshape cuts in two the first part moves, not the last
    cuts: list[Dim] = field(default_factory=list)  # the last parts

    @property
    def config(self) -> Mapping[str, Any]:
        """The layer's configuration."""
        return self.layer.config

    def argument(self, position: int, name: str) -> Shape | None:
        """The shape of the tensor passed at ``position`` or by ``name``; ``None`` when there is none."""
        place = self.place(position, name)
        return None if place is None else self.inputs[place]

    def place(self, position: int, name: str) -> int | None:
        """Which of the inputs is passed at ``position`` or by ``name``; ``None`` when there is none."""
        args, kwargs = self.call.args, self.call.kwargs or {}
        value = args[position] if position < len(args) else kwargs.get(name)
        return self.call.inputs.index(value.index) if isinstance(value, TensorRef) else None

    def operand(self, position: int, name: str) -> Shape:
        """The full shape of what is passed at ``position`` or by ``name``, be it a tensor or a constant."""
        args, kwargs = self.call.args, self.call.kwargs or {}
        return self.shape_of(args[position] if position < len(args) else kwargs[name])

    def shape_of(self, value: Any) -> Shape:
        """The full shape of an argument: of a tensor, or of a constant, which is as long as is read where it is even.

        Ones, say, are ones at any length: what holds the same all along an axis has a width there, not a number.
        """
        if isinstance(value, TensorRef):
            return self.inputs[self.call.inputs.index(value.index)]
        if id(value) not in self.constants:
            self.constants[id(value)] = lengths_of_constant(value)
        return self.constants[id(value)]

    def contract(self, operand: int, dim: Dim) -> None:
        """Say that products are summed over ``dim`` of input ``operand``; the weights it is made of are noted."""
        self.contracted.extend((name, dim) for name in self.of_weights[operand])

    def new_width(self, units: int, label: str | None = None) -> Symbol:
        """A width this layer produces, ``units`` in the model as read; ``label`` names it among several."""
        self.produced.append(Symbol(units, [self.layer.name], label=label))
        return self.produced[-1]

    def tie(self, left: Dim, right: Dim, because: str) -> None:
        """Make two dimensions one, because this layer does what ``because`` says.

        "them" in it becomes the layers the two widths come from: "adds them" is read as "sum adds
        stem and branch"; or, where one side cannot move, its size: "sum adds stem and a fixed 8".
        """
        found = [symbol for side in (left, right) for symbol in symbols(side) if symbol.layers]
        sources = list(dict.fromkeys(symbol.layers[-1] for symbol in found))
        sources += [say("a fixed {n}", n=side) for side in (left, right) if isinstance(side, int)]
        if len(sources) > 1:
            them = say("{first} and {last}", first=listed(say(", "), sources[:-1]), last=sources[-1])
            because = say(because.replace("them", "{them}"), them=them)
        unify(left, right, self._does(because))

    def split(self, dim: Dim, outer: int, because: str, is_unit: bool = False) -> Dim:
        """``dim`` seen as ``outer`` blocks: the size of one, which alone is counted where it ``is_unit``."""
        self.cuts.append(split(dim, outer, self._does(because), is_unit))
        return self.cuts[-1]

    def divide(self, dim: Dim, number: int, because: str) -> None:
        """Keep ``dim`` a multiple of ``number``."""
        divide(dim, number, self._does(because))

    def every(self, dim: Dim, step: int, because: str) -> Dim:
        """How many places there are in ``dim`` ``step`` apart."""
        return every(dim, step, self._does(because))

    def cut(self, dim: Dim, lengths: Sequence[int], because: str) -> tuple[Dim, ...]:
        """``dim`` as consecutive parts of ``lengths``, each a width of its own."""
        return cut(dim, lengths, self._does(because))

    def fix(self, shape: Shape, because: str) -> None:
        """Keep every width in ``shape`` as it is."""
        for dim in shape:
            fix(dim, self._does(because))

    def _does(self, because: str) -> str:
        return say("{layer} {does}", layer=self.layer.name, does=because if isinstance(because, Said) else say(because))

    freeze = fix  # its name before the word was one everywhere: rules written then still work


class LayerRule(Meaning):
    """How one kind of layer treats shapes, channels, weights and costs.

    Subclass it, override what differs, and register an instance with
    :func:`~structopt_widgets.register_layer_rule`. ``bias_key``, ``activation_key`` and
    ``initializer_key`` name the configuration entries a user may switch, or are ``None``. What the
    layer means to the rest of a model is said by the attributes of :class:`Meaning`.

    Shapes are those of one sample, and costs too: a rule knows nothing of the batch, which is the first
    axis of everything a layer reads and makes. Only where ``sees_batch`` is true are shapes full, with the
    batch (:data:`~structopt_widgets.graph.BATCH`, of size 1 in costs) wherever it is. Where ``keeps_sizes`` is, every
    size stays as Keras has it: a weight, which has no batch, is seen whole by such a rule.

    >>> class Halved(sw.LayerRule):
    ...     def connect(self, site):
    ...         return sw.Connection((site.inputs[0],))
    ...
    ...     def cost(self, site, at):
    ...         return sw.Cost(other=at.elements(site.outputs[0]), span=1)
    >>> sw.register_layer_rule("my_module.Halved", Halved())
    """

    sees_batch: bool = False
    keeps_sizes: bool = False
    bias_key: str | None = None
    activation_key: str | None = None
    initializer_key: str | None = None

    def connect(self, site: Site) -> Connection:
        """Output shapes and weight axes; ties what must be equal. Runs once for each call."""
        return Connection((site.inputs[0],))

    def cost(self, site: Site, at: Setting) -> Cost:
        """Cost of the call at a setting, in plain arithmetic on whatever numbers ``at`` holds."""
        raise TypeError(f"{type(self).__name__} must say what {site.layer.kind} costs: define cost(site, at).")

    def mixing(self, site: Site) -> Mixing:
        """Along which axes channels meet without weights: a width there cannot grow by copying its units."""
        if self.activation_key is None:
            return Mixing()
        return activation_mixing(self.activation_key, site)

    def query_size(self, site: Site, at: Setting) -> Number | None:
        """Size of an attention's queries, by whose root it divides scores; ``None`` for a layer that does not."""
        return None

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        """Configuration entries that carry sizes, at a setting of integers."""
        return {}

    def arguments(self, site: Site, at: Setting) -> tuple[Any, Mapping[str, Any]]:
        """What the call is made with, at a setting of integers."""
        given = site.call.args, site.call.kwargs or {}
        if not site.constants:
            return given
        return map_structure(lambda leaf: resized_constant(leaf, site.constants.get(id(leaf), ()), at.size), given)


@dataclass(frozen=True)
class Elementwise(LayerRule):
    """A layer that treats each element by itself and has no weights.

    ``flops`` operations an element, ``span`` of them one after another. Its derivative reads its
    ``saves``: ``"inputs"``, ``"outputs"`` or ``"nothing"``; ``kept`` arrays of the output's size are kept in
    all, so that 0 is nothing too.

    >>> sw.register_layer_rule("my_module.ScaledTanh", sw.Elementwise(flops=2, span=2))
    """

    elementwise = True

    flops: int = 0
    span: int = 0
    kept: int = 1
    saves: str = "inputs"

    def __post_init__(self) -> None:
        for name in ("flops", "span", "kept"):
            whole(getattr(self, name), f"{name} of an Elementwise rule", least=0)
        known(self.saves, ("inputs", "outputs", "nothing"), "what the derivative of an Elementwise rule reads")

    def cost(self, site: Site, at: Setting) -> Cost:
        elements = at.elements(site.outputs[0])
        return Cost(
            other=self.flops * elements,
            span=self.span,
            kept=max(0, self.kept - 1) * elements,
            saves=self.saves if self.kept else "nothing",
            passes=passes_places(site),
        )


def passes_places(site: Site) -> bool:
    """Whether inputs and output have one first axis, along which an elementwise operation keeps its places."""
    inputs, output = [per_sample(shape) for shape in site.inputs], per_sample(site.outputs[0])
    first = {len(shape) for shape in inputs} == {len(output)} and len(output) > 1
    return first and all(baseline_size(shape[0]) == baseline_size(output[0]) for shape in inputs)


def weighted_cost(site: Site, at: Setting, over: Number, macs: Number | None = None, passes: bool = False) -> Cost:
    """Products with a kernel over ``over`` terms an output, then the layer's bias and activation."""
    operations, makes = Operations(site), at.elements(site.outputs[0])
    made = operations.weighted(0, makes, over, macs)
    made = operations.biased(made, makes, at.bias(site))
    made = operations.activated(made, makes, at.activation(site), at.size(site.outputs[0][-1]))
    return operations.cost(made, passes=passes)


def activation_of(site: Site, at: Setting) -> Cost:
    """Cost of the layer's own activation on its output."""
    operations, makes = Operations(site), at.elements(site.outputs[0])
    made = operations.activated(0, makes, at.activation(site), at.size(site.outputs[0][-1]))
    return operations.cost(made, passes=passes_places(site))


def activation_mixing(key: str, site: Site) -> Mixing:
    """The last axis, for an activation that is not known to treat each element by itself."""
    cost = layer_activation(site.layer, key)
    return Mixing(summed=site.outputs[0][-1:]) if cost.span_log2 or cost.uncounted else Mixing()


def fixed_size(dim: Dim) -> int:
    """Size of a dimension that rules do arithmetic on and that no slider moves: space and time."""
    return baseline_size(dim)
