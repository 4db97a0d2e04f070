"""Building a model that is only to be measured, however large it is."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import keras
from keras.src.backend.common import global_state
from keras.src.backend.common.stateless_scope import in_stateless_scope
from keras.src.backend.common.variables import Variable

_blocks = 0  # of how many the values wait now, in all threads
_counting = threading.Lock()

_PENDING = "uninitialized_variables"  # where Keras lists what it has still to allocate


@contextlib.contextmanager
def without_weights() -> Iterator[None]:
    """Models built in this block allocate no weights: seven billion parameters fit on a laptop.

    ::

        with sw.without_weights():
            model = build_my_large_transformer()
        sw.explore(model)

    Such a model can be read, measured and explored. It cannot be run, trained or saved; a structure
    of it is built with ``build(weights="fresh")``. What is computed eagerly inside the block (a
    constant made with ``keras.ops``) is computed as usual. On leaving, Keras's global state is
    cleared (``keras.backend.clear_session()``), which starts automatic layer names anew: otherwise
    Keras would allocate the weights at the next opportunity.

    >>> with sw.without_weights():
    ...     huge = keras.Sequential([keras.Input((10_000,)), keras.layers.Dense(1_000_000)])
    >>> sw.measure(huge).n_params == 10_000 * 1_000_000 + 1_000_000
    True
    """
    try:
        # The default would initialize on leaving everything that was created inside.
        with _values_wait(), keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        # The variables wait in a global list, which a later scope would allocate.
        keras.backend.clear_session()


@contextlib.contextmanager
def unallocated() -> Iterator[None]:
    """Layers built in this block get no weights, and leave nothing behind in Keras's list of what to allocate."""
    pending = pending_weights()
    try:
        with _values_wait(), keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        keep_pending(pending)


@contextlib.contextmanager
def _values_wait() -> Iterator[None]:
    """Let a variable that is given its value wait for it, as one that is given an initializer does.

    Keras refuses it in a stateless scope, and an optimizer's count of steps is such a variable: no model that compiles
    itself, as KerasHub's tasks do, could be built.
    """
    global _blocks
    with _counting:
        _blocks += 1
        if _blocks == 1:
            Variable.__init__ = _with_waiting_value
    try:
        yield
    finally:
        with _counting:
            _blocks -= 1
            if not _blocks:
                Variable.__init__ = _keras_init


_keras_init = Variable.__init__


def _with_waiting_value(
    self: Any, initializer: Any, shape: Any = None, dtype: Any = None, *more: Any, **settings: Any
) -> None:
    """``keras.Variable(value)`` as ``keras.Variable(initializer, shape)``."""
    if in_stateless_scope() and not callable(initializer) and not isinstance(initializer, str):
        value = keras.ops.convert_to_tensor(initializer, dtype=dtype)
        shape, dtype = tuple(value.shape), dtype or value.dtype

        def initializer(_: Any, dtype: Any = None) -> Any:
            return keras.ops.cast(value, dtype)

    _keras_init(self, initializer, shape, dtype, *more, **settings)


def pending_weights() -> list[Any]:
    """The variables that Keras has still to allocate, in a list of its own."""
    return list(global_state.get_global_attribute(_PENDING, []))


def keep_pending(variables: list[Any]) -> None:
    """Of what Keras has still to allocate, let it forget all but ``variables``."""
    kept = {id(each) for each in variables}
    global_state.set_global_attribute(_PENDING, [each for each in pending_weights() if id(each) in kept])


def is_allocated(variable: Any) -> bool:
    """Whether a variable holds values; without them Keras answers with freshly made placeholders."""
    return getattr(variable, "_value", None) is not None


def allocate_late(model: keras.Model) -> None:
    """Give values to the weights that a trace made a layer add to a model that has values already.

    Training makes some layers build what inference leaves out. Without values such a weight would be another random
    one each time it is read.
    """
    late = [variable for variable in model.variables if not is_allocated(variable)]
    if not late or len(late) == len(model.variables):
        return
    for variable in late:
        variable._deferred_initialize()
    done = {id(variable) for variable in late}
    keep_pending([each for each in pending_weights() if id(each) not in done])
