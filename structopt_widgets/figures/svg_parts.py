"""What every picture in SVG is made with: the picture itself, round ticks, and how wide a text is."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, repr=False)
class Svg:
    """A picture as SVG text, which notebooks show by themselves, and what it shows in words.

    JupyterLab shows the words instead of the picture until the notebook is run or trusted.
    """

    svg: str
    words: str

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return self.words


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """About five round values between two, for a logarithmic axis."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ticks = tuple(step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high)
        if len(ticks) >= 3:
            return ticks[:: math.ceil(len(ticks) / 8)]
    return linear_ticks(low, high)


def linear_ticks(low: float, high: float) -> tuple[float, ...]:
    """About five round values between two."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return tuple(step * count for count in range(math.ceil(low / step), math.floor(high / step) + 1))


def text_width(text: str, size: float = 12) -> float:
    """About how many pixels a text takes: no page is there to ask. A Chinese letter is as wide as it is high."""
    return sum(size if ord(letter) > 0x2E7F else 0.56 * size for letter in text)
