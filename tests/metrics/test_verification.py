"""What a verification shows."""

from __future__ import annotations

from structopt_widgets.metrics import Comparison, Recount, Verification


def test_a_failed_comparison_is_named_in_text_and_escaped_in_html() -> None:
    found = Verification((Recount("a<b", 1, 2, "equal", "why"),))
    assert not found.ok
    assert "1 of the 1 comparable counts differ: a<b." in str(found)
    assert "a<b" not in found._repr_html_()
    assert "differ: a&lt;b." in found._repr_html_()


def test_what_is_explained_is_not_said_to_agree() -> None:
    rows = (
        Recount("equal", 1, 1, "equal", "why"),
        Recount("other", 1, 9, "explained", "why"),
    )
    said = str(Verification(rows)).splitlines()[-1]
    assert said == "The 1 comparable counts agree. 1 more counts something else and is explained."


def test_a_recount_has_its_former_name_too() -> None:
    assert Comparison is Recount
