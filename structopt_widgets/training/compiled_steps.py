"""Freeing what TensorFlow compiled for models that are gone."""

from __future__ import annotations

from ..keras_bridge.backend import is_tensorflow


def forget_compiled_steps() -> None:
    """Free the compiled steps of models and datasets that nothing refers to any more.

    TensorFlow keeps a kernel of every function it ever ran, with the function's optimized graph and
    constants: a few megabytes a quick run. Its kernels are counted by who uses them, so that those at
    work in other threads stay. :func:`keras.backend.clear_session` does the same, and forgets the
    names of the user's layers besides, which is not ours to do.

    A model and its steps refer to each other, so that Python frees them at some later time, and a later
    call their kernels. Collecting them here would hold up whoever has pressed Cancel.

    What stays are oneDNN's products: each thread of TensorFlow keeps up to 1,024 of them, one for each shape.
    """
    if not is_tensorflow():
        return
    from tensorflow.python.eager import context

    context.context().clear_kernel_cache()
