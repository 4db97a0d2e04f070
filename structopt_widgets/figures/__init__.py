"""Floor 6: figures of tables. They know neither Keras nor widgets."""

from .keep_pictures import keep_pictures
from .layer_costs import plot_layer_costs
from .sensitivity_map import plot_sensitivity
from .svg import plot_tradeoff_svg
from .tradeoff import plot_tradeoff

__all__ = ["keep_pictures", "plot_layer_costs", "plot_sensitivity", "plot_tradeoff", "plot_tradeoff_svg"]
