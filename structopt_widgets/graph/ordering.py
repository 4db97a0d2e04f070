"""The order in which calls run: it decides which tensors are alive together."""

from __future__ import annotations

from collections.abc import Sequence

from .model_graph import Call


def execution_order(calls: Sequence[Call], outputs: Sequence[int]) -> tuple[Call, ...]:
    """``calls`` as Keras runs a functional model: the furthest from the outputs first.

    The model's inputs come before everything else: they are there from the start. Calls equally far
    from the outputs follow the order in which a walk back from the outputs finds them. So the order
    depends on the graph alone, and a model that is read, rebuilt and read again keeps it. A call no
    output needs is left out, but an input stays.
    """
    maker = {tensor: position for position, call in enumerate(calls) for tensor in call.outputs}
    sources = [position for position, call in enumerate(calls) if not call.inputs]
    found = _depth_first([*(maker[tensor] for tensor in outputs), *sources], calls, maker)
    depth = dict.fromkeys(found, 0)
    for position in reversed(found):
        for tensor in calls[position].inputs:
            depth[maker[tensor]] = max(depth[maker[tensor]], depth[position] + 1)
    rank = {position: index for index, position in enumerate(found)}
    order = sorted(found, key=lambda position: (bool(calls[position].inputs), -depth[position], rank[position]))
    return tuple(calls[position] for position in order)


def _depth_first(roots: Sequence[int], calls: Sequence[Call], maker: dict[int, int]) -> list[int]:
    """Positions of the calls ``roots`` need, each after those it reads from; without recursion, for deep models."""
    found: list[int] = []
    entered: set[int] = set()
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        position, is_done = stack.pop()
        if is_done:
            found.append(position)
        elif position not in entered:
            entered.add(position)
            stack.append((position, True))
            stack.extend((maker[tensor], False) for tensor in reversed(calls[position].inputs))
    return found
