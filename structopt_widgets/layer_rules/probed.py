"""The rule of a layer that only runs: what trying it out showed of its channels, and of its operations."""

from __future__ import annotations

from typing import Any

from ..graph import Concat, Dim, Product, baseline_size
from .kept import as_keras_has_them, fix_inputs
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Setting, Site

PROBED = "Probed"  # the kind of such a layer
ENTRY = "probe"  # where its serialization says what was found


class Probed(LayerRule):
    """A layer without weights whose code takes no symbolic tensors.

    ``passes`` says for each input how its last axis comes out along ``axis`` of the output: ``(outer, inner)`` blocks
    of it, one of them 1; ``None`` of an input that steers the others, as boxes do, whose width stays as it is, and
    ``None`` for all where channels are mixed. ``joins`` says whether
    the inputs are laid side by side there. ``flops``, ``macs`` and ``span`` are what a sample takes, and the first two
    also what each more channel of every input takes.
    """

    random = False

    def connect(self, site: Site) -> Connection:
        found = self._found(site)
        outputs = as_keras_has_them(site)
        if found["passes"] is None or len(outputs) != 1:
            fix_inputs(site, "computes across it")
            return Connection(outputs)
        parts = []
        for shape, blocks in zip(site.inputs, found["passes"], strict=True):
            site.fix(shape[:-1] if blocks else shape, "was tried on this length")
            parts += [_blocks(shape[-1], *blocks)] if blocks else []
        if found["joins"]:
            made: Dim = Concat(tuple(parts)) if len(parts) > 1 else parts[0]
        else:
            made = parts[0]
            for part in parts[1:]:
                site.tie(made, part, "combines them channel by channel")
        shape, axis = outputs[0], found["axis"]
        return Connection(((*shape[:axis], made, *shape[axis + 1 :]),))

    def cost(self, site: Site, at: Setting) -> Cost:
        found = self._found(site)
        more = [at.size(shape[-1]) - baseline_size(shape[-1]) for shape in site.inputs if shape]
        counts = {
            name: found[name] + sum(each * extra for each, extra in zip(found["more"][name], more, strict=True))
            for name in ("macs", "flops")
        }
        return Cost(macs=counts["macs"], other=counts["flops"], span=found["span"])

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        told = site.config.get("output_shape")  # of a Lambda
        is_told = isinstance(told, (list, tuple)) and len(told) == len(site.outputs[0])
        return {"output_shape": [at.size(dim) for dim in site.outputs[0]]} if is_told else {}

    def _found(self, site: Site) -> dict[str, Any]:
        found: dict[str, Any] = site.layer.serialized[ENTRY]
        return found


def _blocks(dim: Dim, outer: int, inner: int) -> Dim:
    if isinstance(dim, int):
        return outer * dim * inner
    if outer * inner == 1:
        return dim
    return Product(outer, dim) if outer > 1 else Product(dim, inner)


register_layer_rule(PROBED, Probed())
