"""Trials and structures as an Optuna study holds them, and back."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from ..graph import ModelGraph
from ..metrics import trial_metrics
from ..structure import Structure, StructureSpace
from ..structure.choices import choices_of
from ..structure.serialization import structure_of_choices
from ..training import Trial
from ..training.description import describe
from .journal_lines import DAMAGED
from .order import CompiledSo, absent_modules, compiled_config

STRUCTURE, TRIAL, SPACE = "structure", "trial", "space"
OWNER = "owner"  # of a claim: its result is on a line of its own
OF_STRUCTURE = ("n_params", "macs")  # written with a claim, and with its result
GIVEN_UP = "given up"  # why a trial that was begun has no result


class SpaceShelf:
    """The spaces that a study's structures are chosen from: each is stored once, under its fingerprint."""

    def __init__(self, storage: optuna.storages.BaseStorage, study_id: int) -> None:
        self._storage, self._study_id = storage, study_id
        self._spaces: dict[str, StructureSpace] = {}
        self._lock = threading.Lock()

    def put(self, structure: Structure) -> dict[str, Any]:
        """``structure`` as plain values that :meth:`get` understands; its space is stored if it is new."""
        space = structure.space
        key = f"{SPACE} {space.fingerprint[:16]}" + (f" x{space.growth:g}" if space.growth != 2 else "")
        with self._lock:
            if key not in self._spaces and key not in self._storage.get_study_user_attrs(self._study_id):
                stored = {"graph": space.whole_graph.to_json(), "growth": space.growth, **_compiled(space)}
                self._storage.set_study_user_attr(self._study_id, key, stored)
            # One that was read from a Keras model can inherit weights; one from the study cannot.
            if key not in self._spaces or isinstance(self._spaces[key].source, CompiledSo | None):
                self._spaces[key] = space
        return {SPACE: key, "choices": choices_of(structure)}

    def get(self, record: Mapping[str, Any]) -> Structure:
        """The structure of a :meth:`put`; raises ``KeyError`` when its space is not there."""
        with self._lock:
            key = record[SPACE]
            if key not in self._spaces:
                stored = self._storage.get_study_user_attrs(self._study_id)[key]
                graph, compiled = ModelGraph.from_json(stored["graph"]), stored.get("compiled")
                # What a file names is not run before its reader has imported it.
                is_known = compiled is not None and not absent_modules(compiled)
                self._spaces[key] = StructureSpace(graph, CompiledSo(compiled) if is_known else None, stored["growth"])
            return structure_of_choices(self._spaces[key], record["choices"])


def _compiled(space: StructureSpace) -> dict[str, Any]:
    """How the model was compiled, where a configuration says so: its trials can be run again without it."""
    try:
        config = compiled_config(space)
    except ValueError:
        config = None
    return {} if config is None else {"compiled": config}


def description_attrs(shelf: SpaceShelf, structure: Structure) -> dict[str, Any]:
    """What is known of a trial before it has run: its structure, in words too, and its costs for one sample."""
    cost = structure.measure()
    return {
        STRUCTURE: shelf.put(structure),
        "description": describe(structure),
        **{name: getattr(cost, name) for name in trial_metrics()},
    }


def optuna_trial(structure: Structure, attrs: Mapping[str, Any], trial: Trial | None = None) -> FrozenTrial:
    """What Optuna is given: a running trial, or a finished one with its results."""
    state = TrialState.RUNNING if trial is None else state_of(trial)
    params, distributions = _params(structure)
    return optuna.trial.create_trial(
        state=state,
        values=values_of(trial) if trial is not None else None,
        params=params,
        distributions=distributions,
        user_attrs={**attrs, **({} if trial is None else {TRIAL: trial.to_record()})},
    )


def state_of(trial: Trial) -> TrialState:
    """Optuna's word for how a trial ended; it knows no other complete ones than those with a score."""
    return TrialState.COMPLETE if trial.state == "complete" and math.isfinite(trial.score) else TrialState.FAIL


def values_of(trial: Trial) -> list[float] | None:
    """Optuna's values: the score and the number of parameters."""
    return [trial.score, float(trial.n_params)] if state_of(trial) == TrialState.COMPLETE else None


def read_trial(frozen: FrozenTrial, shelf: SpaceShelf) -> Trial | None:
    """The trial that Optuna holds; ``None`` while it has no result, and for another program's.

    Raises ``ValueError``, with the reason, for one that is damaged or that only a newer release can read.
    """
    attrs = frozen.user_attrs
    if DAMAGED in attrs:
        raise ValueError(attrs[DAMAGED])
    # A result that is written is one, whatever has become of the line that says so.
    if TRIAL not in attrs:
        if STRUCTURE in attrs and frozen.state.is_finished() and GIVEN_UP not in attrs:
            raise ValueError("it has ended, and its result is missing or damaged")
        return None
    try:
        structure = shelf.get(attrs[STRUCTURE])
        wrong = [name for name in OF_STRUCTURE if attrs.get(name) != attrs[TRIAL].get(name, attrs.get(name))]
        if wrong and OWNER in attrs:
            raise ValueError(
                f"its result is another structure's, of {attrs[TRIAL][wrong[0]]} and not {attrs[wrong[0]]} {wrong[0]}: "
                "lines are missing, doubled or in another place"
            )
        return Trial.from_record({**attrs[TRIAL], "number": frozen.number}, structure)
    # Whatever is wrong with it, the others are to be read.
    except Exception as error:
        raise ValueError(str(error) if isinstance(error, ValueError) else f"{type(error).__name__} {error}") from error


def _params(structure: Structure) -> tuple[dict[str, Any], dict[str, BaseDistribution]]:
    """Widths, and the switches that are not as the model came, for Optuna's own plots."""
    params: dict[str, Any] = {}
    distributions: dict[str, BaseDistribution] = {}
    for name, group in structure.space.width_groups.items():
        if not group.fixed:
            params[name] = structure.widths[name]
            distributions[name] = IntDistribution(group.lower, group.upper, step=group.divisor)
    for key, (_, value) in structure.space.baseline.diff(structure).items():
        choice, _, layer = key.partition(".")
        if choice != "widths":
            params[f"{layer} {choice}"] = value
            distributions[f"{layer} {choice}"] = CategoricalDistribution(_options(structure.space, choice, layer))
    return params, distributions


def _options(space: StructureSpace, choice: str, layer: str) -> tuple[Any, ...]:
    """All values of a switch: Optuna wants the same ones in every trial."""
    switches = space.switches.get(layer)
    options = {
        "activations": switches.activation_options if switches else (),
        "initializers": switches.initializer_options if switches else (),
    }
    return options.get(choice, (False, True))
