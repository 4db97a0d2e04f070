"""The order in which calls run: it decides which tensors are alive together."""

from __future__ import annotations

from collections.abc import Sequence

from .model_graph import Call


def execution_order(calls: Sequence[Call], outputs: Sequence[int], inputs: Sequence[int]) -> tuple[Call, ...]:
    """``calls`` with each after those it reads from, a branch as a whole before the next one.

    It is the order in which a walk back from the outputs, by the arguments of each call, comes to an
    end of them; the model's ``inputs`` come before everything else, since they are there from the start.
    So it depends on the graph alone: a model that is read, rebuilt and read again keeps it, and
    leaving out a block leaves the others in their order. (Keras takes branches step by step in turn;
    TensorFlow, once it compiles, keeps to no order that the model tells.) A call no output needs is
    left out, but an input stays.
    """
    maker = {tensor: position for position, call in enumerate(calls) for tensor in call.outputs}
    sources = [maker[tensor] for tensor in inputs]
    first = set(sources)
    found = _depth_first([*(maker[tensor] for tensor in outputs), *sources], calls, maker)
    return tuple(calls[position] for position in sorted(found, key=lambda position: position not in first))


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
            # A weight is read when everything else is there.
            read = sorted((maker[tensor] for tensor in calls[position].inputs), key=lambda at: not calls[at].inputs)
            stack.extend((at, False) for at in reversed(read))
    return found
