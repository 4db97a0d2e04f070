"""Which process runs which structure of a sweep, so that each is run once whatever dies.

A claim is a running Optuna trial, written whole with its structure and its owner. Of several claims to
one structure the one with the lowest number stands, on which all processes agree, since a storage numbers
trials in one order; the others are given up before they are run. The claims of a dead process are given
up by whoever meets them, and their structures are claimed anew.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from ..training import Trial
from .proposals import Proposal
from .records import GIVEN_UP, OWNER, STRUCTURE, TRIAL, SpaceShelf, description_attrs, optuna_trial, state_of, values_of
from .workers import Worker

SWEEP, CANDIDATE, PARAMS, MEMO = "sweep", "candidate", "params", "memo"
DIED, STOPPED = "its process ended", "stopped"  # why a claim was given up


@dataclass(frozen=True)
class Claim:
    """A proposal that is this process's to run."""

    trial_id: int
    proposal: Proposal


class Claims:
    """The claims of one sweep.

    Args:
        storage, study_id, shelf: of the study.
        sweep: key of the sweep.
        worker: who claims.
    """

    def __init__(
        self, storage: optuna.storages.BaseStorage, study_id: int, shelf: SpaceShelf, sweep: str, worker: Worker
    ) -> None:
        self._storage, self._study_id, self._shelf = storage, study_id, shelf
        self._sweep, self._worker = sweep, worker

    def standing(self) -> list[FrozenTrial]:
        """Claims that stand, running or done, one a structure, by number."""
        first: dict[str, FrozenTrial] = {}
        for trial in self._all():
            if TRIAL in trial.user_attrs or trial.state == TrialState.RUNNING:
                first.setdefault(trial.user_attrs[CANDIDATE], trial)
        return list(first.values())

    def take_over(self) -> list[Proposal]:
        """Give up the claims of dead processes; the structures of the sweep that nobody runs any more."""
        for trial in self._all():
            if trial.state == TrialState.RUNNING and self._worker.is_dead(trial.user_attrs[OWNER]):
                self._settle(trial, DIED)
        held = {trial.user_attrs[CANDIDATE] for trial in self.standing()}
        given_up = [trial for trial in self._all() if trial.user_attrs[CANDIDATE] not in held]
        deaths = Counter(each.user_attrs[CANDIDATE] for each in given_up if each.user_attrs.get(GIVEN_UP) == DIED)
        return [
            Proposal(
                self._shelf.get(each.user_attrs[STRUCTURE]), each.user_attrs[PARAMS], each.user_attrs[MEMO], deaths[key]
            )
            for key, each in {each.user_attrs[CANDIDATE]: each for each in given_up}.items()
        ]

    def claim(self, proposals: Iterable[Proposal], most: int) -> list[Claim]:
        """Claim what no other process has claimed, while the sweep has at most ``most`` structures."""
        mine = []
        for proposal in proposals:
            attrs = {
                **description_attrs(self._shelf, proposal.structure),
                SWEEP: self._sweep,
                CANDIDATE: proposal.key,
                OWNER: self._worker.attrs,
                PARAMS: dict(proposal.params),
                MEMO: dict(proposal.memo),
            }
            trial_id = self._storage.create_new_trial(self._study_id, optuna_trial(proposal.structure, attrs))
            mine.append(Claim(trial_id, proposal))
        standing = {trial._trial_id for trial in self.standing()[:most]}
        self.give_up([claim for claim in mine if claim.trial_id not in standing], "another process was first")
        return [claim for claim in mine if claim.trial_id in standing]

    def finish(self, claim: Claim, trial: Trial) -> int | None:
        """Write the result and return its number; ``None`` when another process has taken over meanwhile."""
        try:
            self._storage.set_trial_user_attr(claim.trial_id, TRIAL, trial.to_record())
            self._storage.set_trial_state_values(claim.trial_id, state_of(trial), values_of(trial))
        except UpdateFinishedTrialError:
            return None
        return self._storage.get_trial_number_from_id(claim.trial_id)

    def give_up(self, claims: Sequence[Claim], reason: str) -> None:
        """Leave structures to others, or to a later call."""
        for claim in claims:
            self._give_up(claim.trial_id, reason)

    def leave(self, reason: str) -> None:
        """Give up all this worker has claimed and not finished.

        The storage is asked what that is: Ctrl-C may come between a claim, or a result, and its being noted here.
        """
        mine = self._worker.attrs["id"]
        for trial in self._all():
            if trial.state == TrialState.RUNNING and trial.user_attrs[OWNER]["id"] == mine:
                self._settle(trial, reason)

    def _all(self) -> list[FrozenTrial]:
        trials = self._storage.get_all_trials(self._study_id, deepcopy=False)
        return [trial for trial in trials if trial.user_attrs.get(SWEEP) == self._sweep]

    def _settle(self, frozen: FrozenTrial, reason: str) -> None:
        if TRIAL not in frozen.user_attrs:
            self._give_up(frozen._trial_id, reason)
            return
        # Its worker ended after writing the result, before saying so.
        try:
            trial = Trial.from_record(frozen.user_attrs[TRIAL], self._shelf.get(frozen.user_attrs[STRUCTURE]))
        except (KeyError, ValueError):  # a newer release's: it stays as it is, and nobody waits for it
            with contextlib.suppress(UpdateFinishedTrialError):
                self._storage.set_trial_state_values(frozen._trial_id, TrialState.FAIL)
            return
        self.finish(Claim(frozen._trial_id, Proposal(trial.structure)), trial)

    def _give_up(self, trial_id: int, reason: str) -> None:
        try:
            self._storage.set_trial_user_attr(trial_id, GIVEN_UP, reason)
            self._storage.set_trial_state_values(trial_id, TrialState.FAIL)
        except UpdateFinishedTrialError:
            pass  # another process has settled it
