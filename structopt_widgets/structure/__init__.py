"""Floor 2: which structures a model can take, and one of them chosen."""

from .allowed_widths import INITIALIZERS
from .sections import Section
from .space import StructureSpace
from .structure import Structure
from .width_groups import LayerSwitches, WidthGroup

__all__ = ["INITIALIZERS", "LayerSwitches", "Section", "Structure", "StructureSpace", "WidthGroup"]
