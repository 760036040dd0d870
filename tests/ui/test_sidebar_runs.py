"""The sidebar's runs and datasets: there at once, live, and good for something."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from aip_jupyter.client.http import HttpServices

from ..contracts.services import put
from . import gallery
from .lab import LabPage, in_both_themes, wait_for

_BEGIN = """%load_ext aip_jupyter
import aip_jupyter as aip
"""


def test_a_run_appears_and_its_metrics_change_without_a_reload(lab_page: LabPage) -> None:
    lab_page.page.evaluate("() => { window.notReloaded = true; }")
    lab_page.open_notebook("run.ipynb")
    lab_page.open_sidebar()
    lab_page.run(f"{_BEGIN}%start_run a-live-run --experiment live")
    run = lab_page.row("a-live-run", "run")
    expect(run.get_by_role("img", name="running")).to_be_visible()
    expect(lab_page.row("live", "experiment")).to_have_attribute("aria-expanded", "true")
    asked: list[str] = []
    lab_page.page.on("request", lambda request: asked.append(request.url))
    lab_page.run("aip.log_metrics({'accuracy': 0.5}, step=1)")
    expect(run).to_contain_text("accuracy 0.5")
    lab_page.run("aip.log_metrics({'accuracy': 0.75, 'loss': float('nan')}, step=2)")
    expect(run).to_contain_text("accuracy 0.75 · loss NaN")
    assert not [url for url in asked if "/models" in url or "/datasets" in url], "these had not changed"
    run.click()
    expect(lab_page.row("accuracy", "metric")).to_contain_text("0.5 … 0.75 · 2 points")
    lab_page.run("aip.log_params({'depth': 3})\naip.log_metrics({'accuracy': 0.25}, step=3)")
    expect(lab_page.row("depth", "param")).to_contain_text("3")
    expect(lab_page.row("accuracy", "metric")).to_contain_text("0.25 … 0.75 · 3 points")
    lab_page.run("%end_run")
    expect(run.get_by_role("img", name="completed")).to_be_visible()
    assert lab_page.page.evaluate("() => window.notReloaded")


def test_a_dataset_appears_with_its_columns(lab_page: LabPage) -> None:
    (lab_page.server.folder / "work" / "data.csv").write_text("a,b\n1,x\n2,\n")
    lab_page.open_notebook("dataset.ipynb")
    lab_page.open_sidebar()
    lab_page.run(f"{_BEGIN}%log_dataset from-a-cell data.csv")
    dataset = lab_page.row("from-a-cell", "dataset")
    expect(dataset).to_contain_text("2 × 2 · 11 B")
    dataset.click()
    expect(lab_page.row("a", "column")).to_contain_text("int1 … 2")
    dataset.hover()
    dataset.get_by_role("button", name="Insert Lineage into Notebook").click()
    _expect_inserted(lab_page, "%lineage dataset:from-a-cell")
    assert "from-a-cell" in lab_page.run(lab_page.cells[-1])


def _expect_inserted(lab_page: LabPage, source: str) -> None:
    wait_for(lambda: lab_page.cells[-1] == source, f"{lab_page.cells[-1]!r} is not {source!r}")


def test_what_is_inserted_means_the_run_that_was_chosen(lab_page: LabPage) -> None:
    with gallery.opened(lab_page.server) as platform:
        experiment = gallery.experiment(platform, "default", "twice")
        older = gallery.run(platform, experiment, "same name", started=1_000_000)
        gallery.run(platform, experiment, "same name", started=2_000_000, device="newer")
    lab_page.open_notebook("chosen.ipynb")
    lab_page.run("%load_ext aip_jupyter")
    sidebar = lab_page.open_sidebar()
    sidebar.get_by_role("searchbox", name="Search runs").fill("same name")
    newer = lab_page.row("same name", "run").filter(has_text="newer")
    expect(newer.locator(".jp-AipTree-chip")).to_have_text(["twice", "newer"])
    newer.hover()
    newer.get_by_role("button", name="Insert into Notebook").click()
    _expect_inserted(lab_page, "%run_info 'same name'")
    assert "newer" in lab_page.run(lab_page.cells[-1])
    other = lab_page.row("same name", "run").filter(has_not_text="newer")
    other.click(button="right")
    menu = lab_page.page.locator(".lm-Menu")
    menu.get_by_text("Insert Lineage into Notebook").click()
    _expect_inserted(lab_page, f"%lineage run:{older.id}")
    assert "same name" in lab_page.run(lab_page.cells[-1])
    lab_page.sidebar.get_by_role("tree", name="Runs").press("Control+c")
    assert lab_page.page.evaluate("() => navigator.clipboard.readText()") == older.id


def test_a_section_that_cannot_be_read_says_so_and_leaves_the_others_alone(
    lab_page: LabPage, services: HttpServices
) -> None:
    put(services, "still-there")
    broken = re.compile(r"/aip/v1/projects/default/datasets")
    lab_page.page.route(broken, lambda route: route.fulfill(status=500, body="out of order"))
    lab_page.open()
    lab_page.open_sidebar()
    expect(lab_page.row("still-there")).to_be_visible()
    tree = lab_page.sidebar.get_by_role("tree", name="Datasets")
    expect(tree).to_contain_text("The server answered 500: out of order")
    lab_page.page.unroute(broken)
    tree.get_by_text("Retry").click()
    expect(lab_page.sidebar).not_to_contain_text("out of order")


def test_a_folded_section_stays_folded(lab_page: LabPage) -> None:
    sidebar = lab_page.open_sidebar()
    titles = sidebar.locator(".jp-AccordionPanel-title")
    expect(titles).to_have_text(["Models", "Runs", "Datasets", "GPU sessions"])
    runs = titles.filter(has_text="Runs")
    runs.focus()
    runs.press("Enter")
    expect(runs).to_have_attribute("aria-expanded", "false")
    wait_for(lambda: lab_page.page.evaluate(_SAVED), "the workspace is not saved")
    lab_page.page.goto(lab_page.server.url + "lab")
    expect(runs).to_have_attribute("aria-expanded", "false")
    expect(titles.filter(has_text="Models")).to_have_attribute("aria-expanded", "true")
    runs.click()
    expect(runs).to_have_attribute("aria-expanded", "true")


_SAVED = """async () => {
    const { data } = await window.jupyterapp.serviceManager.workspaces.fetch('default');
    return data['layout-restorer:data']?.left.widgetStates['aip-sidebar']?.expansionStates[1] === false;
}"""


@pytest.mark.slow
def test_all_sections_filled(
    lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None]
) -> None:
    with gallery.opened(lab_page.server) as platform:
        gallery.fill(platform, services, "gallery")
    lab_page.open_sidebar()
    lab_page.execute("aip:open-model", project="gallery", model="churn")
    run = lab_page.row("digits-baseline", "run")
    expect(run).to_contain_text("accuracy 0.971 · loss 0.083")
    expect(run.locator(".jp-AipTree-chip")).to_have_text("L40S")
    expect(lab_page.row("digits", "dataset")).to_contain_text("5e1f5e1f · 1,797 × 3 · 494 kB")
    expect(lab_page.row("clickstream", "dataset")).to_contain_text("s3://lake/clicks/2024")
    in_both_themes(lab_page, screenshot, "sections")
    lab_page.page.set_viewport_size({"width": 900, "height": 480})
    expect(lab_page.sidebar.locator(".jp-AipSection").last).to_be_in_viewport(ratio=0.9)
    in_both_themes(lab_page, screenshot, "sections-small")
    lab_page.page.set_viewport_size({"width": 1280, "height": 1400})
    run.click()
    lab_page.row("Data and versions", "group").click()
    expect(lab_page.row("digits", "link")).to_contain_text("dataset")
    lab_page.row("digits", "dataset").click()
    expect(lab_page.row("taken", "column")).to_contain_text("12 missing")
    in_both_themes(lab_page, screenshot, "sections-open")
    for row in lab_page.sidebar.get_by_role("treeitem").all():
        assert row.evaluate("node => node.scrollWidth <= node.clientWidth")
