"""Rules of losses and decoders of sequences whose labels are not aligned: every width belongs to the task."""

from __future__ import annotations

from ..graph import baseline_size
from .bare_axes import register_bare
from .kept import Kept
from .rule import Cost, Setting, Site


def _forward(site: Site, at: Setting) -> Cost:
    """Connectionist temporal classification (Graves et al. 2006), by its forward algorithm.

    A logarithm of softmax of each step, and for each of the 2 L + 1 states of a step the logarithm of a sum of three:
    a maximum of them, three differences, exponentials, two sums, a logarithm, the maximum and the step's own again.
    """
    labels, steps = site.inputs[0], site.inputs[1]
    time, states = baseline_size(steps[0]), 2 * baseline_size(labels[0]) + 1
    return Cost(other=5 * at.elements(steps) + 13 * time * states, span=10 * time)


register_bare(Kept("compares it with labels", counted=_forward), "CTCLoss")
