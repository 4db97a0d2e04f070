"""What keeps the instrument in the page and the exploration in step, both ways."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from ..study.samplers import SAMPLERS
from .background import Background
from .changes import changed, changes
from .compared import compared
from .exploration import Exploration, how_to_pass_data
from .finder import Preview, shown_code, shown_findings
from .fit_to_budget import Fitting
from .instrument import Instrument
from .lesson import lesson
from .newest_wins import Latest
from .page_model import page_model
from .receipt_text import shown_receipt
from .saving import Saving, missing_packages
from .settings import Settings
from .sweep_control import Sweep
from .timing import Timing
from .told_scores import told_number
from .trial_rows import no_comparison, study_rows
from .validation import Validation


class Wiring:
    """Hears what the page says, and shows it what Python does.

    Attributes:
        instrument: what the page shows.
        choosable: the costs that bars and rows can show.
    """

    def __init__(
        self,
        exploration: Exploration,
        settings: Settings,
        background: Background,
        validation: Validation,
        sweep: Sweep,
        fitting: Fitting,
        saving: Saving,
        timing: Timing,
        show: Iterable[str] | None = None,
        predict: bool = False,
    ) -> None:
        self._exploration, self._settings, self._background = exploration, settings, background
        self._validation, self._sweep, self._fitting = validation, sweep, fitting
        self._saving, self._timing = saving, timing
        # A sweep shows its trials from its own thread.
        self._drawing = threading.RLock()
        self._is_taking = False
        self._how_to_pass_data = "" if exploration.data is not None else how_to_pass_data(exploration.space)
        self._missing = missing_packages()
        heard = weakref.WeakMethod(self._heard)  # an anywidget is never freed, and would keep all this
        self._words = exploration.language
        model = page_model(exploration.space, self._words)
        exploration.lesson = lesson(show, predict, [each["name"] for each in model["metrics"] if each["shown"]])
        self.choosable = [each["name"] for each in model["metrics"] if each["bars"] is not None]
        self.instrument = Instrument(
            model,
            lambda name, value: (method := heard()) and method(name, value),
            lesson=exploration.lesson,
            standing=self._standing(),
            settings=settings.values,
            work=self._words.all(self._work()),
        )
        self.show_trials()
        exploration.observe(self._show_standing, names=["structure", "snapshots"])
        exploration.observe(lambda _: self.show_trials(), names="trials")
        settings.observe(lambda _: self._show("settings", settings.values))
        settings.observe(lambda _: self.show_trials(), names="minimize")
        background.observe(lambda _: self._show("work", self._work()))
        background.message.observe(lambda _: self._show("work", self._work()))
        show_later = weakref.WeakMethod(self._show)  # threads may outlive all this

        def shower(name: str) -> Callable[[Any], None]:
            return lambda value: (method := show_later()) and method(name, value)

        data, study = exploration.data, exploration.study
        self._finder = Latest(partial(shown_findings, data, study), shower("findings"), "findings")
        self._previewer = Latest(Preview(data), shower("preview"), "preview")
        self._teller = Latest(None, shower("receipt"), "receipt")
        self._coder = Latest(shown_code, shower("code"), "code")
        exploration.observe(self._look, names=["structure", "trials"])
        settings.observe(self._preview, names="preview")
        background.observe(self._preview, names="is_running")
        self._look(None)
        fitting.observe(lambda change: self._show("fits", change["new"]), names="fits")
        fitting.observe(lambda change: self._show("sensitivity", change["new"]), names="heat_map")
        timing.observe(lambda change: self._show("latency", change["new"]), names="latency")
        validation.observe(lambda change: self._show("curve", change["new"]), names="curve")

    def show_trials(self) -> None:
        """Draw all trials anew."""
        here = self._exploration
        with self._background.message.shows_errors():
            references = here.references  # slow the first time: the sliders need not wait for it
            try:
                all_compared = here.study.compare()
            except ValueError:  # no trial has a score yet
                all_compared = no_comparison()
            with self._drawing:
                rows = study_rows(
                    here.study,
                    here.space,
                    here.trials,
                    all_compared,
                    references,
                    here.baseline,
                    self._settings.minimize,
                )
                self._show("study", rows)

    def choose(self, number: int) -> None:
        """Go to the structure of trial ``number``, and show its learning curve."""
        trial = self._exploration.study.trial(number)
        self._exploration.structure = trial.structure
        self._validation.show(trial)

    def close(self) -> None:
        """Look for nothing more."""
        self._finder.stop()
        self._previewer.stop()
        self._teller.stop()
        self._coder.stop()

    def _look(self, _: Any) -> None:
        self._finder.look(self._exploration.structure)
        self._preview(None)

    def _preview(self, _: Any) -> None:
        # A run needs the processors more.
        if self._settings.preview and not self._background.is_running:
            self._previewer.look(self._exploration.structure)

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
        here = self._exploration
        acts: dict[str, Callable[[], None]] = {
            "run": self._validation.run,
            "sweep": self._sweep.run,
            "cancel": self._background.cancel,
            "sensitivity": self._fitting.measure,
            "curve": lambda: self._validation.show(here.study.trial(asked["number"])),
            "fit": lambda: self._fit(asked["limits"], asked.get("batch_size", 1)),
            "receipt": lambda: self._tell(
                asked["metric"], asked.get("layer"), asked.get("layers", ()), asked.get("margin"), asked.get("of")
            ),
            "compare": lambda: self._compare(asked["number"], asked["other"]),
            "choose": lambda: self._go(asked["number"]),
            "save": lambda: self._saving.start(asked["suffix"]),
            "picture": lambda: self._saving.take_picture(asked["svg"]),
            "drawn": lambda: self._drawn(asked["svg"], asked["of"]),
            "latency": self._timing.measure,
            "fit_latency": lambda: self._timing.fit(asked["seconds"], asked["batch_size"]),
            "code": lambda: self._coder.look(here.structure),
        }
        if what not in acts:
            raise ValueError(f"Expected to be asked for {', '.join(acts)}; got {what!r}.")
        acts[what]()

    def _drawn(self, svg: str, of: dict[str, Any]) -> None:
        # Where the structure has moved on, the page draws it too.
        if changes(self._exploration.structure) == of:
            self._exploration.picture = (self._exploration.structure, svg)

    def _fit(self, limits: dict[str, float], batch_size: int) -> None:
        self._background.message.clear()
        self._exploration.structure = self._fitting.compare(limits, batch_size)

    def _compare(self, number: int, other: int) -> None:
        study = self._exploration.study
        words = compared(study.trial(number), study.trial(other))
        self._show("comparison", {"number": number, "other": other, "words": words})

    def _go(self, number: int) -> None:
        self._background.message.clear()
        self.choose(number)

    def _tell(
        self,
        metric: str,
        layer: str | None,
        layers: Sequence[str],
        margin: int | None,
        of: dict[str, Any] | None,
    ) -> None:
        # Formulas of a large model take seconds: a kernel has other things to do.
        here = self._exploration
        group = None if margin is None else list(here.space.width_groups)[margin]
        structure, batch_size, trial = here.structure, self._settings.batch_size, None
        if of is not None and "trial" in of:
            trial = here.study.trial(of["trial"])
            structure = trial.structure
        elif of is not None and "changes" in of:
            structure = changed(here.space, of["changes"])
        if of is not None:
            batch_size = of["batch_size"]
        if of is not None and "value" in of:
            told = partial(told_number, metric=metric, of=of, data=here.data, shown=self.instrument.study)
            self._teller.look(structure, partial(told, minimize=self._settings.minimize))
            return
        work = partial(
            shown_receipt,
            metric=metric,
            layer=layer,
            batch_size=batch_size,
            layers=layers,
            margin=group,
            of=of,
            trial=trial,
        )
        self._teller.look(structure, work)

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
            "trial": background.message.trial,
            "hasData": self._exploration.data is not None,
            "howToPassData": self._how_to_pass_data,
            "missing": self._missing,
            "samplers": [[name, each.label] for name, each in SAMPLERS.items()],
        }

    def _show_standing(self, _: Any) -> None:
        if not self._is_taking:
            self._show("standing", self._standing())

    def _show(self, name: str, value: Any) -> None:
        # What a thread finds may come when the explorer is closed.
        if self.instrument.comm is None:
            return
        said = self._words.all(value)
        if getattr(self.instrument, name) != said:
            setattr(self.instrument, name, said)
