"""Opening layers: a model's ``call`` is run once on symbolic inputs *and weights*, down to operations.

While it runs, every variable of every layer is swapped for a symbolic tensor, so that an operation on a
weight is a call like any other. A layer with a rule stays one call; one without is run by its own
``call()``, nested, until a layer with a rule or an operation is reached. A layer that cannot be opened, or
must not be, stays one closed call, with the reason. Everything is put back afterwards.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras.src.backend import compute_output_spec
from keras.src.backend.common import global_state
from keras.src.layers import layer as keras_layer

from ...graph.plain import Computed
from ...layer_rules import find_layer_rule
from ..drawing import draws_recorded
from ..found import MadeSo, OpenedCall, Resized, Trace
from ..kinds import kinds_of
from ..losses import activity_losses, metrics_silent, with_losses
from ..masks import looks_at_masks, mask_of_inputs, take_masks, with_masks
from ..nodes import (
    PATCHING,
    UNSAID,
    called,
    fresh_names,
    graph_of,
    has_own_cell,
    nodes_restored,
    numpy_numbers_taken,
    taken_as_dense,
    tensors_compared,
)
from ..reading.held_twice import wrappers_of_shared
from ..reading.whose_functions import has_mixing_function, has_weighted_activation, hidden_lambdas
from ..without_weights import is_allocated
from .arrays_made import arrays_recorded
from .lengths_tried import lengths_tried
from .loops import loops_written_out
from .repeated import repeats_recorded
from .spellings import spellings_taken
from .symbolic_weight import ClosedError, SymbolicWeight, reason_of, weights_as_constants, weights_listed
from .tensorflow_calls import tensorflow_traced
from .tensorflow_numpy import tensorflow_numpy_traced
from .timesteps import Timesteps, keeps_in_training

LARGEST_TABLE = 2**20  # numbers that are written into a copy
_CONTEXT = "current_call_ctx"  # where Keras keeps whether layers are called for training
# What Keras itself keeps of a layer's variables.
_TRACKED = ("_trainable_variables", "_non_trainable_variables", "_seed_generators", "_metrics", "_layers", "_tracker")


def trace(
    model: Any,
    inputs: Any,
    run: Callable[..., Any],
    closed: Mapping[int, str],
    training: bool | None = None,
    forgets: bool = False,
    records_arrays: bool = False,
    resized: Resized | None = None,
) -> Trace:
    """Run ``run(inputs)``, or ``run(inputs, training)`` where that is given, which calls the layers of ``model``.

    Layers whose ``id`` is in ``closed`` stay closed.

    What the layers keep for later calls, in weights and metrics, is refused, or left out where it ``forgets``.
    With ``records_arrays`` it is noted how what is computed of numbers alone is made. With ``resized`` the code is run
    at other widths than the model's.
    """
    return _Tracer(model, Trace(inputs, closed=dict(closed)), forgets, records_arrays, resized).run(run, training)


def is_ruled(layer: Any) -> bool:
    """Whether a layer stays one call: it has a rule, and neither is a graph of others nor wraps one."""
    if graph_of(layer) is not None or find_layer_rule(kinds_of(layer)) is None:
        return False
    inside = layer._layers if isinstance(layer, keras.layers.TimeDistributed | keras.layers.Bidirectional) else ()
    if any(has_own_cell(each) or not is_ruled(each) for each in inside):
        return False
    return not (has_weighted_activation(layer) or has_mixing_function(layer))


class _Tracer:
    def __init__(
        self, model: Any, found: Trace, forgets: bool, records_arrays: bool, resized: Resized | None = None
    ) -> None:
        self._model, self._found, self._forgets, self._records = model, found, forgets, records_arrays
        self._resized = resized or Resized({}, {}, {})
        self._called: Counter[tuple[str, ...]] = Counter()  # how often an opened layer was
        self._layers = {id(each): each for each in model._flatten_layers(include_self=True, recursive=True)}
        # Ruled, and to be opened all the same.
        self._to_open = wrappers_of_shared(self._layers.values()) | hidden_lambdas(self._layers.values())
        self._swaps: dict[int, list[tuple[str, Any, Any]]] = {}
        self._specs: dict[Any, Any] = {}
        self._inside: set[int] = set()  # the opened layers
        self._path: list[str] = []
        self._kept_alive: list[Any] = []  # constants are told apart by their ids
        self._losses: list[Any] = []
        self._is_closed = False  # while a layer that stays one call says what it makes
        self._scope: Any = None
        self._timesteps = Timesteps()

    def run(self, run: Callable[..., Any], training: bool | None) -> Trace:
        found = self._found
        with self._everything_swapped(), keras.StatelessScope(initialize_variables=False) as self._scope:
            context = keras_layer.CallContext(entry_layer=None)
            # Some layers of Keras's have a default of their own here, which would hold for all that follow.
            context.set_value("training", UNSAID if training is None else training)
            before = global_state.get_global_attribute(_CONTEXT)
            global_state.set_global_attribute(_CONTEXT, context)
            try:
                found.outputs = run(found.inputs) if training is None else run(found.inputs, training)
            finally:
                global_state.set_global_attribute(_CONTEXT, before)
            self._check_effects(0)
            ends = keras.tree.flatten(found.outputs)
            other = [each for each in ends if not isinstance(each, keras.KerasTensor)]
            if other or not ends:
                raise ValueError(f"all outputs must be tensors that depend on the inputs; received {other or ends}")
            stop = {id(each) for each in keras.tree.flatten(found.inputs)}
            found.nodes = self._behind(ends, stop, found.masks)
            if self._losses:
                found.outputs = with_losses(found.outputs, self._losses, in_training=bool(training))
                computed = set(map(id, found.nodes))
                found.nodes = self._behind(keras.tree.flatten(found.outputs), stop, found.masks)
                found.for_losses = [node for node in found.nodes if id(node) not in computed]
        return found

    @contextlib.contextmanager
    def _everything_swapped(self) -> Iterator[None]:
        def is_tracing() -> bool:
            return not self._is_closed

        draws, calls = draws_recorded(is_tracing), tensorflow_traced(is_tracing)
        metrics = metrics_silent(self._layers.values()) if self._forgets else contextlib.nullcontext()
        samples = {each.shape[0] for each in keras.tree.flatten(self._found.inputs) if each.shape}
        repeats = repeats_recorded(samples, lambda constant: None if self._is_closed else self._symbolic(constant))
        arrays = arrays_recorded(is_tracing, self._array) if self._records else contextlib.nullcontext()
        own_nodes, numbers = self._no_nodes_of_opened_layers(), numpy_numbers_taken()
        known = {id(variable) for layer in self._layers.values() for variable in layer.variables}

        def listed(layer: Any, variable: Any) -> Any:
            is_seen = not self._is_closed and id(variable) in known
            return self._stand_in(layer, variable) if is_seen else variable

        with (
            nodes_restored(self._model),
            fresh_names(),
            own_nodes,
            weights_listed(listed),
            self._layers_of_others(),
            self._constants_taken(),
            numbers,
            tensors_compared(is_tracing),
            spellings_taken(),
            loops_written_out(is_tracing),
            draws,
            calls,
            tensorflow_numpy_traced(is_tracing),
            repeats,
            arrays,
            metrics,
        ):
            try:
                for layer in self._layers.values():
                    if id(layer) in self._resized.layers:  # what it looks at is for the model's own widths
                        vars(layer)["_assert_input_compatibility"] = lambda _: None
                    self._swaps[id(layer)] = list(self._stand_ins(layer))
                    self._put(layer, symbolic=True)
                    vars(layer)["add_loss"] = self._add_loss
                    if layer is not self._model or id(layer) in self._found.closed:
                        is_one = is_ruled(layer) and id(layer) not in self._to_open
                        stays = is_one or id(layer) in self._found.closed
                        vars(layer)["symbolic_call"] = self._closed(layer) if stays else self._opened(layer)
                yield
            finally:
                for layer in self._layers.values():
                    vars(layer).pop("symbolic_call", None)
                    vars(layer).pop("add_loss", None)
                    vars(layer).pop("_assert_input_compatibility", None)
                    self._put(layer, symbolic=False)

    def _add_loss(self, loss: Any) -> None:
        if not self._is_closed:
            self._losses.extend(keras.tree.flatten(loss))

    @contextlib.contextmanager
    def _no_nodes_of_opened_layers(self) -> Iterator[None]:
        """What an opened layer returns stays what the operations inside made; it may be anything, too."""
        real = keras_layer.Node

        def node(operation: Any, **arguments: Any) -> Any:
            return None if id(operation) in self._inside else real(operation=operation, **arguments)

        with PATCHING:
            keras_layer.Node = node
            try:
                yield
            finally:
                keras_layer.Node = real

    @contextlib.contextmanager
    def _layers_of_others(self) -> Iterator[None]:
        """A layer that the model does not hold is its caller's own code, and its weights are constants to that.

        A ``call()`` makes some, and others are global: Keras neither counts, trains nor saves what such a one holds.
        """
        real = keras.Layer.symbolic_call

        def symbolic_call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            stays = is_ruled(layer) if not layer.weights else not all(map(is_allocated, layer.weights))
            only_draws = layer.variables and not layer.weights and not layer._layers
            if id(layer) in self._layers or self._is_closed or stays or only_draws:
                return real(layer, *args, **kwargs)
            try:
                with weights_as_constants(layer):
                    outputs = keras.tree.map_structure(self._symbolic, called(layer, *args, **kwargs))
            # As in any other opened layer.
            except Exception as error:
                if layer.weights:
                    raise ClosedError(f"calls {layer.name!r}, which it does not hold ({reason_of(error)})") from error
                return real(layer, *args, **kwargs)
            self._inside.add(id(layer))
            self._kept_alive.append(layer)
            return outputs

        with PATCHING:
            keras.Layer.symbolic_call = symbolic_call
            try:
                yield
            finally:
                keras.Layer.symbolic_call = real

    @contextlib.contextmanager
    def _constants_taken(self) -> Iterator[None]:
        """A layer of Keras's that keeps something in training stays one call on a constant as well."""
        real = keras.Layer.__call__

        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            given = [each for each in keras.tree.flatten((args, kwargs)) if keras.ops.is_tensor(each)]
            keeps = id(layer) in self._layers and keeps_in_training(layer) and is_ruled(layer)
            if keeps and given and not self._is_closed and not _has_tensors((args, kwargs)):
                args = keras.tree.map_structure(
                    lambda each: self._symbolic(each) if keras.ops.is_tensor(each) else each, args
                )
            return real(layer, *args, **kwargs)

        with PATCHING:
            keras.Layer.__call__ = call
            try:
                yield
            finally:
                keras.Layer.__call__ = real

    def _stand_ins(self, layer: Any) -> Iterator[tuple[str, Any, Any]]:
        for key, value in list(vars(layer).items()):
            if key not in _TRACKED and (swapped := self._swapped(layer, value)) is not value:
                yield key, value, swapped

    def _swapped(self, layer: Any, value: Any) -> Any:
        if isinstance(value, keras.Variable):
            return self._stand_in(layer, value)
        if self._records and _is_table(value):
            return self._array(keras.ops.convert_to_tensor(value), keras.ops.convert_to_numpy(value))
        if isinstance(value, dict):
            return self._changed(value, {key: self._swapped(layer, each) for key, each in value.items()})
        if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
            made = [self._swapped(layer, each) for each in value]
            changed = any(one is not other for one, other in zip(made, value, strict=True))
            return (tuple(made) if isinstance(value, tuple) else made) if changed else value
        return value

    @staticmethod
    def _changed(old: Mapping[Any, Any], new: dict[Any, Any]) -> Any:
        return new if any(new[key] is not old[key] for key in old) else old

    def _stand_in(self, layer: Any, variable: Any) -> Any:
        if id(variable) not in self._found.weights:
            shape = self._resized.weights.get(id(variable), tuple(variable.shape))
            tensor = SymbolicWeight(shape, variable)
            tensor.keeps = not self._forgets
            self._found.weights[id(variable)] = variable, tensor
        tensor = self._found.weights[id(variable)][1]
        wanted = layer.compute_dtype
        casts = wanted != variable.dtype and variable._autocast and keras.backend.is_float_dtype(variable.dtype)
        return keras.ops.cast(tensor, wanted) if casts and keras.backend.is_float_dtype(wanted) else tensor

    def _put(self, layer: Any, symbolic: bool) -> None:
        for key, real, swapped in self._swaps.get(id(layer), ()):
            vars(layer)[key] = swapped if symbolic else real

    @contextlib.contextmanager
    def _real(self, layer: Any) -> Iterator[None]:
        inside = [each for each in layer._flatten_layers(include_self=True, recursive=True) if id(each) in self._layers]
        was_closed, self._is_closed = self._is_closed, True
        for each in inside:
            self._put(each, symbolic=False)
        try:
            yield
        finally:
            self._is_closed = was_closed
            for each in inside:
                self._put(each, symbolic=True)

    def _array(self, made: Any, how: Computed | np.ndarray) -> Any:
        tensor = self._symbolic(made)
        self._found.computed[id(tensor)] = how
        return tensor

    def _is_of_numbers(self, structure: Any) -> bool:
        """Whether what a layer is called on is computed of numbers alone: Keras would compute it there and then."""
        pending = [each for each in keras.tree.flatten(structure) if isinstance(each, keras.KerasTensor)]
        if not (pending and self._records):
            return False
        seen: set[int] = set()
        while pending:
            tensor = pending.pop()
            if id(tensor) in self._found.constants or id(tensor) in seen:
                continue
            seen.add(id(tensor))
            history = getattr(tensor, "_keras_history", None)
            if isinstance(tensor, SymbolicWeight) or history is None or isinstance(history.operation, keras.Layer):
                return False
            node = history.operation._inbound_nodes[history.node_index]
            if not node.input_tensors:
                return False
            pending += node.input_tensors
        return True

    def _computed(self, layer: Any, args: Any, kwargs: Any) -> Any:
        self._inside.add(id(layer))
        return layer.call(*args, **kwargs)

    def _closed(self, layer: Any) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if not self._is_closed and not keeps_in_training(layer) and self._is_of_numbers((args, kwargs)):
                return self._computed(layer, args, kwargs)
            kwargs = {key: value for key, value in kwargs.items() if value is not UNSAID}
            if not self._is_closed and self._timesteps.are_apart(layer):
                self._inside.add(id(layer))
                return self._at_each_step(layer, *args, **kwargs)
            self._inside.discard(id(layer))
            self._found.needs_masks |= looks_at_masks(layer, args, kwargs)
            taken_as_dense((args, kwargs))
            used = self._resized.layers.get(id(layer), layer)
            with self._real(layer):
                outputs = self._whole(used, type(used).symbolic_call(used, *args, **kwargs), args, kwargs)
            take_masks(layer, args, kwargs)
            masks = {key: value for key, value in kwargs.items() if key.endswith("mask") and _has_tensors(value)}
            for tensor in keras.tree.flatten(outputs) if masks else ():
                self._found.masks[id(tensor)] = masks
            return outputs

        return call

    def _whole(self, layer: Any, outputs: Any, args: Any, kwargs: Any) -> Any:
        """``outputs`` as long as follows from the inputs: Keras leaves some lengths open, a user's class may err."""
        shapes = [each.shape for each in keras.tree.flatten((args, kwargs)) if isinstance(each, keras.KerasTensor)]
        is_open = any(None in each.shape for each in keras.tree.flatten(outputs) if each is not None)
        # Keras takes the scores of attention to be as long as the queries both ways.
        has_scores = isinstance(layer, keras.layers.MultiHeadAttention) and isinstance(outputs, tuple)
        is_sure = not is_open and not has_scores and id(layer) not in self._found.closed
        if is_sure or any(None in each for each in shapes):
            return outputs
        key = type(layer), repr(_without_name(layer)) if is_open else id(layer), repr(shapes)
        if key not in self._specs:
            try:
                made = compute_output_spec(layer.call, *args, **kwargs)
            # A user's own call() may only run on values.
            except Exception:
                if is_open:
                    raise
                made = outputs
            known = [getattr(each, "shape", None) for each in keras.tree.flatten(made)]  # some are None
            is_known = not any(None in each for each in known if each is not None)
            self._specs[key] = known if is_known else lengths_tried(layer, args, kwargs) or known
        flat = zip(keras.tree.flatten(outputs), self._specs[key], strict=True)
        whole = [
            each if each is None or shape is None else keras.KerasTensor(_known(shape, each.shape), dtype=each.dtype)
            for each, shape in flat
        ]
        return keras.tree.pack_sequence_as(outputs, whole)

    def _opened(self, layer: Any) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._is_of_numbers((args, kwargs)):
                return self._computed(layer, args, kwargs)
            effects, calls, losses = self._effects(), len(self._found.opened), len(self._losses)
            self._path.append(layer.name)
            calls_before = self._called[tuple(self._path)]
            self._called[tuple(self._path)] += 1
            mask = mask_of_inputs(args, kwargs)
            try:
                is_over_time = type(layer) is keras.layers.TimeDistributed
                outputs = self._over_time(layer, *args, **kwargs) if is_over_time else called(layer, *args, **kwargs)
                self._check_effects(effects)
                outputs = keras.tree.map_structure(self._symbolic, outputs)
                outputs = with_masks(layer, args[0] if args else next(iter(kwargs.values()), None), outputs, mask)
                self._losses += activity_losses(layer, outputs)
            # call() is the user's own code, and may look at values.
            except Exception as error:
                self._found.closed[id(layer)] = reason_of(error)
                self._inside.discard(id(layer))
                del self._found.opened[calls:], self._losses[losses:]
                self._forget(effects)
                if made := self._resized.made.get(tuple(self._path)):
                    return MadeSo(made[calls_before])(_tensors_in((args, kwargs)))
                return self._closed(layer)(*args, **kwargs)
            finally:
                path = tuple(self._path)
                self._path.pop()
            self._inside.add(id(layer))
            self._record(OpenedCall(layer, path, args, kwargs, outputs), self._losses[losses:])
            return outputs

        return call

    def _over_time(self, layer: Any, inputs: Any, mask: Any = None, **_: Any) -> Any:
        return self._timesteps.run(layer, inputs, mask)

    def _at_each_step(self, layer: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """What a layer makes that keeps something of each timestep."""
        if id(layer) in self._found.closed or args or kwargs.get("mask") is not None:
            raise ClosedError(
                "keeps something of each timestep, or has a mask of them: that cannot be seen from outside"
            )
        wrapper = self._timesteps.wrapped(layer)
        vars(wrapper)["symbolic_call"] = self._closed(wrapper)
        with self._real(layer):
            outputs = wrapper(self._timesteps.unfolded(inputs), **kwargs)
        return keras.tree.map_structure(self._timesteps.folded, outputs)

    def _symbolic(self, output: Any) -> Any:
        # A length that a layer hands on is a number here, where Keras itself may have a tensor.
        if output is None or isinstance(output, (keras.KerasTensor, int, np.integer)):
            return output
        if not keras.ops.is_tensor(output):
            raise ClosedError("makes something that is no tensor")
        tensor = keras.KerasTensor(tuple(output.shape), dtype=keras.backend.standardize_dtype(output.dtype))
        self._found.constants[id(tensor)] = output
        self._found.makers[id(tensor)] = tuple(self._path)
        self._kept_alive.append(tensor)
        return tensor

    def _record(self, call: OpenedCall, losses: Sequence[Any]) -> None:
        made = [*keras.tree.flatten(call.outputs), *losses]
        outputs = [each for each in made if isinstance(each, keras.KerasTensor)]
        given = {id(each) for each in keras.tree.flatten((call.args, call.kwargs))}
        for node in self._behind(outputs, given, self._found.masks):
            self._found.paths.setdefault(id(node), call.path)
        self._found.opened.append(call)

    def _behind(self, ends: Sequence[Any], stop: set[int], masks: Mapping[int, dict[str, Any]]) -> list[Any]:
        """The nodes that make ``ends``, each after those it reads from; without recursion, for deep models."""
        found: list[Any] = []
        entered: set[int] = set()
        stack = [(tensor, False) for tensor in reversed(ends)]
        while stack:
            item, is_done = stack.pop()
            if is_done:
                found.append(item)
                continue
            if id(item) in stop or id(item) in self._found.constants or isinstance(item, SymbolicWeight):
                continue
            history = getattr(item, "_keras_history", None)
            if history is None or history.operation is None or isinstance(history.operation, keras.layers.InputLayer):
                continue
            node = history.operation._inbound_nodes[history.node_index]
            if id(node) in entered:
                continue
            entered.add(id(node))
            stack.append((node, True))
            extra = masks.get(id(node.outputs[0]), {})
            read = [*node.input_tensors, *(each for each in keras.tree.flatten(extra) if _has_tensors(each))]
            stack.extend((tensor, False) for tensor in reversed(read))
        return found

    def _effects(self) -> int:
        return len(self._scope.state_mapping)

    def _check_effects(self, before: int) -> None:
        if self._effects() > before and not self._forgets:
            raise ClosedError("assigns to its weights, or draws random numbers by means of its own")

    def _forget(self, count: int) -> None:
        for key in list(self._scope.state_mapping)[count:]:
            del self._scope.state_mapping[key]


def _without_name(layer: Any) -> Any:
    """What a layer is made with; a class of a user's own may not be able to say, and is like itself alone."""
    try:
        return {key: value for key, value in layer.get_config().items() if key != "name"}
    except Exception:
        return id(layer)


def _is_table(value: Any) -> bool:
    """Whether an attribute is an array of which a part may be taken for each length, as of sines for positions."""
    is_array = isinstance(value, np.ndarray) or keras.ops.is_tensor(value)
    is_float = is_array and keras.backend.is_float_dtype(keras.backend.standardize_dtype(value.dtype))
    return is_float and len(value.shape) > 1 and 1 < np.prod(value.shape) <= LARGEST_TABLE


def _tensors_in(structure: Any) -> list[Any]:
    return [each for each in keras.tree.flatten(structure) if isinstance(each, keras.KerasTensor)]


def _has_tensors(structure: Any) -> bool:
    return any(isinstance(each, keras.KerasTensor) for each in keras.tree.flatten(structure))


def _known(computed: tuple[int | None, ...], said: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """The lengths that ``call()`` computes; those that it leaves open are what the class says."""
    if len(computed) != len(said):
        return computed
    return tuple(other if length is None else length for length, other in zip(computed, said, strict=True))
