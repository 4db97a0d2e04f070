"""Rules of bare ``keras.ops`` calls that take a matrix apart: determinants, inverses, systems of equations.

Each is counted as Gaussian elimination has it, to the leading term in the side n: Golub and Van Loan, Matrix
Computations, 4th ed., sections 3.1, 3.2 and 4.2.
"""

from __future__ import annotations

from typing import Any

from ..graph import product
from .bare_axes import register_bare
from .kept import Kept
from .rule import Cost, Setting, Site


def _elimination(thirds: int, rows: int = 0) -> Any:
    """``thirds`` of n cubed for each matrix, and ``rows`` times n squared for each column of a right side, if any."""

    def counted(site: Site, at: Setting) -> Cost:
        *outer, _, side = map(at.size, site.inputs[0])
        many, columns = product(outer), 0
        if rows:
            right = site.inputs[1]
            columns = at.size(right[-1]) if len(right) == len(site.inputs[0]) else 1
        # One row after another, each waiting for the one before.
        return Cost(other=many * (thirds * side * side * side // 3 + rows * side * side * columns), span=2 * side)

    return counted


for _names, _thirds, _rows in (
    ("Cholesky", 1, 0),
    ("Det Slogdet Logdet", 2, 0),
    ("Inv", 6, 0),
    ("Solve", 2, 2),
    ("SolveTriangular", 0, 1),
):
    register_bare(Kept("takes its matrices apart", counted=_elimination(_thirds, _rows)), *_names.split())
