"""What runs and sweeps are to do, as the fields of the explorer say: traits that the page and Python share."""

from __future__ import annotations

import dataclasses
from typing import Any

import ipywidgets
import traitlets

from ..graph.language import Language
from ..graph.wording import say
from ..metrics import trial_metrics
from ..study.samplers import SAMPLERS
from ..training.budget import SHORT_BUDGET
from .exploration import Exploration

MULTIPLES = (1, 8, 16, 32, 64)
VARIED = ("widths", "activations", "biases", "blocks")  # in the order of the page; blocks are the depth
OF_BUDGET = ("epochs", "seeds", "batch_size")
_LABELS = {
    "epochs": say("epochs"),
    "seeds": say("seeds"),
    "batch_size": say("batch size"),
    "structures": say("structures"),
    "at_most": say("at most"),
    "sampler": say("sampler"),
}


class Settings(traitlets.HasTraits):
    """A number a field; ``epochs``, ``seeds`` and ``batch_size`` are those of the exploration's budget."""

    epochs = traitlets.Int(3, min=1, max=1000)
    seeds = traitlets.Int(len(SHORT_BUDGET.seed_list), min=1, max=100)
    batch_size = traitlets.Int(32, min=1, max=65536)
    structures = traitlets.Int(16, min=1, max=100_000, help="of a sweep")
    sampler = traitlets.Enum(list(SAMPLERS), "random", help="how a sweep chooses them")
    vary = traitlets.List(
        traitlets.Enum(VARIED), ["widths"], minlen=1, help="what a sweep varies, one or several of VARIED"
    )
    minimize = traitlets.List(
        traitlets.Enum(list(trial_metrics())),
        ["n_params"],
        minlen=1,
        help="the costs that a sweep is to keep small, beside the score",
    )
    halving = traitlets.Bool(
        False, help="whether a sweep trains all for a third, and the best third for the whole budget"
    )
    at_most = traitlets.Int(1, min=1, max=2**53, help="parameters a structure of a sweep may have")
    preview = traitlets.Bool(False, help="whether the score with inherited weights follows the sliders")
    multiple_of = traitlets.Enum(MULTIPLES, 1, help="what sliders make widths multiples of")

    def __init__(self, exploration: Exploration) -> None:
        self._exploration = exploration
        super().__init__(at_most=max(exploration.space.baseline.measure().n_params, 1))
        self._spend(None)
        self.observe(self._spend, names=list(OF_BUDGET))
        exploration.observe(self._follow, names="budget")

    @property
    def values(self) -> dict[str, Any]:
        """All of them, by name."""
        found = {name: getattr(self, name) for name in self.trait_names()}
        return {name: list(value) if isinstance(value, list) else value for name, value in found.items()}

    def _spend(self, _: Any) -> None:
        budget = self._exploration.budget
        # As many seeds as there are may be seeds of the user's choice.
        seeds = budget.seeds if len(budget.seed_list) == self.seeds else self.seeds
        self._exploration.budget = dataclasses.replace(
            budget, epochs=self.epochs, seeds=seeds, batch_size=self.batch_size
        )

    def _follow(self, _: Any) -> None:
        budget = self._exploration.budget
        now = {"epochs": budget.epochs, "seeds": len(budget.seed_list), "batch_size": budget.batch_size}
        if now != {name: getattr(self, name) for name in OF_BUDGET}:
            with self.hold_trait_notifications():
                self.set(**now)

    def set(self, **values: Any) -> None:
        """Set several at once."""
        for name, value in values.items():
            setattr(self, name, value)


class Fields:
    """The settings as standard ipywidgets, made when somebody asks for one, in step with them."""

    def __init__(self, settings: Settings, words: Language) -> None:
        self._settings, self._words = settings, words
        self.made: dict[str, ipywidgets.Widget] = {}

    def number(self, name: str) -> ipywidgets.BoundedIntText:
        """A field for a whole number."""
        trait = self._settings.traits()[name]
        return self._field(
            name,
            lambda: ipywidgets.BoundedIntText(
                value=getattr(self._settings, name),
                min=trait.min,
                max=trait.max,
                description=self._words(_LABELS[name]),
            ),
        )

    def choice(self, name: str, options: list[tuple[str, Any]]) -> ipywidgets.Dropdown:
        """A field for one of several values."""
        return self._field(
            name,
            lambda: ipywidgets.Dropdown(
                options=[(self._words(label), value) for label, value in options],
                description=self._words(_LABELS[name]),
            ),
        )

    def _field(self, name: str, make: Any) -> Any:
        if name not in self.made:
            self.made[name] = make()
            traitlets.link((self._settings, name), (self.made[name], "value"))
        return self.made[name]
