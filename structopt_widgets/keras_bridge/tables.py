"""Tables of TensorFlow's that a layer's own code looks keys up in: a layer of the same keys and values does it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .nodes import PATCHING


@keras.saving.register_keras_serializable("structopt_widgets")
class LooksUp(keras.layers.Layer):
    """The value of each key; ``default`` for a key that has none, or one of so many ``buckets`` by its hash."""

    def __init__(
        self,
        keys: Sequence[Any],
        values: Sequence[Any],
        dtypes: Sequence[str],
        default: Any = None,
        buckets: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        self.keys, self.values, self.dtypes = [*keys], [*values], [*dtypes]
        self.default, self.buckets = default, buckets
        pairs = tf.lookup.KeyValueTensorInitializer(
            tf.constant(self.keys, dtypes[0]), tf.constant(self.values, dtypes[1])
        )
        self._of_values = (
            tf.lookup.StaticVocabularyTable(pairs, buckets)
            if default is None
            else tf.lookup.StaticHashTable(pairs, default)
        )
        self.built = True

    def call(self, inputs: Any) -> Any:
        return self._of_values.lookup(inputs)

    def compute_output_spec(self, inputs: Any) -> keras.KerasTensor:
        return keras.KerasTensor(inputs.shape, dtype=self.dtypes[1])

    def get_config(self) -> dict[str, Any]:
        names = ("keys", "values", "dtypes", "default", "buckets")
        config = super().get_config() | {name: getattr(self, name) for name in names}
        return {key: value for key, value in config.items() if key != "autocast"}


@contextlib.contextmanager
def tables_traced(is_tracing: Callable[[], bool]) -> Iterator[None]:
    """In this block the tables of ``tf.lookup`` whose keys do not change take symbolic tensors, which is a call."""
    kinds: tuple[Any, ...] = (tf.lookup.StaticHashTable, tf.lookup.StaticVocabularyTable)
    # Each as its class has it: its own, or what it inherits.
    before = [(kind, vars(kind).get("lookup")) for kind in kinds]

    def lookup(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(table: Any, keys: Any, name: Any = None) -> Any:
            if not (isinstance(keys, keras.KerasTensor) and is_tracing()):
                return real(table, keys, name)
            return _layer_of(table)(keys)

        return call

    with PATCHING:
        for kind, _ in before:
            kind.lookup = lookup(kind.lookup)
        try:
            yield
        finally:
            for kind, own in before:
                if own is None:
                    del kind.lookup
                else:
                    kind.lookup = own


def _layer_of(table: Any) -> LooksUp:
    has_buckets = isinstance(table, tf.lookup.StaticVocabularyTable)
    pairs = table._table if has_buckets else table
    if pairs is None or not (table.value_dtype.is_integer or table.value_dtype.is_floating):
        raise ValueError("a table of no keys, or of texts, is no call here")
    keys, values = (np.asarray(each) for each in pairs.export())
    order = np.argsort(values, kind="stable")
    shown = [each.decode() if isinstance(each, bytes) else each for each in keys[order].tolist()]
    default = None if has_buckets else np.asarray(table._default_value).item()
    buckets = table._num_oov_buckets if has_buckets else 0
    dtypes = (table.key_dtype.name, table.value_dtype.name)
    if has_buckets and dtypes[0] != "string":
        raise ValueError("a table of numbers with buckets is no call here")  # its values are of another dtype inside
    return LooksUp(shown, values[order].tolist(), dtypes, default, buckets)
