"""Rules of Keras's core layers: input, dense, activation, identity."""

from __future__ import annotations

from typing import Any

from .meaning import Role
from .operations import Operations
from .registry import register_layer_rule
from .rule import (
    Connection,
    Cost,
    Elementwise,
    LayerRule,
    Mixing,
    Setting,
    Site,
    WeightAxes,
    activation_of,
    weighted_cost,
)


class Dense(LayerRule):
    """``y = activation(x W + b)`` over the last axis; every other axis is a position."""

    role = Role.DENSE
    ignores_padding = True
    bias_key = "use_bias"
    activation_key = "activation"
    initializer_key = "kernel_initializer"

    def connect(self, site: Site) -> Connection:
        *positions, fan_in = site.inputs[0]
        units = site.new_width(site.config["units"])
        return Connection(
            outputs=((*positions, units),),
            weights=(
                WeightAxes("kernel", (fan_in, units), incoming=1),
                WeightAxes("bias", (units,), is_bias=True),
            ),
        )

    def cost(self, site: Site, at: Setting) -> Cost:
        return weighted_cost(site, at, over=at.size(site.inputs[0][-1]), passes=len(site.inputs[0]) > 1)

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"units": at.size(site.outputs[0][-1])}


class Activation(LayerRule):
    """A layer that only applies an activation."""

    elementwise = True
    ignores_padding = True
    activation_key = "activation"

    def cost(self, site: Site, at: Setting) -> Cost:
        return activation_of(site, at)


class Embedding(LayerRule):
    """A row of a table for each index. Looking up is no arithmetic; the vocabulary belongs to the task."""

    tokens_key = "input_dim"
    ignores_padding = True
    initializer_key = "embeddings_initializer"

    def connect(self, site: Site) -> Connection:
        width = site.new_width(site.config["output_dim"])
        return Connection(
            outputs=((*site.inputs[0], width),),
            weights=(WeightAxes("embeddings", (site.config["input_dim"], width), incoming=1),),
        )

    def cost(self, site: Site, at: Setting) -> Cost:
        return Cost(passes=True)  # its gradient reads the indices

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"output_dim": at.size(site.outputs[0][-1])}


class ReversibleEmbedding(Embedding):
    """An embedding that is also called in reverse, as the product with its own (tied) table that makes the logits.

    Press and Wolf 2017. Untied, the product has a table of its own.
    """

    ignores_padding = False

    def connect(self, site: Site) -> Connection:
        vocabulary = site.config["input_dim"]
        reverse = self._is_reverse(site)
        width = site.inputs[0][-1] if reverse else site.new_width(site.config["output_dim"])
        tables = [WeightAxes("embeddings", (vocabulary, width), incoming=1)]
        if not site.config["tie_weights"]:
            tables.append(WeightAxes("reverse embeddings", (width, vocabulary), incoming=1))
        output = (*site.inputs[0][:-1], vocabulary) if reverse else (*site.inputs[0], width)
        return Connection((output,), tuple(tables))

    def cost(self, site: Site, at: Setting) -> Cost:
        if not self._is_reverse(site):
            return Cost(passes=True)
        width, logits = at.size(site.inputs[0][-1]), at.elements(site.outputs[0])
        capped = site.config["logit_soft_cap"] is not None  # divide, tanh, multiply
        operations = Operations(site)
        made = operations.weighted(0, logits, over=width)
        if capped:
            made = operations.elementwise(logits, made, flops=3, saves=[(made, 1)])
        return operations.cost(made, passes=True)

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"output_dim": at.size((site.inputs if self._is_reverse(site) else site.outputs)[0][-1])}

    def mixing(self, site: Site) -> Mixing:
        # Tied, one table is looked up, whose copies stay whole, and summed over, where they would share.
        shared = self._is_reverse(site) and site.config["tie_weights"]
        return Mixing(summed=(site.inputs[0][-1],)) if shared else Mixing()

    def _is_reverse(self, site: Site) -> bool:
        named = site.call.kwargs or {}
        return bool(named.get("reverse", site.call.args[1] if len(site.call.args) > 1 else False))


class EinsumDense(LayerRule):
    """A product of any axes, by an equation such as ``abc,cd->abd``; letters only the kernel brings are widths."""

    role = Role.EINSUM_DENSE
    activation_key = "activation"
    initializer_key = "kernel_initializer"

    def connect(self, site: Site) -> Connection:
        taken, kernel, made = self._letters(site)
        dims = dict(zip(taken, site.inputs[0], strict=True))
        sizes = dict(zip(kernel, site.layer.weights[0].shape, strict=True))
        brought = [letter for letter in kernel if letter not in dims]
        for letter in brought:
            dims[letter] = site.new_width(sizes[letter], None if len(brought) == 1 else f"axis {letter}")
        produced = tuple(position for position, letter in enumerate(kernel) if letter in made)
        bias = tuple(dims[letter] if letter in (site.config["bias_axes"] or "") else 1 for letter in made)
        # Keras drops the leading axes of size 1 from a bias.
        while len(bias) > 1 and bias[0] == 1 and made[len(made) - len(bias)] not in (site.config["bias_axes"] or ""):
            bias = bias[1:]
        return Connection(
            outputs=(tuple(dims[letter] for letter in made),),
            weights=(
                WeightAxes("kernel", tuple(dims[letter] for letter in kernel), incoming=produced),
                *([WeightAxes("bias", bias)] if site.config["bias_axes"] else []),
            ),
        )

    def cost(self, site: Site, at: Setting) -> Cost:
        taken, _, made = self._letters(site)
        dims = dict(zip(taken, site.inputs[0], strict=True)) | dict(zip(made, site.outputs[0], strict=True))
        summed = at.elements(tuple(dims[letter] for letter in taken if letter not in made))
        outputs = at.elements(site.outputs[0])
        operations = Operations(site)
        product = operations.weighted(0, outputs, over=summed)
        biased = operations.biased(product, outputs, int(bool(site.config["bias_axes"])))
        operations.activated(biased, outputs, at.activation(site), at.size(site.outputs[0][-1]))
        return operations.cost(passes=len(made) > 1 and taken[0] == made[0])

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        given = site.config["output_shape"]
        shape = [given] if isinstance(given, int) else list(given)
        sizes = [at.size(dim) for dim in site.outputs[0]][-len(shape) :]
        return {"output_shape": [None if old is None else new for old, new in zip(shape, sizes, strict=True)]}

    def mixing(self, site: Site) -> Mixing:
        taken, kernel, made = self._letters(site)
        axes = zip(taken, site.inputs[0], strict=True)
        return super().mixing(site) + Mixing(summed=tuple(dim for letter, dim in axes if letter not in kernel + made))

    def _letters(self, site: Site) -> tuple[str, str, str]:
        """The letters of input, kernel and output, without those of the batch."""
        left, made = site.config["equation"].replace(" ", "").split("->")
        taken, kernel = left.split(",")
        if "..." in taken:
            spare = [letter for letter in "ZYXWVUTSRQPONMLKJIHGFEDCBA" if letter not in left + made]
            dots = "".join(spare[: len(site.inputs[0]) + 1 - len(taken.replace("...", ""))])
            taken, made = taken.replace("...", dots), made.replace("...", dots)
        return taken[1:], kernel, made[1:]


class Input(Elementwise):
    """Where samples come in."""

    role = Role.INPUT


class Identity(Elementwise):
    """What it reads, unchanged."""

    keeps_values = True
    is_view = True


class Masking(Elementwise):
    """Says which timesteps are to be skipped: those whose channels all hold one value."""

    elementwise = False

    def ignores_padding_at(self, site: Site) -> bool:
        return not site.config["mask_value"]


register_layer_rule("InputLayer", Input(kept=0))
register_layer_rule("Identity", Identity(kept=0))
register_layer_rule("Dense", Dense())
register_layer_rule("Activation", Activation())
register_layer_rule("Embedding", Embedding())
register_layer_rule("ReversibleEmbedding", ReversibleEmbedding())
register_layer_rule("EinsumDense", EinsumDense())
register_layer_rule("Masking", Masking(flops=1, span=1))
