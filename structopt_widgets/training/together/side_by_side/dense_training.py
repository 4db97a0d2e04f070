"""Dense networks side by side: the channels of all members in one array, at their own widths."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ....graph import Dim
from ....keras_bridge import build_model
from ....keras_bridge.inheriting.variables import placed_weights, present_weights
from ....keras_bridge.kinds import role_of
from ....keras_bridge.logits import logits_of, with_logits
from ....keras_bridge.rebuilding.names import operations_of
from ....layer_rules import Role
from ....layer_rules.connect import ConnectedCall
from ...budget import Budget
from ...objective import Objective
from ...optimizer import fresh_optimizer
from ...run import Run
from .. import dropout, member_activations
from ..initial_weights import initial_weights
from ..joint_training import NotStackableError, refuse_layer, refuse_optimizer, refuse_weights
from ..members import envelope_of
from ..model_calls import follow_calls
from ..tensorflow_training import TensorFlowTraining
from .dense_networks import dense_layers
from .parts import Parts

_OVER_CLASSES = ("softmax", "log_softmax")  # activations over the last axis
_Key = tuple[str, int]  # a layer, and a place among the weights it declares


@dataclass(frozen=True)
class _Samples:
    """A tensor that no weights have touched, for the members of each seed in turn."""

    tensors: tuple[Any, ...]


class SideBySide(TensorFlowTraining):
    """The models of several runs without padding: a joint tensor has a row for each channel of each member.

    Dense layers multiply each member's rows with its own weights; where members read the same samples,
    that is one product for all of them. What works element by element, or channel by channel, is
    computed for all at once.

    Args:
        runs: of structures of one space; those of one seed that are next to each other share their samples.
        objective, x, y, budget, weights, check: as for :class:`~.stack.Stack`.

    Raises :class:`~.joint_training.NotStackableError` for models of other layers.
    """

    takes_one = True

    def __init__(
        self,
        runs: Sequence[Run],
        objective: Objective,
        x: Any,
        y: np.ndarray,
        budget: Budget,
        weights: str,
        check: Callable[[], object],
    ) -> None:
        self._structures = structures = [run.structure for run in runs]
        self._settings = [each.setting for each in structures]
        self._envelope = envelope_of(structures)
        self._connected = self._envelope.space.connected
        self._first_layers = dense_layers(self._envelope).first
        self._members_by_seed = [len(list(same)) for _, same in itertools.groupby(run.seed for run in runs)]
        model = build_model(self._envelope, "fresh", compiled=False, seed=0)
        optimizer = fresh_optimizer(structures[0], budget)
        refuse_optimizer(optimizer)
        refuse_weights(model)
        self._operations = operations_of(self._envelope, model)
        for name, operation in self._operations.items():
            refuse_layer(name, operation)
            _refuse_other_kinds(name, operation, self._role(name))
        places = {id(variable): key for key, variable in placed_weights(self._envelope, model).items()}
        self._parts = {key: self._lay(*key) for key in places.values()}
        own, self._dropout_seeds = initial_weights(runs, weights, check)
        joint = {key: parts.join([each.get(key) for each in own]) for key, parts in self._parts.items()}
        self._trained = {places[id(each)]: each for each in model.trainable_variables}
        self._kept = [key for key in joint if key not in self._trained]
        # A layer that normalizes each channel normalizes those of all members.
        self._normalizing = {
            name: _widened(operation, sum(self._parts[name, 0].sizes))
            for name, operation in self._operations.items()
            if self._role(name) is Role.BATCH_NORMALIZATION
        }
        trainable = [(key, each.name, joint[key], self._mask(key)) for key, each in self._trained.items()]
        state = [(key, joint[key]) for key in self._kept]
        self._begin(self._envelope, trainable, state, optimizer, objective, len(runs), x, y, budget)

    def weights(self, number: int) -> dict[_Key, np.ndarray]:
        joint = dict(zip([*self._trained, *self._kept], [*self._trainable, *self._state], strict=True))
        return {key: parts.own(joint[key], number) for key, parts in self._parts.items()}

    def _lay(self, name: str, place: int) -> Parts:
        """The parts of a weight: a kernel has a row for each output, unless those are as many in all members."""
        axes = self._connected.weights[name][place].axes
        shapes = [tuple(setting.size(dim) for dim in axes) for setting in self._settings]
        if self._role(name) is not Role.DENSE:
            return Parts(shapes)
        if place > 0:
            return Parts(shapes, is_column=True)
        outputs = {made for _, made in shapes}
        return Parts(shapes, is_turned=name in self._first_layers or len(outputs) > 1)

    def _mask(self, key: _Key) -> np.ndarray | None:
        """What to multiply a weight's gradient by: 0 for members that go without that bias."""
        name, place = key
        is_bias = self._connected.weights[name][place].is_bias
        has = [not is_bias or each.biases.get(name, True) for each in self._structures]
        return None if all(has) else np.repeat(has, self._parts[key].sizes)[:, None]

    def _member_losses(self, weights: Any, state: Any, rows: Any, number: Any) -> tuple[Any, Any]:
        starts = [0, *itertools.accumulate(self._members_by_seed[:-1])]
        samples = _Samples(tuple(tf.gather(self._x, rows[start]) for start in starts))
        values = self._by_key(weights, state)
        penalties = self._penalties(values)
        outputs = self._forward(samples, values, number, training=True)
        logits = logits_of(outputs)
        y = tf.gather(self._y, rows)
        losses = self._joint_losses(y, outputs, logits)
        if losses is None:
            given = (y, outputs, *([] if logits is None else [logits]))
            losses = tf.vectorized_map(lambda member: self._mean_loss(*member), given, fallback_to_while_loop=False)
        return losses + penalties, [values[key] for key in self._kept]

    def _member_outputs(self, weights: Any, state: Any, x: Any) -> tuple[Any, Any]:
        outputs = self._forward(_Samples((x,)), self._by_key(weights, state), 0, training=False)
        return outputs, logits_of(outputs)

    def _by_key(self, weights: Any, state: Any) -> dict[_Key, Any]:
        return dict(zip([*self._trained, *self._kept], [*weights, *state], strict=True))

    def _penalties(self, values: dict[_Key, Any]) -> Any:
        """What the regularizers add to each member's loss."""
        total = tf.zeros([len(self._structures)])
        for key, variable in self._trained.items():
            if variable.regularizer is not None:
                total += tf.stack([variable.regularizer(each) for each in self._parts[key].split(values[key])])
        return total

    def _forward(self, samples: _Samples, values: dict[_Key, Any], number: Any, training: bool) -> Any:
        """Outputs of every member, ``(members, samples, classes)``; ``values`` takes what normalization updates."""

        def compute(position: int, each: ConnectedCall, operation: Any, args: Any, kwargs: dict[str, Any]) -> Any:
            x, name = args[0], each.call.layer
            if self._role(name) is Role.DENSE:
                made = self._product(name, x, each, values)
                return self._activated(name, made, self._connected.shapes[each.call.outputs[0]][0])
            if isinstance(x, _Samples):
                return _Samples(tuple(operation(one) for one in x.tensors))
            if self._role(name) is Role.BATCH_NORMALIZATION:
                return self._normalized(name, x, values, training)
            if self._role(name) is Role.DROPOUT:
                return x * self._factors(position, each, operation, tf.shape(x)[1], number) if training else x
            if each.rule is not None and each.rule.activation_key is not None:
                return self._activated(name, x, each.site.inputs[0][0])
            return operation(*args, **kwargs)

        joint = follow_calls(self._envelope, self._operations, samples, training, compute)
        members = len(self._structures)

        def by_member(rows: Any) -> Any:
            return tf.transpose(tf.reshape(rows, (members, joint.shape[0] // members, -1)), (0, 2, 1))

        logits = logits_of(joint)
        return with_logits(by_member(joint), None if logits is None else by_member(logits))

    def _product(self, name: str, x: Any, each: ConnectedCall, values: dict[_Key, Any]) -> Any:
        kernel, parts = values[name, 0], self._parts[name, 0]
        if self._is_one_size(name) and len(self._structures) > 1:
            joint = self._batched_product(parts, kernel, x)
            return joint + values[name, 1] if (name, 1) in values else joint
        if isinstance(x, _Samples):
            counts = self._members_by_seed if len(x.tensors) > 1 else [len(self._structures)]
            ends = list(itertools.accumulate(counts))
            rows = [sum(parts.sizes[end - count : end]) for count, end in zip(counts, ends, strict=True)]
            pairs = zip(tf.split(kernel, rows) if len(rows) > 1 else [kernel], x.tensors, strict=True)
            made = [tf.matmul(one, samples, transpose_b=True) for one, samples in pairs]
        else:
            read = Parts([(size,) for size in self._sizes(each.site.inputs[0][0])]).split(x)
            pairs = zip(parts.split(kernel), read, strict=True)
            made = [tf.matmul(one, rows, transpose_a=not parts.is_turned) for one, rows in pairs]
        joint = tf.concat(made, 0)
        return joint + values[name, 1] if (name, 1) in values else joint

    def _is_one_size(self, name: str) -> bool:
        """Whether a dense layer has the same widths in all members."""
        axes = self._connected.weights[name][0].axes
        return len({tuple(map(setting.size, axes)) for setting in self._settings}) == 1

    def _batched_product(self, parts: Parts, kernel: Any, x: Any) -> Any:
        """The products of members of one size as one operation."""
        members = len(self._structures)
        kernels = tf.reshape(kernel, (members, -1, kernel.shape[1]))
        if not isinstance(x, _Samples):
            read = tf.reshape(x, (members, x.shape[0] // members, -1))
            made = tf.matmul(kernels, read, transpose_a=not parts.is_turned)
        elif len(x.tensors) == 1:
            return tf.matmul(kernel, x.tensors[0], transpose_b=True)
        else:
            samples = tf.repeat(tf.stack(x.tensors), self._members_by_seed, axis=0)
            made = tf.matmul(kernels, samples, transpose_b=True)
        return tf.reshape(made, (members * made.shape[1], -1))

    def _normalized(self, name: str, x: Any, values: dict[_Key, Any], training: bool) -> Any:
        layer = self._normalizing[name]
        places = {(name, place): each for place, each in present_weights(self._envelope, name, layer).items()}
        with keras.StatelessScope(state_mapping=[(each, values[key]) for key, each in places.items()]) as scope:
            made = tf.transpose(layer(tf.transpose(x), training=training))
            values.update({key: tf.convert_to_tensor(scope.get_current_value(each)) for key, each in places.items()})
        return made

    def _factors(self, position: int, each: ConnectedCall, layer: Any, samples: Any, number: Any) -> Any:
        """What dropout multiplies the members' rows by."""
        if not layer.rate:
            return 1.0
        name = each.call.layer
        uses = [place for place, one in enumerate(self._connected.calls) if one.call.layer == name]
        counter = number * len(uses) + uses.index(position)
        drawn = [
            dropout.draw_factors(layer.rate, [samples, size], seed, counter)
            for size, seed in zip(self._sizes(each.site.inputs[0][0]), self._dropout_seeds[name], strict=True)
        ]
        return tf.transpose(tf.concat(drawn, 1))

    def _activated(self, name: str, x: Any, channels: Dim) -> Any:
        """``x`` after the activation that each member has in this layer."""
        own = member_activations.holder(self._operations[name]).activation
        base = self._envelope.activations.get(name)
        chosen = [each.activations.get(name) for each in self._structures]
        sizes = self._sizes(channels)
        alike = [
            (what, [size for _, size in group])
            for what, group in itertools.groupby(zip(chosen, sizes, strict=True), lambda pair: pair[0])
        ]
        parts = Parts([(sum(group),) for _, group in alike]).split(x)
        made, keep_logits = [], True
        for (what, group), part in zip(alike, parts, strict=True):
            function = own if what == base else keras.activations.get(what)
            if what in _OVER_CLASSES and len(set(group)) == 1:
                by_member = tf.transpose(tf.reshape(part, (len(group), group[0], -1)), (0, 2, 1))
                activated = function(by_member)
                made.append(tf.reshape(tf.transpose(activated, (0, 2, 1)), tf.shape(part)))
            elif what in member_activations.ELEMENTWISE:
                activated = function(part)
                made.append(activated)
            else:
                raise NotStackableError(f"{name} has an activation over all of its channels")
            keep_logits = keep_logits and logits_of(activated) is not None
        return with_logits(tf.concat(made, 0) if len(made) > 1 else made[0], x if keep_logits else None)

    def _role(self, name: str) -> Role | None:
        rule = self._connected.first_call(name).rule
        return None if rule is None else rule.role

    def _sizes(self, channels: Dim) -> list[int]:
        return [setting.size(channels) for setting in self._settings]


def _refuse_other_kinds(name: str, layer: Any, role: Role | None) -> None:
    """Raise for what only looks like a layer that is known here."""
    is_changed = getattr(layer, "lora_enabled", False) or getattr(layer, "quantization_mode", None)
    if (role is not None and role_of(layer) is not role) or is_changed:
        raise NotStackableError(f"{name} is changed by its subclass, LoRA or quantization")
    if getattr(layer, "activity_regularizer", None) is not None:
        raise NotStackableError(f"{name} penalizes its outputs")
    if getattr(layer, "noise_shape", None) is not None:
        raise NotStackableError(f"{name} has a noise_shape")


def _widened(layer: Any, channels: int) -> Any:
    """A layer like a normalizing one, for another number of channels."""
    wide = type(layer).from_config(layer.get_config())
    wide.build((None, channels))
    return wide
