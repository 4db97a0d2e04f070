"""Examine foreign models and print the table: ``python -m foreign_models [--write] [name ...]`` in ``tests``."""

import sys

from . import EXPECTED, FOREIGN
from .examine import examine
from .table import command

command(sys.argv[1:], FOREIGN, lambda name: examine(FOREIGN[name]), EXPECTED)
