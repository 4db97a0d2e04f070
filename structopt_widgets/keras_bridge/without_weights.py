"""Building a model that is only to be measured, however large it is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
from keras.src.backend.common import global_state

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
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        # The variables wait in a global list, which a later scope would allocate.
        keras.backend.clear_session()


@contextlib.contextmanager
def unallocated() -> Iterator[None]:
    """Layers built in this block get no weights, and leave nothing behind in Keras's list of what to allocate."""
    pending = pending_weights()
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        keep_pending(pending)


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
