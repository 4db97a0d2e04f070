"""``python -m structopt_widgets`` is ``structopt-widgets``."""

import sys

from .cli import main

sys.exit(main())
