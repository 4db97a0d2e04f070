"""Floor 4: data, a budget, and the quick run that turns a structure into a measured trial."""

from .budget import Budget
from .data import Data
from .datasets import load_data
from .progress import Progress
from .quick_run import quick_run
from .references import reference_scores
from .together import train_together
from .trial import Trial

__all__ = ["Budget", "Data", "Progress", "Trial", "load_data", "quick_run", "reference_scores", "train_together"]
