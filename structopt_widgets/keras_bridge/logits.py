"""What a closing sigmoid or softmax made its outputs of: Keras hangs it on them, and its crossentropies read that."""

from __future__ import annotations

from typing import Any


def logits_of(outputs: Any) -> Any:
    """The logits behind outputs, ``None`` where Keras keeps none."""
    return getattr(outputs, "_keras_logits", None)


def with_logits(outputs: Any, logits: Any) -> Any:
    """The outputs, from which a loss takes ``logits`` where there are any."""
    if logits is not None:
        outputs._keras_logits = logits
    return outputs
