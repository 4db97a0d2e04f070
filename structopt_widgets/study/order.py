"""What the workers of an executor are sent once for a sweep, and whether a worker can do it."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import importlib.util
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..graph import UNREAD, WEIGHT, ModelGraph
from ..graph.checks import instance
from ..metrics import model_metrics
from ..structure import StructureSpace
from ..training import Data

_KERAS = ("keras", "builtins")
_checked: set[str] = set()  # keys of orders that this process has been found able to do


@dataclass(frozen=True)
class Order:
    """A sweep for a worker, as plain data.

    Attributes:
        key: its own.
        graph, growth: of the space.
        compiled: the loss and optimizer that the model was compiled with, as Keras's plain configuration.
        rules: each layer's kind and the class of its layer rule, as it is here.
        totals: the baseline's costs, as they are here.
        data: the samples; ``None`` in the order that is only looked at.
    """

    key: str
    graph: Mapping[str, Any]
    growth: float
    compiled: Mapping[str, Any] | None
    rules: Mapping[str, tuple[str, str]]
    totals: Mapping[str, float]
    data: Data | None

    @property
    def without_data(self) -> Order:
        """The same, to look at."""
        return dataclasses.replace(self, data=None)

    @property
    def samples(self) -> Data:
        """The samples of an order that is to be done."""
        return instance(self.data, Data, "an order with its samples")

    def space(self) -> StructureSpace:
        """The space, read here."""
        source = None if self.compiled is None else CompiledSo(self.compiled)
        return StructureSpace(ModelGraph.from_json(self.graph), source, growth=self.growth)


class CompiledSo:
    """In the place of a model at hand, for its loss and optimizer alone, by their configuration.

    They are made when they are asked for: Keras takes seconds to import, and who looks at a study may have none.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = dict(config)

    @functools.cached_property
    def model(self) -> Any:
        """A model that is compiled so, and computes nothing."""
        from ..training.compiled import compiled_so

        return compiled_so(self.config)


def order_of(space: StructureSpace, data: Data | None = None) -> Order:
    """The order for a sweep of ``space``; raises ``ValueError`` for a model whose compilation cannot be sent."""
    compiled = compiled_config(space)
    key = uuid.uuid4().hex
    return Order(key, space.graph.to_json(), space.growth, compiled, _rules(space), _totals(space), data)


def compiled_config(space: StructureSpace) -> dict[str, Any] | None:
    """How the model of a space was compiled, as Keras's plain configuration; ``None`` where it was not.

    Raises ``ValueError`` for what no configuration describes.
    """
    if isinstance(space.source, CompiledSo):
        return space.source.config
    if not getattr(getattr(space.source, "model", None), "compiled", False):
        return None
    from ..training.compiled import compile_config

    return compile_config(space.baseline)


def absent_modules(configs: Any) -> list[str]:
    """Modules that are named and not imported: what a file names is not run before its reader has asked for it."""
    named = {each for each in own_modules(configs) if each and each.split(".")[0] != "structopt_widgets"}
    return sorted(each for each in named if each not in sys.modules or each.split(".")[0] in sys.stdlib_module_names)


def lack(order: Order) -> str:
    """What this process lacks to do an order, and what to do about it; empty when it lacks nothing."""
    absent = [name for name in ("keras", "tensorflow") if importlib.util.find_spec(name) is None]
    if absent:
        return f"which has no {' and no '.join(absent)}. Install structopt-widgets there with what it needs."
    try:
        space = order.space()
        rules, totals = _rules(space), _totals(space)
    # An old release on the worker may raise anything at a graph of this one.
    except Exception as error:
        return (
            f"which cannot read the model ({type(error).__name__}: {error}). Make the worker's packages "
            "and what it imports the same as here."
        )
    others = [name for name in order.rules if rules.get(name) != order.rules[name]]
    if others:
        kind, rule = order.rules[others[0]]
        return (
            f"which has {rules[others[0]][1] if others[0] in rules else 'no layer'} for {others[0]!r} ({kind}) where "
            f"there is {rule} here. Call register_layer_rule there as well, in a module that the worker imports "
            "or by client.run(function)."
        )
    if totals != dict(order.totals):
        first = next(name for name in totals if totals[name] != order.totals[name])
        return (
            f"which counts {first} as {totals[first]:,} where it is {order.totals[first]:,} here: a registered layer "
            "rule, or the release of structopt-widgets, is another one. Make them the same."
        )
    return _lack_of_classes(order, space)


def lack_once(order: Order) -> str:
    """:func:`lack`, looked at once a process."""
    found = "" if order.key in _checked else lack(order)
    if not found:
        _checked.add(order.key)
    return found


def _lack_of_classes(order: Order, space: StructureSpace) -> str:
    """What of a user's own is not to be had here. Keras, which takes seconds to import, is only asked for that."""
    layers = {name: layer for name, layer in space.graph.layers.items() if not {UNREAD, WEIGHT} & set(layer.kinds)}
    what = ""
    try:
        for name, layer in layers.items():
            if modules := set(own_modules(layer.serialized)):
                what = f"the layer {name!r} ({layer.kind})"
                _import(modules)
                from ..keras_bridge.rebuilding.trial_making import make_again

                make_again(layer)
        if order.compiled is not None and (modules := set(own_modules(order.compiled))):
            what = "the loss or the optimizer that the model was compiled with"
            _import(modules)
            from ..training.compiled import compiled_so

            compiled_so(order.compiled)
    # Whatever the code of a user's class raises.
    except Exception as error:
        return (
            f"which cannot make {what}: {type(error).__name__} {' '.join(str(error).split())[:200]} Put it into a "
            "module that the worker imports, under keras.saving.register_keras_serializable()."
        )
    return ""


def own_modules(config: Any) -> Iterator[str]:
    """Modules of the classes and functions in a configuration of Keras that are not Keras's; empty for unknown ones."""
    if isinstance(config, Mapping):
        if "class_name" in config and "config" in config:
            module = config.get("module")
            if module is None and config.get("registered_name") is not None:
                yield ""
            elif module is not None and module.split(".")[0] not in _KERAS:
                yield module
        for each in config.values():
            yield from own_modules(each)
    elif isinstance(config, (list, tuple)):
        for each in config:
            yield from own_modules(each)


def _import(modules: Iterable[str]) -> None:
    for module in modules:
        if module:
            importlib.import_module(module)


def _rules(space: StructureSpace) -> dict[str, tuple[str, str]]:
    found = {}
    for each in space.connected.calls:
        rule = "no layer rule" if each.rule is None else f"the rule {type(each.rule).__qualname__}"
        found[each.call.layer] = (space.kinds[each.call.layer], rule)
    return found


def _totals(space: StructureSpace) -> dict[str, float]:
    cost = space.baseline.measure()
    return {name: getattr(cost, name) for name in model_metrics() if name != "uncounted"}
