"""What training computes a second time instead of keeping it (Chen et al. 2016, arXiv:1604.06174).

``"attention"`` is the selective recomputation of Korthikanti et al. 2022 (arXiv:2205.05198): scores,
their softmax and its dropout are computed again, all else is kept. ``True`` computes each residual
block again from what it reads, which alone is kept of it.
"""

from __future__ import annotations

from ..layer_rules import ConnectedGraph

RECOMPUTATIONS = (False, "attention", True)


def segments(connected: ConnectedGraph) -> dict[int, tuple[int, int]]:
    """First call of each outermost residual block: the tensor it reads, and its last call."""
    residual = [block for block in connected.blocks if block.is_residual]
    return {
        min(block.calls): (block.source, max(block.calls))
        for block in residual
        if not any(block.calls < other.calls for other in residual)
    }
