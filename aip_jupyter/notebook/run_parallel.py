"""Params beside a metric, a line per run through all of them: which settings lead where."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..domain.records import PropertyValue
from .display import Html, cut, element, join, text_table
from .run_curves import CONFIG, SCHEMA, VEGA_LITE, calculate
from .run_svg import GREY, svg
from .run_words import number_text

PARAMS = 8
METRICS = 4
"""So many axes at most, of each kind."""
_LOW, _MIDDLE, _HIGH = "#1f86c9", "#a58fae", "#e08a00"
"""Of the lowest to the highest value: told apart by colour-blind people, seen on white and on black."""
_HEIGHT, _STEP = 220, 130
_LABEL = 16
"""Characters."""
_DECADES = 100
"""From this ratio between highest and lowest on, each power of ten takes the same room."""

_Y = {"field": "y", "type": "quantitative", "axis": None, "scale": {"domain": [0, 1]}}
_OVER = {"type": "point", "fields": ["r"], "on": "pointerover", "clear": "pointerout"}
_OF_RUN = {
    "color": {
        "field": "colour",
        "type": "quantitative",
        "legend": {"type": "gradient", "title": None},
        "scale": {"range": [_LOW, _MIDDLE, _HIGH], "interpolate": "rgb"},
    },
    "opacity": {"condition": {"param": "over", "value": 0.9}, "value": 0.15},
    "tooltip": [
        {"field": "run", "type": "nominal"},
        {"field": "shown", "type": "nominal", "title": "values"},
    ],
}

Value = PropertyValue | None


class Axis(NamedTuple):
    """One param or metric."""

    name: str
    places: list[float | None]
    """Where each run is, from 0 at the bottom to 1; None where it has no value."""
    ticks: list[tuple[float, str]]
    """What stands beside the axis, and where."""


class ParallelCoordinates:
    """Runs as lines through the params in which they differ, and their metrics.

    `.spec` is what Vega-Lite takes.
    """

    def __init__(
        self,
        runs: Sequence[str],
        params: Mapping[str, Sequence[Value]],
        metrics: Mapping[str, Sequence[Value]],
    ) -> None:
        self.runs = list(runs)
        differing = {key: values for key, values in params.items() if len({*map(repr, values)}) > 1}
        self.metrics = dict(list(metrics.items())[:METRICS])
        self.params = dict(list(differing.items())[:PARAMS])
        self._values = [*self.params.items(), *self.metrics.items()]
        self.axes = [axis_of(key, values) for key, values in self._values]

    def __bool__(self) -> bool:
        """Whether there is something to see: two runs, a param that differs, and a metric."""
        return len(self.runs) > 1 and bool(self.params) and bool(self.metrics)

    @property
    def spec(self) -> dict[str, Any]:
        """The Vega-Lite 5 specification, data included."""
        names = list(self.metrics)
        choice = {"input": "select", "options": [*range(len(names))], "labels": names, "name": "colour by "}
        return {
            "$schema": SCHEMA,
            "width": _STEP * len(self.axes),
            "height": _HEIGHT,
            "params": [{"name": "colour_by", "value": 0, "bind": choice}],
            "config": CONFIG,
            "layer": self._layers(),
        }

    def _layers(self) -> list[dict[str, Any]]:
        """The axes, the lines of the runs, and what stands beside the axes."""
        scale = {"nice": False, "padding": 50}
        x = {"field": "i", "type": "quantitative", "title": None, "axis": self._labels(), "scale": scale}
        colours = [[_number(value) for value in values] for values in self.metrics.values()]
        return [
            {
                "data": {"values": [{"i": i} for i in range(len(self.axes))]},
                "mark": {"type": "rule", "color": GREY, "opacity": 0.6},
                "encoding": {"x": x, "y": {"value": 0}, "y2": {"value": _HEIGHT}},
            },
            {
                "data": {"values": self._rows()},
                "transform": [calculate("colour", f"{json.dumps(colours)}[colour_by][datum.r]")],
                "params": [{"name": "over", "select": _OVER}],
                "mark": {"type": "line", "strokeWidth": 2, "interpolate": "monotone", "point": {"size": 28}},
                "encoding": {"x": x, "y": _Y, "detail": {"field": "r"}, **_OF_RUN},
            },
            {
                "data": {"values": self._ticks()},
                "mark": {"type": "text", "align": "right", "dx": -5, "dy": -6, "color": GREY, "fontSize": 10},
                "encoding": {"x": x, "y": _Y, "text": {"field": "text", "type": "nominal"}},
            },
        ]

    @property
    def svg(self) -> str:
        """The picture for where nothing draws Vega-Lite; coloured by the first of the metrics."""
        colours = [*map(_number, next(iter(self.metrics.values())))]
        numbers = [number for number in colours if number is not None]
        low, high = min(numbers, default=0.0), max(numbers, default=0.0)
        parts = [self._axis_svg(place, axis) for place, axis in enumerate(self.axes)]
        for place, run in enumerate(self.runs):
            ways = [
                (_x(i), _y(y)) for i, axis in enumerate(self.axes) if (y := axis.places[place]) is not None
            ]
            d = "M" + "L".join(f"{x:.0f} {y:.1f}" for x, y in ways)
            colour = _mixed(colours[place], low, high)
            title = element("title", cut(run, 200))
            parts.append(
                element("path", title, d=d, fill="none", stroke=colour, stroke_width="1.8", opacity="0.85")
            )
        size = _STEP * len(self.axes), _HEIGHT + 40
        return str(svg(join(parts), *size, f"{', '.join(self.params)} beside {', '.join(self.metrics)}"))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """For who draws Vega-Lite, as JupyterLab does; SVG and text for all others."""
        if not self:
            return {"text/plain": repr(self)}
        return {VEGA_LITE: self.spec, "image/svg+xml": self.svg, "text/plain": repr(self)}

    def __repr__(self) -> str:
        columns = list(zip(*([_shown(value) for value in values] for _, values in self._values), strict=True))
        rows = [(run, *cells) for run, cells in zip(self.runs, columns, strict=False)]
        return text_table(("run", *(key for key, _ in self._values)), rows, width=24)

    def _rows(self) -> list[dict[str, Any]]:
        told = [
            ", ".join(f"{key} {_shown(values[r])}" for key, values in self._values)
            for r in range(len(self.runs))
        ]
        return [
            {"r": r, "run": run, "i": i, "y": axis.places[r], "shown": told[r]}
            for r, run in enumerate(self.runs)
            for i, axis in enumerate(self.axes)
            if axis.places[r] is not None
        ]

    def _ticks(self) -> list[dict[str, Any]]:
        return [{"i": i, "y": y, "text": text} for i, axis in enumerate(self.axes) for y, text in axis.ticks]

    def _labels(self) -> dict[str, Any]:
        names = json.dumps([cut(axis.name, 20) for axis in self.axes])
        return {
            "values": list(range(len(self.axes))),
            "labelExpr": f"{names}[datum.value]",
            "grid": False,
            "domain": False,
            "ticks": False,
            "labelPadding": 18,
            "orient": "top",
            "labelFontWeight": 600,
            "labelOverlap": False,
        }

    def _axis_svg(self, place: int, axis: Axis) -> Html:
        x = f"{_x(place):.0f}"
        words = {"text_anchor": "middle", "fill": GREY, "font_weight": "600"}
        numbers = (
            element(
                "text", text, x=f"{_x(place) - 6:.0f}", y=f"{_y(y) - 3:.1f}", fill=GREY, text_anchor="end"
            )
            for y, text in axis.ticks
        )
        line = element("line", x1=x, x2=x, y1=f"{_y(0):.0f}", y2=f"{_y(1):.0f}", stroke=GREY, opacity="0.6")
        return join([line, element("text", cut(axis.name, 20), x=x, y="12", **words), *numbers])


def axis_of(name: str, values: Sequence[Value]) -> Axis:
    """Numbers by their size, with a place for each power of ten where they differ much; all else by name."""
    given = [value for value in values if value is not None]
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in given):
        return _number_axis(name, [_number(value) for value in values])
    kinds = sorted({str(value) for value in given})
    place = {kind: index / (len(kinds) - 1) if len(kinds) > 1 else 0.5 for index, kind in enumerate(kinds)}
    step = math.ceil(len(kinds) / 12)
    ticks = [(place[kind], cut(kind, _LABEL)) for kind in kinds[::step]]
    return Axis(name, [None if value is None else place[str(value)] for value in values], ticks)


def _number_axis(name: str, values: list[float | None]) -> Axis:
    numbers = sorted({value for value in values if value is not None})
    if not numbers:
        return Axis(name, values, [])
    low, high = numbers[0], numbers[-1]
    by_power = low > 0 and high / low >= _DECADES

    def place(value: float) -> float:
        if low == high:
            return 0.5
        if by_power:
            return math.log(value / low) / math.log(high / low)
        return (value / 2 - low / 2) / (high / 2 - low / 2)

    shown = numbers if len(numbers) <= 5 else [low, high]
    ticks: list[tuple[float, str]] = []
    for number in shown:
        if not ticks or place(number) - ticks[-1][0] > 0.06:
            ticks.append((place(number), number_text(number)))
    return Axis(name, [None if value is None else place(value) for value in values], ticks)


def _number(value: Value) -> float | None:
    """The value when it has a place among numbers."""
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _shown(value: Value) -> str:
    if value is None:
        return ""
    return number_text(value) if isinstance(value, float) else cut(str(value), 40)


def _x(place: int) -> float:
    return _STEP * (place + 0.62)


def _y(share: float) -> float:
    return 28 + (1 - share) * _HEIGHT


def _mixed(value: float | None, low: float, high: float) -> str:
    """The colour of a value between the lowest and the highest."""
    if value is None:
        return GREY
    share = (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.5
    ends, share = ((_LOW, _MIDDLE), share * 2) if share < 0.5 else ((_MIDDLE, _HIGH), share * 2 - 1)
    mixed = (
        round(int(one[n : n + 2], 16) * (1 - share) + int(other[n : n + 2], 16) * share)
        for n in (1, 3, 5)
        for one, other in [ends]
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)
