"""Some of many points, so that a curve through them looks like one through all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from ..errors import Invalid

LEAST = 4
"""The fewest points that can be asked for."""


def check_points(points: int) -> int:
    """Invalid for a number of points that cannot be asked for; 0 is all."""
    if points and points < LEAST:
        raise Invalid(f"points: {points} is not at least {LEAST}; 0 gives all", field="points")
    return points


def sampled(values: Sequence[float], points: int) -> list[int]:
    """The places of the values to keep: all, or at most `points`.

    These are the first, the last, and of each stretch the lowest and the highest. Where nothing is a number,
    one is kept, so that the gap shows.
    """
    if not points or len(values) <= points:
        return list(range(len(values)))
    kept = {0, len(values) - 1}
    inner, number = len(values) - 2, (points - 2) // 2
    for start, end in pairwise(1 + n * inner // number for n in range(number + 1)):
        numbers = [place for place in range(start, end) if not math.isnan(values[place])] or [start]
        kept.update((min(numbers, key=values.__getitem__), max(numbers, key=values.__getitem__)))
    return sorted(kept)
