"""One stage of a sweep: propose, claim, train, write; until every structure has its trial."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from typing import TYPE_CHECKING

from optuna.trial import FrozenTrial, TrialState

from ..graph.wording import listed, say
from ..training import Trial
from .claims import CANDIDATE, DIED, MEMO, PARAMS, STOPPED, Claim, Claims
from .failed import failed_trial
from .plan import Plan
from .proposals import Proposals, Seen
from .running import ExecutorRuns, LocalRuns
from .workers import Worker

if TYPE_CHECKING:
    from .study import Study

POLL = 0.2  # seconds between looks at what another process is doing


class Stage:
    """One stage of a sweep.

    Args:
        study: where its trials are kept.
        plan: what was asked for.
        runner: trains batches.
        proposals: where structures come from.
        stopped: whether to come to an end; asked between batches.
        finished: called with each trial of this process as it is written.
    """

    def __init__(
        self,
        study: Study,
        plan: Plan,
        runner: LocalRuns | ExecutorRuns,
        proposals: Proposals,
        stopped: Callable[[], bool],
        finished: Callable[[Trial], object],
    ) -> None:
        self._study, self._plan, self._runner, self._proposals = study, plan, runner, proposals
        self._stopped, self._finished = stopped, finished
        self._worker = Worker(study.storage, study.study_id)
        self._claims = Claims(study.storage, study.study_id, study.shelf, plan.key, self._worker)
        self._held: dict[int, Claim] = {}  # by this process, and without a result yet
        self._alone: list[Claim] = []  # those of them whose batch failed as a whole

    def trials(self) -> list[Trial]:
        """The finished trials of this sweep, those of other processes and former calls included."""
        standing = {trial.number for trial in self._claims.standing() if trial.state.is_finished()}
        return [trial for trial in self._study if trial.number in standing]

    def run(self) -> None:
        """Until ``n_trials`` structures have a trial, the proposals run out, or it is stopped."""
        with self._worker:
            reason = STOPPED
            try:
                self._loop()
            except BrokenExecutor as error:
                reason = DIED
                raise RuntimeError(
                    "A worker process died, for example for want of memory, and its pool cannot go on. All finished "
                    "trials are kept; call sweep() again with a new executor: it goes on where it stopped."
                ) from error
            finally:
                # Also after Ctrl-C: what was begun is left to a later call.
                self._runner.cancel()
                self._claims.leave(reason)

    def _loop(self) -> None:
        while not self._stopped():
            while self._runner.room > 0 and (batch := self._next_batch()):
                self._runner.start(batch)
            if self._runner.is_busy:
                for batch, outcome in self._runner.wait():
                    self._settle(batch, outcome)
            elif any(trial.state == TrialState.RUNNING for trial in self._claims.standing()):
                time.sleep(POLL)  # another process is at the last ones; should it die, they are ours
            else:
                return

    def _next_batch(self) -> list[Claim]:
        if self._alone:
            return [self._alone.pop()]
        orphans = self._claims.take_over()
        standing = self._claims.standing()
        count = min(self._plan.together, self._plan.n_trials - len(standing))
        if count <= 0:
            return []
        chosen = orphans[:count]
        taken = {trial.user_attrs[CANDIDATE] for trial in standing} | {each.key for each in orphans}
        chosen += self._proposals.ask(count - len(chosen), taken, list(self._seen(standing)))
        if not chosen and not standing and self._plan.at_most:
            limits = [say("{name} at most {n}", name=name, n=f"{most:,}") for name, most in self._plan.at_most.items()]
            given = listed(say(", "), limits)
            raise ValueError(
                say("Expected limits that some structure meets, got {limits}: none was found that does.", limits=given)
            )
        batch = self._claims.claim(chosen, self._plan.n_trials)
        self._held |= {claim.trial_id: claim for claim in batch}
        # Another process may have claimed all of these just now; then there may be others.
        return self._next_batch() if chosen and not batch else batch

    def _seen(self, standing: list[FrozenTrial]) -> Iterator[Seen]:
        for frozen in standing:
            params, memo = frozen.user_attrs[PARAMS], frozen.user_attrs[MEMO]
            if frozen.state == TrialState.RUNNING:
                yield Seen(params, memo, None)
            elif frozen.state == TrialState.COMPLETE and frozen.number not in self._study.unreadable:
                values = self._plan.objectives(self._study.trial(frozen.number))
                if all(math.isfinite(value) for value in values):
                    yield Seen(params, memo, values)

    def _settle(self, batch: list[Claim], outcome: list[Trial] | Exception) -> None:
        if isinstance(outcome, Exception):
            if len(batch) > 1:
                self._alone += batch  # one by one, to find the one it was
                return
            plan = self._plan
            outcome = [failed_trial(batch[0].proposal.structure, plan.data, plan.budget, outcome)]
        try:
            for claim, trial in zip(batch, outcome, strict=True):
                if trial.state == "cancelled":
                    self._claims.give_up([self._held.pop(claim.trial_id)], STOPPED)
                    continue
                number = self._claims.finish(claim, trial)
                del self._held[claim.trial_id]
                if number is not None:
                    self._finished(self._study.trial(number))
        finally:
            # Once a batch: a drawing takes the kernel and the browser long enough to be felt at a slider.
            self._study.listeners.notify()
