"""Which validation samples a trial got right, kept small, so that two trials can be compared sample by sample."""

from __future__ import annotations

import base64
import zlib

import numpy as np


def pack_counts(counts: np.ndarray) -> str:
    """Whole numbers from 0 to 65,535 as text: about a byte for eight samples, or for one where the seeds disagree."""
    return base64.b64encode(zlib.compress(np.asarray(counts).astype("<u2").tobytes(), 9)).decode("ascii")


def unpack_counts(text: str) -> np.ndarray:
    """What :func:`pack_counts` was given; raises ``ValueError`` for any other text."""
    try:
        return np.frombuffer(zlib.decompress(base64.b64decode(text, validate=True)), dtype="<u2").astype(np.int64)
    except (ValueError, zlib.error) as error:
        raise ValueError(f"Expected counts packed by pack_counts, got {text[:40]!r}: {error}") from None
