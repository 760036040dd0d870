"""Runs beside each other: chosen in the sidebar, what differs marked, their curves in one drawing."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.access import CreateProject

from . import gallery, runs
from .lab import LabPage, in_both_themes


def test_runs_that_are_selected_are_compared(
    lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None]
) -> None:
    services.projects.create_project(CreateProject(name="compared"))
    with gallery.opened(lab_page.server) as platform:
        runs.sweep(platform, "compared", "sweep", loss=300, accuracy=50)
    page = lab_page.page
    sidebar = lab_page.open_sidebar()
    lab_page.choose_project("compared")
    first, last = lab_page.row("sweep-2", "run"), lab_page.row("sweep-0", "run")
    first.click(modifiers=["Control"])
    last.click(modifiers=["Shift"])
    expect(sidebar.locator('[role="treeitem"][aria-selected="true"]')).to_have_count(3)
    in_both_themes(lab_page, screenshot, "runs-selected")
    sidebar.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("heading", name="3 runs")).to_be_visible()
    expect(runs.marks(runs.chart(page, "loss"))).to_have_count(3)
    table = page.locator(".jp-AipComparison-table")
    rate = table.get_by_role("row").filter(has_text="lr")
    expect(rate.get_by_role("img", name="differs")).to_be_visible()
    depth = table.get_by_role("row").filter(has_text="depth")
    expect(depth).to_have_count(1)
    expect(depth.get_by_role("img", name="differs")).to_have_count(0)
    in_both_themes(lab_page, screenshot, "runs-compared")
    page.get_by_label("Only what differs").check()
    expect(depth).to_have_count(0)
    parallel = page.get_by_role("img", name="Parallel coordinates")
    parallel.scroll_into_view_if_needed()
    expect(parallel.locator("svg")).to_contain_text("adam")
    in_both_themes(lab_page, screenshot, "runs-parallel")
    page.get_by_role("button", name="Draw sweep-1").click()
    expect(runs.marks(runs.chart(page, "loss"))).to_have_count(2)
    page.get_by_role("button", name="Take sweep-0 out").click()
    expect(page.get_by_role("heading", name="2 runs")).to_be_visible()
    lab_page.until_kept("aip-comparisons", 2)
    lab_page.reload()
    expect(page.get_by_role("heading", name="2 runs")).to_be_visible()
    expect(runs.marks(runs.chart(page, "loss"))).to_have_count(1)  # the other one is still not drawn


def test_the_keyboard_selects_too(lab_page: LabPage, services: HttpServices) -> None:
    services.projects.create_project(CreateProject(name="by-keys"))
    with gallery.opened(lab_page.server) as platform:
        runs.sweep(platform, "by-keys", "keys", loss=3)
    sidebar = lab_page.open_sidebar()
    lab_page.choose_project("by-keys")
    tree = sidebar.get_by_role("tree", name="Runs")
    expect(lab_page.row("keys-2", "run")).to_be_visible()
    for name in ("keys", "keys-2"):  # the experiment, then its first run
        tree.press("ArrowDown")
        expect(tree.locator('[aria-selected="true"]')).to_contain_text(name)
    tree.press("Shift+ArrowDown")
    expect(sidebar).to_contain_text("2 selected")
    tree.press("Shift+ArrowDown")
    expect(sidebar).to_contain_text("3 selected")
    tree.press("Control+Space")
    expect(sidebar).to_contain_text("2 selected")
    tree.press("ArrowUp")
    expect(sidebar).not_to_contain_text("selected")
    tree.press("Enter")
    expect(lab_page.page.get_by_role("heading", name="keys-1")).to_be_visible()
