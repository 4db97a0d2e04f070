"""What keeps the instrument in the page and the exploration in step, both ways."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from typing import Any

from ..study.samplers import SAMPLERS
from .background import Background
from .changes import changed, changes
from .exploration import Exploration
from .finder import Finder
from .instrument import Instrument
from .page_model import page_model
from .settings import Settings
from .sweep import Sweep
from .trial_rows import no_comparison, study_rows
from .validation import Validation


class Wiring:
    """Hears what the page says, and shows it what Python does.

    Attributes:
        instrument: what the page shows.
    """

    def __init__(
        self,
        exploration: Exploration,
        settings: Settings,
        background: Background,
        validation: Validation,
        sweep: Sweep,
    ) -> None:
        self._exploration, self._settings, self._background = exploration, settings, background
        self._validation, self._sweep = validation, sweep
        # A sweep shows its trials from its own thread.
        self._drawing = threading.RLock()
        self._is_taking = False
        heard = weakref.WeakMethod(self._heard)  # an anywidget is never freed, and would keep all this
        self.instrument = Instrument(
            page_model(exploration.space),
            lambda name, value: (method := heard()) and method(name, value),
            standing=self._standing(),
            settings=settings.values,
            work=self._work(),
        )
        self.show_trials()
        exploration.observe(self._show_standing, names=["structure", "snapshots"])
        exploration.observe(lambda _: self.show_trials(), names="trials")
        settings.observe(lambda _: self._show("settings", settings.values))
        background.observe(lambda _: self._show("work", self._work()))
        background.message.observe(lambda _: self._show("work", self._work()))
        found = weakref.WeakMethod(self._found)  # its thread may outlive all this
        self._finder = Finder(exploration, lambda findings: (method := found()) and method(findings))
        exploration.observe(self._look, names=["structure", "trials"])
        self._look(None)
        validation.observe(lambda change: self._show("curve", change["new"]), names="curve")

    def show_trials(self) -> None:
        """Draw all trials anew."""
        here = self._exploration
        with self._background.message.shows_errors():
            references = here.references  # slow the first time: the sliders need not wait for it
            try:
                compared = here.study.compare()
            except ValueError:  # no trial has a score yet
                compared = no_comparison()
            with self._drawing:
                rows = study_rows(here.study, here.space, here.trials, compared, references, here.baseline)
                self._show("study", rows)

    def choose(self, number: int) -> None:
        """Go to the structure of trial ``number``, and show its learning curve."""
        trial = self._exploration.study.trial(number)
        self._exploration.structure = trial.structure
        self._validation.show(trial)

    def fit(self, limits: Mapping[str, float], batch_size: int = 1) -> None:
        """Go to the structure that makes the most of a budget; see :meth:`StructureSpace.fit`."""
        here = self._exploration
        here.structure = here.space.fit(
            limits, multiple_of=self._settings.multiple_of, batch_size=batch_size, start=here.structure
        )

    def close(self) -> None:
        """Look for no more findings."""
        self._finder.stop()

    def _look(self, _: Any) -> None:
        self._finder.look(self._exploration.structure)

    def _found(self, findings: list[dict[str, Any]]) -> None:
        self._show("findings", findings)

    def _heard(self, name: str, value: Any) -> None:
        message = self._background.message
        with message.shows_errors():
            if name == "standing":
                self._take(value)
            elif name == "settings":
                self._settings.set(**value)
            elif name == "ask":
                self._asked(value)

    def _asked(self, asked: dict[str, Any]) -> None:
        what = asked["do"]
        # What the page has changed may come later than what it asks for: a busy kernel is told of changes at its rest.
        if "standing" in asked:
            self._take(asked["standing"])
        if "settings" in asked:
            self._settings.set(**asked["settings"])
        if what == "run":
            self._validation.run()
        elif what == "sweep":
            self._sweep.run()
        elif what == "cancel":
            self._background.cancel()
        elif what == "curve":
            self._validation.show(self._exploration.study.trial(asked["number"]))
        elif what == "fit":
            self._background.message.clear()
            self.fit(asked["limits"], asked.get("batch_size", 1))
        elif what == "choose":
            self._background.message.clear()
            self.choose(asked["number"])
        else:
            raise ValueError(f"Expected to be asked for run, sweep, cancel, curve, fit or choose; got {what!r}.")

    def _take(self, standing: dict[str, Any]) -> None:
        """Stand where the page does; what is no structure of this model is refused, and the page goes back."""
        here = self._exploration
        if standing == self._standing():
            return
        self._is_taking = True  # an answer in the middle would pull the page's sliders back
        try:
            structure = here.checked(changed(here.space, standing["structure"]))
            past, future = (
                tuple(changed(here.space, each) for each in standing[steps]) for steps in ("past", "future")
            )
            here.snapshots = {name: changed(here.space, each) for name, each in standing["snapshots"].items()}
            here.step_to(structure, past, future)
        finally:
            self._is_taking = False
            self._show_standing(None)

    def _standing(self) -> dict[str, Any]:
        here = self._exploration
        return {
            "structure": changes(here.structure),
            "past": [changes(each) for each in here.history.before],
            "future": [changes(each) for each in here.history.after],
            "snapshots": {name: changes(each) for name, each in here.snapshots.items()},
        }

    def _work(self) -> dict[str, Any]:
        background = self._background
        return {
            "what": background.what,
            "fraction": background.fraction,
            "text": background.status,
            "status": background.message.status,
            "alert": background.message.alert,
            "hasData": self._exploration.data is not None,
            "samplers": [[name, each.label] for name, each in SAMPLERS.items()],
        }

    def _show_standing(self, _: Any) -> None:
        if not self._is_taking:
            self._show("standing", self._standing())

    def _show(self, name: str, value: Any) -> None:
        # What a thread finds may come when the explorer is closed.
        if self.instrument.comm is None:
            return
        if getattr(self.instrument, name) != value:
            setattr(self.instrument, name, value)
