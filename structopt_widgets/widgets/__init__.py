"""Floor 8: ipywidgets and anywidget; thin. No formula lives here."""

from .explorer import Explorer, explore

__all__ = ["Explorer", "explore"]
