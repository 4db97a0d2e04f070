"""Every backbone of KerasHub at a tiny configuration, and the published sizes of its presets."""

from pathlib import Path

from . import image_backbones, joint_backbones, text_backbones
from .tiny import TINY, Tiny

EXPECTED = Path(__file__).with_name("expected.json")

__all__ = ["EXPECTED", "TINY", "Tiny", "image_backbones", "joint_backbones", "text_backbones"]
