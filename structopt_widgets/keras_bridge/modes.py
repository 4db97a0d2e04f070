"""Layers that a user's own code calls for training, or not for training, whatever the model is called for."""

from __future__ import annotations

from typing import Any

import keras

from .found import Trace
from .kinds import rule_of
from .nodes import said

MODE = "mode"  # where a layer's serialization says in which one it always is


@keras.saving.register_keras_serializable("structopt_widgets")
class InOneMode(keras.layers.Layer):
    """A layer that is called with one and the same ``training``, always."""

    def __init__(self, layer: Any, mode: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layer, self.mode = layer, mode

    def build(self, input_shape: Any) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)

    def call(self, inputs: Any, *others: Any, **kwargs: Any) -> Any:
        return self.layer(inputs, *others, **{**kwargs, "training": self.mode})

    def compute_output_spec(self, inputs: Any, *others: Any, **kwargs: Any) -> Any:
        return self.layer.compute_output_spec(inputs, *others, **{**kwargs, "training": self.mode})

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"layer": keras.saving.serialize_keras_object(self.layer), "mode": self.mode}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InOneMode:
        return cls(**config | {"layer": keras.saving.deserialize_keras_object(config["layer"])})


def depends_on_mode(node: Any) -> bool:
    """Whether a call is told if it is training, and may do something else then."""
    layer = node.operation
    if not isinstance(layer, keras.Layer) or said(node.arguments.kwargs.get("training")) is None:
        return False
    inner = layer._flatten_layers()
    is_own = not type(layer).__module__.startswith("keras.")
    return is_own or any(each.non_trainable_variables or getattr(each, "_seed_generators", ()) for each in inner)


def modes_of(found: Trace, trained: Trace, keeps_root: bool) -> dict[int, bool | None]:
    """For each call of both traces, by ``id``, the mode it is always in; ``None`` where it has the model's.

    A functional model hands its mode on to its own calls in any case, and so will the one that is built: those are
    left as they are where it ``keeps_root``.
    """
    theirs = _by_path(trained)
    result: dict[int, bool | None] = {}
    for path, nodes in _by_path(found).items():
        others = theirs.get(path, [])
        if keeps_root and not path:
            continue
        for pick in (passes_on, lambda node: not passes_on(node)):
            pair = list(filter(pick, nodes)), list(filter(pick, others))
            # What is called in training only has no other to be compared with.
            used = pair[0] if len(pair[0]) == len(pair[1]) else pair[1]
            for ours, other in zip(used, pair[1], strict=True):
                values = [said(each.arguments.kwargs.get("training")) for each in (ours, other)]
                is_fixed = values[1] is not None and bool(values[0]) == bool(values[1]) and depends_on_mode(other)
                # Dropout called for training in training only has the model's mode all the same.
                is_told = ours is not other or not values[1]
                result[id(ours)] = result[id(other)] = bool(values[1]) if is_fixed and is_told else None
    return result


def passes_on(node: Any) -> bool:
    """Whether a call only does something in training, as dropout."""
    rule = rule_of(node.operation)
    return rule is not None and rule.keeps_values and rule.random


def _by_path(found: Trace) -> dict[tuple[str, ...], list[Any]]:
    result: dict[tuple[str, ...], list[Any]] = {}
    for node in found.nodes:
        result.setdefault(found.paths.get(id(node), ()), []).append(node)
    return result
