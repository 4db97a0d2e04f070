"""Floor 5: trials gathered, swept and compared, and the best of them."""

from ..training import Trial
from .comparison import Comparison, compare
from .networks import NetworkComparison, compare_networks
from .pareto import pareto_front
from .study import Study

__all__ = ["Comparison", "NetworkComparison", "Study", "Trial", "compare", "compare_networks", "pareto_front"]
