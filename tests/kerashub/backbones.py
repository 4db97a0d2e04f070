"""All of them, by name."""

from . import image_backbones, joint_backbones, text_backbones
from .tiny import TINY, Tiny, examine

__all__ = ["TINY", "Tiny", "examine", "image_backbones", "joint_backbones", "text_backbones"]
