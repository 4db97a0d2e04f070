"""What the test of two trials says, for the page that holds one against the other."""

from __future__ import annotations

import math

from ..graph.wording import say
from ..study import compare
from ..study.comparison import PAIRED
from ..training import Trial


def compared(first: Trial, second: Trial) -> str:
    """What :func:`~structopt_widgets.compare` says of the second against the first, in words."""
    if (first.fingerprint, first.metric) != (second.fingerprint, second.metric):
        return say("scored on other data: not comparable")
    found = compare(second, first)
    verdict = say(found.verdict)
    if math.isnan(found.p_value):
        return verdict
    p_value = f"{found.p_value:.2g}"
    if found.paired_by == PAIRED[0]:
        return say("{verdict}: p = {p}, paired by samples", verdict=verdict, p=p_value)
    return say("{verdict}: p = {p}", verdict=verdict, p=p_value)
