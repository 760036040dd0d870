"""Datasets in the sidebar with where they are used, and the pages of lineages."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.datasets import Column, Dataset, LogDataset
from aip_jupyter.domain.lineage import Link, link_id
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.domain.runs import Run
from aip_jupyter.services.local import Platform

from ..contracts.services import put
from ..support.live import LiveServer
from . import gallery
from .lab import LabPage, in_both_themes

PROJECT = "lineage"
MANY = 220
"""Runs of one sweep, all over the same data."""


def _link(platform: Platform, source: str, target: str, context: str = "") -> None:
    id = link_id(source, target, context)
    made = Link(id=id, project=PROJECT, source=source, target=target, context=context, created=now_ms())
    platform.tracking.apply([Put(made)])


def _log(
    services: HttpServices, name: str, digest: str, run: Run | None = None, context: str = ""
) -> Dataset:
    columns = [
        Column(name="pixel", type="float"),
        Column(name="target", type="int", nulls=0, minimum=0, maximum=9),
    ]
    request = LogDataset(
        id=new_id(),
        project=PROJECT,
        name=name,
        digest=digest * 16,
        source=f"data/{name}.csv",
        size=494_000,
        rows=1797,
        columns=columns,
        run=run.id if run else "",
        context=context,
    )
    return services.datasets.log_dataset(request).dataset


@pytest.fixture(scope="module")
def made(lab: LiveServer, services: HttpServices) -> dict[str, Dataset]:
    """Data that a run and a version came out of, with an end that is gone; and data of many runs."""
    services.projects.create_project(CreateProject(name=PROJECT))
    with gallery.opened(lab) as platform:
        experiment = gallery.experiment(platform, PROJECT, "digits")
        base = gallery.run(platform, experiment, "base", status="completed")
        _log(services, "customers", "0ld5".replace("l", "1"))
        customers = _log(services, "customers", "cafe", base, "training")
        put(services, "clf", project=PROJECT, run=base.id)
        _link(platform, f"dataset:{new_id()}", f"run:{base.id}", "validation")
        wide = _log(services, "wide", "beef")
        began = now_ms() - 3_600_000
        runs = [
            Run(
                id=new_id(),
                project=PROJECT,
                name=f"sweep-{number:03}",
                experiment_id=experiment.id,
                experiment="digits",
                status="completed",
                started=began + number,
                ended=began + 1000,
                created=began,
            )
            for number in range(MANY)
        ]
        platform.tracking.apply([Put(run) for run in runs])
        for run in runs:
            _link(platform, f"dataset:{wide.id}", f"run:{run.id}", "training")
        _log(services, "spare", "feed")
    return {"customers": customers, "wide": wide}


def _page(lab_page: LabPage) -> Locator:
    return lab_page.page.locator(".jp-AipLineagePage").filter(visible=True)


def _node(page: Locator, label: str) -> Locator:
    text = page.page.locator(".jp-AipLineage-label").get_by_text(label, exact=True)
    return page.locator(".jp-AipLineage-node").filter(has=text)


def test_a_dataset_tells_what_it_is_used_for_and_opens_it(
    lab_page: LabPage, made: dict[str, Dataset], screenshot: Callable[[str], None]
) -> None:
    sidebar = lab_page.open_sidebar()
    lab_page.choose_project(PROJECT)
    expect(lab_page.row("customers", "dataset")).to_have_count(2)
    sidebar.get_by_role("searchbox", name="Search datasets").fill("cust")
    expect(lab_page.row("wide", "dataset")).to_have_count(0)
    customers = lab_page.row("customers", "dataset").filter(has_text="cafecafe")
    customers.click()
    expect(lab_page.row("target", "column")).to_contain_text("0 … 9")
    lab_page.row("Contents of this name", "group").click()
    expect(lab_page.row("cafecafe", "content")).to_contain_text("this one")
    expect(lab_page.row("01d501d5", "content")).to_have_count(1)
    lab_page.row("Where used", "group").click()
    expect(lab_page.row("base", "link")).to_contain_text("completedtraining")
    expect(lab_page.row("clf:1", "link")).to_contain_text("developmentthrough base")
    in_both_themes(lab_page, screenshot, "datasets-used")
    lab_page.row("base", "link").dblclick()
    expect(lab_page.page.get_by_role("heading", name="base")).to_be_visible()
    customers.click(button="right")
    lab_page.page.locator(".lm-Menu").get_by_text("Open Lineage").click()
    expect(_page(lab_page).get_by_role("heading", name="Lineage of customers")).to_be_visible()


def test_a_lineage_is_drawn_both_ways_and_opens_what_is_in_it(
    lab_page: LabPage, made: dict[str, Dataset], screenshot: Callable[[str], None]
) -> None:
    lab_page.open_sidebar()
    lab_page.choose_project(PROJECT)
    lab_page.execute("aip:open-lineage", project=PROJECT, reference="run:base")
    page = _page(lab_page)
    expect(page.get_by_role("heading", name="Lineage of base")).to_be_visible()
    expect(page.locator(".jp-AipLineage-node")).to_have_count(4)
    gone = page.locator(".jp-AipLineage-node.jp-mod-missing")
    expect(gone).to_contain_text("gone")
    expect(page.locator(".jp-AipLineage-word").filter(has_text="training")).to_be_visible()
    after, before = (
        page.get_by_role("region", name=name) for name in ("What came out of it", "What it came out of")
    )
    expect(after.locator("tbody tr")).to_have_text(["clf:1versiondevelopment, _v11"])
    expect(before.locator("tbody tr")).to_have_count(2)
    expect(before).to_contain_text("gone")
    in_both_themes(lab_page, screenshot, "lineage-small")
    view = page.get_by_role("listbox")
    view.press("ArrowRight")
    expect(page.get_by_role("option", selected=True)).to_contain_text("clf:1")
    view.press("ArrowLeft")
    expect(page.get_by_role("option", selected=True)).to_contain_text("base")
    view.press("ArrowRight")
    view.press("Enter")
    expect(lab_page.tree.locator('[aria-selected="true"]')).to_contain_text("_v1")
    _node(page, "customers").click()
    expect(_page(lab_page).get_by_role("heading", name="Lineage of customers")).to_be_visible()
    expect(_page(lab_page)).to_contain_text("1,797 × 2 · 494 kB")
    impact = _page(lab_page).get_by_role("region", name="What came out of it")
    expect(impact.locator("tbody tr")).to_have_text(
        ["baseruncompletedas training1", "clf:1versiondevelopmentthrough base2"]
    )
    lab_page.until_kept(f"aip-lineage:aip-lineage-{PROJECT}-dataset")
    lab_page.reload()
    expect(_page(lab_page).get_by_role("heading", name="Lineage of customers")).to_be_visible()


def test_a_large_lineage_does_not_hold_the_page(
    lab_page: LabPage, made: dict[str, Dataset], screenshot: Callable[[str], None]
) -> None:
    began = time.monotonic()
    lab_page.execute("aip:open-lineage", project=PROJECT, reference=f"dataset:{made['wide'].id}")
    page = _page(lab_page)
    expect(page.locator(".jp-AipLineage-node")).to_have_count(MANY + 1)
    print(f"{MANY + 1} nodes are drawn after {time.monotonic() - began:.2f} s")
    expect(_node(page, "wide")).to_be_in_viewport()
    expect(page.locator("tbody tr")).to_have_count(100)
    page.get_by_role("button", name="Show 100 more of 220").click()
    expect(page.locator("tbody tr")).to_have_count(200)
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("output")).not_to_have_text("100 %")
    in_both_themes(lab_page, screenshot, "lineage-large")


def test_a_dataset_is_deleted_and_comes_back(
    lab_page: LabPage, made: dict[str, Dataset], screenshot: Callable[[str], None]
) -> None:
    sidebar = lab_page.open_sidebar()
    lab_page.choose_project(PROJECT)
    spare = lab_page.row("spare", "dataset")
    spare.click(button="right")
    lab_page.page.locator(".lm-Menu").get_by_text("Delete…").click()
    dialog = lab_page.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete dataset spare?")
    expect(dialog).to_contain_text("feedfeed · 1,797 × 2")
    in_both_themes(lab_page, screenshot, "datasets-delete")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(spare).to_have_count(0)
    deleted = sidebar.get_by_role("button", name="Deleted datasets")
    deleted.click()
    expect(deleted).to_have_attribute("aria-pressed", "true")
    gone = lab_page.row("spare", "deleted-dataset")
    gone.hover()
    in_both_themes(lab_page, screenshot, "datasets-deleted")
    gone.get_by_role("button", name="Restore").click()
    expect(sidebar).to_contain_text("No deleted datasets.")
    deleted.click()
    expect(spare).to_have_count(1)
