"""A row of controls a layer: standard ipywidgets, which hold the structure that is being explored."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ipywidgets

from ..structure import LayerSwitches, Structure, StructureSpace
from ..structure.allowed_widths import allowed_width, nearest_width
from .control_grid import ControlGrid
from .control_widgets import ControlMaker, WidthMultiplier, snap_dropdown


@dataclass(frozen=True)
class LayerControls:
    """The controls of one layer, or of a width that only it has; ``None`` where there is no such knob.

    Layers tied to one width share one slider.
    """

    width: ipywidgets.IntSlider | None
    number: ipywidgets.BoundedIntText | None
    activation: ipywidgets.Dropdown | None
    bias: ipywidgets.Checkbox | None
    initializer: ipywidgets.Dropdown | None


class Controls(Mapping[str, LayerControls]):
    """Controls by layer, as a mapping; ``view`` shows them, ``structure`` reads them.

    Attributes:
        sliders: width slider by width group.
        activations, biases, initializers: those controls by layer, for the layers that have them.
        blocks: a checkbox by block that can be left out.
        multiplier: one slider for every free width.
        snap: of what number the sliders, and the multiplier, make multiples.
        reset: a button that puts everything back as the model came.
        grid: the lines as they are shown, with search.
    """

    def __init__(self, space: StructureSpace) -> None:
        self._space = space
        self._listeners: list[Callable[[], None]] = []
        self._quiet = False
        make = ControlMaker()
        self.sliders = {name: make.slider(group) for name, group in space.width_groups.items()}
        self._numbers = {name: make.number(group) for name, group in space.width_groups.items()}
        for name, slider in self.sliders.items():
            # Linked in the browser: a link through the kernel would lag behind the slider and pull it back.
            ipywidgets.jslink((slider, "value"), (self._numbers[name], "value"))
        self._rows = {layer: self._row(layer, make) for layer in self._names()}
        self.activations = {layer: row.activation for layer, row in self._rows.items() if row.activation is not None}
        self.biases = {layer: row.bias for layer, row in self._rows.items() if row.bias is not None}
        self.initializers = {layer: row.initializer for layer, row in self._rows.items() if row.initializer is not None}
        self.blocks = {name: make.block(block) for name, block in space.blocks.items()}
        self.multiplier = WidthMultiplier(
            self._scale,
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
        self.reset.on_click(lambda _: self.apply(space.baseline))
        for group in (self.sliders, self.activations, self.biases, self.initializers, self.blocks):
            for control in group.values():
                control.observe(self._changed, names="value")
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

    def structure(self) -> Structure:
        """The structure the controls stand at."""
        groups = self._space.width_groups
        return Structure(
            self._space,
            {
                name: group.width if group.fixed else nearest_width(group, self.sliders[name].value)
                for name, group in groups.items()
            },
            {layer: control.value for layer, control in self.activations.items()},
            {layer: control.value for layer, control in self.biases.items()},
            {layer: control.value for layer, control in self.initializers.items()},
            {name: control.value for name, control in self.blocks.items()},
        )

    def apply(self, structure: Structure) -> None:
        """Move the controls to ``structure``.

        Raises ``TypeError`` for anything else and ``ValueError``, and moves nothing, when it is one of
        another model or has a width outside the bounds here, as one of a space of larger growth may.
        """
        if not isinstance(structure, Structure):
            raise TypeError(
                f"Expected a Structure, such as explorer.space.scaled(0.5), got {type(structure).__name__}."
            )
        if not structure.space.is_same_model(self._space):
            raise ValueError(
                f"Expected a structure of the model explored here, {self._space.graph.name!r}; "
                f"got one of {structure.space.graph.name!r}."
            )
        # A slider would clamp without a word.
        for name, width in structure.widths.items():
            allowed_width(self._space.width_groups[name], width)
        self._quiet = True
        try:
            for name, width in structure.widths.items():
                if not self._space.width_groups[name].fixed:
                    self.sliders[name].value = self._numbers[name].value = width
            for controls, choices in (
                (self.activations, structure.activations),
                (self.biases, structure.biases),
                (self.initializers, structure.initializers),
                (self.blocks, structure.blocks),
            ):
                for layer, control in controls.items():
                    control.value = choices[layer]
        finally:
            self._quiet = False
        self._changed(None)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after any control has moved."""
        self._listeners.append(listener)

    def _changed(self, _: Any) -> None:
        if not self._quiet:
            for listener in self._listeners:
                listener()

    def _scale(self, multiplier: float) -> None:
        widths = self._space.scaled(multiplier, multiple_of=self.snap.value).widths
        self.apply(dataclasses.replace(self.structure(), widths=widths))

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
