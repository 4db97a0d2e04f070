"""A quick validation run: is this structure any good?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..graph.forked import refuse_fork
from ..structure import Structure, StructureSpace
from .budget import SHORT_BUDGET, Budget
from .data import Data
from .progress import Progress
from .together import train_together
from .trial import Trial


def quick_run(
    structure: Any,
    data: Data,
    budget: Budget = SHORT_BUDGET,
    weights: str = "fresh",
    on_progress: Callable[[Progress], Any] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Trial:
    """Train a structure briefly, once for each seed, and score it on the validation part.

    Several seeds are trained together, see :func:`train_together`, so that they cost little more
    than one; a single one of other networks than dense ones is trained with Keras's own ``fit``.

    Args:
        structure: a :class:`Structure`; or a Keras model or ``.keras`` path, run as it is. A copy is
            trained, never the model itself.
        data: training and validation samples. They are reshaped and cast to the model's input where
            that is unambiguous, see :func:`~structopt_widgets.training.inputs.fit_x`.
        budget: what to spend: epochs, steps or seconds, seeds, batch size, optimizer, ...
        weights: ``"fresh"`` starts anew; ``"inherit"`` starts from the weights of the model read, of
            which the units are kept that count most for the loss on the training part.
        on_progress: called with a :class:`Progress` at each epoch's end and every 50 ms in between,
            in the thread that trains.
        should_stop: asked at every step; once true, the trial comes back as ``"cancelled"``. The
            first step of a seed, in which TensorFlow compiles, cannot be interrupted: well under a
            second for small networks, ten and more for one of dozens of layers.

    Returns:
        a :class:`Trial`; ``"failed"`` with a reason when the loss was no longer finite.

    Equal arguments give equal scores on one machine: initial weights, the order of the samples and
    dropout masks follow from the seed. Layers that draw from TensorFlow's global generator are the
    exception. Global generators are left as they were. It may run in a thread of its own.

    Raises ``ValueError`` before any training when labels or samples do not fit the model.

    >>> trial = sw.quick_run(space.scaled(0.5), data, sw.Budget(epochs=1, seeds=1))
    >>> trial.state, trial.n_params
    ('complete', 35)
    """
    if not isinstance(data, Data):
        raise TypeError(f"Expected a Data to train on, got {type(data).__name__}. Wrap arrays in it: Data(x, y).")
    refuse_fork()
    structure = structure if isinstance(structure, Structure) else _read(structure, data)
    return train_together([structure], data, budget, weights, on_progress, should_stop)[0]


def _read(model: Any, data: Data) -> Structure:
    try:
        return StructureSpace.from_keras(model).baseline
    except ValueError:
        # Not built yet, or open axes: the data says what the model itself does not.
        return StructureSpace.from_keras(model, data=data).baseline
