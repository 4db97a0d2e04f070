"""Models as other people build them, written by someone who does not write the reader, and what became of each."""

from pathlib import Path

from . import (
    attention,
    convolutional,
    generative,
    graphs,
    language,
    metric_learning,
    own_weights,
    quirks,
    segmentation,
    sequences,
    tabular,
    tensorflow_idioms,
    translation,
    vision_transformers,
    windows,
)
from .foreign import FOREIGN, Foreign

EXPECTED = Path(__file__).with_name("expected.json")

__all__ = [
    "EXPECTED",
    "FOREIGN",
    "Foreign",
    "attention",
    "convolutional",
    "generative",
    "graphs",
    "language",
    "metric_learning",
    "own_weights",
    "quirks",
    "segmentation",
    "sequences",
    "tabular",
    "tensorflow_idioms",
    "translation",
    "vision_transformers",
    "windows",
]
