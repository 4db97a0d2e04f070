"""A built model as TensorFlow sees it: a traced function of its inputs and weights, none of them allocated."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


def traceable(
    model: keras.Model, batch_size: int, losses: bool = False
) -> tuple[Any, tuple[list[tf.TensorSpec], list[tf.TensorSpec]]]:
    """``(function, specs)``: the model as a function of its weights and its inputs, and what to trace it on.

    Where ``losses`` are asked for, what the layers add to the loss while they are called comes after the outputs.
    The calls of the layer at place ``n`` of ``model.operations`` carry the name scope ``layer_n_``.
    """
    place = {id(operation): number for number, operation in enumerate(model.operations)}
    variables = model.variables

    def scoped(operation: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            with tf.name_scope(f"layer_{place[id(operation)]}_"):
                return operation(*args, **kwargs)

        return call

    def run(values: list[Any], inputs: list[Any]) -> Any:
        held = list(zip(variables, values, strict=True))
        with keras.StatelessScope(state_mapping=held, collect_losses=losses) as scope:
            structure = keras.tree.pack_sequence_as(model._inputs_struct, inputs)
            made = keras.tree.flatten(model._run_through_graph(structure, operation_fn=scoped))
        return [*made, *scope.losses]

    weights = [tf.TensorSpec(tuple(variable.shape), variable.dtype) for variable in variables]
    inputs = [tf.TensorSpec((batch_size, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs]
    return run, (weights, inputs)
