"""The controls of the layers as standard ipywidgets, made when somebody asks, in step with what is explored."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import ipywidgets
import traitlets

from ..graph.language import Language
from ..graph.wording import say
from ..structure import LayerSwitches, WidthGroup
from ..structure.allowed_widths import nearest_width
from .control_names import control_names
from .exploration import Exploration
from .settings import MULTIPLES, Settings

WHAT_HARDWARE_LIKES = say(
    "Matrix units work on blocks: in 16 bits, tensor cores are fastest when every width is a multiple of 8, "
    "and larger accelerators like 64. A width in between is padded: fewer parameters, but hardly less time. "
    "What is set already stays as it is, and the model's own widths are always allowed."
)


class Controls(Mapping[str, "LayerControls"]):
    """Controls by layer, as a mapping: ``controls["dense"].width`` is a slider to set, observe, link or display.

    The instrument draws controls of its own; these are the same knobs for Python.

    Attributes:
        blocks: a checkbox by block that can be left out.
        multiplier: one slider for every free width.
        snap: of what number the sliders, and the multiplier, make multiples.
        made: every control that was asked for.
    """

    def __init__(self, exploration: Exploration, settings: Settings) -> None:
        self._exploration, self._settings, self.words = exploration, settings, exploration.language
        self._space = exploration.space
        self._names = control_names(self._space)
        self._made: dict[tuple[str, str, str], ipywidgets.Widget] = {}
        self._others: dict[str, ipywidgets.Widget] = {}
        self.blocks: Mapping[str, ipywidgets.Checkbox] = _Blocks(self)
        exploration.observe(self._follow, names="structure")

    def __getitem__(self, layer: str) -> LayerControls:
        if layer not in self._names:
            known = ", ".join(self._names) or "none"
            raise KeyError(f"Expected a layer with controls, one of {known}; got {layer!r}.")
        return LayerControls(self, layer)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    @property
    def made(self) -> list[ipywidgets.Widget]:
        """The controls that were asked for; none is made before."""
        return [*self._made.values(), *self._others.values()]

    @property
    def multiplier(self) -> ipywidgets.FloatSlider:
        """A slider that moves every free width."""
        return self._other("multiplier", self._multiplier)

    @property
    def snap(self) -> ipywidgets.Dropdown:
        """A choice of the number that widths are multiples of; its value is that number."""
        return self._other("snap", self._snap)

    def control(self, choice: str, key: str, look: str, make: Callable[[], ipywidgets.Widget]) -> Any:
        """The control of one choice, such as ``"widths"`` of a group, made by ``make`` the first time."""
        found = self._made.get((choice, key, look))
        if found is None:
            found = self._made[choice, key, look] = make()
            found.observe(functools.partial(self._moved, choice, key), names="value")
        return found

    def layer_control(self, layer: str, what: str) -> Any:
        """One control of a layer; ``None`` where there is no such knob."""
        space, now = self._space, self._exploration.structure
        switches = space.switches.get(layer, LayerSwitches())
        if what in ("width", "number"):
            group = space.group_at(layer)
            if group is None:
                return None
            make = functools.partial(_slider if what == "width" else _number, group, now.widths[group.name], self.words)
            return self.control("widths", group.name, what, make)
        if what == "bias":
            if switches.use_bias is None:
                return None
            label = self.words(say("bias of {name}", name=layer))
            return self.control("biases", layer, what, lambda: _checkbox(label, now.biases[layer]))
        choice = {"activation": "activations", "initializer": "initializers"}[what]
        if getattr(switches, what) is None:
            return None
        about = say("initial weights of {name}", name=layer)
        label = self.words(about if what == "initializer" else say("activation of {name}", name=layer))
        options = getattr(switches, f"{what}_options")
        value = getattr(now, choice)[layer]
        return self.control(choice, layer, what, lambda: _dropdown(label, value, options))

    def block_control(self, block: str) -> ipywidgets.Checkbox:
        """Whether a part that can be left out is there."""
        title, kept = self._space.blocks[block].title, self._exploration.structure.blocks[block]
        label = self.words(say("keep {name}", name=title))
        return self.control("blocks", block, "block", lambda: _checkbox(label, kept))

    def _moved(self, choice: str, key: str, change: Any) -> None:
        """A control has moved: so does the structure."""
        structure = self._exploration.structure
        choices = getattr(structure, choice)
        value = change["new"]
        if choice == "widths":
            value = nearest_width(self._space.width_groups[key], value)
        if choices[key] != value:
            moved: dict[str, Any] = {choice: {**choices, key: value}}
            self._exploration.structure = dataclasses.replace(structure, **moved)
        elif value != change["new"]:
            change["owner"].value = value

    def _follow(self, _: Any) -> None:
        """The structure has moved: so do the controls."""
        for (choice, key, _), control in self._made.items():
            control.value = getattr(self._exploration.structure, choice)[key]

    def _other(self, name: str, make: Callable[[], ipywidgets.Widget]) -> Any:
        if name not in self._others:
            self._others[name] = make()
        return self._others[name]

    def _multiplier(self) -> ipywidgets.FloatSlider:
        slider = ipywidgets.FloatSlider(
            value=1.0, min=0.05, max=self._space.growth, step=0.05, description=self.words(say("all widths x"))
        )
        slider.observe(self._scale, names="value")
        return slider

    def _snap(self) -> ipywidgets.Dropdown:
        words = self.words
        several = ((words(say("multiples of {n}", n=each)), each) for each in MULTIPLES[1:])
        options = [(words(say("any width")), 1), *several]
        chosen = ipywidgets.Dropdown(
            options=options, description=words(say("steps")), tooltip=words(WHAT_HARDWARE_LIKES)
        )
        traitlets.link((self._settings, "multiple_of"), (chosen, "value"))
        return chosen

    def _scale(self, change: Any) -> None:
        widths = self._space.scaled(change["new"], multiple_of=self._settings.multiple_of).widths
        self._exploration.structure = dataclasses.replace(self._exploration.structure, widths=widths)


class LayerControls:
    """The controls of one layer, or of a width that only it has; ``None`` where there is no such knob.

    Layers tied to one width share one slider.
    """

    def __init__(self, controls: Controls, layer: str) -> None:
        self._controls, self._layer = controls, layer

    @property
    def width(self) -> ipywidgets.IntSlider | None:
        """A slider of the width."""
        return self._controls.layer_control(self._layer, "width")

    @property
    def number(self) -> ipywidgets.BoundedIntText | None:
        """The same width as a number."""
        return self._controls.layer_control(self._layer, "number")

    @property
    def activation(self) -> ipywidgets.Dropdown | None:
        """The choice of an activation."""
        return self._controls.layer_control(self._layer, "activation")

    @property
    def bias(self) -> ipywidgets.Checkbox | None:
        """Whether it has a bias."""
        return self._controls.layer_control(self._layer, "bias")

    @property
    def initializer(self) -> ipywidgets.Dropdown | None:
        """The choice of initial weights."""
        return self._controls.layer_control(self._layer, "initializer")


class _Blocks(Mapping[str, ipywidgets.Checkbox]):
    """A checkbox a block, made when asked for."""

    def __init__(self, controls: Controls) -> None:
        self._controls, self._names = controls, list(controls._space.blocks)

    def __getitem__(self, block: str) -> ipywidgets.Checkbox:
        if block not in self._names:
            known = ", ".join(self._names) or "none here"
            raise KeyError(f"Expected a block that can be left out, one of {known}; got {block!r}.")
        return self._controls.block_control(block)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _slider(group: WidthGroup, width: int, words: Language) -> ipywidgets.IntSlider:
    # A slider with equal bounds cannot be drawn: a fixed one stands in the middle of bounds nobody can use.
    lower, upper = (0, 2 * group.width) if group.fixed else (group.lower, group.upper)
    return ipywidgets.IntSlider(
        value=width,
        min=lower,
        max=upper,
        step=group.divisor,
        description=words(say("width of {name}", name=group.title)),
        disabled=group.fixed,
        style={"description_width": "initial"},
    )


def _number(group: WidthGroup, width: int, words: Language) -> ipywidgets.BoundedIntText:
    return ipywidgets.BoundedIntText(
        value=width,
        min=group.lower,
        max=group.upper,
        step=group.divisor,
        description=words(say("width of {name}, as a number", name=group.title)),
        disabled=group.fixed,
        style={"description_width": "initial"},
    )


def _dropdown(label: str, value: str, options: tuple[str, ...]) -> ipywidgets.Dropdown:
    return ipywidgets.Dropdown(
        options=list(options), value=value, description=label, style={"description_width": "initial"}
    )


def _checkbox(label: str, value: bool) -> ipywidgets.Checkbox:
    return ipywidgets.Checkbox(value=value, description=label, indent=False)
