"""A plotly figure inside another widget that a page finds as it is when it is loaded again."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
from plotly.serializers import custom_serializers


class LastingFigure(go.FigureWidget):
    """A ``FigureWidget`` whose whole state is what it shows.

    Plotly sends changes to the open page and brings the state up to date only when the figure itself is
    a cell's output. One inside a box would be empty in a page that is loaded again.
    """

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """The synced traits, as a page asks for them: all of them where ``key`` is ``None``."""
        state = super().get_state(key=key, drop_defaults=drop_defaults)
        # A first time before there is a figure: when the widget announces itself.
        if key is None and hasattr(self, "_layout_obj"):
            to_json = custom_serializers["to_json"]
            state["_widget_data"] = to_json(self._data, self)
            state["_widget_layout"] = to_json(self._layout_obj._props, self)
        return state
