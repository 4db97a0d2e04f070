"""Rules of bare ``keras.ops`` calls that take a matrix apart: determinants, inverses, systems of equations.

Each is counted as Gaussian elimination has it, to the leading term in the side n: Golub and Van Loan, Matrix
Computations, 4th ed., sections 3.1, 3.2 and 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..graph import product
from .bare_axes import register_bare
from .kept import fix_inputs
from .rule import Connection, Cost, LayerRule, Setting, Site


@dataclass(frozen=True)
class Elimination(LayerRule):
    """``thirds`` of n cubed for each matrix, and ``rows`` times n squared for each column of a right side, if any.

    Of each matrix there are so many ``numbers``, or with none a matrix, or what solves the right side.
    """

    sees_batch = True  # the matrix of a weight has none

    thirds: int
    rows: int = 0
    numbers: int = 0

    def connect(self, site: Site) -> Connection:
        fix_inputs(site, "takes its matrices apart")
        matrices = site.inputs[0]
        return Connection((matrices[:-2],) * self.numbers if self.numbers else (site.inputs[-1],))

    def cost(self, site: Site, at: Setting) -> Cost:
        *outer, _, side = map(at.size, site.inputs[0])
        many, columns = product(outer), 0
        if self.rows:
            right = site.inputs[1]
            columns = at.size(right[-1]) if len(right) == len(site.inputs[0]) else 1
        # One row after another, each waiting for the one before.
        work: Any = many * (self.thirds * side * side * side // 3 + self.rows * side * side * columns)
        return Cost(other=work, span=2 * side)


register_bare(Elimination(1), "Cholesky")
register_bare(Elimination(2, numbers=1), "Det", "Logdet")
register_bare(Elimination(2, numbers=2), "Slogdet")
register_bare(Elimination(6), "Inv")
register_bare(Elimination(2, rows=2), "Solve")
register_bare(Elimination(0, rows=1), "SolveTriangular")
