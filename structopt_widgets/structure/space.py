"""All structures a model can take."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ..graph import ModelGraph
from ..graph.checks import instance, known, mapping, number, short, text, whole
from ..layer_rules import connect
from ..metrics import OPTIMIZER_SLOTS, CostProgram, costs, limit_metrics, model_metrics
from ..metrics.tokens import sequence_length
from . import door
from .allowed_widths import allowed_widths, grid, nearest_width
from .budget_fit import fit_budget
from .choices import CHOICES
from .sections import find_sections
from .state_line import from_python
from .structure import Structure
from .titles import find_block_titles, find_titles
from .width_groups import WidthGroup, derived_widths, find_switches, find_width_groups

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import sympy


MOST_GROWTH = 1e6  # beyond, no width is one that could be trained


_FOUND_LATER = ("open_lengths", "width_numbers")  # in a graph as plain data


class ModelSource(Protocol):
    """Where a space came from: what the bridge needs to rebuild and to inherit weights. Opaque here."""


class StructureSpace:
    """The structures a model can take: width groups, each layer's switches, and the blocks that can be left out.

    Args:
        graph: the model as plain data.
        source: the bridge's handle on the Keras model, or ``None`` for a space read from a file.
        growth: the largest width of a group, as a multiple of the model's own.

    Attributes:
        width_groups: name to :class:`WidthGroup`; one slider each.
        sections: the model's blocks and what is between them, as :class:`~.sections.Section`, in order.
        switches: layer to :class:`LayerSwitches`.
        derived: layer to the reason its width follows from other groups.
        blocks: name to :class:`~.Block`, a part that can be left out, in execution order.
        layers: their names, in execution order.
        kinds: layer to its class.
        optimizer: whose slots training memory counts by default: the compiled one, else Adam.
        slots: arrays that optimizer keeps for each trainable weight.
        baseline: the model as it came.

    >>> space = sw.StructureSpace.from_keras(model)
    >>> [(group.name, group.width, group.fixed) for group in space.width_groups.values()]
    [('hidden', 8, False), ('out', 3, True)]
    """

    def __init__(self, graph: ModelGraph, source: ModelSource | None = None, growth: float = 2.0) -> None:
        instance(graph, ModelGraph, "a ModelGraph", "Read a model with StructureSpace.from_keras(model).")
        if number(growth, "growth, the largest width as a multiple of its own,", above=0, below=MOST_GROWTH) < 1:
            raise ValueError(
                f"Expected growth to be at least 1, got {growth!r}: widths must be able to stay as they are."
            )
        self.graph = graph
        self.source = source
        self.growth = growth
        self._programs: dict[tuple[str | None, bool | str], CostProgram] = {}
        self.connected = connect(graph)
        found = find_width_groups(self.connected, growth)
        self.symbols = {name: symbol for name, (_, symbol) in found.items()}
        self.sections = find_sections(self.connected)
        titles = find_titles(self.connected, self.symbols, self.sections)
        self.width_groups: dict[str, WidthGroup] = {
            name: dataclasses.replace(group, title=titles[name]) for name, (group, _) in found.items()
        }
        self.switches = find_switches(self.connected)
        self.derived = derived_widths(self.connected, found)
        block_titles = find_block_titles(self.connected.blocks, self.sections)
        self.blocks = {
            each.name: dataclasses.replace(each, title=block_titles[each.name]) for each in self.connected.blocks
        }
        self.layers = tuple(graph.layers)
        self.kinds = {name: layer.kind for name, layer in graph.layers.items()}
        known_slots = graph.optimizer_slots is not None
        assumed = f"adam (assumed: no slot count for {graph.optimizer})" if graph.optimizer else "adam"
        self.optimizer = graph.optimizer.lower() if graph.optimizer and known_slots else assumed
        self.slots = OPTIMIZER_SLOTS["adam"] if graph.optimizer_slots is None else graph.optimizer_slots
        self.baseline = Structure(
            self,
            {name: group.width for name, group in self.width_groups.items()},
            {name: each.activation for name, each in self.switches.items() if each.activation is not None},
            {name: each.use_bias for name, each in self.switches.items() if each.use_bias is not None},
            {name: each.initializer for name, each in self.switches.items() if each.initializer is not None},
            dict.fromkeys(self.blocks, True),
        )

    @classmethod
    def from_keras(cls, model: Any, input_shape: Any = None, data: Any = None, growth: float = 2.0) -> StructureSpace:
        """Read a Keras model; it is not changed.

        Args:
            model: a Sequential, Functional or subclassed model, or the path of a ``.keras`` file
                (read in safe mode).
            input_shape: shape of one sample, for a model that is not built yet.
            data: a :class:`~structopt_widgets.Data` to take that shape from.
            growth: the largest width of a group, as a multiple of the model's own.

        >>> sw.StructureSpace.from_keras(model, growth=4).width_groups["hidden"].upper
        32
        """
        return cls(*door.read(model, input_shape, data), growth=growth)

    @functools.cached_property
    def program(self) -> CostProgram:
        """The costs of this model as a program of its knobs."""
        return self.program_for(None, False)

    def program_for(self, precision: str | None, recompute: bool | str) -> CostProgram:
        """:attr:`program` for another precision of activations, or with parts computed again in training."""
        key = (precision, recompute)
        if key not in self._programs:
            free = {name: symbol for name, symbol in self.symbols.items() if not self.width_groups[name].fixed}
            base = self.baseline
            self._programs[key] = CostProgram(self.connected, free, tuple(base.biases), tuple(base.activations), *key)
        return self._programs[key]

    @functools.cached_property
    def whole_graph(self) -> ModelGraph:
        """:attr:`graph` with what only copies need: what keeps open lengths open in them, and what follows from widths.

        That takes as long as reading the model did, and so waits until somebody asks. Of a model that is too large to
        be run here building a copy finds it.
        """
        find = getattr(self.source, "whole_graph", None)
        return self.graph if find is None else find()

    @property
    def known_graph(self) -> ModelGraph:
        """:attr:`whole_graph` if it is known by now, else :attr:`graph`."""
        return vars(self).get("whole_graph", self.graph)

    @functools.cached_property
    def tokens(self) -> int | None:
        """Tokens of a sample, for a model that reads a sequence of them."""
        return sequence_length(self.connected)

    def group_of(self, layer: str) -> WidthGroup:
        """The width group of a layer, or of that name or title.

        >>> space.group_of("hidden").upper
        16
        """
        if not isinstance(layer, str):
            known(layer, self.width_groups, "a layer with a width")
        parts = [name for name, group in self.width_groups.items() if layer in group.layers]
        if layer not in self.width_groups and len(parts) > 1:
            raise ValueError(f"Expected one of the widths {layer!r} takes part in: {', '.join(parts)}; got {layer!r}.")
        group = self.group_at(layer)
        if group is not None:
            return group
        if layer in self.derived:
            raise ValueError(f"The width of {layer!r} cannot be set: it {self.derived[layer]}.")
        return self.width_groups[known(layer, self.width_groups, "a layer with a width")]

    def group_at(self, name: str) -> WidthGroup | None:
        """The group of that name or title, or the one a layer's output belongs to; ``None`` when there is none."""
        if text(name, "a width group") in self.width_groups:
            return self.width_groups[name]
        titled = next((group for group in self.width_groups.values() if group.title == name), None)
        if titled is not None:
            return titled
        outputs = (group for group in self.width_groups.values() if group.label is None or group.layers[0] != name)
        return next((group for group in outputs if name in group.layers), None)

    def home_of(self, name: str) -> str | None:
        """The layer that alone has the width of that name (``attention`` for ``attention heads``), else ``None``."""
        group = self.width_groups.get(text(name, "a width group"))
        return group.layers[0] if group is not None and group.label is not None else None

    def scaled(self, multiplier: float, multiple_of: int = 1) -> Structure:
        """The baseline with every free width times ``multiplier``, rounded to an allowed one.

        Args:
            multiplier: above 0.
            multiple_of: round to multiples of it where a group's bounds leave one, as hardware likes
                (8 for 16-bit tensor cores); a width may also stay as the model has it.

        >>> space.scaled(0.5).widths["hidden"]
        4
        """
        number(multiplier, "a width multiplier", above=0)
        groups = self.width_groups.items()
        return self._at({name: nearest_width(group, group.width * multiplier, multiple_of) for name, group in groups})

    def scaled_to(self, metric: str, limit: float, multiple_of: int = 1) -> Structure:
        """The widest :meth:`scaled` structure whose ``metric`` (``"n_params"``, ...) is at most ``limit``.

        >>> space.scaled_to("n_params", 50).measure().n_params
        43
        """
        known(metric, limit_metrics(), "a cost")
        number(limit, f"a limit of {metric}", above=0)
        low, high = 0.0, self.growth
        best = self.scaled(1e-9, multiple_of)
        if getattr(best.measure(), metric) > limit:
            raise ValueError(
                f"Expected a limit of {metric} that the narrowest structure meets, got {limit}: "
                f"with every free width at its least it is {getattr(best.measure(), metric)}."
            )
        # No cost falls when a width grows, so bisection finds the edge; 24 halvings tell all widths apart.
        for _ in range(24):
            middle = (low + high) / 2
            candidate = self.scaled(middle, multiple_of)
            if getattr(candidate.measure(), metric) <= limit:
                low, best = middle, candidate
            else:
                high = middle
        return best

    def fit(
        self,
        limits: Mapping[str, float],
        sensitivity: Any = None,
        multiple_of: int = 1,
        batch_size: int = 1,
        optimizer: str | None = None,
        start: Structure | None = None,
    ) -> Structure:
        """The structure that makes the most of a budget.

        Without sensitivities every free width is the model's own times one multiplier, the largest that
        fits; what rounding leaves of the budget goes to some of them, one step each. With sensitivities the
        widths are those that lose least accuracy: cut where most cost is saved for the accuracy lost
        (a greedy search in the order of that ratio), then improved by exchanging one width for another. The
        loss of a width is read from the table, straight between its rows; losses of several groups are added
        up, which is what single cuts can tell. Groups that the table leaves out keep their width.

        Args:
            limits: the most of each cost, of :func:`~structopt_widgets.metrics.limit_metrics`.
            sensitivity: what :func:`structopt_widgets.sensitivity` gives, or a DataFrame with the columns
                ``group``, ``width`` and ``lost`` (accuracy, or R2).
            multiple_of: as for :meth:`scaled`.
            batch_size, optimizer: for memory, as for :meth:`Structure.measure`.
            start: whose other knobs (activations, biases, blocks) are kept; the baseline's by default.

        Raises ``ValueError``, which says the smallest that is reachable, for limits that cannot be met.

        >>> space.fit({"n_params": 50, "macs": 40}).measure().n_params
        43
        """
        start = self.baseline if start is None else start
        instance(start, Structure, "a Structure whose other knobs are kept")
        if not self.is_same_model(start.space):
            raise ValueError(f"Expected a start in this space, got a structure of {start.space.graph.name!r}.")
        return fit_budget(self, limits, sensitivity, multiple_of, batch_size, optimizer, start)

    def from_python(self, line: str) -> Structure:
        """The structure of a line that :meth:`Structure.to_python` wrote, for this model or one with the same layers.

        The line is read, not run. Raises ``ValueError`` for any other text, and for what this model has not.

        >>> space.from_python("space.baseline.with_width('hidden', 4)") == space.scaled(0.5)
        True
        """
        return from_python(self, line)

    def sample(self, rng: random.Random, multiple_of: int = 1) -> Structure:
        """A random structure: every free width, activation, bias and block drawn uniformly.

        With ``multiple_of``, widths are drawn from what :meth:`scaled` would round to.

        >>> import random
        >>> structure = space.sample(random.Random(0))
        """
        instance(rng, random.Random, "a random generator", "Make one: random.Random(0).")
        widths = {name: _draw(group, rng, multiple_of) for name, group in self.width_groups.items()}
        drawn = self._at(widths)
        for layer in drawn.biases:
            drawn = drawn.with_bias(layer, rng.random() < 0.5)
        for layer in drawn.activations:
            drawn = drawn.with_activation(layer, rng.choice(self.switches[layer].activation_options))
        for block in drawn.blocks:
            drawn = drawn.with_block(block, rng.random() < 0.5)
        return drawn

    def measure_many(self, widths: Mapping[str, np.ndarray], batch_size: int = 1) -> pd.DataFrame:
        """Costs of many structures at once.

        Args:
            widths: an integer array of channels for each varied width group, all of one length, as a
                dictionary or a DataFrame;
                the other knobs stay at the baseline.
            batch_size: samples a step, for the memory metrics.

        Returns:
            one row a structure, one column a metric.

        >>> space.measure_many({"hidden": np.array([2, 4])})["n_params"].tolist()
        [19, 35]
        """
        import numpy as np
        import pandas as pd

        widths = mapping(widths, "widths", "{'dense': numpy.arange(1, 65)}")
        if not widths:
            raise ValueError("Expected an array of widths for one group at least, got none. Pass {'dense': [8, 16]}.")
        batch_size = whole(batch_size, "a batch size", least=1, most=2**31)
        for name in widths:
            known(name, self.width_groups, "a width group")
        arrays = {name: allowed_widths(self.width_groups[name], values) for name, values in widths.items()}
        lengths = {len(values) for values in arrays.values()}
        if len(lengths) != 1:
            raise ValueError(f"Expected arrays of one length, got lengths {sorted(lengths)} in {short(widths)}.")
        at = self.baseline.setting_at(arrays)
        found = costs(self.connected, at, batch_size, self.slots).totals
        length = lengths.pop()
        return pd.DataFrame({metric: np.broadcast_to(found[metric], length) for metric in model_metrics()})

    def formula(self, metric: str = "n_params", batch_size: int = 1) -> sympy.Expr:
        """A total of :meth:`Structure.measure` as a SymPy expression, other knobs at the baseline.

        The free widths are positive integer symbols: ``u_dense`` for the group ``dense``. Sums are
        expanded, peak activations are a ``Max``, and the span is that of the longest path at the
        baseline: see :class:`~structopt_widgets.metrics.receipt.Receipt`.

        >>> space.formula("n_params")
        8*u_hidden + 3
        """
        return self.baseline.measure(batch_size).receipt(metric).formula

    def is_same_model(self, other: StructureSpace) -> bool:
        """Whether ``other`` was read from the same model."""
        instance(other, StructureSpace, "a StructureSpace")
        return self is other or self.graph is other.graph or self.fingerprint == other.fingerprint

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the graph: equal models, equal fingerprint."""
        # Without what is found later, and what is said of copies.
        graph = {key: value for key, value in self.graph.to_json().items() if key not in ("differences", *_FOUND_LATER)}
        return hashlib.sha256(json.dumps(graph, sort_keys=True).encode()).hexdigest()

    def _at(self, widths: Mapping[str, int]) -> Structure:
        base = self.baseline
        return Structure.of_allowed(self, **{each: getattr(base, each) for each in CHOICES} | {"widths": widths})


def _draw(group: WidthGroup, rng: random.Random, multiple_of: int) -> int:
    if group.fixed:
        return group.width
    first, last, step = grid(group, multiple_of)
    widths: Sequence[int] = range(first, last + 1, step)
    return rng.choice(widths if group.width in widths else [*widths, group.width])
