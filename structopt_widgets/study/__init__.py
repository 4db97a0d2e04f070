"""Floor 5: trials gathered, swept and compared, and the best of them."""

from ..training import Trial
from .beside_references import Gain, beside_references
from .comparison import Comparison, compare
from .networks import NetworkComparison, compare_networks
from .pareto import pareto_front
from .study import Study

__all__ = [
    "Comparison",
    "Gain",
    "NetworkComparison",
    "Study",
    "Trial",
    "beside_references",
    "compare",
    "compare_networks",
    "pareto_front",
]
