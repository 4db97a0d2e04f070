"""A built model as TensorFlow sees it: a traced function of its inputs and weights, none of them allocated."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


def traceable(model: keras.Model, batch_size: int) -> tuple[Any, tuple[list[tf.TensorSpec], list[tf.TensorSpec]]]:
    """``(function, specs)``: the model as a function of its weights and its inputs, and what to trace it on.

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
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            structure = keras.tree.pack_sequence_as(model._inputs_struct, inputs)
            return keras.tree.flatten(model._run_through_graph(structure, operation_fn=scoped))

    weights = [tf.TensorSpec(tuple(variable.shape), variable.dtype) for variable in variables]
    inputs = [tf.TensorSpec((batch_size, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs]
    return run, (weights, inputs)
