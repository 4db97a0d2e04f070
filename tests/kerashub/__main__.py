"""Examine KerasHub's backbones and print the table: ``uv run python -m kerashub [--write] [name ...]`` in ``tests``."""

import sys

from foreign_models.table import command

from . import EXPECTED, TINY
from .tiny import examine

command(sys.argv[1:], TINY, lambda name: examine(TINY[name]), EXPECTED)
