"""The rule of a recurrence over a cell of a user's own: what the cell does in a step, once for each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import Inside, Shape
from ..graph.dimensions import unify
from ..graph.wording import say
from .connect import ConnectedInside
from .cost import Loop
from .rnn import given_states
from .rule import Connection, Cost, Mixing, Setting, Site, WeightAxes
from .whole import Whole, connected_inside, widths_of


class Steps(Whole):
    """Of what is inside, the first input is a timestep and the others are the states; so are the outputs."""

    sees_batch = False
    random = False
    assigns = False

    def connect(self, site: Site) -> Connection:
        inside = self.inside(site)
        inputs, parts, weights = connected_steps(inside, site.layer.weights)
        for initial, state in zip(given_states(site), inputs[1:], strict=False):
            for one, other in zip(initial, state[1:], strict=True):
                unify(one, other, say("{layer} starts from that state", layer=site.layer.name))
        self.check(parts[0])
        widths = list(widths_of(inputs, weights))
        outside = set(widths_of(inputs[:1], ()))
        self.name(site, inside, widths, outside)
        self.settle(site, inside, widths)
        time, *features = site.inputs[0]
        for one, other in zip(features, inputs[0][1:], strict=True):
            unify(one, other, say("{layer} reads it", layer=site.layer.name))
        site.parts = [parts[0], widths]
        output, *states = (shape[1:] for shape in parts[0].outputs)
        first = (time, *output) if site.config["return_sequences"] else output
        return Connection((first, *(states if site.config["return_state"] else ())), weights)

    def cost(self, site: Site, at: Setting) -> Cost:
        step, times = self.composed(site, at), at.size(site.inputs[0][0])
        span = step.span
        return Cost(
            macs=times * step.macs,
            other=times * step.other,
            span=times * span,
            # Backpropagation through time needs every step's operations.
            kept=times * sum(each.makes for each in step.steps),
            work=sum(each.makes for each in step.steps),
            uncounted=step.uncounted,
            loops=(Loop(times, span, span, backwards=bool(site.config.get("go_backwards"))),),
        )

    def mixing(self, site: Site) -> Mixing:
        return super().mixing(site) + Mixing(summed=site.inputs[0][:1])


def connected_steps(
    inside: Inside, stored: Sequence[Any]
) -> tuple[list[Shape], list[ConnectedInside], tuple[WeightAxes, ...]]:
    """What is inside, connected; a state goes out as it came in."""
    inputs, parts, weights = connected_inside(inside, stored)
    for before, after in zip(inputs[1:], parts[0].outputs[1:], strict=True):
        for one, other in zip(before, after, strict=True):
            unify(one, other, say("is one state"))
    return inputs, parts, weights
