"""A row of controls a layer: standard ipywidgets, which move the structure that is explored, and follow it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ipywidgets

from ..structure import LayerSwitches
from ..structure.allowed_widths import nearest_width
from .control_grid import ControlGrid
from .control_widgets import ControlMaker, WidthMultiplier, WidthSlider, snap_dropdown
from .exploration import Exploration


@dataclass(frozen=True)
class LayerControls:
    """The controls of one layer, or of a width that only it has; ``None`` where there is no such knob.

    Layers tied to one width share one slider.
    """

    width: WidthSlider | None
    number: ipywidgets.BoundedIntText | None
    activation: ipywidgets.Dropdown | None
    bias: ipywidgets.Checkbox | None
    initializer: ipywidgets.Dropdown | None


class Controls(Mapping[str, LayerControls]):
    """Controls by layer, as a mapping; ``view`` shows them.

    Attributes:
        sliders: width slider by width group.
        activations, biases, initializers: those controls by layer, for the layers that have them.
        blocks: a checkbox by block that can be left out.
        multiplier: one slider for every free width.
        snap: of what number the sliders, and the multiplier, make multiples.
        reset: a button that puts everything back as the model came.
        grid: the lines as they are shown, with search.
    """

    def __init__(self, exploration: Exploration) -> None:
        self._exploration = exploration
        self._space = space = exploration.space
        make = ControlMaker()
        self.sliders = {name: make.slider(group) for name, group in space.width_groups.items()}
        self._numbers = {name: make.number(group) for name, group in space.width_groups.items()}
        # Linked in the browser: a link through the kernel would lag behind the slider and pull it back.
        self.links = [
            ipywidgets.jslink((slider, "value"), (self._numbers[name], "value"))
            for name, slider in self.sliders.items()
        ]
        self._rows = {layer: self._row(layer, make) for layer in self._names()}
        self.activations = {layer: row.activation for layer, row in self._rows.items() if row.activation is not None}
        self.biases = {layer: row.bias for layer, row in self._rows.items() if row.bias is not None}
        self.initializers = {layer: row.initializer for layer, row in self._rows.items() if row.initializer is not None}
        self.blocks = {name: make.block(block) for name, block in space.blocks.items()}
        self.multiplier = WidthMultiplier(
            value=1.0,
            min=0.05,
            max=space.growth,
            step=0.05,
            description="all widths x",
            continuous_update=True,
            layout=ipywidgets.Layout(width="20rem"),
            style={"description_width": "6rem"},
        )
        self.snap = snap_dropdown()
        self.reset = ipywidgets.Button(description="Reset", tooltip="everything as the model came", icon="undo")
        self.reset.layout.width = "7rem"
        self.reset.on_click(lambda _: exploration.set_trait("structure", space.baseline))
        self.multiplier.observe(self._scale, names="value")
        self._by_choice: dict[str, Mapping[str, Any]] = {
            "widths": {name: each for name, each in self.sliders.items() if not space.width_groups[name].fixed},
            "activations": self.activations,
            "biases": self.biases,
            "initializers": self.initializers,
            "blocks": self.blocks,
        }
        for choice, controls in self._by_choice.items():
            for key, control in controls.items():
                control.observe(functools.partial(self._moved, choice, key), names="value")
        exploration.observe(self._follow, names="structure")
        self.grid = ControlGrid(space, self._rows, self.blocks)
        head = ipywidgets.HBox([self.multiplier, self.snap, self.reset], layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.view = ipywidgets.VBox([head, self.grid])

    def __getitem__(self, layer: str) -> LayerControls:
        if layer not in self._rows:
            raise KeyError(f"Expected a layer with controls, one of {', '.join(self._rows) or 'none'}; got {layer!r}.")
        return self._rows[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def all(self) -> list[ipywidgets.Widget]:
        """Every control, those of rows that are not shown too."""
        return [*self._numbers.values(), *self.sliders.values()] + [
            each for controls in self._by_choice.values() for each in controls.values()
        ]

    def _moved(self, choice: str, key: str, change: Any) -> None:
        """A control has moved: so does the structure."""
        structure = self._exploration.structure
        choices = getattr(structure, choice)
        value = self._read(choice, key, change["new"])
        if choices[key] != value:
            changed: dict[str, Any] = {choice: {**choices, key: value}}
            self._exploration.structure = dataclasses.replace(structure, **changed)
        elif choice == "widths":
            self._carry_on(key, value)

    def _follow(self, _: Any) -> None:
        """The structure has moved: so do the controls that stand elsewhere."""
        for choice, controls in self._by_choice.items():
            choices = getattr(self._exploration.structure, choice)
            for key, control in controls.items():
                # One that stands between two allowed widths was left there by a hand.
                if self._read(choice, key, control.value) != choices[key]:
                    control.value = choices[key]
                if choice == "widths":
                    self._carry_on(key, choices[key])

    def _read(self, choice: str, key: str, value: Any) -> Any:
        """What a control's value stands for: of a width, the nearest that is allowed."""
        return nearest_width(self._space.width_groups[key], value) if choice == "widths" else value

    def _carry_on(self, group: str, width: int) -> None:
        if not self.sliders[group].is_from_page:
            self._numbers[group].value = width

    def _scale(self, change: Any) -> None:
        if not self.multiplier.is_from_page:
            widths = self._space.scaled(change["new"], multiple_of=self.snap.value).widths
            self._exploration.structure = dataclasses.replace(self._exploration.structure, widths=widths)

    def _names(self) -> list[str]:
        """Layers that have a knob, in execution order, each followed by widths only it has (``attention heads``)."""
        space = self._space
        labelled = {name: space.home_of(name) for name in space.width_groups if space.home_of(name) is not None}
        names = []
        for layer in space.graph.layers:
            if space.group_at(layer) is not None or layer in space.switches or layer in space.derived:
                names.append(layer)
            names += [name for name, home in labelled.items() if home == layer]
        return names

    def _row(self, layer: str, make: ControlMaker) -> LayerControls:
        switches = self._space.switches.get(layer, LayerSwitches())
        group = self._space.group_at(layer)
        return LayerControls(
            width=self.sliders[group.name] if group else None,
            number=self._numbers[group.name] if group else None,
            activation=make.dropdown(layer, "activation", switches.activation, switches.activation_options),
            bias=make.checkbox(layer, switches.use_bias),
            initializer=make.dropdown(layer, "initial weights", switches.initializer, switches.initializer_options),
        )
