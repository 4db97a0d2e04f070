"""What cutting each width alone loses, with inherited weights and without training."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..graph.checks import callback, instance, items, number
from ..graph.forked import refuse_fork
from ..structure import Structure, StructureSpace
from ..structure.allowed_widths import nearest_width
from .data import Data
from .inputs import fit_inputs

if TYPE_CHECKING:
    import pandas as pd

RATIOS = (0.75, 0.5, 0.25)


@dataclass(frozen=True)
class Sensitivity:
    """Attributes:
    table: one row a cut: ``group``, ``ratio`` of the model's width that was asked for, the ``width`` it is, the
        ``score`` of the validation part after the cut, and what is ``lost`` by it; negative where the score rose.
    metric: ``"accuracy"`` or ``"r2"``.
    score: the model's own, on the same samples.
    """

    table: pd.DataFrame
    metric: str
    score: float

    def __repr__(self) -> str:
        cuts = f"{len(self.table)} cuts of {self.table['group'].nunique()} width groups"
        return f"Sensitivity({cuts}, from {self.metric} {self.score:.4f})"


def sensitivity(
    model: Any,
    data: Data,
    ratios: Iterable[float] = RATIOS,
    importance: Any = None,
    on_progress: Callable[[int, int], Any] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Sensitivity:
    """How much of the validation score each free width group loses when it alone is cut; nothing is trained.

    Each cut is built with inherited weights, the units kept that count most, and the statistics of batch
    normalization recomputed, see :meth:`Structure.build`; then it is scored on the validation part. Cuts
    of several groups at once are not tried: their losses are not the sum of these.

    Args:
        model: a trained Keras model, a ``.keras`` path, or its :class:`StructureSpace`.
        data: training samples, by which units are chosen, and the validation part.
        ratios: of each group's width, between 0 and 1; rounded to an allowed width. Two that come to one
            width are one row.
        importance: as for :meth:`Structure.build`.
        on_progress: called with the cuts done and their number after each.
        should_stop: asked before each cut; once true, the cuts done so far come back.

    Source: H. Li et al., "Pruning filters for efficient ConvNets", section 3.2 (arXiv:1608.08710).

    >>> found = sw.sensitivity(model, data, ratios=(0.5,))
    >>> found.table[["group", "ratio", "width"]].values.tolist()
    [['hidden', 0.5, 4]]
    >>> fitted = space.fit({"n_params": 50}, sensitivity=found)
    """
    import pandas as pd

    instance(data, Data, "a Data, such as Data(x, y),")
    shares = [number(each, "a ratio of a width", above=0, below=1) for each in items(ratios, "ratios")]
    if not shares:
        raise ValueError(f"Expected one ratio of a width at least, got none. Pass ratios={RATIOS}.")
    callback(on_progress, "on_progress")
    callback(should_stop, "should_stop")
    space = model if isinstance(model, StructureSpace) else StructureSpace.from_keras(model)
    cuts = {
        (name, width): share
        for name, group in space.width_groups.items()
        for share in sorted(shares, reverse=True)
        if (width := nearest_width(group, group.width * share)) < group.width
    }
    score = InheritedScores(space, data, importance)
    own = score(space.baseline)
    rows = []
    for (name, width), share in cuts.items():
        if should_stop is not None and should_stop():
            break
        after = score(space.baseline.with_width(name, width))
        rows.append({"group": name, "ratio": share, "width": width, "score": after, "lost": own - after})
        if on_progress is not None:
            on_progress(len(rows), len(cuts))
    table = pd.DataFrame(rows, columns=["group", "ratio", "width", "score", "lost"])
    return Sensitivity(table, score.metric, own)


def inherited_score(structure: Structure, data: Data, importance: Any = None) -> float:
    """The validation score (accuracy, or R2) of a structure with the model's weights, before any training.

    A preview, not a quick run: a structure that scores low here may train as well as any other.

    >>> 0 <= sw.inherited_score(space.scaled(0.5), data) <= 1
    True
    """
    instance(structure, Structure, "a Structure, such as space.baseline,")
    instance(data, Data, "a Data, such as Data(x, y),")
    return InheritedScores(structure.space, data, importance)(structure)


class InheritedScores:
    """Scores structures of one space with inherited weights; what was traced for one serves the next."""

    def __init__(self, space: StructureSpace, data: Data, importance: Any) -> None:
        refuse_fork()
        # Keras takes seconds to import.
        from .objective import choose_objective

        self._data, self._importance = data, importance
        self._objective = choose_objective(space.baseline, data)
        self._x_val = fit_inputs(data.x_val, space)
        self._examples = data.examples(space.baseline)

    @property
    def metric(self) -> str:
        return self._objective.metric

    def __call__(self, structure: Structure) -> float:
        from ..keras_bridge import build_model
        from .fitting import outputs_of

        model = build_model(structure, compiled=False, importance=self._importance, seed=0, examples=self._examples)
        y_val = self._data.y_val
        return self._objective.score(y_val, outputs_of(model, self._x_val, len(y_val), lambda: None))
