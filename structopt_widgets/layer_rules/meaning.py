"""What a call does to the rest of a model, in words that those who do not look at its arithmetic go by."""

from __future__ import annotations

import enum
from typing import Any


class Role(enum.Enum):
    """What a layer is to those who name, leave out, rank or train it. A rule declares it.

    ``DENSE``, ``EINSUM_DENSE`` and the convolutions promise that the layer computes as Keras's own does, from
    attributes of the same names (``kernel``, ``bias``, ``activation``, ``strides``, ...): training together
    computes them in another way. A layer of another kind that also multiplies by a kernel has no role.
    """

    INPUT = enum.auto()
    ADDITION = enum.auto()
    PRODUCT = enum.auto()  # element by element
    DENSE = enum.auto()
    EINSUM_DENSE = enum.auto()
    CONVOLUTION = enum.auto()
    DEPTHWISE_CONVOLUTION = enum.auto()
    ATTENTION = enum.auto()
    DROPOUT = enum.auto()  # multiplies by 0 or 1 / (1 - rate), in training
    SPATIAL_DROPOUT = enum.auto()  # the same, a channel at a time
    BATCH_NORMALIZATION = enum.auto()
    LAYER_NORMALIZATION = enum.auto()
    RMS_NORMALIZATION = enum.auto()
    ADAPTED_NORMALIZATION = enum.auto()  # by statistics of the data, kept outside its weights
    SIGMOID = enum.auto()
    SOFTMAX = enum.auto()


class Meaning:
    """What a layer means to the rest of a model. A layer rule is one; its class or its instance may say otherwise.

    Attributes:
        role: what the layer is to those who name, leave out or train it; ``None`` for what has no name here.
        elementwise: each element it makes depends on the elements in its place alone, up to its activation.
        ignores_padding: zeros put beside the channels of its inputs, and in its weights, leave what it makes of
            the others as it is, and come out as zeros, up to its activation. Structures of several widths can
            then be trained together. A layer that is ``elementwise`` need not say so.
        keeps_values: when the model is used, its values are its input's, perhaps in another shape.
        is_view: they always are, and need no memory of their own: it is its input in another shape or order.
        reads_no_values: only the shape of its input matters.
        random: it draws random numbers in training.
        assigns: in training it changes a weight that the optimizer updates too.
        tokens_key: the configuration entry that the integers it reads must stay below, or ``None``.
    """

    role: Role | None = None
    elementwise: bool = False
    ignores_padding: bool = False
    keeps_values: bool = False
    is_view: bool = False
    reads_no_values: bool = False
    random: bool = False
    assigns: bool = False
    tokens_key: str | None = None

    def ignores_padding_at(self, site: Any) -> bool:
        """:attr:`ignores_padding` for one call, where that depends on the configuration."""
        return self.ignores_padding
