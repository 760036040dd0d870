"""Curves as SVG, for where nothing draws Vega-Lite, and for what changes every second.

One panel per metric, with axes, gaps where there is no number, and marks at the edge for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from .display import Html, cut, element, join
from .run_series import Series, alone, smoothed, unbroken

# Okabe and Ito's, which colour-blind people tell apart; each is lighter or darker so that it shows on white
# and on black alike.
PALETTE = ("#1f86c9", "#e08a00", "#0a9f76", "#cf5f9d", "#d55e00", "#46a9dd", "#8f7ae0", "#9a8b1f")
DASHES = ("", "7 3", "2 3", "9 3 2 3")
"""Of the first eight runs, of the next eight, and so on."""
GREY = "#7b7b7b"
"""For words and axes: it is read on white and on black."""
RUNS = 40
"""So many have a line in the legend."""
_HEIGHT, _LEFT, _BOTTOM, _TOP = 130, 52, 18, 22

Axis = Literal["step", "time"]
Place = tuple[float, float]


class Look(NamedTuple):
    """How curves are drawn."""

    axis: Axis = "step"
    """What goes to the right: steps, or seconds since the run began."""
    log: bool = False
    """Whether upwards each power of ten takes the same room; what is not above zero is then left out."""
    smoothing: float = 0.0
    """The weight of what came before, 0 to below 1; the line as it is stays visible behind."""


PLAIN = Look()


class Scale(NamedTuple):
    """From numbers to places."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where it goes."""
        # Halves: the difference of two numbers may be more than a float holds.
        span = self.high / 2 - self.low / 2
        share = (value / 2 - self.low / 2) / span if span else 0.5
        return self.start + (self.end - self.start) * share


def curves_svg(curves: Sequence[Series], look: Look = PLAIN, *, width: int = 280, columns: int = 3) -> Html:
    """A panel per metric, in the order in which they come; one colour and dash per run."""
    keys = list(dict.fromkeys(series.key for series in curves))
    runs = list(dict.fromkeys(series.run for series in curves))
    styles = {run: line_style(index) for index, run in enumerate(runs)}
    columns = max(min(columns, len(keys)), 1)
    panels = []
    for index, key in enumerate(keys):
        place = f"translate({index % columns * width} {index // columns * (_HEIGHT + 12)})"
        drawn = [series for series in curves if series.key == key]
        panels.append(element("g", panel(key, drawn, styles, look, width - 16), transform=place))
    height = math.ceil(len(keys) / columns) * (_HEIGHT + 12)
    if len(runs) > 1:
        legend, rows = _legend(runs, styles, columns * width)
        panels.append(element("g", legend, transform=f"translate(0 {height + 8})"))
        height += 8 + rows * 18
    return svg(join(panels), columns * width, height, f"Curves of {', '.join(keys)}")


def svg(content: Html, width: float, height: float, label: str) -> Html:
    """The picture; narrower where there is less room."""
    return element(
        "svg",
        content,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_n(width)} {_n(height)}",
        width=_n(width),
        height=_n(height),
        role="img",
        aria_label=cut(label, 200),
        style="max-width:100%;height:auto;font:11px sans-serif",
    )


def line_style(index: int) -> dict[str, str]:
    """The colour and dashes of a run, by its place among them."""
    dash = DASHES[index // len(PALETTE) % len(DASHES)]
    return {"stroke": PALETTE[index % len(PALETTE)], **({"stroke_dasharray": dash} if dash else {})}


def panel(
    title: str, curves: Sequence[Series], styles: dict[str, dict[str, str]], look: Look, width: int
) -> Html:
    """One metric."""
    along = [[_x(series, index, look) for index in range(len(series.points))] for series in curves]
    raw = [[_y(point.value, look) for point in series.points] for series in curves]
    xs = [x for each in along for x in each]
    ys = [y for each in raw for y in each if math.isfinite(y)]
    right = Scale(min(xs, default=0), max(xs, default=1), _LEFT, width - 6)
    up = Scale(*_padded(min(ys, default=0), max(ys, default=1)), _HEIGHT - _BOTTOM, _TOP)
    parts = [_text(cut(title, 44), _LEFT, 12, weight="600"), *_axes(right, up, look)]
    for series, x, y in zip(curves, along, raw, strict=True):
        style = styles[series.run]
        if look.smoothing:
            parts.append(_line(x, y, right, up, {**style, "opacity": "0.25"}))
            y = smoothed(y, look.smoothing)
        label = element("title", cut(f"{series.run}: {series.key}", 200))
        parts.append(
            element("g", label, _line(x, y, right, up, style), _marks(series, x, y, right, up, style))
        )
    return join(parts)


def spark_svg(series: Series, width: int = 120, height: int = 18) -> Html:
    """The curve alone, as high as a line of text."""
    points = series.points
    finite = [point.value for point in points if math.isfinite(point.value)]
    if not finite:
        return Html("")
    right = Scale(0, max(len(points) - 1, 1), 2, width - 2)
    up = Scale(*_padded(min(finite), max(finite)), height - 2, 2)
    values = [point.value for point in points]
    line = _line(list(range(len(points))), values, right, up, line_style(0))
    dots = _dots(list(range(len(points))), values, right, up, line_style(0)) if len(points) == 1 else None
    return svg(join([line, dots]), width, height, f"curve of {series.key}")


def _x(series: Series, index: int, look: Look) -> float:
    point = series.points[index]
    return series.seconds(point) if look.axis == "time" else point.step


def _y(value: float, look: Look) -> float:
    if not look.log or not math.isfinite(value):
        return value
    return math.log10(value) if value > 0 else math.nan


def _padded(low: float, high: float) -> tuple[float, float]:
    """With a little air, also around a line that is flat."""
    air = (high / 2 - low / 2) * 0.1 or abs(low) * 0.1 or 1.0
    return max(low - air, -1.7e308), min(high + air, 1.7e308)


def _line(x: Sequence[float], y: Sequence[float], right: Scale, up: Scale, style: dict[str, str]) -> Html:
    places = [(right(a), up(b)) if math.isfinite(b) else None for a, b in zip(x, y, strict=True)]
    path = "".join(
        "M" + "L".join(f"{_n(a)} {_n(b)}" for a, b in stretch)
        for stretch in unbroken(places)
        if len(stretch) > 1
    )
    return element("path", d=path, fill="none", stroke_width="1.6", stroke_linejoin="round", **style)


def _marks(
    series: Series, x: Sequence[float], y: Sequence[float], right: Scale, up: Scale, style: dict[str, str]
) -> Html:
    """Dots where there is no line, and triangles where a value has no place."""
    colour, bottom = style["stroke"], up.start
    edges = []
    for at, point in zip(x, series.points, strict=True):
        if not math.isfinite(point.value):
            left = _n(right(at) - 4)
            shape = {math.inf: f"M{left} {_TOP + 5}h8l-4 -7z", -math.inf: f"M{left} {bottom - 5}h8l-4 7z"}
            d = shape.get(point.value, f"M{left} {bottom - 6}l6 6m0 -6l-6 6")
            words = element("title", f"{point.value} at step {point.step}")
            edges.append(element("path", words, d=d, fill=colour, stroke=colour))
    return join([_dots(x, y, right, up, style), *edges])


def _dots(x: Sequence[float], y: Sequence[float], right: Scale, up: Scale, style: dict[str, str]) -> Html:
    return join(
        element("circle", cx=_n(right(a)), cy=_n(up(b)), r="2.2", fill=style["stroke"])
        for a, b, lonely in zip(x, y, alone(y), strict=True)
        if lonely
    )


def _axes(right: Scale, up: Scale, look: Look) -> Iterable[Html]:
    """A line and a number for some values on both sides."""
    for value in _ticks(up.low, up.high, 3, whole=look.log and up.high - up.low > 2):
        y = up(value)
        yield element(
            "line", x1=_n(right.start), x2=_n(right.end), y1=_n(y), y2=_n(y), stroke=GREY, opacity="0.25"
        )
        yield _text(_number(10**value if look.log else value), right.start - 5, y + 4, anchor="end")
    ticks = list(_ticks(right.low, right.high, 4, whole=look.axis == "step"))
    for value in ticks:
        words = time_text(value) if look.axis == "time" else _number(value)
        yield _text(words, right(value), _HEIGHT - 3, anchor="middle")


def _ticks(low: float, high: float, count: int, *, whole: bool) -> Iterable[float]:
    """Round numbers from low to high."""
    span = high - low
    if not span or not math.isfinite(span):
        return [low]
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    if not power:
        return [low]
    step = next((power * factor for factor in (1, 2, 5) if power * factor >= rough), power * 10)
    if whole:
        step = max(step, 1.0)
    first = math.ceil(low / step)
    return [(first + index) * step for index in range(count + 2) if (first + index) * step <= high]


def _legend(runs: Sequence[str], styles: dict[str, dict[str, str]], width: float) -> tuple[Html, int]:
    columns = max(int(width // 200), 1)
    shown = runs if len(runs) <= RUNS else runs[: RUNS - 1]
    parts = []
    for index, run in enumerate(shown):
        x, y = index % columns * 200, index // columns * 18
        parts.append(element("path", d=f"M{x} {y + 6}h22", stroke_width="2.5", **styles[run]))
        parts.append(_text(cut(run, 26), x + 28, y + 10))
    if len(shown) < len(runs):
        place = len(shown)
        words = f"and {len(runs) - len(shown)} more"
        parts.append(_text(words, place % columns * 200, place // columns * 18 + 10))
    return join(parts), math.ceil((len(shown) + (len(shown) < len(runs))) / columns)


def _text(text: str, x: float, y: float, *, anchor: str = "start", weight: str = "400") -> Html:
    return element("text", text, x=_n(x), y=_n(y), fill=GREY, text_anchor=anchor, font_weight=weight)


def _number(value: float) -> str:
    size = abs(value)
    if size and (size >= 100_000 or size < 0.001):
        return f"{value:.3g}"
    return f"{value:,.4g}" if size < 1000 else f"{value:,.0f}"


def time_text(seconds: float) -> str:
    """Seconds as a person would say them."""
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds / 86_400:.3g} d"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
