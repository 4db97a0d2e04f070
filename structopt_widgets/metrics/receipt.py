"""A receipt: how one number came about, from which formula, by which convention, and what it leaves out."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .catalogue import METRICS
from .formatting import format_metric
from .logarithms import with_log2

if TYPE_CHECKING:
    import sympy

LONGEST_LATEX = 1500  # characters: about six lines of a notebook
MOST_LAYERS = 12


@dataclass(frozen=True)
class Receipt:
    """What one number of a :class:`CostReport` stands on.

    Attributes:
        metric: its name.
        value: the number.
        formula: the whole model's, as a SymPy expression in the free widths; a batch size, a bias or
            an activation is in it as the number it is in this structure. The span's (and so that of
            parallelism) is the sum along the path that is longest at these widths: at others, where
            another path may be, it is a lower bound.
        layers: one formula a layer that has any, in execution order. Their sum is the value, but for
            peak activations (their largest), training memory (what each layer holds throughout; the
            whole has the gradients of activations too) and parallelism (the spans of the longest path;
            the receipt of the FLOPs has the work).
        widths: this structure's width for each symbol of the formulas.
        symbol_names: name of the width group for each symbol.
        batch_size: samples the number is for: 1, or the report's batch where it counts memory.
        optimizer: whose slots are in it; ``None`` where none are.
        uncounted: layer to the reason its operations are not in it.
    """

    metric: str
    value: float
    formula: sympy.Expr
    layers: Mapping[str, sympy.Expr] = field(repr=False)
    widths: Mapping[sympy.Symbol, int] = field(repr=False)
    symbol_names: Mapping[sympy.Symbol, str] = field(repr=False)
    batch_size: int
    optimizer: str | None
    uncounted: Mapping[str, str]

    @property
    def convention(self) -> str:
        """Definition of the number, and its source."""
        return METRICS[self.metric].convention

    @property
    def latex(self) -> str:
        """The formula in LaTeX, with the groups' names as indices."""
        return self._in_latex(self.formula)

    def at(self, widths: Mapping[str, int]) -> Any:
        """The formula's value at other widths, by group; exact, an integer where it is one."""
        chosen = {self._symbol(name): width for name, width in widths.items()}
        return _evaluated(self.formula, {**self.widths, **chosen})

    def derivative(self, group: str) -> sympy.Expr:
        """The formula's derivative by the width of ``group``: what one more unit costs, to first order."""
        import sympy

        return sympy.diff(self.formula, self._symbol(group))

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{METRICS[self.metric].label}: {format_metric(self.metric, self.value)} ({self.value:,})",
                f"  = {with_log2(self.formula)}",
                *(f"  {label}: {text}" for label, text in self._notes()),
            ]
        )

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def _repr_html_(self) -> str:
        name = METRICS[self.metric].label
        head = f"<p><b>{name}: {format_metric(self.metric, self.value)}</b> ({self.value:,})</p>"
        shown = (
            self._in_mathml(self.formula, "block")
            if len(self.latex) <= LONGEST_LATEX
            else f"<p>The formula of the whole model has {len(self.formula.args)} terms; by layer:</p>"
        )
        notes = "".join(f"<li>{label}: {html.escape(text)}</li>" for label, text in self._notes())
        return f"{head}{shown}{self._layer_table()}<ul>{notes}</ul>"

    def _symbol(self, group: str) -> sympy.Symbol:
        for symbol, name in self.symbol_names.items():
            if name == group:
                return symbol
        raise ValueError(f"Expected a free width, one of: {', '.join(self.symbol_names.values())}; got {group!r}.")

    def _layer_table(self) -> str:
        values = {layer: _evaluated(formula, self.widths) for layer, formula in self.layers.items()}
        largest = sorted(values, key=lambda layer: -values[layer])[:MOST_LAYERS]
        rows = "".join(
            f"<tr><th scope='row'>{html.escape(layer)}</th><td>{values[layer]:,}</td>"
            f"<td style='text-align:left'>{self._in_mathml(self.layers[layer])}</td></tr>"
            for layer in values
            if layer in largest
        )
        left_out = len(values) - len(largest)
        more = f"<p>{left_out} smaller layers are not shown; <code>receipt.layers</code> has them.</p>"
        head = "<tr><th>layer</th><th>value</th><th>formula</th></tr>"
        return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>{more if left_out else ''}"

    def _notes(self) -> list[tuple[str, str]]:
        return [
            ("convention", self.convention),
            ("for", "one sample" if self.batch_size == 1 else f"a batch of {self.batch_size}"),
            *([("optimizer", self.optimizer)] if self.optimizer else []),
            ("not counted", "; ".join(f"{layer} {why}" for layer, why in self.uncounted.items()) or "nothing"),
        ]

    def _in_latex(self, formula: sympy.Expr) -> str:
        import sympy

        names = {symbol: rf"u_{{\text{{{_escaped(name)}}}}}" for symbol, name in self.symbol_names.items()}
        return sympy.latex(with_log2(formula), symbol_names=names)

    def _in_mathml(self, formula: sympy.Expr, display: str = "inline") -> str:
        from .mathml import mathml

        return mathml(with_log2(formula), self.symbol_names, display)


def _evaluated(formula: sympy.Expr, widths: Mapping[sympy.Symbol, int]) -> Any:
    import sympy

    value = formula.xreplace({symbol: sympy.Integer(width) for symbol, width in widths.items()})
    return int(value) if value.is_Integer else float(value)


def _escaped(name: str) -> str:
    """A group's name as LaTeX text: layers may be called anything."""
    return "".join("\\" + letter if letter in "#$%&_{}" else " " if letter in "\\^~" else letter for letter in name)
