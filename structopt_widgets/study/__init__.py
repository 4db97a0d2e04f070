"""Floor 5: trials gathered, and the best of them."""

from ..training import Trial
from .pareto import pareto_front
from .study import Study

__all__ = ["Study", "Trial", "pareto_front"]
