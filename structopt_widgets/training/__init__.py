"""Floor 4: data, a budget, and the quick run that turns a structure into a measured trial."""

from .budget import Budget
from .data import Data
from .datasets import load_data
from .progress import Progress
from .quick_run import quick_run
from .references import reference_scores
from .sensitivity import Sensitivity, inherited_score, sensitivity
from .together import train_together
from .trial import Trial

__all__ = [
    "Budget",
    "Data",
    "Progress",
    "Sensitivity",
    "Trial",
    "inherited_score",
    "load_data",
    "quick_run",
    "reference_scores",
    "sensitivity",
    "train_together",
]
