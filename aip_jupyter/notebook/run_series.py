"""The points of a metric as they are drawn: few enough, with every peak, and with gaps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..domain.runs import History
from ..domain.sampling import sampled

POINTS = 400
"""So many of one curve are drawn: more than a picture of it has columns."""
_BARS = "▁▂▃▄▅▆▇█"


class Point(NamedTuple):
    """A point of a metric."""

    step: int
    time: int
    """Milliseconds since the epoch."""
    value: float


class Series(NamedTuple):
    """One curve."""

    run: str
    """What the run is called where it is drawn."""
    key: str
    points: Sequence[Point]
    """By step and time."""
    started: int = 0
    """When the run began: milliseconds since the epoch."""

    def seconds(self, point: Point) -> float:
        """Since the run began; the clocks of two processes may differ, so a point may be before."""
        return max(point.time - self.started, 0) / 1000


def points_of(history: History) -> list[Point]:
    """The points of a history; numbers that JSON has to spell become numbers again."""
    return list(map(Point, history.steps, history.times, map(float, history.values)))


def thinned(points: Sequence[Point], most: int = POINTS) -> list[Point]:
    """At most so many, among them the first, the last and every peak."""
    return [points[place] for place in sampled([point.value for point in points], most)]


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """The running mean in which what came before has this weight, 0 to below 1; what is no number stays.

    The beginning is not drawn towards zero: the mean is that of what there is so far.
    """
    if not weight:
        return list(values)
    total = sum_of_weights = 0.0
    means = []
    for value in values:
        if math.isfinite(value):
            total = total * weight + value
            sum_of_weights = sum_of_weights * weight + 1
            value = total / sum_of_weights
        means.append(value)
    return means


def alone(values: Sequence[float]) -> list[bool]:
    """Which numbers no line reaches, so that only a dot shows them; in a short curve all."""
    finite = [math.isfinite(value) for value in values]
    if len(values) <= 12:
        return finite
    beside = [before or after for before, after in zip([False, *finite], [*finite[1:], False], strict=False)]
    return [here and not near for here, near in zip(finite, beside, strict=True)]


def unbroken(places: Sequence[tuple[float, float] | None]) -> Iterator[list[tuple[float, float]]]:
    """The stretches between the gaps."""
    stretch: list[tuple[float, float]] = []
    for place in places:
        if place is not None:
            stretch.append(place)
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def sparkline(points: Sequence[Point], width: int = 16) -> str:
    """The curve in characters, one per stretch; a blank where there is no number."""
    if not points:
        return ""
    count = min(width, len(points))
    edges = [len(points) * index // count for index in range(count + 1)]
    means = []
    for start, end in pairwise(edges):
        numbers = [point.value for point in points[start:end] if math.isfinite(point.value)]
        means.append(sum(number / len(numbers) for number in numbers) if numbers else math.nan)
    finite = [mean for mean in means if math.isfinite(mean)]
    if not finite:
        return " " * count
    low, high = min(finite), max(finite)
    half = high / 2 - low / 2  # the whole may be more than a float holds
    return "".join(_bar(0.5 if not half else (mean / 2 - low / 2) / half) for mean in means)


def _bar(share: float) -> str:
    return _BARS[min(int(share * len(_BARS)), len(_BARS) - 1)] if math.isfinite(share) else " "
