"""A layer of the given model run on weights of a copy's own, where its class cannot make another one.

Most classes that people write say nothing of how to make them again: they have no ``get_config()``. One that stays
one call is then the given model's very layer, called as Keras calls layers on other weights. A file of it cannot be
written, as none can of the model that it is from.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import keras

from ..reading.described import initializer_of
from ..without_weights import is_allocated


class AsGiven(keras.layers.Layer):
    """What ``original`` computes, by weights of its own: in its order, and of its values where it is not ``fresh``.

    How the class itself would begin only its code knows: fresh ones are drawn as any weight is of which no more is
    known than the values it has.
    """

    def __init__(self, original: Any, fresh: bool = False, **kwargs: Any) -> None:
        super().__init__(autocast=False, dtype=original.dtype_policy, **kwargs)
        # Not an attribute that Keras sees, or the given weights would be among this layer's.
        self._original = lambda: original
        self.supports_masking = original.supports_masking
        trainable = {id(each) for each in original.trainable_variables}
        self._own = [self._like(each, id(each) in trainable, fresh) for each in original.weights]
        places = {id(each): mine for each, mine in zip(original.weights, self._own, strict=True)}
        draws = [each for layer in original._flatten_layers() for each in layer._seed_generators]
        self.generators = [keras.random.SeedGenerator(0) for _ in draws]
        for mine, theirs in zip(self.generators, draws, strict=True):
            mine.state.assign(theirs.state)
            places[id(theirs.state)] = mine.state
        # The state of metrics is no weight, and is told to nobody.
        rest = [each for each in original.variables if id(each) not in places]
        places |= {id(each): keras.Variable(each.value, dtype=each.dtype, trainable=False) for each in rest}
        self._places = lambda: places
        self._is_told = "training" in inspect.signature(original.call).parameters
        self.built = True

    @property
    def weights(self) -> list[Any]:
        """In the original's order, where Keras has those first that are trained."""
        return [*self._own]

    def _like(self, variable: Any, is_trainable: bool, fresh: bool) -> Any:
        def values(shape: Any, dtype: Any = None) -> Any:
            return keras.ops.copy(variable.value) if is_allocated(variable) else keras.ops.zeros(shape, dtype)

        return self.add_weight(
            shape=tuple(variable.shape),
            initializer=initializer_of(variable) if fresh and is_trainable else values,
            dtype=variable.dtype,
            trainable=is_trainable,
            name=variable.name,
            autocast=variable._autocast,
            regularizer=variable.regularizer,
            constraint=variable.constraint,
        )

    def call(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        original = self._original()
        told = {"training": training} if self._is_told and training is not None else {}
        places = self._places()
        outputs, after, losses = original.stateless_call(
            [places[id(each)].value for each in original.trainable_variables],
            [places[id(each)].value for each in original.non_trainable_variables],
            *args,
            return_losses=True,
            **kwargs,
            **told,
        )
        for variable, value in zip(original.non_trainable_variables, after, strict=True):
            places[id(variable)].assign(value)
        for loss in _added(losses, original):
            self.add_loss(loss)
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """As the original says: its code may not run on symbolic tensors."""
        told = kwargs if self._is_told else {key: value for key, value in kwargs.items() if key != "training"}
        return self._original().compute_output_spec(*args, **told)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return self._original().compute_mask(inputs, previous_mask)

    def get_config(self) -> dict[str, Any]:
        kind = type(self._original()).__name__
        raise NotImplementedError(
            f"{self.name!r} is {kind} of the model that was given, which has no get_config() by which a file could "
            f"say how to make it. Define get_config() in {kind}."
        )


def _added(losses: Sequence[Any], original: Any) -> Sequence[Any]:
    """Of a layer's losses those that its code adds: those of its weights are the weights' own here."""
    weights = [each for each in original.trainable_variables if each.regularizer is not None]
    return losses[: len(losses) - len(weights)]
