"""What a verification shows."""

from __future__ import annotations

from structopt_widgets.metrics import Comparison, Verification


def test_a_failed_comparison_is_named_in_text_and_escaped_in_html() -> None:
    found = Verification((Comparison("a<b", 1, 2, "equal", "why"),))
    assert not found.ok
    assert "1 of 1 comparisons failed: a<b." in str(found)
    assert "a<b" not in found._repr_html_()
    assert "failed: a&lt;b." in found._repr_html_()
