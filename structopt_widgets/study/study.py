"""Trials gathered, in memory, in a file or in a database, and swept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..training import Trial
from ..training.trial import COSTS

if TYPE_CHECKING:
    import optuna
    import pandas as pd

# The table of a study without trials, so that code that selects columns works from the start.
EMPTY_COLUMNS = (
    *("accuracy", "accuracy_low", "accuracy_high", "accuracy_std", "loss"),
    *COSTS,
    *("epochs", "seeds", "batch_size", "seconds", "state", "reason", "data", "structure"),
)


class Study:
    """Finished trials, in the order of their numbers. Several threads and processes may add to it.

    Args:
        path_or_url: where the trials are kept: the path of a file, made if it is not there; the URL of
            a database, such as ``"postgresql://..."`` or ``"sqlite:///trials.db"``; ``None`` for memory.
        name: of the study, where one file or database holds several.

    It is an Optuna study underneath, :attr:`optuna`: ``optuna-dashboard`` opens the file or database,
    with the score and the number of parameters as its two values. A number that is missing belongs to a
    trial that still runs, or that was given up and done again under another number.
    """

    def __init__(self, path_or_url: str | os.PathLike[str] | None = None, name: str = "structures") -> None:
        # Optuna takes most of a second to import; whoever only measures should not wait for it.
        from .records import SpaceShelf
        from .storage import open_storage, open_study

        self.name = name
        self.storage = open_storage(path_or_url)
        self.optuna: optuna.Study = open_study(self.storage, name)
        self.study_id = self.storage.get_study_id_from_name(name)
        self.shelf = SpaceShelf(self.storage, self.study_id)
        self._read: dict[int, Trial] = {}

    def add(self, trial: Trial) -> Trial:
        """Keep a trial and return it with its number."""
        from .records import description_attrs, optuna_trial

        if not isinstance(trial, Trial):
            raise TypeError(f"Expected a Trial, as quick_run returns it; got {type(trial).__name__}.")
        attrs = description_attrs(self.shelf, trial.structure)
        added = self.storage.create_new_trial(self.study_id, optuna_trial(trial.structure, attrs, trial))
        kept = self._finished(self.storage.get_trial(added))
        assert kept is not None, "what was just written is finished"
        return kept

    @property
    def trials(self) -> pd.DataFrame:
        """One row a finished trial, indexed by its number; the columns are those of :meth:`Trial.to_row`."""
        import pandas as pd

        trials = list(self)
        if not trials:
            return pd.DataFrame(columns=list(EMPTY_COLUMNS)).rename_axis("number")
        numbers = pd.Index([trial.number for trial in trials], name="number")
        return pd.DataFrame([trial.to_row() for trial in trials], index=numbers)

    def trial(self, number: int) -> Trial:
        """The trial of a number; raises ``ValueError`` when there is none."""
        trials = {trial.number: trial for trial in self}
        if number not in trials:
            known = f"{min(trials)} to {max(trials)}" if trials else "none: the study is empty"
            raise ValueError(f"Expected the number of a trial ({known}), got {number!r}.")
        return trials[number]

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write :attr:`trials` as comma-separated values."""
        self.trials.to_csv(path)

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Write :attr:`trials` as a Parquet file; needs ``pip install structopt-widgets[parquet]``."""
        try:
            import pyarrow  # noqa: F401 - pandas would name its own extra, not ours
        except ImportError as error:
            raise ImportError(
                "Expected pyarrow to write Parquet, got none. Run: pip install 'structopt-widgets[parquet]'"
            ) from error
        self.trials.to_parquet(Path(path))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[Trial]:
        every = self.storage.get_all_trials(self.study_id, deepcopy=False)
        return iter([trial for trial in map(self._finished, every) if trial is not None])

    def __repr__(self) -> str:
        return f"Study({self.name}: {len(self)} trials)"

    def _finished(self, frozen: optuna.trial.FrozenTrial) -> Trial | None:
        """The trial Optuna holds, if it has a result. It never changes again, so each is read once."""
        from .records import read_trial

        if frozen.number not in self._read:
            trial = read_trial(frozen, self.shelf)
            if trial is None:
                return None
            self._read.setdefault(frozen.number, trial)
        return self._read[frozen.number]
