"""Rules of preprocessing layers: what they look up belongs to the data, so that the sizes around them stay."""

from __future__ import annotations

from ..graph import ceil_log2
from .kept import Kept
from .registry import register_layer_rule
from .rule import Cost, Setting, Site


def _binned(site: Site, at: Setting) -> Cost:
    """Each value is searched for among the boundaries, by halves."""
    boundaries = site.config["bin_boundaries"]
    bins = site.config["num_bins"] if boundaries is None else len(boundaries) + 1
    return Cost(other=ceil_log2(bins) * at.elements(site.inputs[0]), span=ceil_log2(bins))


LOOKS_UP = "structopt_widgets.keras_bridge.tables.LooksUp"


class CategoryEncoding(Kept):
    """One or more categories, each a number below ``num_tokens``."""

    tokens_key = "num_tokens"


# As an embedding's, a lookup is no arithmetic, nor is the hash that text is looked up by.
for _kind in ("IntegerLookup", "StringLookup", "TextVectorization", LOOKS_UP):
    register_layer_rule(_kind, Kept("looks its input up in a vocabulary"))
for _kind in ("Hashing", "HashedCrossing"):
    register_layer_rule(_kind, Kept("sorts its input into bins by a hash"))
# One addition for each token that is counted.
register_layer_rule("CategoryEncoding", CategoryEncoding("makes a place for each category", reads=1, span=1))
register_layer_rule("Discretization", Kept("sorts its input into bins", counted=_binned))
