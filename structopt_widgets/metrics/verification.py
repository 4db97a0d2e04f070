"""The result of checking a report against independent counts: what differs, by how much, and why."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE = 0.005  # of theirs: half a per cent


@dataclass(frozen=True)
class Recount:
    """One quantity, counted twice.

    Attributes:
        quantity: what is counted.
        ours, theirs: the two counts.
        rule: ``"equal"``: to the last one; ``"close"``: within half a per cent; ``"bound"``: ours is
            at least theirs; ``"explained"``: they count different things, so nothing is asserted.
        explanation: who counts on the other side, and why the numbers differ or may.
    """

    quantity: str
    ours: int
    theirs: int
    rule: str
    explanation: str

    @property
    def difference(self) -> int:
        """Ours less theirs."""
        return self.ours - self.theirs

    @property
    def agrees(self) -> bool | None:
        """Whether the two agree as far as they can; ``None`` where that is not asserted."""
        if self.rule == "explained":
            return None
        if self.rule == "bound":
            return self.ours >= self.theirs
        return abs(self.difference) <= (TOLERANCE * self.theirs if self.rule == "close" else 0)


@dataclass(frozen=True)
class Verification:
    """Every quantity of a report that could be counted a second time."""

    rows: tuple[Recount, ...]

    @property
    def ok(self) -> bool:
        """Whether no comparison failed."""
        return all(row.agrees is not False for row in self.rows)

    def row(self, quantity: str) -> Recount:
        """The comparison of one quantity; raises ``ValueError`` when there is none."""
        for each in self.rows:
            if each.quantity == quantity:
                return each
        raise ValueError(f"Expected one of: {', '.join(each.quantity for each in self.rows)}; got {quantity!r}.")

    @property
    def table(self) -> pd.DataFrame:
        """One row a quantity: ours, theirs, difference, whether they agree, and why they differ."""
        import pandas as pd

        return pd.DataFrame(
            [(r.quantity, r.ours, r.theirs, r.difference, _verdict(r), r.explanation) for r in self.rows],
            columns=["quantity", "ours", "theirs", "difference", "agrees", "explanation"],
        ).set_index("quantity")

    def __str__(self) -> str:
        lines = [
            f"{r.quantity:>30}  {r.ours:>18,}  {r.theirs:>18,}  {_verdict(r):<10}  {r.explanation}" for r in self.rows
        ]
        return "\n".join([f"{'':>30}  {'ours':>18}  {'theirs':>18}", *lines, self._summary()])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in ("", "ours", "theirs", "difference", "agrees", "why"))
        rows = "".join(
            f"<tr><th scope='row'>{html.escape(r.quantity)}</th><td>{r.ours:,}</td><td>{r.theirs:,}</td>"
            f"<td>{r.difference:+,}</td><td>{_verdict(r)}</td>"
            f"<td style='text-align:left'>{html.escape(r.explanation)}</td></tr>"
            for r in self.rows
        )
        summary = html.escape(self._summary())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table><p>{summary}</p>"

    def _summary(self) -> str:
        checked = [row for row in self.rows if row.agrees is not None]
        failed = [row.quantity for row in checked if not row.agrees]
        # The rows that nothing is asserted about are in the table too: a sentence about "all" must not cover them.
        rest = len(self.rows) - len(checked)
        others = "counts something else and is" if rest == 1 else "count something else and are"
        explained = f" {rest} more {others} explained." if rest else ""
        if failed:
            return f"{len(failed)} of the {len(checked)} comparable counts differ: {', '.join(failed)}.{explained}"
        return f"The {len(checked)} comparable counts agree.{explained}"


def _verdict(row: Recount) -> str:
    return {True: "yes", False: "no", None: "explained"}[row.agrees]
