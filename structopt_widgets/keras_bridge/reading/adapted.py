"""What a preprocessing layer has learned from data, as entries of its configuration."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def adapted_entries(operation: Any) -> dict[str, Any]:
    """The vocabulary of a layer that looks words or numbers up; the boundaries of one that sorts into bins.

    Keras writes one into the configuration only if it was given there, and keeps what ``adapt()`` found apart:
    a layer made again from its configuration would have lost it.
    """
    if isinstance(operation, keras.layers.Discretization) and operation.bin_boundaries is not None:
        # Adapted boundaries are an array, which Keras's configuration holds in a form that it does not read back,
        # and which a layer that knows how many bins to make forgets again.
        return {"bin_boundaries": [float(each) for each in operation.bin_boundaries], "num_bins": None}
    kinds = (keras.layers.StringLookup, keras.layers.IntegerLookup, keras.layers.TextVectorization)
    if not isinstance(operation, kinds):
        return {}
    words = [_plain(word) for word in operation.get_vocabulary(include_special_tokens=False)]
    if not words:
        return {}
    entries: dict[str, Any] = {"vocabulary": words}
    lookup = getattr(operation, "_lookup_layer", operation)
    if lookup.output_mode == "tf_idf":
        # One weight for what is in no vocabulary leads; the words' own follow.
        weights = keras.ops.convert_to_numpy(lookup.idf_weights)
        entries["idf_weights"] = [float(each) for each in weights[len(weights) - len(words) :]]
    return entries


def _plain(word: Any) -> Any:
    return word.item() if isinstance(word, np.generic) else word
