"""One setting of all knobs of a model: immutable, measurable, buildable, storable."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..graph.checks import flag, instance, known, whole
from ..graph.wording import say
from ..layer_rules import Setting, choice_name, layer_activation
from ..metrics import CostReport, model_metrics, optimizer_slots
from ..metrics.catalogue import UNCOUNTED
from ..metrics.estimate import check_estimate, with_parts
from . import door
from .allowed_widths import allowed_width
from .choices import CHOICES, choices_of
from .state_line import to_python

if TYPE_CHECKING:
    import keras
    import pandas as pd

    from ..metrics import Receipt, Verification
    from .space import StructureSpace

_KNOBS = {
    "widths": "a width group",
    "activations": "a layer with an activation",
    "biases": "a layer with a bias switch",
    "initializers": "a layer with an initializer",
    "blocks": "a block that can be left out",
}


@dataclass(frozen=True, eq=False)
class Structure:
    """One choice of widths, activations, biases, initializers and blocks in a :class:`StructureSpace`.

    Every ``with_...`` method returns a new structure and leaves this one as it is. The constructor checks each choice
    as they do.

    Attributes:
        space: the structures this one is chosen from.
        widths: channels by width group.
        activations, biases, initializers: by layer, for the layers that have them.
        blocks: whether each part that can be left out is there, by the block's name.

    >>> structure = space.baseline.with_width("hidden", 5).with_bias("out", False)
    >>> structure.measure().n_params == 4 * 5 + 5 + 5 * 3
    True
    """

    space: StructureSpace
    widths: Mapping[str, int]
    activations: Mapping[str, str]
    biases: Mapping[str, bool]
    initializers: Mapping[str, str]
    blocks: Mapping[str, bool]

    def __post_init__(self) -> None:
        is_baseline = "baseline" not in vars(self.space)  # which is the model as it came
        for choice in CHOICES:
            given = dict(getattr(self, choice)).items()
            checked = {name: value if is_baseline else self._allowed(choice, name, value) for name, value in given}
            object.__setattr__(self, choice, MappingProxyType(checked))

    @classmethod
    def of_allowed(cls, space: StructureSpace, **choices: Mapping[str, Any]) -> Structure:
        """A structure of choices that are known to be allowed, by the names of the attributes: nothing is checked.

        >>> names = ("activations", "biases", "initializers", "blocks")
        >>> others = {name: getattr(space.baseline, name) for name in names}
        >>> wide = sw.Structure.of_allowed(space, widths={"hidden": 99, "out": 3}, **others)  # for a look beyond
        >>> wide.measure().macs == 4 * 99 + 99 * 3
        True
        """
        made = object.__new__(cls)
        vars(made).update(space=space, **{name: MappingProxyType(dict(each)) for name, each in choices.items()})
        return made

    def with_width(self, layer: str, width: int) -> Structure:
        """This structure with ``width`` channels out of ``layer`` (and every layer tied to it).

        >>> space.baseline.with_width("hidden", 5).widths["hidden"]
        5
        """
        group = self.space.group_of(layer)
        return self._with("widths", group.name, allowed_width(group, width))

    def with_activation(self, layer: str, activation: str) -> Structure:
        """This structure with another activation in ``layer``, by its ``keras.activations`` name.

        >>> space.baseline.with_activation("hidden", "tanh").activations["hidden"]
        'tanh'
        """
        return self._with("activations", layer, self._allowed("activations", layer, activation))

    def with_bias(self, layer: str, use_bias: bool) -> Structure:
        """This structure with or without a bias in ``layer``.

        >>> space.baseline.with_bias("hidden", False).measure().n_params
        59
        """
        return self._with("biases", layer, self._allowed("biases", layer, use_bias))

    def with_initializer(self, layer: str, initializer: str) -> Structure:
        """This structure with other initial kernel weights in ``layer``, by ``keras.initializers`` name.

        >>> space.baseline.with_initializer("hidden", "he_normal").initializers["hidden"]
        'he_normal'
        """
        return self._with("initializers", layer, self._allowed("initializers", layer, initializer))

    def with_block(self, block: str, kept: bool) -> Structure:
        """This structure with or without a block of ``space.blocks``: a residual block, or a hidden layer.

        Left out, its layers and weights are gone, and what it read goes where its result went.

        >>> layers = [keras.layers.Dense(8, "relu", name=name) for name in ("one", "two")]
        >>> deep = sw.StructureSpace.from_keras(keras.Sequential([keras.Input((8,)), *layers, keras.layers.Dense(3)]))
        >>> deep.baseline.with_block("two", False).measure().n_params == 8 * 8 + 8 + 8 * 3 + 3
        True
        """
        return self._with("blocks", block, self._allowed("blocks", block, kept))

    @functools.cached_property
    def setting(self) -> Setting:
        """This structure as the rules of the layers see it: every knob in the number it stands for."""
        return self.setting_at(self.widths)

    def setting_at(self, widths: Mapping[str, Any]) -> Setting:
        """:attr:`setting` at other widths, by group: arrays of many, or symbols."""
        symbols = self.space.symbols
        return self.space.connected.setting(
            {symbols[name]: width for name, width in widths.items()},
            {layer: int(used) for layer, used in self.biases.items()},
            {
                layer: layer_activation(self.space.graph.layers[layer], name=name)
                for layer, name in self.activations.items()
            },
            {block: int(kept) for block, kept in self.blocks.items()},
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that are there, in execution order: those of the model but for the blocks left out."""
        if all(self.blocks.values()):
            return self.space.layers
        out = {layer for name, kept in self.blocks.items() if not kept for layer in self.space.blocks[name].layers}
        return tuple(layer for layer in self.space.graph.layers if layer not in out)

    @property
    def aliases(self) -> dict[int, int]:
        """What each block that is left out would make, by the tensor that stands in for it."""
        blocks = self.space.blocks
        return {blocks[name].result: blocks[name].source for name, kept in self.blocks.items() if not kept}

    def measure(
        self,
        batch_size: int = 1,
        optimizer: str | None = None,
        precision: str | None = None,
        recompute: bool | str = False,
        accumulate: int = 1,
    ) -> CostReport:
        """Costs of this structure: arithmetic only, no Keras.

        Args:
            batch_size: samples a step, for peak activations and training memory.
            optimizer: whose slots training memory counts; the model's own by default, else Adam.
            precision: ``"mixed_float16"`` or ``"mixed_bfloat16"``: what activations would take in half
                precision, variables staying as they are; the model's own by default.
            recompute: what training computes again instead of keeping it: ``True``, each residual block
                from what it reads; ``"attention"``, scores and their softmax only.
            accumulate: parts of a batch that are run one after another, their gradients added up in one
                more array a weight, for training memory.

        >>> cost = space.baseline.measure(batch_size=32, optimizer="sgd")
        >>> cost.macs == 4 * 8 + 8 * 3
        True
        """
        batch_size = whole(batch_size, "a batch size", least=1)
        slots = self.space.slots if optimizer is None else optimizer_slots(optimizer)
        if precision is None and recompute is False and type(accumulate) is int and accumulate == 1:
            program = self.space.program
        else:
            check_estimate(batch_size, precision, recompute, accumulate)
            program = self.space.program_for(precision, recompute)
        knobs = (self.widths, self.biases, self.activations, self.blocks)
        inputs = program.inputs(*knobs, batch_size, slots)
        in_parts = None if accumulate == 1 else program.inputs(*knobs, batch_size // accumulate, slots + 1)
        values = with_parts(program.totals, inputs, in_parts)
        layers = self.layers
        return CostReport(
            values={metric: values[metric] for metric in model_metrics()},
            batch_size=batch_size,
            optimizer=optimizer or self.space.optimizer,
            slots=slots,
            uncounted=self._uncounted(inputs) if values["uncounted"] else {},
            kinds=self.space.kinds
            if len(layers) == len(self.space.kinds)
            else {each: self.space.kinds[each] for each in layers},
            layer_values=lambda: with_parts(program.layers, inputs, in_parts),
            precision=precision,
            recompute=recompute,
            accumulate=accumulate,
            tokens=self.space.tokens,
            structure=self,
        )

    def function_changes(self) -> dict[str, str]:
        """Why ``build(weights="inherit")`` computes another function than the model as read.

        Maps a choice that differs (``"widths.dense"``, ``"activations.dense"``) to the reason; empty
        when the outputs stay the same, up to rounding, as they do when units are only copied. A width
        that a layer computes across (a layer norm, a softmax, attention written by hand) cannot grow
        like that; under a mean or a layer norm it can by whole multiples.

        >>> list(space.scaled(0.5).function_changes())
        ['widths.hidden']
        >>> space.scaled(2).function_changes()
        {}
        """
        from .preservation import function_changes

        return function_changes(self)

    def receipt_of(self, report: CostReport, metric: str) -> Receipt:
        """See :meth:`CostReport.receipt`."""
        from .receipts import receipt_of

        return receipt_of(self, report, metric)

    def marginal_of(self, report: CostReport) -> pd.DataFrame:
        """See :meth:`CostReport.marginal`."""
        from .marginal import marginal_costs

        return marginal_costs(self, report)

    def verification_of(self, report: CostReport, memory: bool) -> Verification:
        """See :meth:`CostReport.verify`."""
        return door.verify(self, report, flag(memory, "memory"))

    def build(
        self,
        weights: str = "inherit",
        importance: str | Callable[..., Any] | None = None,
        seed: int | None = None,
        data: Any = None,
    ) -> keras.Model:
        """A new Keras model of this structure; the model it was read from is not touched.

        Args:
            weights: ``"inherit"`` takes over the model's weights; ``"fresh"`` initializes everything
                anew. Inheriting, a narrowed width keeps its most important units. A widened one gets
                copies of its units, whose outgoing weights are divided among the copies, so that
                the model can grow without forgetting (Net2Net, Chen et al. 2016,
                arXiv:1511.05641); :meth:`function_changes` says where that is not exact. Copies get
                unequal parts, which tells their gradients apart. No noise is added; dropout, or
                a little noise of your own, tells them apart sooner.
            importance: what makes a unit important, summed over all layers that share the width:
                ``"taylor"``, what the loss on ``data`` changes by when the unit goes, to first order
                (Molchanov et al. 2019, arXiv:1906.10771); ``"l2"`` or ``"l1"`` norm of its incoming
                weights; ``"batch_norm_scale"``, the
                magnitude of its batch norms' scales (``"l2"`` for a width without any); ``"first"``
                keeps the first units, ``"random"`` any. Or a function of your own: it is called for each
                width that is narrowed, ``importance(group, weights)``, with the :class:`WidthGroup` and
                a list of weights along its units (``layer``, ``name``, ``role``, and ``values`` with the
                units' axis first), and returns a number for each unit, the higher the better. ``None`` is
                ``"taylor"`` with ``data``, ``"l2"`` without.
            seed: of fresh initial weights, of dropout masks and of a random choice of units; when not
                given, Keras draws the former and the latter is that of seed 0.
            data: a :class:`Data` that fits the model; of its training part some samples are used. With
                it, the statistics of batch normalization are computed anew where inheriting changes what
                the model computes: they describe what its layers read before.

        Raises ``ValueError`` for ``"taylor"`` without data, and for data that do not fit the model.

        >>> smaller = space.scaled(0.5).build()
        >>> smaller.count_params()
        35
        """
        if data is not None and not hasattr(data, "examples"):
            raise TypeError(
                f"Expected a Data to choose units by, got {type(data).__name__}. Wrap arrays in it: sw.Data(x, y)."
            )
        is_used = data is not None and weights == "inherit"
        examples = data.examples(self) if is_used else None
        return door.build(self, weights, importance=importance, seed=seed, examples=examples)

    def diff(self, other: Structure) -> dict[str, tuple[Any, Any]]:
        """What differs: ``"widths.dense": (this one's, the other's)``; ``None`` where one has no such knob.

        >>> space.scaled(0.5).diff(space.baseline)
        {'widths.hidden': (4, 8)}
        """
        instance(other, Structure, "a Structure to compare with")
        found = {}
        for choice in CHOICES:
            mine, theirs = getattr(self, choice), getattr(other, choice)
            for key in [*mine, *(key for key in theirs if key not in mine)]:
                if mine.get(key) != theirs.get(key):
                    found[f"{choice}.{key}"] = (mine.get(key), theirs.get(key))
        return found

    def to_python(self) -> str:
        """The structure as one line: a Python expression, which :meth:`StructureSpace.from_python` reads back.

        >>> space.scaled(0.5).to_python()
        "space.baseline.with_width('hidden', 4)"
        """
        return to_python(self)

    def code(self) -> str:
        """Stand-alone Keras code of this structure: a functional model, without its weights and without this package.

        The code ends with a test of its own: the count of parameters and the shapes of the outputs. Raises
        ``ValueError``, which names the layer, for what only a user's own code can make.

        >>> print(space.scaled(0.5).code())
        import keras
        ...
        assert model.count_params() == 35
        ...
        """
        return door.code(self)

    def to_json(self) -> str:
        """Everything needed to measure and rebuild this structure, without the weights.

        >>> text = space.scaled(0.5).to_json()
        """
        return json.dumps(
            {
                "format": "structopt_widgets.Structure",
                "version": 1,
                "growth": self.space.growth,
                "graph": self.space.whole_graph.to_json(),
                "choices": choices_of(self),
            },
            allow_nan=False,  # other readers of JSON have no word for it
        )

    @classmethod
    def from_json(cls, text: str) -> Structure:
        """The structure :meth:`to_json` wrote. Needs no Keras; raises ``ValueError`` for any other text.

        >>> sw.Structure.from_json(space.scaled(0.5).to_json()) == space.scaled(0.5)
        True
        """
        from .serialization import structure_from_json

        return structure_from_json(text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Structure):
            return NotImplemented
        return choices_of(self) == choices_of(other) and self.space.is_same_model(other.space)

    def __hash__(self) -> int:
        return hash(json.dumps(choices_of(self), sort_keys=True))

    def __repr__(self) -> str:
        widths = ", ".join(f"{group}={width}" for group, width in self.widths.items())
        return f"Structure({self.space.graph.name}: {widths})"

    def _with(self, choice: str, key: str, value: Any) -> Structure:
        choices = {each: getattr(self, each) for each in CHOICES}
        return Structure.of_allowed(self.space, **choices | {choice: {**choices[choice], key: value}})

    def _allowed(self, choice: str, name: str, value: Any) -> Any:
        """``value`` for one knob, if it is allowed; the error says what is."""
        space = self.space
        known(name, getattr(space.baseline, choice), _KNOBS[choice])
        if choice == "widths":
            return allowed_width(space.width_groups[name], value)
        if choice == "activations":
            short = choice_name(value) if isinstance(value, str) else value
            return known(short, space.switches[name].activation_options, "an activation")
        if choice == "initializers":
            return known(value, space.switches[name].initializer_options, "an initializer")
        if not isinstance(value, bool):
            expected = {
                "biases": f"True or False as the bias of {name!r}",
                "blocks": f"True to keep the block {name!r} or False to leave it out",
            }
            raise TypeError(f"Expected {expected[choice]}, got {value!r}.")
        return value

    def _uncounted(self, inputs: list[Any]) -> dict[str, str]:
        """Why which layers are not, or not wholly, in the numbers, in execution order."""
        values = self.space.program.uncounted(inputs)
        partly = {
            layer: say("does something that its layer rule cannot count")
            for layer in self.space.graph.layers
            if values[f"{UNCOUNTED}:{layer}"]
        }
        unknown = {
            layer: say("has the activation {name}, whose cost is not known", name=repr(name))
            for layer, name in self.activations.items()
            if layer_activation(self.space.graph.layers[layer], name=name).uncounted
        }
        reasons = {**partly, **self.space.connected.uncounted, **unknown}
        present = set(self.layers)
        return {layer: reason for layer, reason in reasons.items() if layer in present}
