"""Floor 8: ipywidgets and anywidget; thin. No formula lives here."""

from .explorer import Explorer, explore
from .prediction_check import check_prediction

__all__ = ["Explorer", "check_prediction", "explore"]
