"""Curves in the notebook, as JupyterLab draws them: with controls, growing, in a form."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import Locator, expect

from .lab import LabPage, in_both_themes, wait_for

SWEEP = """
import math, random
import aip_jupyter as aip
aip.set_experiment("{experiment}")
for n in range(4):
    with aip.start_run(f"trial-{n}"):
        luck = random.Random(n)
        aip.log_params({"lr": 10.0 ** -(n + 1), "depth": 2 + n % 3, "batch": 32})
        aip.log_param("optimizer", ("adam", "sgd")[n % 2])
        for step in range(300):
            loss = 2 * math.exp(-step * (4 - n) / 300) + luck.random() / 5
            aip.log_metrics({"loss": math.nan if n == 2 and 100 < step < 120 else loss,
                             "accuracy": 1 - math.exp(-step * (4 - n) / 300)}, step=step)
"""

LIVE = """
import math, time
from pathlib import Path
import aip_jupyter as aip
with aip.start_run("growing", experiment="live"):
    aip.watch_run()
    step = 0
    while not Path("{gate}").exists() and step < 20_000:
        aip.log_metrics({"loss": 2 * math.exp(-step / 300), "accuracy": 1 - math.exp(-step / 500)}, step=step)
        step += 1
        time.sleep(0.005)
"""


@pytest.fixture
def sweep(notebook: LabPage, request: pytest.FixtureRequest) -> str:
    """Four runs of an experiment of the test's own."""
    name = f"curves-{request.node.name[5:20]}"
    notebook.run(SWEEP.replace("{experiment}", name))
    return name


def canvases(lab: LabPage) -> Locator:
    return lab.page.locator(".jp-OutputArea .vega-embed canvas")


def drawn(canvas: Locator) -> str:
    """What it shows."""
    picture: str = canvas.evaluate("canvas => canvas.toDataURL()")
    return picture


def test_a_comparison_is_drawn_and_can_be_changed(
    notebook: LabPage, sweep: str, screenshot: Callable[[str], None]
) -> None:
    notebook.run(f'aip.compare_runs([each.run.id for each in aip.list_runs(experiment="{sweep}")])')
    expect(canvases(notebook)).to_have_count(2)
    curves = canvases(notebook).first
    controls = notebook.page.locator(".vega-bindings").first
    seen = [drawn(curves)]

    def is_new() -> bool:
        return drawn(curves) not in seen

    for change in (
        controls.get_by_label("log scale").check,
        partial(controls.get_by_label("smoothing").select_option, "15 points"),
        partial(controls.get_by_label("x axis").select_option, "time"),
    ):
        change()
        wait_for(is_new, "the curves are as they were")
        seen.append(drawn(curves))
    parallel = canvases(notebook).last
    before = drawn(parallel)
    notebook.page.locator(".vega-bindings").last.get_by_label("colour by").select_option("loss")
    wait_for(lambda: drawn(parallel) != before, "the colours are as they were")
    table = notebook.page.locator(".jp-OutputArea table").first
    expect(table).to_contain_text("≠optimizer")
    table.evaluate("table => table.scrollIntoView()")
    in_both_themes(notebook, screenshot, "compared-runs")


def test_a_card_has_its_curves_below(
    notebook: LabPage, sweep: str, screenshot: Callable[[str], None]
) -> None:
    notebook.run(f'aip.list_runs(experiment="{sweep}")')
    notebook.run("%run_info trial-2")
    expect(notebook.page.locator(".jp-OutputArea table svg")).to_have_count(2)
    expect(canvases(notebook)).to_have_count(1)
    in_both_themes(notebook, screenshot, "run-card")
    notebook.page.locator(".aip-title a").click()
    expect(notebook.page.locator(".jp-AipPage h1")).to_contain_text("trial-2")


def test_curves_grow_while_the_cell_runs(notebook: LabPage, screenshot: Callable[[str], None]) -> None:
    gate = notebook.server.folder / "work" / "curves.done"
    output = notebook.page.locator(".jp-OutputArea")
    try:
        notebook.start(LIVE.replace("{gate}", gate.name))
        line = output.locator("svg path").first
        expect(line).to_be_visible()
        first = line.get_attribute("d")
        expect(line).not_to_have_attribute("d", first or "")
        in_both_themes(notebook, screenshot, "curves-growing")
    finally:
        gate.touch()
    # What stays is drawn by JupyterLab, in the same place.
    expect(canvases(notebook)).to_have_count(1)
    expect(output.locator(".jp-OutputArea-child")).to_have_count(1)
    saved = notebook.save().read_text()
    assert saved.count('"output_type": "display_data"') == 1
    assert "growing – completed" in saved


def test_the_form_compares(notebook: LabPage, sweep: str, screenshot: Callable[[str], None]) -> None:
    notebook.run(f'aip.panels.RunComparison("{sweep}")')
    form = notebook.page.locator(".jp-OutputArea")
    heads = form.locator("table").first.locator("thead th")
    expect(heads).to_have_count(2 + 4)
    form.get_by_label("Filter").fill("params.optimizer = 'adam'")
    form.get_by_label("Filter").press("Enter")
    expect(heads).to_have_count(2 + 2)
    form.get_by_label("Filter").fill("params.optimizer =")
    form.get_by_label("Filter").press("Enter")
    expect(form.get_by_role("alert")).to_be_visible()
    form.get_by_label("Filter").fill("")
    form.get_by_label("Filter").press("Enter")
    form.get_by_label("log scale").check()
    expect(form.get_by_role("alert")).to_be_hidden()
    in_both_themes(notebook, screenshot, "comparison-form")
