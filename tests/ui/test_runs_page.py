"""The page of a run: opened from the sidebar, live while the run goes on, there again after a reload."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import expect

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.runs import GetHistory

from . import gallery, runs
from .lab import LabPage, in_both_themes, wait_for

_TRAIN = """import time
import aip_jupyter as aip
for step in range(20_000):
    aip.log_metrics({'loss': 1 / (step + 1)}, step=step)
    time.sleep(0.02)
    if open('go-on.txt').read() == 'no':
        break"""


def test_a_curve_grows_while_the_cell_runs(notebook: LabPage, screenshot: Callable[[str], None]) -> None:
    page = notebook.page
    flag = notebook.server.folder / "work" / "go-on.txt"
    flag.write_text("yes")
    notebook.open_sidebar()
    path = notebook.path
    notebook.run(
        "%start_run growing --experiment curves\nimport aip_jupyter as aip\naip.log_params({'lr': 0.1})"
    )
    run = notebook.row("growing", "run")
    notebook.start(_TRAIN)
    try:
        run.dblclick()
        expect(page.get_by_role("heading", name="growing")).to_be_visible()
        drawing = runs.chart(page, "loss")
        expect(runs.marks(drawing)).to_have_count(1)
        first = runs.width_of(drawing)
        page.evaluate("() => { window.kept = document.querySelector('.jp-AipCurves-card svg'); }")
        wait_for(lambda: runs.width_of(drawing) > first + 20, "the curve does not grow")
        assert page.evaluate("() => window.kept.isConnected"), "new points need no new drawing"
        expect(page.locator(".jp-AipPage-facts")).to_contain_text("running")
        in_both_themes(notebook, screenshot, "run-growing")
    finally:
        flag.write_text("no")
    notebook.show_notebook(path)
    notebook.run("%end_run")
    run.dblclick()
    expect(page.locator(".jp-AipPage-facts")).to_contain_text("completed")
    expect(page.locator(".jp-AipRunPage")).to_contain_text("lr")
    notebook.until_kept("aip-runs")
    notebook.reload()
    expect(page.get_by_role("heading", name="growing")).to_be_visible()
    expect(runs.marks(runs.chart(page, "loss"))).to_have_count(1)


def test_a_long_run_is_drawn_with_its_peak_and_as_one_wants(
    lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None]
) -> None:
    services.projects.create_project(CreateProject(name="long"))
    with gallery.opened(lab_page.server) as platform:
        big = gallery.experiment(platform, "long", "big")
        made = gallery.run(platform, big, "a-long-one", status="completed")
        runs.add_curve(platform, made, "loss", 100_000)
        runs.add_curve(platform, made, "accuracy", 30)
        gallery.run(platform, big, "a-part", parent=made.id)
    page = lab_page.page
    lab_page.open_sidebar()
    began = time.monotonic()
    lab_page.execute("aip:open-run", project="long", run=made.id)
    drawing = runs.chart(page, "loss")
    expect(runs.marks(drawing)).to_have_count(1)
    print(f"a run of 100,000 points is drawn after {time.monotonic() - began:.2f} s")
    assert 200 < runs.width_of(drawing) <= 1000
    expect(drawing.locator("svg")).to_contain_text("3")  # the axis goes up to the peak
    history = services.runs.get_history(GetHistory(project="long", run=made.id, key="loss", points=1000))
    assert max(value for value in history.values if isinstance(value, float)) == 3.0
    controls = page.get_by_role("group", name="Curves")
    controls.get_by_label("Smoothing").fill("0.9")
    expect(runs.marks(drawing)).to_have_count(2)
    controls.get_by_label("Time").check()
    expect(drawing.locator("svg")).to_contain_text(re.compile(r"\d min|\d h"))
    controls.get_by_label("Log scale").check()
    expect(drawing).to_contain_text("no logarithm")
    in_both_themes(lab_page, screenshot, "run-long")
    page.get_by_role("button", name="a-part").click()
    expect(page.get_by_role("heading", name="a-part")).to_be_visible()
    expect(page.locator(".jp-AipRunPage").filter(visible=True)).to_contain_text("No metrics yet")


def test_a_run_that_is_not_there_is_told_in_its_page(lab_page: LabPage) -> None:
    lab_page.execute("aip:open-run", project="default", run="nobody-made-it")
    problem = lab_page.page.locator(".jp-AipRunPage").get_by_role("alert")
    expect(problem).to_contain_text("nobody-made-it")
    expect(problem.get_by_role("button", name="Retry")).to_be_visible()
