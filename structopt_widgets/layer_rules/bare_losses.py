"""Rules of losses as operations, which layers that add a loss in their ``call()`` compute."""

from __future__ import annotations

from ..graph import baseline_size, ceil_log2
from .bare_axes import positions, register_bare
from .bare_operations import Combination
from .kept import Kept
from .rule import Connection, Cost, LayerRule, Mixing, Setting, Site


class CrossEntropy(LayerRule):
    """Over the classes: normalized, clipped, its logarithm, times the target, summed up, negated."""

    sees_batch = True
    is_sparse = False

    def connect(self, site: Site) -> Connection:
        target, output = site.operand(0, "target"), site.operand(1, "output")
        (axis,) = positions(site.config["axis"], len(output))
        for place, (one, other) in enumerate(zip(target, output, strict=False)):
            if not self.is_sparse or place != axis:
                site.tie(one, other, "compares them")
        if self.is_sparse:
            site.fix((output[axis],), "has a place for each class")
        return Connection(((*output[:axis], *output[axis + 1 :]),))

    def cost(self, site: Site, at: Setting) -> Cost:
        output = site.operand(1, "output")
        made = at.elements(site.outputs[0])
        # A softmax takes as much as to normalize and to clip, and its maximum.
        return Cost(other=6 * at.elements(output) + made, span=7 + 2 * ceil_log2(at.size(output[-1])))

    def mixing(self, site: Site) -> Mixing:
        output = site.operand(1, "output")
        return Mixing(summed=(output[positions(site.config["axis"], len(output))[0]],))


class SparseCrossEntropy(CrossEntropy):
    """The same for targets that are the number of a class."""

    is_sparse = True


def _forward(site: Site, at: Setting) -> Cost:
    """Connectionist temporal classification (Graves et al. 2006), by its forward algorithm.

    A logarithm of softmax of each step, and for each of the 2 L + 1 states of a step the logarithm of a sum of three:
    a maximum of them, three differences, exponentials, two sums, a logarithm, the maximum and the step's own again.
    """
    labels, steps = site.inputs[0], site.inputs[1]
    time, states = baseline_size(steps[0]), 2 * baseline_size(labels[0]) + 1
    return Cost(other=5 * at.elements(steps) + 13 * time * states, span=10 * time)


# Clipped, two logarithms, two differences from 1, two products, their sum, negated.
register_bare(Combination("compares them", flops=10, span=6, saves="inputs"), "BinaryCrossentropy")
register_bare(CrossEntropy(), "CategoricalCrossentropy")
register_bare(SparseCrossEntropy(), "SparseCategoricalCrossentropy")
register_bare(Kept("compares it with labels", counted=_forward), "CTCLoss")
