"""Floor 2: which structures a model can take, and one of them chosen."""

from .allowed_widths import INITIALIZERS
from .history import History
from .sections import Section
from .space import StructureSpace
from .structure import Structure
from .width_groups import LayerSwitches, WidthGroup

__all__ = ["INITIALIZERS", "History", "LayerSwitches", "Section", "Structure", "StructureSpace", "WidthGroup"]
