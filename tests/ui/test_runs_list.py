"""The list of runs: found, filtered, ordered, deleted and restored; also when there are very many."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.records import now_ms
from aip_jupyter.domain.runs import GetRun

from . import gallery, runs
from .lab import LabPage, in_both_themes

_MANY = 20_000


def choose(lab_page: LabPage, *items: str) -> None:
    """Choose from the menu of the runs, by the way of its submenus."""
    lab_page.sidebar.get_by_role("button", name="Status, order, deleted runs").click()
    for item in items:
        lab_page.page.locator(".lm-Menu-itemLabel").get_by_text(item, exact=True).click()


def first_run(lab_page: LabPage) -> Locator:
    return lab_page.sidebar.locator('[role="treeitem"][data-kind="run"]').first


def test_a_filter_finds_and_what_is_wrong_with_it_is_told_at_the_field(
    lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None]
) -> None:
    services.projects.create_project(CreateProject(name="found"))
    with gallery.opened(lab_page.server) as platform:
        runs.sweep(platform, "found", "sweep", loss=20)
        lost = gallery.experiment(platform, "found", "lost")
        beat = now_ms() - 600_000
        whole = gallery.run(platform, lost, "silent", started=beat, beat=beat, holder="somewhere else:1:1")
        gallery.run(platform, lost, "a-step", parent=whole.id, status="completed", ended=now_ms())
    sidebar = lab_page.open_sidebar()
    lab_page.choose_project("found")
    field = sidebar.get_by_role("searchbox", name="Search runs")
    field.fill("params.lr < 0.05 and status = 'completed'")
    expect(lab_page.row("sweep-1", "run")).to_be_visible()
    expect(lab_page.row("sweep-0", "run")).to_have_count(0)
    field.fill("params.lr < 0.05 and colour = 'red'")
    expect(sidebar.get_by_role("alert")).to_contain_text("colour")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(lab_page.row("sweep-1", "run")).to_be_visible()
    in_both_themes(lab_page, screenshot, "runs-filter-wrong")
    field.fill("eep-2")
    expect(lab_page.row("sweep-2", "run")).to_be_visible()
    expect(lab_page.row("sweep-1", "run")).to_have_count(0)
    expect(sidebar.get_by_role("alert")).to_have_count(0)
    field.press("Escape")
    choose(lab_page, "Status", "failed")
    expect(lab_page.row("sweep-0", "run")).to_be_visible()
    expect(sidebar.locator('[data-kind="run"]')).to_have_count(1)
    sidebar.get_by_role("button", name="Take back: failed").click()
    silent = lab_page.row("silent", "run")
    experiment = lab_page.row("lost", "experiment")
    expect(experiment).to_be_visible()
    if experiment.get_attribute("aria-expanded") == "false":  # it is the newest, which may be open already
        experiment.click()
    expect(silent.get_by_role("img", name="lost contact")).to_be_visible()
    expect(lab_page.row("a-step", "run")).to_have_count(0)
    expect(silent).to_contain_text("1 part")
    silent.click()
    expect(lab_page.row("a-step", "run")).to_have_attribute("aria-level", "4")
    in_both_themes(lab_page, screenshot, "runs-nested")


def test_a_run_is_deleted_after_a_question_and_restored(
    lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None]
) -> None:
    services.projects.create_project(CreateProject(name="deleted"))
    with gallery.opened(lab_page.server) as platform:
        made = runs.sweep(platform, "deleted", "sweep", loss=5)
    page = lab_page.page
    sidebar = lab_page.open_sidebar()
    lab_page.choose_project("deleted")
    row = lab_page.row("sweep-1", "run")
    row.click(button="right")
    page.locator(".lm-Menu").get_by_text("Delete…", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete run sweep-1?")
    expect(dialog).to_contain_text("30 days")
    in_both_themes(lab_page, screenshot, "run-delete")
    dialog.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    assert services.runs.get_run(GetRun(project="deleted", run=made[1].id)).run.state == "ARCHIVED"
    choose(lab_page, "Deleted runs")
    deleted = lab_page.row("sweep-1", "deleted-run")
    expect(deleted).to_be_visible()
    screenshot("runs-deleted")
    deleted.hover()
    deleted.get_by_role("button", name="Restore").click()
    expect(deleted).to_have_count(0)
    expect(sidebar).to_contain_text("No deleted runs.")
    sidebar.get_by_role("button", name="Take back: deleted").click()
    expect(row).to_be_visible()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_twenty_thousand_runs_open_sort_and_filter(
    lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None]
) -> None:
    services.projects.create_project(CreateProject(name="twenty-thousand"))
    with gallery.opened(lab_page.server) as platform:
        runs.add_many(platform, "twenty-thousand", "large", _MANY)
    sidebar = lab_page.open_sidebar()
    lab_page.page.set_viewport_size({"width": 1280, "height": 1000})
    timings: list[str] = []

    def until(what: str, name: str, act: Callable[[], object]) -> None:
        began = time.monotonic()
        act()
        expect(first_run(lab_page)).to_contain_text(name)
        timings.append(f"{what} {time.monotonic() - began:.2f} s")

    until("open", f"many-{_MANY - 1:05}", lambda: lab_page.choose_project("twenty-thousand"))
    by_loss = "loss, lowest first"
    until("by metric", f"many-{_MANY // 2:05}", lambda: choose(lab_page, "By metric", by_loss))
    until("by name", "many-00000", lambda: choose(lab_page, "Name"))
    field = sidebar.get_by_role("searchbox", name="Search runs")
    until("filter", "many-06000", lambda: field.fill("metrics.loss < 0.25 and name like '%000%'"))
    until("search", "many-19999", lambda: field.fill("19999"))
    field.fill("")
    tree = sidebar.get_by_role("tree", name="Runs")
    expect(first_run(lab_page)).to_contain_text("many-00000")
    for _ in range(4):
        tree.press("End")
        lab_page.page.wait_for_timeout(100)
    assert sidebar.locator('[role="treeitem"]').count() < 200, "only what is on the screen is drawn"
    screenshot("runs-many")
    print(f"{_MANY:,} runs: {', '.join(timings)}")
