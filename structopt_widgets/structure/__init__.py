"""Floor 2: which structures a model can take, and one of them chosen."""

from .choices import INITIALIZERS
from .knobs import LayerSwitches, WidthGroup
from .sections import Section
from .space import StructureSpace
from .structure import Structure

__all__ = ["INITIALIZERS", "LayerSwitches", "Section", "Structure", "StructureSpace", "WidthGroup"]
