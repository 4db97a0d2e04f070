"""Floor 3: the only place that touches Keras: read a model, rebuild it, carry weights over."""

from .inheriting.examples import Examples
from .measure_model import measure
from .optimize import optimize_model
from .reading.read import read_model
from .rebuilding.keras_code import write_code
from .rebuilding.rebuild import build_model
from .verifying.verify import verify_report
from .without_weights import without_weights

__all__ = [
    "Examples",
    "build_model",
    "measure",
    "optimize_model",
    "read_model",
    "verify_report",
    "without_weights",
    "write_code",
]
