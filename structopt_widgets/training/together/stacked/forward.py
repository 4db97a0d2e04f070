"""One pass through the widest model's own layers, for one member of a stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ....graph import WEIGHT, Dim, TensorRef
from ....graph.dimensions import resolve
from ....graph.model_graph import map_structure
from ....keras_bridge.internals import layers_inside, scale_scores, with_mask_of
from ....keras_bridge.rebuilding.making import width_numbers_of
from ....keras_bridge.rebuilding.names import operations_of
from ....layer_rules import Role
from ....layer_rules.connect import ConnectedCall
from ....structure import Structure
from .. import dropout
from ..joint_training import NotStackableError, refuse_layer
from ..member_activations import ELEMENTWISE, choose_between, holder, keeps_zero
from ..members import Placement, differing, is_padded
from ..model_calls import follow_calls
from .convolution import is_convolution, use_patches
from .padding import NORMALIZING, normalize
from .products import is_dense, use_whole_products


class Forward:
    """The layers of an envelope, told which member they compute for.

    Args:
        envelope: the structure all members fit into.
        model: built from it; its layers are changed, so it is of no other use.
        structures: of each member.
        placements: of each member's channels in the envelope.
        dropout_seeds: layer to the start of its seed generator in each member, ``(members,)``.

    Raises :class:`NotStackableError`.
    """

    def __init__(
        self,
        envelope: Structure,
        model: keras.Model,
        structures: Sequence[Structure],
        placements: Sequence[Placement],
        dropout_seeds: Mapping[str, np.ndarray],
    ) -> None:
        self._envelope, self._connected = envelope, envelope.space.connected
        self._operations = operations_of(envelope, model)
        self._structures, self._placements = structures, placements
        self._padded = differing(structures)
        self._constants: dict[str, Any] = {}
        self._drops: dict[int, dropout.DropoutSite] = {}
        self._stained: set[str] = set()  # layers whose activation makes something of the zeros in padding
        self._member: Mapping[str, Any] = {}  # tensors of the member that is being traced
        for layer, operation in self._operations.items():
            self._prepare_layer(layer, operation)
        for position, each in enumerate(self._connected.calls):
            if each.call.layer in self._operations:
                self._prepare_call(position, each, dropout_seeds)

    def inputs(self, batch: Any, step: Any, training: bool) -> dict[str, Any]:
        """What tells members apart besides weights and samples, each stacked along the first axis."""
        drops = {f"drop {position}": each.draw(batch, step) for position, each in self._drops.items()}
        return {**self._constants, **(drops if training else {})}

    def __call__(self, x: Any, member: Mapping[str, Any], training: bool) -> Any:
        """The model's outputs for the samples ``x`` of one member; ``member`` holds its part of :meth:`inputs`."""
        self._member = member
        return follow_calls(
            self._envelope,
            self._operations,
            x,
            training,
            lambda position, each, operation, args, kwargs: self._call(
                position, each, operation, args, kwargs, training
            ),
        )

    def _prepare_layer(self, layer: str, operation: Any) -> None:
        refuse_layer(layer, operation)
        for each in layers_inside(operation):
            if is_convolution(each):
                use_patches(each)
            if is_dense(each):
                use_whole_products(each)
        rule = self._connected.first_call(layer).rule
        if WEIGHT in self._connected.graph.layers[layer].kinds:
            raise NotStackableError(f"{layer} is a weight of a layer that was opened to its operations")
        if (rule is None or rule.role not in dropout.ROLES) and _draws(operation):
            raise NotStackableError(f"{layer} ({self._kind(layer)}) draws random numbers of its own")
        if rule is not None and rule.assigns:
            raise NotStackableError(f"{layer} ({self._kind(layer)}) assigns to its weights in training")
        names = [each.activations.get(layer, "") for each in self._structures]
        base = self._structures[0].space.baseline.activations.get(layer)
        choices = sorted(set(filter(None, names)))
        functions: list[Any] = [getattr(holder(operation), "activation", None)] if choices else []
        if choices and choices != [base]:
            if len(choices) > 1 and not ELEMENTWISE.issuperset(choices):
                raise NotStackableError(f"{layer} has activations that do not work element by element")
            target = holder(operation)
            functions = [target.activation if name == base else keras.activations.get(name) for name in choices]
            if len(functions) == 1:
                target.activation = functions[0]
            else:
                self._constants[f"choice {layer}"] = tf.constant([choices.index(name) for name in names])
                target.activation = lambda x: choose_between(functions, self._member[f"choice {layer}"], x)
        if not all(each is None or keeps_zero(each) for each in functions):
            self._stained.add(layer)

    def _prepare_call(self, position: int, each: ConnectedCall, dropout_seeds: Mapping[str, np.ndarray]) -> None:
        layer, rule = each.call.layer, each.rule
        operation = self._operations[layer]
        shapes = [*each.site.inputs, *(self._connected.shapes[index] for index in each.call.outputs)]
        dims = [dim for shape in shapes for dim in shape]
        padded = any(is_padded(dim, self._padded) for dim in [*dims, *each.site.produced])
        if padded and not self._is_unharmed(each):
            raise NotStackableError(f"{layer} ({self._kind(layer)}) computes otherwise among padded channels")
        numbers = width_numbers_of(self._structures[0])
        if self._padded and numbers is not None and each.call.outputs[0] in numbers.entries:
            raise NotStackableError(f"{layer} computes with a number that follows from its widths")
        for dim in dims:
            if is_padded(dim, self._padded) and self._mask_name(dim) not in self._constants:
                self._constants[self._mask_name(dim)] = tf.stack([one.mask(dim) for one in self._placements])
        made = [dim for index in each.call.outputs for dim in self._connected.shapes[index]]
        names = {one.activations.get(layer, "linear") for one in self._structures}
        if any(is_padded(dim, self._padded) for dim in made) and not ELEMENTWISE.issuperset(names):
            raise NotStackableError(f"{layer} has an activation over all of its channels, whose number differs")
        if rule is not None and rule.role in dropout.ROLES and operation.rate > 0:
            if getattr(operation, "noise_shape", None) is not None:
                raise NotStackableError(f"{layer} has a noise_shape")
            same = [place for place, one in enumerate(self._connected.calls) if one.call.layer == layer]
            self._drops[position] = dropout.DropoutSite(
                operation, each.site.inputs[0], same.index(position), len(same), self._placements, dropout_seeds[layer]
            )
        sizes: list[Any] = [rule and rule.query_size(each.site, one.setting) for one in self._structures]
        if padded and None not in sizes:
            self._constants[f"scale {layer}"] = tf.constant(1 / np.sqrt(sizes), tf.float32)

    def _is_unharmed(self, each: ConnectedCall) -> bool:
        """Whether a call makes of the other channels what it would without padding."""
        rule, layer = each.rule, each.call.layer
        if rule is None:
            return False
        if rule.role is Role.INPUT or rule.role in NORMALIZING or rule.ignores_padding_at(each.site):
            return True
        if not rule.elementwise:
            return False
        # It may make something of zeros, which is then taken away; not of infinity, whose gradient is no number.
        made, slopes = self._of_zeros(each)
        if not all(np.isfinite(values).all() for values in (*made, *slopes)):
            return False
        if any(values.any() for values in made):
            self._stained.add(layer)
        return True

    def _of_zeros(self, each: ConnectedCall) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """What a call makes of zeros, and its slope there."""
        at, types = self._envelope.setting, self._connected.graph.tensors
        zeros = {
            index: tf.zeros([1, *(at.size(dim) for dim in self._connected.shapes[index])], types[index].dtype)
            for index in each.call.inputs
        }
        filled = map_structure(
            lambda leaf: zeros[leaf.index] if isinstance(leaf, TensorRef) else leaf,
            [each.call.args, dict(each.call.kwargs or {})],
        )
        with tf.GradientTape() as tape:
            tape.watch([value for value in zeros.values() if value.dtype.is_floating])
            made = keras.tree.flatten(self._operations[each.call.layer](*filled[0], **filled[1]))
        slopes = [value for value in tape.gradient(made, list(zeros.values())) if value is not None]
        return [np.asarray(value) for value in made], [np.asarray(value) for value in slopes]

    def _call(
        self, position: int, each: ConnectedCall, operation: Any, args: Any, kwargs: dict[str, Any], training: bool
    ) -> Any:
        layer, member = each.call.layer, self._member
        role = None if each.rule is None else each.rule.role
        if position in self._drops:
            return with_mask_of(args[0], args[0] * member[f"drop {position}"]) if training else args[0]
        if role in NORMALIZING:
            axes = operation.axis if isinstance(operation.axis, (list, tuple)) else [operation.axis]
            dims = [(axis % len(args[0].shape), each.site.inputs[0][axis % len(args[0].shape) - 1]) for axis in axes]
            if any(is_padded(dim, self._padded) for _, dim in dims):
                masks = [(axis, self._mask(dim, args[0].shape[axis])) for axis, dim in dims]
                return with_mask_of(args[0], normalize(operation, NORMALIZING[role], masks, args[0]))
        if f"scale {layer}" in member:
            scale_scores(operation, member[f"scale {layer}"])
        result = operation(*args, **kwargs)
        return self._zeroed(each, result) if layer in self._stained else result

    def _zeroed(self, each: ConnectedCall, result: Any) -> Any:
        flat = keras.tree.flatten(result)
        for number, (value, index) in enumerate(zip(flat, each.call.outputs, strict=True)):
            for axis, dim in enumerate(self._connected.shapes[index], start=1):
                if is_padded(dim, self._padded):
                    mask = self._mask(dim, value.shape[axis])
                    flat[number] = with_mask_of(
                        value, flat[number] * tf.reshape(mask, [-1] + [1] * (len(value.shape) - axis - 1))
                    )
        return keras.tree.pack_sequence_as(result, flat)

    def _mask(self, dim: Dim, length: int) -> Any:
        return self._member[self._mask_name(dim)] if is_padded(dim, self._padded) else tf.ones((length,))

    def _mask_name(self, dim: Dim) -> str:
        return f"mask {id(resolve(dim))}"

    def _kind(self, layer: str) -> str:
        return self._connected.graph.layers[layer].kind


def _draws(operation: Any) -> bool:
    """Whether a layer, or one inside it, draws random numbers in training."""
    idle = 0
    for each in layers_inside(operation):
        rates = [getattr(each, name) for name in ("rate", "dropout", "recurrent_dropout") if hasattr(each, name)]
        idle += getattr(each, "seed_generator", None) is not None and bool(rates) and not any(rates)
    return len(getattr(operation, "variables", [])) - len(getattr(operation, "weights", [])) > idle
