"""What each member starts from: the weights that it would have by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...keras_bridge import build_model
from ...keras_bridge.inheriting.variables import placed_weights
from ...keras_bridge.kinds import role_of
from ...keras_bridge.rebuilding.names import operations_of
from ..run import Run
from .dropout import ROLES, first_seed

Weights = dict[tuple[str, int], np.ndarray]  # by layer, and place among the weights it declares


def initial_weights(
    runs: Sequence[Run], weights: str, check: Callable[[], object]
) -> tuple[list[Weights], dict[str, np.ndarray]]:
    """The initial weights of each member; by layer, where the members' seeds of dropout start, ``(members,)``.

    ``check`` is called before each member is built; what it raises ends this.
    """
    own: list[Weights] = []
    seeds: dict[str, list[int]] = {}
    for run in runs:
        check()
        model = build_model(run.structure, weights, compiled=False, seed=run.seed, examples=run.examples)
        own.append({key: np.asarray(variable) for key, variable in placed_weights(run.structure, model).items()})
        for layer, operation in operations_of(run.structure, model).items():
            seed = first_seed(operation) if role_of(operation) in ROLES else None
            if seed is not None:
                seeds.setdefault(layer, []).append(seed)
    return own, {layer: np.asarray(each) for layer, each in seeds.items()}
