"""KerasHub's presets: the numbers of parameters it publishes, and configurations, which the package does not hold."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from keras_hub import models as hub

from .preset_converted import CONVERTED
from .preset_decoders import DECODERS
from .preset_encoder_decoders import ENCODER_DECODERS
from .preset_encoders import ENCODERS
from .preset_image_text import IMAGE_TEXT
from .preset_images import IMAGES

ALL = (*ENCODERS, *DECODERS, *IMAGES, *CONVERTED, *IMAGE_TEXT, *ENCODER_DECODERS)


def published() -> dict[str, int]:
    """Every preset's ``params`` in the installed package, by its name."""
    found = {}
    for package in pkgutil.iter_modules(importlib.import_module("keras_hub.src.models").__path__):
        path = f"keras_hub.src.models.{package.name}"
        for module in pkgutil.iter_modules(importlib.import_module(path).__path__) if package.ispkg else ():
            if module.name.endswith("_presets"):
                for each in vars(importlib.import_module(f"{path}.{module.name}")).values():
                    if isinstance(each, dict):
                        found |= {
                            name: preset["metadata"]["params"]
                            for name, preset in each.items()
                            if isinstance(preset, dict) and "params" in preset.get("metadata", {})
                        }
    return found


def configurations(classes: Sequence[str] = ()) -> Iterator[tuple[list[str], Callable[[], Any]]]:
    """The presets of one configuration, and a function that builds their backbone; of some classes, or of all."""
    for name, common, members in ALL:
        for presets, own in members if not classes or name in classes else ():
            yield presets.split(), lambda name=name, settings=common | own: _built(name, settings)


def _built(kind: str | type, settings: dict[str, Any]) -> Any:
    """The backbone; settings that are models themselves are given as their class, or its name, and settings."""
    given = {
        key: _built(*each) if isinstance(each, tuple) and isinstance(each[0], str | type) else each
        for key, each in settings.items()
    }
    return (getattr(hub, kind) if isinstance(kind, str) else kind)(**given)
