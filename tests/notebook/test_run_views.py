"""How runs are drawn: cards, curves, comparisons. What Vega-Lite makes of it is tested in a real browser."""

from __future__ import annotations

import csv
import html
import json
import math
import re
import zlib
from typing import Any
from xml.etree import ElementTree

import pytest

from aip_jupyter.domain.comparison import Comparison, RunHistories
from aip_jupyter.domain.runs import History, Metric, Run, RunDetail, spell_number
from aip_jupyter.domain.texts import TextInfo
from aip_jupyter.notebook.run_card import Insides, RunCard
from aip_jupyter.notebook.run_comparison import RunComparison
from aip_jupyter.notebook.run_curves import VEGA_LITE, RunCurves
from aip_jupyter.notebook.run_parallel import axis_of
from aip_jupyter.notebook.run_series import Point, Series, smoothed, sparkline, thinned
from aip_jupyter.notebook.run_svg import Look, curves_svg, spark_svg
from aip_jupyter.notebook.run_tables import MetricHistory, RunTable

from ..contracts.records import HOSTILE

STARTED = 1_700_000_000_000
EVIL = [name for name in HOSTILE if name] + ["</svg><script>alert(1)</script>", "'];alert(1)//", 'a,b\n"c"']


def history(key: str, values: list[float]) -> History:
    steps = list(range(len(values)))
    times = [STARTED + 1000 * step for step in steps]
    return History(key=key, steps=steps, times=times, values=[spell_number(value) for value in values])


def run(name: str, *histories: History, **fields: Any) -> RunDetail:
    """A run that has logged this."""
    number = zlib.crc32(name.encode(errors="replace"))
    given = {"id": f"{number:032d}", "experiment_id": "1" * 32, "experiment": "e", "started": STARTED}
    details = {key: fields.pop(key) for key in ("children", "is_lost") if key in fields}
    metrics = [
        Metric(key=each.key, last=each.values[-1], last_step=each.steps[-1], minimum=0.0, maximum=1.0,
               count=len(each.values))
        for each in histories
    ]  # fmt: skip
    made = Run(name=name, ended=STARTED + 60_000, **{"status": "completed", **given, **fields})
    return RunDetail(run=made, metrics=metrics, **details)


def compared(*runs: tuple[RunDetail, list[History]]) -> RunComparison:
    histories = [RunHistories(run=detail.run.id, histories=each) for detail, each in runs]
    return RunComparison(Comparison(runs=[detail for detail, _ in runs], histories=histories))


def sweep(count: int) -> RunComparison:
    """Runs that differ in two params, and share one."""
    made = []
    for n in range(count):
        histories = [history("loss", [1 / (n + 1 + step) for step in range(50)]), history("acc", [n / 100])]
        params = {"lr": 10.0**-n if n < 20 else 1e-20, "opt": ("adam", "sgd")[n % 2], "batch": 32}
        made.append((run(f"run-{n}", *histories, params=params), histories))
    return compared(*made)


def rows_of(curves: RunCurves) -> list[dict[str, str]]:
    """The data of a specification, as a reader of CSV sees it."""
    return list(csv.DictReader(curves.spec["data"]["values"].splitlines()))


def parsed(text: str) -> ElementTree.Element:
    """The SVG, which must be XML."""
    return ElementTree.fromstring(text)


def paths(text: str) -> list[str]:
    return [path.get("d", "") for path in parsed(text).iter("{http://www.w3.org/2000/svg}path")]


def test_a_card_shows_what_belongs_to_a_run() -> None:
    loss = history("loss", [3.0, 2.0, 1.0])
    load = history("system/cpu", [50.0, 60.0])
    texts = [
        TextInfo(name="prompt.txt", length=1, captured=False, updated=0),
        TextInfo(name="source/cell.py", length=1200, captured=True, updated=0),
    ]
    asked: list[int] = []

    def read() -> Insides:
        asked.append(1)
        return Insides(histories=[loss, load], parts=[run("fold-1", loss)], texts=texts)

    detail = run("base", loss, load, params={"lr": 0.1}, children=3, device="cpu")
    card = RunCard(detail, read=read)
    assert card.params == {"lr": 0.1}
    assert not asked
    text, page = repr(card), card._repr_html_()
    for part in ("✓ completed on cpu", "fold-1", "prompt.txt", "1 character", "1,200 characters"):
        assert part in text
        assert part in page
    assert "█▅▁" in text
    assert "and 2 more parts" in page
    assert page.index("<summary") < page.index("system/cpu")
    assert page.count("<svg") == 2
    assert (card.curves.keys, card.system_curves.keys) == (["loss"], ["system/cpu"])
    assert len(asked) == 1


def test_a_card_whose_curves_cannot_be_had_says_so() -> None:
    card = RunCard(run("base", history("m", [1.0, 2.0])), read=lambda: Insides(fault="no answer"))
    for shown in (repr(card), card._repr_html_()):
        assert "no answer" in shown
    assert not card.curves.keys


def test_the_bundle_is_vega_lite_with_an_svg_and_a_text() -> None:
    bundle = RunCurves([Series("r", "loss", [Point(0, 0, 1.0), Point(1, 1, 2.0)])])._repr_mimebundle_()
    # HTML would be preferred to Vega-Lite by JupyterLab, SVG is not.
    assert list(bundle) == [VEGA_LITE, "image/svg+xml", "text/plain"]
    assert "/vega-lite/v5.json" in bundle[VEGA_LITE]["$schema"]
    assert json.loads(json.dumps(bundle[VEGA_LITE])) == bundle[VEGA_LITE]
    assert [param["name"] for param in bundle[VEGA_LITE]["params"]] == ["log_scale", "smoothing", "x_axis"]


def test_what_is_no_number_is_a_gap_with_a_mark() -> None:
    values = [1.0, 2.0, math.nan, 3.0, math.inf, -math.inf, 5.0, 6.0] + [7.0] * 8
    series = Series("r", "loss", [Point(step, STARTED, value) for step, value in enumerate(values)], STARTED)
    curves = RunCurves([series])
    assert [(row["v"], row["e"]) for row in rows_of(curves)][:6] == [
        ("1", ""), ("2", ""), ("", "nan"), ("3", ""), ("", "inf"), ("", "-inf")
    ]  # fmt: skip
    assert [row["s"] for row in rows_of(curves) if row["d"]] == [
        "3"
    ]  # nothing beside it: only a dot shows it
    marks = [layer["mark"] for layer in curves.spec["spec"]["layer"] if "shape" in layer["mark"]]
    assert {mark["shape"] for mark in marks} == {"triangle-up", "triangle-down", "cross"}
    (line, *_), drawn = paths(curves_svg([series])), curves_svg([series])
    assert line.count("M") == 2  # from 1 to 2, and from 5 on
    assert "inf at step 4" in drawn
    assert "NaN" not in line.upper()
    assert sparkline(series.points, 8) == "▁▃ ▆████"


def test_a_curve_without_any_number_is_drawn_too() -> None:
    series = Series("r", "loss", [Point(step, 0, math.nan) for step in range(20)])
    assert RunCurves([series]).spec["facet"]["sort"] == ["loss"]
    assert "nan at step 3" in curves_svg([series])
    assert sparkline(series.points, 4) == "    "
    assert spark_svg(series) == ""


@pytest.mark.parametrize("values", [[0.0, 1e308, -1e308, 1.7e308], [5e-324, 0.0], [7.0, 7.0], [-1.0, 0.0]])
@pytest.mark.parametrize("log", [False, True])
def test_any_numbers_have_places(values: list[float], log: bool) -> None:
    series = Series("r", "m", [Point(step, step, value) for step, value in enumerate(values)])
    drawn = curves_svg([series], Look(log=log, axis="time", smoothing=0.5))
    numbers = [float(number) for path in paths(drawn) for number in re.findall(r"-?[\d.]+", path)]
    assert all(-1 <= number <= 300 for number in numbers)
    assert "nan" not in drawn
    assert sparkline(series.points)
    parsed(spark_svg(series))


def test_peaks_survive_and_the_bundle_stays_small() -> None:
    values = [math.sin(step / 900) for step in range(100_000)]
    values[77_777] = 50.0
    series = Series(
        "r", "m", [Point(step, STARTED + step, value) for step, value in enumerate(values)], STARTED
    )
    curves = RunCurves([series])
    assert "50" in [row["v"] for row in rows_of(curves)]
    assert len(json.dumps(curves._repr_mimebundle_())) < 30_000
    assert thinned(series.points)[-1] == series.points[-1]


def test_smoothing_keeps_a_level_and_gaps() -> None:
    assert smoothed([2.0] * 5, 0.9) == pytest.approx([2.0] * 5)
    one, gap, other = smoothed([1.0, math.nan, 3.0], 0.5)
    assert (one, math.isnan(gap)) == (1.0, True)
    assert 1.0 < other < 3.0
    assert smoothed([1.0, 5.0], 0) == [1.0, 5.0]


@pytest.mark.parametrize("name", EVIL, ids=range(len(EVIL)))
def test_no_name_breaks_out(name: str) -> None:
    histories = [history(name, [1.0, 2.0]), history("other", [1.0, 2.0])]
    details = [
        run(given, *histories, params={name: n, "p": name}, tags={name: name}, notes=name, notebook=name)
        for n, given in enumerate((name, f"{name}2"))
    ]
    comparison = compared(*((detail, histories) for detail in details))
    card = RunCard(details[0], read=lambda: Insides(histories, details, [_text(name)]))
    table = RunTable(details, project=name, more=True)
    for shown in (comparison._repr_html_(), card._repr_html_(), table._repr_html_()):
        assert "<script" not in shown
        for tag in re.findall(r"<[^>]*>", shown):
            assert re.fullmatch(r"</?[a-zA-Z]+( [a-zA-Z-]+=\"[^\"<]*\")*>", tag), tag
    for bundle in (comparison.curves._repr_mimebundle_(), comparison.parallel._repr_mimebundle_()):
        parsed(bundle["image/svg+xml"])
        # In an expression a name is a string, and nothing after it is code.
        for expression in _expressions(bundle[VEGA_LITE]):
            assert all(
                isinstance(text, str) for text in json.loads(expression[: expression.rindex("[datum")])
            )
    for shown in (repr(comparison), repr(card), repr(table)):
        assert "\x1b" not in shown


def _text(name: str) -> TextInfo:
    return TextInfo(name=name, length=3, captured=False, updated=0)


def _expressions(spec: dict[str, Any]) -> list[str]:
    """Those that hold names."""
    transforms = [*spec.get("transform", ()), *spec.get("layer", [{}, {}])[1].get("transform", ())]
    return [each["calculate"] for each in transforms if each.get("as") in ("metric", "run")]


def test_a_comparison_marks_what_differs_and_folds_what_does_not() -> None:
    comparison = sweep(3)
    assert [row.name for row in comparison.rows if row.differs] == ["loss", "acc", "lr", "opt"]
    text, page = repr(comparison), comparison._repr_html_()
    assert "≠ lr " in text
    assert "  batch " in text
    assert page.index("opt") < page.index("<details") < page.index("batch")
    assert comparison.params["opt"] == {"run-0": "adam", "run-1": "sgd", "run-2": "adam"}
    assert comparison.metrics["acc"]["run-2"] == 0.02
    assert comparison.histories["run-1"]["loss"].values[0] == 0.5
    assert comparison.runs["run-1"].run.name == "run-1"
    frame = comparison.to_pandas()
    assert list(frame["params.opt"]) == ["adam", "sgd", "adam"]
    assert list(frame["metrics.acc"]) == [0.0, 0.01, 0.02]


def test_a_param_that_a_run_lacks_differs_and_so_does_its_type() -> None:
    one, two = run("one", params={"a": 1, "b": 1, "c": math.pi}), run("two", params={"b": 1.0, "c": math.pi})
    assert {row.name for row in compared((one, []), (two, [])).rows if row.differs} == {"a", "b"}


def test_nan_is_the_same_as_nan() -> None:
    lost = history("loss", [math.nan])
    rows = compared((run("one", lost), []), (run("two", lost), [])).rows
    assert (rows[0].name, rows[0].differs) == ("loss", False)


def test_runs_of_one_name_are_told_apart() -> None:
    one, two = run("same"), run("same", id="f" * 32)
    assert compared((one, []), (two, [])).names == [f"same {one.run.id[-6:]}", "same ffffff"]
    long = "x" * 300
    assert max(map(len, compared((run(long), []), (run(long, id="f" * 32), [])).names)) <= 40


@pytest.mark.parametrize("count", [1, 2, 8, 9, 100])
def test_few_and_many_runs_are_readable(count: int) -> None:
    comparison = sweep(count)
    page, text = comparison._repr_html_(), repr(comparison)
    assert page.count("<td") > count
    assert max(map(len, text.splitlines())) < 260
    spec = comparison.curves.spec
    parsed(comparison.curves._repr_mimebundle_()["image/svg+xml"])
    if count > 1:
        assert bool(comparison.parallel)
        parsed(comparison.parallel.svg)
        looks = spec["spec"]["layer"][1]["encoding"]
        assert len(looks["color"]["scale"]["domain"]) == count
        assert ("strokeDash" in looks) == (count > 8)
    else:
        assert not comparison.parallel
    assert len(json.dumps(spec)) < 250_000


def test_parallel_coordinates_place_numbers_by_size_and_names_in_order() -> None:
    assert axis_of("depth", [2, 4, 6]).places == [0, 0.5, 1]
    assert axis_of("lr", [0.001, 0.1, 10.0]).places == pytest.approx([0, 0.5, 1])  # by powers of ten
    assert axis_of("opt", ["sgd", "adam", None]).places == [1, 0, None]
    assert axis_of("flag", [True, False]).ticks == [(0, "False"), (1, "True")]
    assert axis_of("loss", [math.nan, 1.0, math.inf]).places == [None, 0.5, None]


def test_the_table_says_how_runs_stand_and_what_differs() -> None:
    parent = run("search", params={"batch": 32, "lr": 0.1})
    lost = run("trial", params={"batch": 32, "lr": 0.2}, parent=parent.run.id, status="running", is_lost=True)
    other = run("other", params={"batch": 32}, status="failed")
    table = RunTable([other, lost, parent], project="p", next_page_token="t")
    assert [detail.run.name for detail in table] == ["other", "trial", "search"]
    lines = repr(table).splitlines()
    assert [line.split("  ")[0] or line.split()[0] for line in lines[1:4]] == ["other", "search", "↳"]
    for shown in (repr(table), html.unescape(table._repr_html_())):
        for part in ("◌ lost contact", "✗ failed", "lr=0.2", "Params of all: batch=32", "↳ "):
            assert part in re.sub(r"<[^>]*>", "", shown)
    flat = repr(RunTable([lost, parent], project="p", nested=False))
    assert "↳" not in flat
    assert list(table.to_pandas()["params.batch"]) == [32, 32, 32]


def test_a_run_whose_parent_is_on_another_page_stands_by_itself() -> None:
    assert "↳" not in repr(RunTable([run("part", parent="f" * 32)], project="p"))


def test_a_history_shows_its_curve_and_is_a_table() -> None:
    found = MetricHistory(history("loss", [3.0, math.nan, 1.0]))
    assert VEGA_LITE in found._repr_mimebundle_()
    assert found.to_pandas()["step"].tolist() == [0, 1, 2]
    assert repr(found).splitlines()[0] == "█ ▁"
