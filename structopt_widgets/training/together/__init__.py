"""Training many structures of one space at once."""

from .train_together import train_together

__all__ = ["train_together"]
