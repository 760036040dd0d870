"""Curves as Vega-Lite, which JupyterLab draws itself, with controls; as SVG and as text everywhere else."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from .display import cut, text_table
from .run_series import Series, alone, sparkline, thinned
from .run_svg import DASHES, GREY, PALETTE, RUNS, curves_svg

VEGA_LITE = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
METRICS = 24
"""So many panels at most: more are found by asking for them."""

_WINDOWS = (1, 5, 15, 51)
"""Over how many of the points that are drawn a line can be smoothed."""
_COLUMNS = ("m", "r", "s", "t", "v", "e", "d")
"""Metric, run, step, milliseconds since the run began, value, what it is when no number, whether alone."""


class RunCurves:
    """Metrics of one or several runs, a panel for each metric. `.spec` is what Vega-Lite takes."""

    def __init__(self, curves: Iterable[Series], title: str = "") -> None:
        given = list(curves)
        lines = {series.key for series in given if len(series.points) > 1}
        every = [series._replace(points=thinned(series.points)) for series in given if series.key in lines]
        self.keys = list(dict.fromkeys(series.key for series in every))[:METRICS]
        """The metrics that are drawn: those that have more than one point."""
        self.runs = list(dict.fromkeys(series.run for series in every))
        """The runs, as they are called here."""
        self._curves = [series for series in every if series.key in self.keys]
        self._title = title

    @property
    def spec(self) -> dict[str, Any]:
        """The Vega-Lite 5 specification, data included."""
        several = len(self.runs) > 1
        columns = 1 if len(self.keys) == 1 else 2 if several else 3
        size = {1: (620, 260), 2: (290, 170), 3: (230, 150)}[columns]
        return {
            "$schema": SCHEMA,
            "data": {
                "values": self._rows(),
                "format": {"type": "csv", "parse": dict.fromkeys("mrstvd", "number")},
            },
            **({"title": {"text": cut(self._title, 100), "anchor": "start"}} if self._title else {}),
            "params": _params(),
            "transform": self._transform(),
            "facet": {
                "field": "metric",
                "type": "nominal",
                "sort": self.keys,
                "title": None,
                "header": _HEADER,
            },
            "columns": columns,
            "spec": {"width": size[0], "height": size[1], "layer": self._layers(several, size[1])},
            "resolve": {"scale": {"x": "independent", "y": "independent"}},
            "config": CONFIG,
        }

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """For who draws Vega-Lite, as JupyterLab does; SVG and text for all others.

        No HTML: JupyterLab would show that instead.
        """
        if not self.keys:
            return {"text/plain": repr(self)}
        return {
            VEGA_LITE: self.spec,
            "image/svg+xml": str(curves_svg(self._curves)),
            "text/plain": repr(self),
        }

    def __repr__(self) -> str:
        if not self.keys:
            return "No points to draw."
        rows = [(series.key, series.run, sparkline(series.points, 32)) for series in self._curves]
        return text_table(("metric", "run", "curve"), rows)

    def _rows(self) -> str:
        """The points as CSV, the smallest that Vega-Lite reads: it is saved with the notebook."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for series in self._curves:
            place = self.keys.index(series.key), self.runs.index(series.run)
            lonely = alone([point.value for point in series.points])
            for point, dot in zip(series.points, lonely, strict=True):
                is_number = math.isfinite(point.value)
                value, else_ = (f"{point.value:.7g}", "") if is_number else ("", str(point.value))
                time = round(series.seconds(point) * 1000)
                writer.writerow((*place, point.step, time, value, else_, "1" if dot else ""))
        return file.getvalue()

    def _transform(self) -> list[dict[str, Any]]:
        means = [
            {
                "window": [{"op": "mean", "field": "v", "as": f"w{size}"}],
                "frame": [-(size // 2), size // 2],
                "groupby": ["m", "r"],
            }
            for size in _WINDOWS[1:]
        ]
        smooth = "datum.v"
        for size in _WINDOWS[1:]:
            smooth = f"smoothing == {size} ? datum.w{size} : {smooth}"
        return [
            calculate("metric", f"{json.dumps(self.keys)}[datum.m]"),
            calculate("run", f"{json.dumps(self.runs)}[datum.r]"),
            calculate("x", "x_axis == 'time' ? datum.t / 1000 : datum.s"),
            *means,
            # A mean also has a value where the point itself has none.
            calculate("y", _scaled(f"isValid(datum.v) ? ({smooth}) : null")),
            calculate("y_raw", _scaled("datum.v")),
            calculate("value", "isValid(datum.v) ? format(datum.v, '.6~g') : datum.e"),
            calculate("time", "format(datum.t / 1000, '.1f') + ' s'"),
        ]

    def _layers(self, several: bool, height: int) -> list[dict[str, Any]]:
        look = self._look(several)
        raw = {**_Y, "field": "y_raw"}
        picked: dict[str, Any] = _PICKED if several else {}
        told = {**({"run": "run"} if several else {}), "value": "value", "s": "step", "time": "time"}
        hover = [{"field": field, "type": "nominal", "title": title} for field, title in told.items()]
        return [
            {
                "mark": {"type": "line", "strokeWidth": 1, "opacity": _FAINT},
                "encoding": {"x": _X, "y": raw, **look},
            },
            {
                "params": [_PICK] if several else [],
                "mark": {"type": "line", "strokeWidth": 1.8},
                "encoding": {"x": _X, "y": _Y, **look, **picked},
            },
            {
                "transform": [{"filter": "datum.d == 1"}],
                "mark": {"type": "point", "filled": True, "size": 24},
                "encoding": {"x": _X, "y": _Y, **_only_colour(look), **picked},
            },
            *self._edges(look, height),
            {
                "mark": {"type": "point", "size": 60, "opacity": 0, "filled": True},
                "encoding": {"x": _X, "y": _Y, "tooltip": hover},
            },
        ]

    def _edges(self, look: dict[str, Any], height: int) -> list[dict[str, Any]]:
        """What marks values that have no place."""
        return [
            {
                "transform": [{"filter": f"datum.e == '{value}'"}],
                "mark": {"type": "point", "filled": True, "size": 45, "shape": shape},
                "encoding": {**look, "x": _X, "y": {"value": 3 if value == "inf" else height - 3}},
            }
            for value, shape in _SHAPES.items()
            if any(str(point.value) == value for series in self._curves for point in series.points)
        ]

    def _look(self, several: bool) -> dict[str, Any]:
        if not several:
            return {"color": {"value": PALETTE[0]}}
        names = self.runs
        legend = {
            "title": None,
            "symbolLimit": RUNS,
            "labelLimit": 220,
            "symbolType": "stroke",
            "symbolOpacity": 1,
            "symbolStrokeWidth": 3,
        }
        colours = [PALETTE[index % len(PALETTE)] for index in range(len(names))]
        dashes = [_dash(index) for index in range(len(names))]
        field = {"field": "run", "type": "nominal", "legend": legend}
        look: dict[str, Any] = {"color": {**field, "scale": {"domain": names, "range": colours}}}
        if len(names) > len(PALETTE):
            look["strokeDash"] = {**field, "scale": {"domain": names, "range": dashes}}
        return look


CONFIG: dict[str, Any] = {
    "background": "transparent",
    "view": {"stroke": None},
    # These are read on white and on black: a theme that changes draws nothing anew.
    "axis": {
        "labelColor": GREY,
        "titleColor": GREY,
        "tickColor": GREY,
        "domainColor": GREY,
        "gridColor": GREY,
        "gridOpacity": 0.25,
        "domainOpacity": 0.5,
        "labelFont": "sans-serif",
    },
    "header": {"labelColor": GREY},
    "legend": {"labelColor": GREY, "titleColor": GREY, "labelFont": "sans-serif"},
    "title": {"color": GREY},
}

_HEADER = {"labelFontWeight": 600, "labelFont": "sans-serif", "labelAnchor": "start", "labelLimit": 230}
_X_AXIS = {
    "grid": False,
    "tickCount": 5,
    "tickMinStep": {"expr": "x_axis == 'time' ? 0 : 1"},
    "labelExpr": "x_axis == 'time' ? (datum.value < 120 ? format(datum.value, '~g') + ' s'"
    " : datum.value < 7200 ? format(datum.value / 60, '.3~g') + ' min'"
    " : format(datum.value / 3600, '.3~g') + ' h') : datum.label",
    "labelOverlap": True,
}
_Y_AXIS = {
    "tickCount": 4,
    "minExtent": 42,
    "labelExpr": "log_scale ? format(pow(10, datum.value), '.2~g') : abs(datum.value) >= 1e5 ||"
    " (datum.value != 0 && abs(datum.value) < 1e-3) ? format(datum.value, '.3~g')"
    " : format(datum.value, '.5~r')",
}
_X: dict[str, Any] = {
    "field": "x",
    "type": "quantitative",
    "title": None,
    "scale": {"nice": False, "zero": False},
    "axis": _X_AXIS,
}
_Y: dict[str, Any] = {**_X, "field": "y", "scale": {"zero": False}, "axis": _Y_AXIS}
_FAINT = {"expr": "smoothing > 1 ? 0.3 : 0"}
"""Of the line as it is, behind the smoothed one."""
_PICK: dict[str, Any] = {"name": "pick", "select": {"type": "point", "fields": ["run"]}, "bind": "legend"}
_SHAPES = {"inf": "triangle-up", "-inf": "triangle-down", "nan": "cross"}
"""What marks a value that has no place: at the upper edge, and at the lower one."""
_PICKED = {"opacity": {"condition": {"param": "pick", "value": 1}, "value": 0.1}}


def calculate(name: str, expression: str) -> dict[str, Any]:
    """A column made of others."""
    return {"calculate": expression, "as": name}


def _params() -> list[dict[str, Any]]:
    """What a person can choose below the curves."""
    labels = ["off", *(f"{size} points" for size in _WINDOWS[1:])]
    smoothing = {"input": "select", "options": list(_WINDOWS), "labels": labels, "name": "smoothing "}
    return [
        {"name": "log_scale", "value": False, "bind": {"input": "checkbox", "name": "log scale "}},
        {"name": "smoothing", "value": 1, "bind": smoothing},
        {
            "name": "x_axis",
            "value": "step",
            "bind": {"input": "select", "options": ["step", "time"], "name": "x axis "},
        },
    ]


def _scaled(expression: str) -> str:
    return f"log_scale ? (({expression}) > 0 ? log({expression}) / LN10 : null) : ({expression})"


def _only_colour(look: dict[str, Any]) -> dict[str, Any]:
    return {name: how for name, how in look.items() if name == "color"}


def _dash(index: int) -> list[int]:
    return [int(part) for part in DASHES[index // len(PALETTE) % len(DASHES)].split()] or [1, 0]


def shown_names(names: Sequence[tuple[str, str]], width: int = 40) -> list[str]:
    """What runs are called in a picture, from names and ids: cut, and told apart by their ids."""
    cut_names = [cut(name, width) for name, _ in names]
    return [
        name if cut_names.count(name) == 1 else f"{cut(name, width - 7)} {id[-6:]}"
        for name, (_, id) in zip(cut_names, names, strict=True)
    ]
