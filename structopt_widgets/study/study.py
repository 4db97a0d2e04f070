"""Trials gathered, in memory, in a file or in a database, and swept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..graph.checks import callback, file_path, flag, opened, text, whole
from ..structure import StructureSpace
from ..training import Budget, Data, Trial
from ..training.budget import SHORT_BUDGET

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import optuna
    import pandas as pd

    from .final_score import FinalScore
    from .knobs import Choose
    from .plan import Plan
    from .running import ExecutorRuns, LocalRuns
    from .sweep_progress import SweepProgress


class Study:
    """Finished trials, in the order of their numbers. Several threads and processes may add to it.

    Args:
        path_or_url: where the trials are kept: the path of a file, made if it is not there; the URL of
            a database, such as ``"postgresql://..."`` or ``"sqlite:///trials.db"``; ``None`` for memory.
        name: of the study, where one file or database holds several.

    It is an Optuna study underneath, :attr:`optuna`: ``optuna-dashboard`` opens the file or database,
    with the score and the number of parameters as its two values. A number that is missing belongs to a
    trial that still runs, or that was given up and done again under another number.

    >>> kept = sw.Study(folder / "trials.journal")
    >>> kept.add(study.trial(1)).number
    0
    >>> sw.Study(folder / "trials.journal").trials["n_params"].tolist()
    [35]
    """

    def __init__(self, path_or_url: str | os.PathLike[str] | None = None, name: str = "structures") -> None:
        # Optuna takes most of a second to import; whoever only measures should not wait for it.
        from .evidence_shelf import EvidenceShelf
        from .listeners import Listeners
        from .readings import Readings
        from .records import SpaceShelf
        from .storage import open_storage, open_study

        if not text(name, "the name of a study"):
            raise ValueError("Expected the name of a study as text, got ''. Leave it out, or pass a name.")
        self.name = name
        self.storage = open_storage(path_or_url)
        self.optuna: optuna.Study = open_study(self.storage, name)
        self.study_id = self.storage.get_study_id_from_name(name)
        self.shelf = SpaceShelf(self.storage, self.study_id)
        self._readings = Readings(self.storage, self.study_id, self.shelf, name)
        self.evidence = EvidenceShelf()
        self.listeners = Listeners()
        self.known_data: dict[str, Data] = {}  # by fingerprint: what trials of this process were trained on

    def add(self, trial: Trial) -> Trial:
        """Keep a trial and return it with its number.

        >>> sw.Study().add(study.trial(1)).number
        0
        """
        from .records import description_attrs, optuna_trial

        if not isinstance(trial, Trial):
            raise TypeError(f"Expected a Trial, as quick_run returns it; got {type(trial).__name__}.")
        attrs = description_attrs(self.shelf, trial.structure)
        added = self.storage.create_new_trial(self.study_id, optuna_trial(trial.structure, attrs, trial))
        kept = self._readings.added(added)
        added_trial = self.trial(self.storage.get_trial_number_from_id(added)) if kept is None else kept
        self.listeners.notify()
        return added_trial

    @property
    def trials(self) -> pd.DataFrame:
        """One row a finished trial, indexed by its number; the columns are those of :meth:`Trial.to_row`."""
        return self._readings.table()

    @property
    def unreadable(self) -> Mapping[int, str]:
        """Trials that are there and cannot be read, by number, with the reason.

        Their lines are damaged, or a newer release has written them. They stay where they are.
        """
        self._readings.every()
        return MappingProxyType(dict(self._readings.unreadable))

    def trial(self, number: int) -> Trial:
        """The trial of a number; raises ``ValueError`` when there is none."""
        number = whole(number, "the number of a trial")
        read, unreadable = self._readings.by_number, self._readings.unreadable
        if number not in read:
            numbers = [str(trial.number) for trial in self]
            if number in unreadable:
                raise ValueError(
                    f"Expected the number of a trial that can be read, got {number}: {unreadable[number]}."
                )
            if number not in read:
                known = f"{numbers[0]} to {numbers[-1]}" if numbers else "none: the study is empty"
                raise ValueError(f"Expected the number of a trial ({known}), got {number!r}.")
        return read[number]

    def read_since(self, n: int) -> list[Trial]:
        """The trials but for the first ``n`` that this object has read, in the order in which it read them.

        For whoever follows a study of tens of thousands, and looks at each trial once. Trials that end late, or are
        another process's, are read after some with a higher number.

        >>> [trial.number for trial in study.read_since(1)]
        [1]
        """
        return self._readings.since(whole(n, "how many trials are known"))

    def compare(self, number: int | None = None) -> pd.DataFrame:
        """Which structures can be told apart from one of them.

        Args:
            number: the trial to compare with; by default the one with the best score.

        Returns:
            one row for each complete trial on that trial's data: ``difference`` of the scores,
            ``standard_error`` of it, ``p_value``, ``paired_by`` (``"samples"`` or ``"nothing"``),
            ``told_apart`` and ``verdict``: ``"worse"``, ``"better"``, ``"cannot be told apart"``, for the
            trial compared with ``"the best"`` or ``"compared with"``, or for all
            ``"one run each: not comparable"``, or ``"trained otherwise: not comparable"`` where the
            budgets differ in more than seeds.

        A verdict is about *structures*: the difference is held against what other validation samples,
        which are paired, and other seeds would do to it. What a seed does is pooled over all trials on
        these data that have several; when none has, nothing can be compared. The p-values allow for all
        pairs of the structures (Tukey's studentized range), because the best is known as such by the same
        scores: of twenty studies of equal structures one calls any of them worse.

        Source: J. C. Hsu, "Multiple Comparisons", 1996. His comparisons with the best, by Dunnett's
        distribution, keep the truly best from being called worse; where several are equally good they call
        some of them worse in half of all studies of 24.

        >>> study.compare()["verdict"].tolist()
        ['cannot be told apart', 'the best']
        """
        from .comparison import compare_all

        return compare_all(self, number)

    def test(
        self, number: int, data: Data | None = None, weights: str = "fresh", space: StructureSpace | None = None
    ) -> FinalScore:
        """The score of a trial's structure on the test part of its data, to be asked at the end, once.

        The structure is trained again as it was, with the trial's budget and seeds, and scored on samples
        that no search, patience or plot has seen: unlike the score that it was chosen by, this one is not
        optimistic. The study keeps the answer, and counts how often it was asked: about the same trial
        again, it is the same answer and says so; about others, it says that the best of several answers is
        optimistic again.

        Args:
            number: of the trial.
            data: what it was trained on, with a test part; by default the data of this study's last sweeps.
            weights: as the trial was started, ``"fresh"`` or ``"inherit"``.
            space: of the compiled model, for a trial that was read from a file.

        Raises ``ValueError`` for data of other training or validation samples, and for those without a test part.

        >>> split = sw.Data(np.arange(320.0).reshape(80, 4), np.arange(80) % 3, test_fraction=0.25)
        >>> fresh = sw.Study()
        >>> table = fresh.sweep(space, split, n_trials=1, budget=sw.Budget(epochs=1, seeds=1))
        >>> final = fresh.test(0)
        """
        from .final_score import score_on_test_part

        return score_on_test_part(self, number, data, weights, space)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write :attr:`trials` as comma-separated values.

        >>> study.to_csv(folder / "trials.csv")
        """
        path = file_path(path, "the table")
        with opened(path, "the table"):
            self.trials.to_csv(path)

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Write :attr:`trials` as a Parquet file; needs ``pip install structopt-widgets[parquet]``.

        >>> study.to_parquet(folder / "trials.parquet")
        """
        path = file_path(path, "the table")
        try:
            import pyarrow  # noqa: F401 - pandas would name its own extra, not ours
        except ImportError as error:
            raise ImportError(
                "Expected pyarrow to write Parquet, got none. Run: pip install 'structopt-widgets[parquet]'"
            ) from error
        with opened(path, "the table"):
            self.trials.to_parquet(Path(path))

    def sweep(
        self,
        space: StructureSpace,
        data: Data,
        n_trials: int = 64,
        sampler: Any = "random",
        budget: Budget = SHORT_BUDGET,
        *,
        maximize: str | Sequence[str] | None = None,
        minimize: str | Sequence[str] = "n_params",
        at_most: Mapping[str, float] | None = None,
        choose: Choose = "widths",
        groups: Iterable[str] | None = None,
        halving: tuple[int, int] | None = None,
        seed: int = 0,
        together: int = 16,
        executor: Executor | None = None,
        in_flight: int | None = None,
        on_trial: Callable[[Trial], Any] | None = None,
        on_progress: Callable[[SweepProgress], Any] | None = None,
        should_stop: Callable[[], bool] | None = None,
        show_progress: bool = True,
    ) -> pd.DataFrame:
        """Train many structures of a space, and keep a trial of each.

        A sweep is its arguments: called again, in this process or another, it goes on where it
        stopped; with a larger ``n_trials`` it goes on from there; with another seed it is another
        sweep. Processes that call it at the same time share the work. Trials are written as soon as
        the batch they were trained in ends; what a killed process was training is done again.

        Args:
            space: the structures to choose from.
            data: what to train and validate on.
            n_trials: how many different structures.
            sampler: ``"random"``, ``"qmc"`` (quasi-random: a Sobol sequence), ``"grid"``, ``"nsga2"``,
                ``"tpe"``, or an Optuna sampler. Widths are drawn log-uniformly, from an eighth of
                the model's own (smaller ones where ``at_most`` asks for them) to their upper bounds.
            budget: of each structure's training; with one seed each, :meth:`compare` can compare nothing.
            maximize, minimize: columns of the table that the learning samplers and halving go by;
                by default the score against the parameters.
            at_most: limits of costs, ``{"n_params": 20_000}``: what is above one is never trained.
            choose: ``"widths"``, or ``"multiplier"`` for all widths at once, ``"activations"``,
                ``"biases"``, ``"initializers"``, or several; or a mapping from these to the values
                allowed: ``{"widths": None, "activations": ("relu", "tanh")}``.
            groups: the width groups to vary; by default all that are free.
            halving: ``(eta, rungs)`` for successive halving: all structures are trained for a part
                of the budget, the best ``1 / eta`` of them for ``eta`` times that, and so on until
                the last rung's have had all of it: at least ``eta^(rungs - 1)`` epochs or steps. Each
                rung's runs start anew and are trials of their own.
            seed: of the sampler.
            together: structures trained in one batch; also the population of ``"nsga2"``.
            executor: where to train: here, or any ``concurrent.futures.Executor``, whose workers are
                sent plain data; Dask's is ``client.get_executor()``, whose workers are sent the samples once.
                They are asked before anything is claimed whether they have what it takes: this package,
                registered layer rules, classes of your own.
            in_flight: batches an executor has at a time, by default one a processor of this machine;
                for a cluster, one or two a worker.
            on_trial: called with each trial once it is written.
            on_progress: called with a :class:`SweepProgress`.
            should_stop: once true, the sweep ends; what was not finished is left to a later call.
            show_progress: whether to show a bar.

        Returns:
            the sweep's trials, those of former calls included: rows of :attr:`trials`. There are
            fewer than ``n_trials`` when the space has no more.

        A structure that cannot be trained is a failed trial with its reason, and the sweep goes on.
        Ctrl-C leaves the study as ``should_stop`` does, and is raised again.

        >>> table = sw.Study().sweep(space, data, n_trials=3, sampler="qmc", budget=sw.Budget(epochs=1, seeds=1))
        >>> len(table)
        3
        """
        from .employer import employer_of
        from .order import order_of
        from .plan import check_fit, make_plan
        from .running import ExecutorRuns, LocalRuns
        from .stages import run_stages, stages
        from .sweep_progress import Meter

        plan = make_plan(
            space, data, budget, n_trials, sampler, maximize, minimize, at_most, choose, groups, seed, together
        )
        for function, what in ((on_trial, "on_trial"), (on_progress, "on_progress"), (should_stop, "should_stop")):
            callback(function, what)
        if in_flight is not None:
            in_flight = whole(in_flight, "in_flight, batches an executor has at a time,", least=1)
        show_progress = flag(show_progress, "show_progress")
        plans = stages(plan, halving)
        check_fit(space, data)
        employer = None if executor is None else employer_of(executor, order_of(space, data))
        if employer is not None:
            employer.check()
        self.known_data[data.fingerprint] = data
        meter = Meter(sum(each.n_trials for each in plans), on_progress, on_trial, show_progress)

        def runner(stage: Plan) -> LocalRuns | ExecutorRuns:
            if employer is None:
                return LocalRuns(data, stage.budget, meter.trained, should_stop)
            return ExecutorRuns(employer, stage.budget, in_flight)

        try:
            numbers = run_stages(self, plans, runner, should_stop or (lambda: False), meter)
        finally:
            meter.close()
        return self.trials.loc[numbers]

    def __len__(self) -> int:
        return len(self._readings.every())

    def __iter__(self) -> Iterator[Trial]:
        return iter(self._readings.every())

    def __repr__(self) -> str:
        trials = len(self)
        lost = f", {len(self._readings.unreadable)} unreadable" if self._readings.unreadable else ""
        return f"Study({self.name}: {trials} trials{lost})"
