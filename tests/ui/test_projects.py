"""Projects in the sidebar: choosing, making, archiving; two side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Route, expect

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.access import CreateProject, GetProject, Project
from aip_jupyter.domain.changes import Delete, Put
from aip_jupyter.domain.records import new_id

from ..contracts.services import put
from ..support.live import LiveServer
from . import gallery
from .lab import LabPage, in_both_themes, wait_for
from .twins import FACTS, two_projects


@pytest.fixture(scope="module", autouse=True)
def twins(lab: LiveServer, services: HttpServices) -> Iterator[None]:
    """Two projects with the same names in them."""
    with two_projects(lab, services):
        yield


def _row(lab_page: LabPage, kind: str) -> Locator:
    names = {"run": "baseline", "session": "trainer"}
    return lab_page.row(names.get(kind, "digits"), kind)


def _expect_all_of(lab_page: LabPage, project: str) -> None:
    """Every section shows this project's record, and not the other's of the same name."""
    for kind, fact in FACTS[project].items():
        expect(_row(lab_page, kind)).to_contain_text(fact)
        expect(_row(lab_page, kind)).to_have_count(1)


def test_switching_changes_every_section(lab_page: LabPage) -> None:
    lab_page.open_sidebar()
    lab_page.choose_project("speech")
    _expect_all_of(lab_page, "speech")
    box = lab_page.sidebar.get_by_role("searchbox", name="Filter by name")
    lab_page.row("digits").click()
    expect(lab_page.row("_v1", "version")).to_be_visible()
    titles = lab_page.sidebar.locator(".jp-AccordionPanel-title")
    expect(titles.filter(has_text="Models")).to_have_attribute("data-count", "1")
    lab_page.choose_project("vision")
    _expect_all_of(lab_page, "vision")
    expect(lab_page.row("_v1", "version")).to_have_count(0)
    expect(lab_page.tree.locator('[aria-selected="true"]')).to_have_count(0)
    box.fill("i")
    expect(lab_page.row("baseline", "run")).to_have_count(1)
    lab_page.choose_project("speech")
    expect(box).to_have_value("i")
    expect(lab_page.row("digits")).to_contain_text("1 version")
    expect(lab_page.row("trainer", "session")).to_contain_text("L40S")
    box.fill("")
    lab_page.choose_project("vision")
    _expect_all_of(lab_page, "vision")
    _nothing_of_the_project_before_is_left_while_the_new_one_loads(lab_page)


def _nothing_of_the_project_before_is_left_while_the_new_one_loads(lab_page: LabPage) -> None:
    """From `vision` to `speech`, with answers that are slow and come in the wrong order."""
    held: list[Route] = []
    asked = re.compile("/projects/(speech|vision)/")
    lab_page.page.route(asked, lambda route: held.append(route))
    lab_page.sidebar.get_by_role("button", name="Refresh").click()
    _wait_for_routes(lab_page, held, "vision")
    lab_page.choose_project("speech")
    _wait_for_routes(lab_page, held, "speech")
    for kind in FACTS["vision"]:
        assert _row(lab_page, kind).count() == 0, kind
    expect(lab_page.sidebar.locator('[data-kind="loading"]')).to_have_count(4)
    lab_page.page.route(asked, lambda route: route.continue_())
    # The new project's answers come first, the old one's afterwards.
    for route in sorted(held, key=lambda route: "vision" in route.request.url):
        route.continue_()
    _expect_all_of(lab_page, "speech")
    lab_page.sidebar.get_by_role("button", name="Refresh").click()
    _expect_all_of(lab_page, "speech")


def _wait_for_routes(lab_page: LabPage, held: list[Route], project: str) -> None:
    """Until all four sections have asked."""
    words = ("models", "experiments", "datasets", "sessions")
    while not all(any(f"/{project}/{word}" in route.request.url for route in held) for word in words):
        lab_page.page.wait_for_timeout(20)


_USE = """%load_ext aip_jupyter
import aip_jupyter as aip
aip.init("vision")
open("side.bin", "w").write("x")"""


def test_two_projects_side_by_side(
    lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None]
) -> None:
    beside = LabPage(lab_page.page.context.new_page(), lab_page.server)
    beside.open("lab/workspaces/beside")
    for each, project in ((lab_page, "vision"), (beside, "speech")):
        each.open_sidebar()
        each.choose_project(project)
    _expect_all_of(lab_page, "vision")
    _expect_all_of(beside, "speech")
    screenshot("projects-side-by-side")
    lab_page.open_notebook("side.ipynb")
    lab_page.run(_USE)
    lab_page.run("%register_model side-by-side side.bin")
    expect(lab_page.row("side-by-side")).to_contain_text("1 version")
    lab_page.run("%start_run beside --experiment digits")
    expect(lab_page.row("beside", "run")).to_be_visible()
    lab_page.run("%end_run")
    # This comes after what was told of the other one.
    put(services, "on-the-other-side", project="speech")
    expect(beside.row("on-the-other-side")).to_be_visible()
    expect(beside.row("side-by-side")).to_have_count(0)
    expect(beside.row("beside", "run")).to_have_count(0)
    wait_for(lambda: _kept(beside, "beside") == "speech", "the choice is not kept")
    beside.reload("lab/workspaces/beside")
    expect(beside.selector).to_have_text("speech")
    expect(beside.row("digits")).to_contain_text("1 version")
    expect(lab_page.selector).to_have_text("vision")
    expect(lab_page.row("on-the-other-side")).to_have_count(0)


_KEPT = """async name => {
    const { data } = await window.jupyterapp.serviceManager.workspaces.fetch(name);
    return data['aip-jupyter:project']?.name ?? '';
}"""


def _kept(lab_page: LabPage, workspace: str) -> str:
    kept: str = lab_page.page.evaluate(_KEPT, workspace)
    return kept


def test_a_project_is_made_archived_and_restored(
    lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None]
) -> None:
    page = lab_page.page
    lab_page.open_sidebar()
    lab_page.open_projects().get_by_role("button", name="New project…").click()
    dialog = page.get_by_role("dialog").filter(has_text="New project")
    name = dialog.get_by_label("Name")
    expect(name).to_be_focused()
    name.fill("vision")
    name.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("there is a project 'vision' already")
    in_both_themes(lab_page, screenshot, "project-new")
    name.fill("forecasts")
    dialog.get_by_label("Description").fill("What will be")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_have_count(0)
    expect(lab_page.selector).to_have_text("forecasts")
    expect(lab_page.sidebar).to_contain_text("No models yet")
    made = services.projects.get_project(GetProject(project="forecasts")).project
    assert made.description == "What will be"
    put(services, "kept", project="forecasts")
    lab_page.open_projects().get_by_role("button", name="Archive project…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("%aip project restore forecasts")
    screenshot("project-archive")
    dialog.get_by_role("button", name="Archive").click()
    notice = lab_page.sidebar.get_by_role("status").filter(has_text="Archived: read-only")
    expect(notice).to_be_visible()
    expect(lab_page.row("kept")).to_be_visible()
    in_both_themes(lab_page, screenshot, "project-archived")
    _an_archived_one_is_listed_only_while_it_is_in_use(lab_page, screenshot)
    lab_page.sidebar.get_by_role("button", name="Restore").click()
    expect(notice).to_have_count(0)
    assert services.projects.get_project(GetProject(project="forecasts")).project.state == "LIVE"
    _what_others_do_is_seen_at_once(lab_page, services)


def _an_archived_one_is_listed_only_while_it_is_in_use(
    lab_page: LabPage, screenshot: Callable[[str], None]
) -> None:
    menu = lab_page.open_projects()
    option = menu.get_by_role("option").filter(has_text="forecasts")
    expect(option).to_contain_text("archived")
    expect(menu.get_by_role("button", name="Archive project…")).to_have_count(0)
    in_both_themes(lab_page, screenshot, "project-archived-list")
    menu.get_by_role("combobox").press("Escape")
    expect(lab_page.selector).to_be_focused()
    lab_page.choose_project("vision")
    expect(lab_page.open_projects().get_by_role("option").filter(has_text="vision")).to_be_visible()
    expect(option).to_have_count(0)
    menu.get_by_role("combobox").press("Escape")
    lab_page.execute("aip:open-model", project="forecasts", model="kept")
    expect(lab_page.selector).to_have_text("forecasts")


def _what_others_do_is_seen_at_once(lab_page: LabPage, services: HttpServices) -> None:
    notice = lab_page.sidebar.get_by_role("status").filter(has_text="Archived: read-only")
    services.projects.archive_project(GetProject(project="forecasts"))
    expect(notice).to_be_visible()
    services.projects.restore_project(GetProject(project="forecasts"))
    expect(notice).to_have_count(0)
    menu = lab_page.open_projects()
    expect(menu.get_by_role("option").filter(has_text="forecasts")).to_be_visible()
    services.projects.create_project(CreateProject(name="newcomer"))
    expect(menu.get_by_role("option").filter(has_text="newcomer")).to_be_visible()


def _open_menu(lab_page: LabPage, box: Locator) -> None:
    """With the focus in its field: JupyterLab, while it starts, may take that once for its launcher."""
    lab_page.execute("aip:switch-project")
    try:
        expect(box).to_be_focused(timeout=5_000)
    except AssertionError:
        lab_page.page.mouse.click(900, 500)
        lab_page.execute("aip:switch-project")
        expect(box).to_be_focused()


def test_a_project_is_found_among_many_with_the_keyboard(
    lab_page: LabPage, screenshot: Callable[[str], None]
) -> None:
    with gallery.opened(lab_page.server) as platform:
        many = [
            Project(id=new_id(), name=f"team-{number:03}", description="One of many") for number in range(300)
        ]
        platform.access.apply([Put(project) for project in many])
    menu = lab_page.page.get_by_role("dialog", name="Projects")
    box = menu.get_by_role("combobox", name="Find a project")
    _open_menu(lab_page, box)
    options = menu.get_by_role("option")
    expect(options.first).to_contain_text("default")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(menu.get_by_role("option", name="team-299")).to_have_count(1)
    in_both_themes(lab_page, screenshot, "project-list")
    box.press_sequentially("what is")
    expect(options).to_have_count(2)
    in_both_themes(lab_page, screenshot, "project-search")
    box.press("ArrowDown")
    expect(menu.locator(".jp-mod-active")).to_contain_text("vision")
    assert box.get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
    box.press("Enter")
    expect(menu).to_have_count(0)
    expect(lab_page.selector).to_be_focused()
    expect(lab_page.selector).to_have_text("vision")
    _expect_all_of(lab_page, "vision")
    lab_page.page.keyboard.press("Enter")
    box.fill("no such project")
    expect(menu.get_by_role("status")).to_have_text("No project matches “no such project”.")
    box.press("Tab")
    expect(menu.get_by_role("button", name="New project…")).to_be_focused()
    lab_page.page.mouse.click(900, 500)
    expect(menu).to_have_count(0)


def test_a_project_that_is_gone_is_left(lab_page: LabPage, screenshot: Callable[[str], None]) -> None:
    with gallery.opened(lab_page.server) as platform:
        gone = Project(id=new_id(), name="gone")
        platform.access.apply([Put(gone)])
        lab_page.open_sidebar()
        lab_page.choose_project("gone")
        wait_for(lambda: _kept(lab_page, "default") == "gone", "the choice is not kept")
        lab_page.page.goto("about:blank")
        platform.access.apply([Delete(Project, gone.id)])
    lab_page.reload()
    expect(lab_page.selector).to_have_text("default")
    notice = lab_page.sidebar.get_by_role("status").filter(has_text="Project “gone” is gone")
    expect(notice).to_be_visible()
    expect(lab_page.sidebar.get_by_role("alert")).to_have_count(0)
    in_both_themes(lab_page, screenshot, "project-gone")
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)


def test_only_who_administers_makes_archives_and_restores(lab_page: LabPage, services: HttpServices) -> None:
    services.projects.create_project(CreateProject(name="borrowed"))
    lab_page.page.route(re.compile("/aip/v1/(capabilities|projects/borrowed)"), _without_admin)
    lab_page.open()  # anew: what one may is asked once
    lab_page.open_sidebar()
    lab_page.choose_project("borrowed")
    menu = lab_page.open_projects()
    expect(menu.get_by_role("option").filter(has_text="vision")).to_be_visible()
    expect(menu.get_by_role("button")).to_have_count(0)
    menu.get_by_role("combobox").press("Escape")
    services.projects.archive_project(GetProject(project="borrowed"))
    notice = lab_page.sidebar.get_by_role("status").filter(has_text="Archived: read-only")
    expect(notice).to_be_visible()
    expect(notice.get_by_role("button")).to_have_count(0)


def _without_admin(route: Route) -> None:
    """The server's answer, as somebody else gets it."""
    answer = route.fetch()
    body = answer.json()
    if "rights" in body:
        body["rights"].remove("admin")
    route.fulfill(response=answer, json=body)
