"""What pages and lists of runs do where they are easily wrong: keys, hidden tabs, many of something."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.changes import AddPoints
from aip_jupyter.domain.runs import Run

from ..contracts.services import put
from ..support.live import LiveServer
from . import gallery, runs
from .lab import LabPage


@pytest.fixture(scope="module")
def made(lab: LiveServer, services: HttpServices) -> list[Run]:
    """A project with a model, a sweep of three runs, and one run of sixty metrics."""
    services.projects.create_project(CreateProject(name="edges"))
    put(services, "beside", project="edges")
    with gallery.opened(lab) as platform:
        wide = gallery.run(
            platform, gallery.experiment(platform, "edges", "wide"), "wide", status="completed"
        )
        keys = [f"layer{number:02}/grad" for number in range(60)]
        added = AddPoints(
            project="edges",
            run_id=wide.id,
            keys=keys,
            steps=[0] * 60,
            times=[wide.started] * 60,
            values=[1.0] * 60,
        )
        platform.tracking.apply([added])
        return [*runs.sweep(platform, "edges", "sweep", loss=300), wide]


def test_what_is_selected_is_compared_whatever_was_clicked_since(lab_page: LabPage, made: list[Run]) -> None:
    sidebar = lab_page.open_sidebar()
    lab_page.choose_project("edges")
    for name in ("sweep-2", "sweep-0"):
        lab_page.row(name, "run").click(modifiers=["Control"])
    lab_page.row("beside").click()
    sidebar.get_by_role("button", name="Compare", exact=True).click()
    expect(lab_page.page.get_by_role("heading", name="2 runs")).to_be_visible()
    field = sidebar.get_by_role("searchbox", name="Search runs")
    sidebar.get_by_role("button", name="Select none").click()
    expect(field).to_be_focused()
    field.blur()
    lab_page.execute("aip:search-runs")
    expect(field).to_be_focused()


def test_keys_zoom_a_curve(lab_page: LabPage, made: list[Run]) -> None:
    page = lab_page.page
    lab_page.execute("aip:open-run", project="edges", run=made[0].id)
    drawing = runs.chart(page, "loss")
    expect(runs.marks(drawing)).to_have_count(1)
    steps = drawing.locator("svg .role-axis-label").first
    expect(steps).to_contain_text("250")
    drawing.get_by_role("application", name="loss: 300 points of 1 run").focus()
    page.keyboard.press("+")
    expect(steps).not_to_contain_text("250")
    page.keyboard.press("ArrowRight")
    expect(steps).to_contain_text("260")
    page.keyboard.press("0")
    expect(steps).to_contain_text("250")
    page.get_by_role("radio", name="Steps").press("ArrowRight")
    expect(page.get_by_role("radio", name="Time")).to_be_checked()


def test_a_page_behind_another_is_drawn_when_it_is_seen_again(lab_page: LabPage, made: list[Run]) -> None:
    """Its colours change with the theme while it is hidden, and has no width."""
    page = lab_page.page
    lab_page.execute("aip:open-run", project="edges", run=made[0].id)
    expect(runs.marks(runs.chart(page, "loss"))).to_have_count(1)
    page.evaluate("() => { window.drawn = document.querySelector('.jp-AipCurves-card svg'); }")
    lab_page.execute("aip:open-run", project="edges", run=made[1].id)
    expect(page.get_by_role("heading", name="sweep-1")).to_be_visible()
    lab_page.use_theme("dark")
    page.wait_for_function("() => !window.drawn.isConnected")
    lab_page.use_theme("light")
    lab_page.execute("aip:open-run", project="edges", run=made[0].id)
    svg = runs.chart(page, "loss").locator("svg").first
    expect(svg).to_have_attribute("width", re.compile(r"^[2-9]\d\d"))
    expect(svg).to_be_visible()


def test_lineage_is_inserted_into_the_notebook_that_the_page_covers(
    notebook: LabPage, made: list[Run]
) -> None:
    notebook.execute("aip:open-run", project="edges", run=made[0].id)
    button = notebook.page.get_by_role("button", name="Insert Lineage")
    expect(button).to_be_visible()
    button.click()
    expect(notebook.page.locator(".jp-Notebook").filter(visible=True)).to_have_count(1)
    assert notebook.cells[-1] == f"%lineage run:{made[0].id}"


def test_of_many_metrics_some_are_drawn_and_all_are_found(lab_page: LabPage, made: list[Run]) -> None:
    page = lab_page.page
    lab_page.execute("aip:open-run", project="edges", run=made[3].id)
    cards = page.locator(".jp-AipCurves-card")
    expect(cards).to_have_count(30)
    page.get_by_role("button", name="Show 30 more of 60").click()
    expect(cards).to_have_count(60)
    page.get_by_role("searchbox", name="Filter metrics by name").fill("ER59")
    expect(cards).to_have_count(1)
    expect(
        runs.marks(runs.chart(page, "layer59/grad")).or_(page.locator("svg .mark-symbol")).first
    ).to_be_attached()
    page.get_by_role("searchbox", name="Filter metrics by name").fill("nothing")
    expect(page.locator(".jp-AipRunPage")).to_contain_text("No metric has “nothing” in its name.")


def test_what_is_hidden_in_a_comparison_is_hidden_after_a_reload(lab_page: LabPage, made: list[Run]) -> None:
    page = lab_page.page
    lab_page.execute("aip:open-comparison", project="edges", runs=[run.id for run in made[:3]])
    expect(runs.marks(runs.chart(page, "loss"))).to_have_count(3)
    page.get_by_role("button", name="Draw sweep-1").click()
    page.get_by_label("Only what differs").check()
    expect(runs.marks(runs.chart(page, "loss"))).to_have_count(2)
    page.wait_for_timeout(1500)  # JupyterLab keeps its layout a second after a change
    lab_page.reload()
    expect(runs.marks(runs.chart(page, "loss"))).to_have_count(2)
    expect(page.get_by_label("Only what differs")).to_be_checked()
    expect(page.get_by_role("button", name="Draw sweep-1")).to_have_attribute("aria-pressed", "false")
