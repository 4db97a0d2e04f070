"""The heat map of sensitivities: its cells are the table's."""

from __future__ import annotations

import pandas as pd

import structopt_widgets as sw
from structopt_widgets.figures.sensitivity_map import _sensitivity_info

TABLE = pd.DataFrame(
    {
        "group": ["a", "a", "<b>", "<b>"],
        "ratio": [0.75, 0.25, 0.75, 0.5],
        "width": [6, 2, 3, 2],
        "lost": [0.2, 0.6, -0.01, 0.1],
    }
)


def test_each_cell_is_a_row_of_the_table() -> None:
    info = _sensitivity_info(TABLE)
    assert (info.groups, info.ratios) == (("a", "<b>"), (0.75, 0.5, 0.25))
    assert info.lost == ((0.2, None, 0.6), (-0.01, 0.1, None))
    assert info.widths == ((6, None, 2), (3, 2, None))
    assert _sensitivity_info(TABLE, "lost").groups == ("<b>", "a")


def test_names_are_escaped_and_a_cut_that_wins_is_drawn_as_no_loss() -> None:
    (cells,) = sw.plot_sensitivity(TABLE).data
    assert list(cells.y) == ["a", "&lt;b&gt;"]
    assert cells.z[1][0] == 0
    assert cells.text[1][0] == "-0.010"
