"""Examine KerasHub's backbones and print the table: ``python -m kerashub [--write] [name ...]`` in ``tests``."""

import sys

from foreign_models.table import command

from . import EXPECTED
from .backbones import TINY, examine

command(sys.argv[1:], TINY, lambda name: examine(TINY[name]), EXPECTED)
