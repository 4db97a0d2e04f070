"""The result of one quick run."""

from __future__ import annotations

import dataclasses
import json
import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..graph.checks import known
from ..graph.wording import say
from ..metrics import METRICS, CostReport, Receipt, trial_metrics
from ..structure import Structure
from ..structure.serialization import MissingRuleError, read_json
from .budget import Budget
from .description import describe
from .item_scores import unpack_counts
from .score_receipt import ScoreReceipt, score_receipt

FORMAT = "structopt_widgets.Trial"
VERSION = 1  # of a trial's record; a later one may have more fields, which this release keeps and does not read
STATES = (say("complete"), say("failed"), say("cancelled"))
_EXPECTED = "Expected the JSON text that Trial.to_json() writes"


@dataclass(frozen=True)
class Trial:
    """What was run, what it cost and how well it did. Costs are defined in ``CostReport``.

    Attributes:
        number: its place in a study; ``None`` before it is in one.
        structure: what was trained.
        state: ``"complete"``, ``"failed"`` or ``"cancelled"``; the scores of the last two are NaN.
        metric: ``"accuracy"``, share of right classes, or ``"r2"``, share of explained variance,
            both over the validation part after the last epoch.
        score: mean of ``by_seed``.
        low, high: 95 % interval of the score. With several seeds it covers the expected score of the
            *structure*, over validation samples and over seeds. With one it covers the score of *this
            network* on other samples, and says nothing of another seed. Accuracy: Wilson's with an
            effective number of samples; R2: percentile bootstrap, with the seeds' variance added. See
            :func:`~structopt_widgets.training.statistics.accuracy_interval` and
            :func:`~structopt_widgets.training.statistics.with_seeds`.
        by_seed: the score of each seed, in the order of ``budget.seed_list``.
        loss: mean over the seeds of the validation loss after the last epoch: of the labels alone, without the
            penalties (regularizers, ``add_loss``) that Keras's ``fit`` adds to what it calls ``val_loss``.
        costs: of the structure, by metric, for a batch of one; those of a training step for a batch of
            ``budget.batch_size`` and the optimizer it was trained with. Each is an attribute too:
            ``trial.n_params``. NaN for a metric that there was not when the trial was written.
        budget: what the run was allowed to spend.
        data, fingerprint: name of the data, and SHA-256 of its contents.
        versions: of Keras, its backend, Python and this package, and the hardware.
        seconds: wall time.
        reason: what went wrong, for a failed trial; else empty.
        history: for each seed, for each epoch: training ``loss``, ``val_loss`` and ``val_accuracy``
            or ``val_r2``.
        engine: ``"together"`` when its seeds, and perhaps other structures, were trained in one compiled
            step; ``"keras"`` when each was trained by ``keras.Model.fit``, with the reason where they
            were to be trained together: ``"keras: noise (GaussianNoise) draws random numbers of its own"``.
        settled: whether the moving statistics of normalization layers were recomputed on training samples
            before the last validation, as the run was too short for them: ``Budget.settle_normalization``.
        right: for an accuracy, how many seeds were right on each validation sample, packed by
            :func:`~structopt_widgets.training.item_scores.pack_counts`; else empty.
        compiled: how the model's own optimizer was set and what its loss was, where the budget names no optimizer;
            empty for a model that was not compiled, and for trials written before this was kept.
        weights: what it started from, ``"fresh"`` or ``"inherit"``; trials from before this was kept say ``"fresh"``.
        company: which structures were trained in the same call, whose numbers go by it in their last bits: a digest
            of them all, the place of this one and how many there were, ``"3f2a77c0 2/16"``; empty for one by itself.
        other: what a newer release has written and this one does not know, kept as it is.

    >>> trial = study.trial(1)
    >>> trial.n_params, trial.state, len(trial.by_seed)
    (35, 'complete', 2)
    """

    structure: Structure
    state: str
    metric: str
    score: float
    low: float
    high: float
    by_seed: tuple[float, ...]
    loss: float
    costs: Mapping[str, Any]
    budget: Budget
    data: str
    fingerprint: str
    versions: Mapping[str, str]
    seconds: float
    reason: str = ""
    history: tuple[tuple[Mapping[str, float], ...], ...] = ()
    engine: str = "keras"
    settled: bool = False
    number: int | None = None
    right: str = ""
    compiled: str = ""
    weights: str = "fresh"
    company: str = ""
    other: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        # Asked for what is no field. While a copy is made there are no costs yet.
        costs = self.__dict__.get("costs", {})
        if name in costs:
            return costs[name]
        raise AttributeError(f"Expected a cost ({', '.join(costs)}) or another attribute of a trial, got {name!r}.")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.costs})

    def to_row(self) -> dict[str, Any]:
        """One flat row for a table.

        ``accuracy``, ``accuracy_low``, ``accuracy_high`` and ``accuracy_std`` (of the seeds, NaN for
        one seed) and ``accuracy_by_seed``, text with a number for each seed, for a classification,
        ``r2`` and so on for a regression; then costs, budget and ``structure``, which says in words
        how it differs from the baseline. A ``learning_rate`` of NaN is the optimizer's own.
        """
        spread = statistics.stdev(self.by_seed) if len(self.by_seed) > 1 else math.nan
        return {
            self.metric: self.score,
            f"{self.metric}_low": self.low,
            f"{self.metric}_high": self.high,
            f"{self.metric}_std": spread,
            f"{self.metric}_by_seed": " ".join(f"{each:.6g}" for each in self.by_seed),
            "loss": self.loss,
            **self.costs,
            "epochs": self.budget.epochs,
            "seeds": len(self.budget.seed_list),
            "batch_size": self.budget.batch_size,
            "optimizer": self.budget.optimizer or self.structure.space.optimizer,
            "learning_rate": math.nan if self.budget.learning_rate is None else self.budget.learning_rate,
            "seconds": self.seconds,
            "engine": self.engine,
            "settled": self.settled,
            "state": self.state,
            "reason": self.reason,
            "data": self.data,
            "fingerprint": self.fingerprint,
            "structure": describe(self.structure),
        }

    def summary(self) -> str:
        """The result in a sentence.

        >>> study.trial(0).summary()
        'accuracy 27.8% (95 % interval 17.1% to 41.7%, mean of 2 seeds) with 67 parameters'
        """
        if self.state != "complete":
            return say("{state}: {reason}", state=say(self.state), reason=self.reason or say("no score"))
        summary = say("{score} with {n_params} parameters", score=self.scored(), n_params=f"{self.n_params:,}")
        return say("{summary}; normalization settled on training samples", summary=summary) if self.settled else summary

    def scored(self) -> str:
        """The score of a complete trial, its interval, and what that covers.

        >>> study.trial(0).scored()
        'accuracy 27.8% (95 % interval 17.1% to 41.7%, mean of 2 seeds)'
        """
        unit = "{:.1%}" if self.metric == "accuracy" else "{:.3f}"
        score, low, high = (unit.format(each) for each in (self.score, self.low, self.high))
        n_seeds = len(self.by_seed)
        return say(
            "{metric} {score} (95 % interval {low} to {high}, {covers})",
            metric=say("accuracy") if self.metric == "accuracy" else self.metric,
            score=score,
            low=low,
            high=high,
            covers=say("mean of {n} seeds", n=n_seeds) if n_seeds > 1 else say("of this network"),
        )

    def receipt(self, metric: str) -> Receipt | ScoreReceipt:
        """How one of its numbers came about.

        Args:
            metric: a cost, whose formula is told for the batch and the optimizer that the trial's number is for, or
                the trial's own ``metric``: from which samples and seeds the score is, and what its interval covers.

        Raises ``ValueError`` for another name, and for the score of a trial that has none.

        >>> print(study.trial(0).receipt("accuracy"))
        accuracy: 27.8% (95 % interval 17.1% to 41.7%)
          = (6 + 9) / (2 * 27)
          It is the share of right classes among 27 validation samples, the mean over 2 seeds (0, 1).
          95 % interval: Wilson's score interval with as many samples as ...
          Trained on data from fresh weights, 1 epoch in batches of 32, with adam.
        >>> study.trial(0).receipt("n_params").value
        67
        """
        if metric == self.metric:
            return score_receipt(self)
        known(metric, [*trial_metrics(), self.metric], "a cost of a trial, or its score")
        return _measured(self.structure, self.budget, METRICS[metric].scope == "step").receipt(metric)

    def to_json(self) -> str:
        """Everything in the trial, its structure included, as standard JSON.

        >>> text = study.trial(0).to_json()
        """
        fields = self.to_record() | {"structure": json.loads(self.structure.to_json())}
        return json.dumps({"format": FORMAT, **fields}, allow_nan=False)

    def to_record(self) -> dict[str, Any]:
        """Everything but the structure, as values of standard JSON, for those who keep structures apart."""
        apart = ("structure", "budget", "costs", "other")
        fields = {each.name: getattr(self, each.name) for each in dataclasses.fields(self) if each.name not in apart}
        budget = dataclasses.asdict(self.budget) | dict(self.other.get("budget", {}))
        return _encode({"version": VERSION, **fields, **self.costs, **self.other, "budget": budget})

    @classmethod
    def from_json(cls, text: str) -> Trial:
        """The trial :meth:`to_json` wrote; raises ``ValueError`` for any other text.

        >>> sw.Trial.from_json(study.trial(0).to_json()).n_params
        67
        """
        fields = read_json(text, FORMAT, _EXPECTED)
        try:
            structure = Structure.from_json(json.dumps(fields.pop("structure", None)))
        except MissingRuleError:
            raise
        except ValueError as error:
            raise ValueError(f"{_EXPECTED}; the structure of this one is damaged: {error}") from error
        return cls.from_record(fields, structure)

    @classmethod
    def from_record(cls, record: Mapping[str, Any], structure: Structure) -> Trial:
        """The trial of a :meth:`to_record` and its structure; raises ``ValueError`` for any other.

        Fields it does not know are kept in ``other``, and written again.
        """
        known = {each.name for each in dataclasses.fields(cls)} - {"other", "costs"}
        try:
            settings, limits = record["budget"], {each.name for each in dataclasses.fields(Budget)}
            fields = {name: value for name, value in record.items() if name in known}
            costs = {name: _number(record.get(name, math.nan)) for name in trial_metrics()}
            other = {name: value for name, value in record.items() if name not in known and name not in costs}
            if other.get("version") == VERSION:
                del other["version"]
            if more := {name: value for name, value in settings.items() if name not in limits}:
                other["budget"] = more
            fields |= {"structure": structure, "costs": costs, "other": other}
            fields["budget"] = Budget(**{name: value for name, value in settings.items() if name in limits})
            for name in ("score", "low", "high", "loss"):
                fields[name] = float(record[name])
            fields["by_seed"] = tuple(float(each) for each in record["by_seed"])
            fields["history"] = tuple(
                tuple({key: float(value) for key, value in epoch.items()} for epoch in run) for run in record["history"]
            )
            _check_scores(fields)
            return cls(**fields)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            version = record.get("version", VERSION) if isinstance(record, Mapping) else VERSION
            fault = "damaged" if version == VERSION else f"of version {version!r}, which a newer release may read"
            raise ValueError(f"{_EXPECTED}; this one is {fault}: {type(error).__name__} {error}") from error

    def __repr__(self) -> str:
        number = "" if self.number is None else f" {self.number}"
        score = f", {self.metric} {self.score:.4f} ({self.low:.4f} to {self.high:.4f})" if self.by_seed else ""
        return f"Trial{number}({describe(self.structure)}: {self.state}{score}, {self.n_params} parameters)"


def _check_scores(fields: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` for scores that no run has: one trial's would speak in the comparison of all."""
    if fields["metric"] == "accuracy":
        for each in (fields["score"], *fields["by_seed"]):
            if each < 0 or each > 1:
                raise ValueError(f"expected an accuracy from 0 to 1, got {each}")
    if fields.get("right"):
        unpack_counts(fields["right"])


def measured_costs(structure: Structure, budget: Budget) -> dict[str, Any]:
    """The ``costs`` of a trial."""
    one, step = (_measured(structure, budget, is_step) for is_step in (False, True))
    return {name: getattr(step if METRICS[name].scope == "step" else one, name) for name in trial_metrics()}


def _measured(structure: Structure, budget: Budget, is_step: bool) -> CostReport:
    """What a trial's costs are from: of one sample, or of a step of training."""
    if is_step:
        return structure.measure(batch_size=budget.batch_size, optimizer=budget.optimizer)
    return structure.measure()


def _number(value: Any) -> Any:
    """A number as JSON has it, or as :func:`_encode` writes those JSON has no word for."""
    if isinstance(value, str):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"expected a number as a cost, got {value!r}")
    return value


def _encode(value: Any) -> Any:
    """Plain JSON values; numbers JSON has no word for become ``"nan"``, ``"inf"`` and ``"-inf"``."""
    if isinstance(value, Mapping):
        return {key: _encode(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encode(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
