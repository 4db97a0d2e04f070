"""Small models, one peculiarity each; every law is run on all of them."""

from . import composites, depth, images, opened, sequences, vectors, wiring
from .specimen import ZOO, Specimen, randomize

__all__ = ["ZOO", "Specimen", "composites", "depth", "images", "opened", "randomize", "sequences", "vectors", "wiring"]
