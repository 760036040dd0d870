"""The sidebar shows what changed, whoever changed it, without a reload."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Route, expect

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.plugins import open_backend
from aip_jupyter.backends.registry.protocol import RegistryBackend
from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.models import Model
from aip_jupyter.domain.records import new_id

from ..contracts.services import put
from ..support.live import LiveServer
from .lab import LabPage


@pytest.fixture
def registry(lab: LiveServer) -> Iterator[RegistryBackend]:
    """The store itself, as another process has it open: it takes names that our front doors refuse."""
    registry = open_backend("registry", "sqlite", BackendConfig(home=lab.home, url=""))
    yield registry
    registry.close()


def test_what_a_cell_registers_appears_at_once(lab_page: LabPage) -> None:
    lab_page.page.evaluate("() => { window.notReloaded = true; }")
    lab_page.open_notebook("live.ipynb")
    lab_page.open_sidebar()
    lab_page.run("%load_ext aip_jupyter\nopen('live.bin', 'w').write('one')")
    lab_page.run("%register_model from-a-cell live.bin")
    model = lab_page.row("from-a-cell")
    expect(model).to_contain_text("1 version")
    model.click()
    expect(lab_page.row("_v1", "version")).to_be_visible()
    lab_page.run("open('live.bin', 'w').write('two')\n%register_model from-a-cell live.bin --version v2.0")
    expect(model).to_contain_text("2 versions")
    expect(lab_page.row("v2.0", "version")).to_have_class("jp-AipTree-row jp-mod-fresh")
    expect(model).to_have_attribute("aria-expanded", "true")
    assert lab_page.page.evaluate("() => window.notReloaded")


def test_what_other_programs_register_appears_at_once(lab_page: LabPage, services: HttpServices) -> None:
    put(services, "by-others")
    lab_page.open_sidebar()
    expect(lab_page.row("by-others")).to_contain_text("1 version")
    put(services, "by-others", b"more")
    expect(lab_page.row("by-others")).to_contain_text("2 versions")
    put(services, "and-another")
    expect(lab_page.row("and-another")).to_be_visible()


def test_what_changed_while_it_was_hidden_is_there_when_it_is_shown(
    lab_page: LabPage, services: HttpServices
) -> None:
    put(services, "seen")
    lab_page.open_sidebar()
    expect(lab_page.row("seen")).to_be_visible()
    lab_page.page.locator('.jp-SideBar [data-id="filebrowser"]').click()
    expect(lab_page.sidebar).to_be_hidden()
    lab_page.page.evaluate(
        "() => window.jupyterapp.serviceManager.events.stream.connect(() => { window.heard = true; })"
    )
    put(services, "unseen")
    lab_page.page.wait_for_function("() => window.heard")
    lab_page.open_sidebar()
    expect(lab_page.row("unseen")).to_be_visible()


_SET = "text => window.jupyterapp.serviceManager.settings.save('aip-jupyter:plugin', text)"


@pytest.mark.slow
def test_what_nobody_told_of_is_found_by_looking(lab_page: LabPage, services: HttpServices) -> None:
    lab_page.page.evaluate(_SET, '{"pollSeconds": 5}')
    lab_page.page.route_web_socket("**/api/events/subscribe**", lambda socket: socket.close())
    lab_page.open()
    lab_page.open_sidebar()
    put(services, "before-a-look")
    expect(lab_page.row("before-a-look")).to_be_visible()
    put(services, "between-looks")
    expect(lab_page.row("between-looks")).to_be_visible()
    lab_page.page.evaluate(_SET, "{}")
    lab_page.page.close()  # nothing is told to it any more


HOSTILE = [
    "<img src=x onerror=\"window.hacked='name'\">",
    "</div><script>window.hacked='script'</script>",
    "模型 ünï 🙂 \u202etxt.exe",
    "long-" + "x" * 250,
    "{1 + 1} ${hacked} %(x)s %1",
    "..",
    "a/b?c#d&e%2F",
]


def test_a_hostile_name_is_only_text(
    lab_page: LabPage, services: HttpServices, registry: RegistryBackend, screenshot: Callable[[str], None]
) -> None:
    services.projects.create_project(CreateProject(name="hostile"))
    for name in HOSTILE:
        model = Model(id=new_id(), project="hostile", name=name, category=name, tags={name: name})
        registry.apply([Put(model)])
    lab_page.open_sidebar()
    lab_page.execute("aip:open-model", project="hostile", model="none")
    for name in HOSTILE:
        row = lab_page.row(name.replace("\u202e", "\ufffd"))
        expect(row).to_be_visible()
        row.click()
        expect(lab_page.tree.locator('[data-kind="loading"]')).to_have_count(0)
        assert row.evaluate("node => node.scrollWidth <= node.clientWidth")
    screenshot("hostile")
    assert lab_page.tree.evaluate("node => node.scrollWidth <= node.clientWidth")
    assert lab_page.page.evaluate("() => window.hacked") is None


def test_thousands_of_models_are_paged_and_few_are_drawn(
    lab_page: LabPage, services: HttpServices, registry: RegistryBackend
) -> None:
    services.projects.create_project(CreateProject(name="many"))
    names = [f"m-{number:04}" for number in range(2500)]
    registry.apply([Put(Model(id=new_id(), project="many", name=name)) for name in names])
    registry.apply([Put(Model(id=new_id(), project="many", name="the-newest"))])
    lab_page.open_sidebar()
    lab_page.execute("aip:open-model", project="many", model="the-newest")
    expect(lab_page.row("the-newest")).to_be_visible()
    rows = lab_page.tree.locator(".jp-AipTree-rows")
    for page in (2, 3, 4):
        lab_page.tree.evaluate(_TO_THE_END)
        expect(rows).to_have_js_property("clientHeight", page * 100 * 42 + 24 + 24)
    assert lab_page.tree.get_by_role("treeitem").count() < 60
    _keeps_its_place(lab_page, registry)
    lab_page.choose_project("default")
    expect(rows).not_to_have_js_property("clientHeight", 4 * 100 * 42 + 24 + 24)
    assert lab_page.tree.evaluate("node => node.scrollTop") == 0


_TO_THE_END = "node => { node.scrollTop = node.scrollHeight; }"


def test_the_next_page_is_read_although_a_refresh_is_under_way(
    lab_page: LabPage, services: HttpServices, registry: RegistryBackend
) -> None:
    services.projects.create_project(CreateProject(name="slow"))
    registry.apply([Put(Model(id=new_id(), project="slow", name=f"s-{number}")) for number in range(150)])
    lab_page.open_sidebar()
    lab_page.execute("aip:open-model", project="slow", model="none")
    rows = lab_page.tree.locator(".jp-AipTree-rows")
    expect(rows).to_have_js_property("clientHeight", 100 * 42 + 24)
    held: list[Route] = []
    lab_page.page.route(re.compile("/slow/models.limit=100&[0-9]+$"), lambda route: held.append(route))
    lab_page.sidebar.get_by_role("button", name="Refresh").click()
    while not held:
        lab_page.page.wait_for_timeout(20)
    lab_page.tree.evaluate(_TO_THE_END)
    expect(lab_page.tree.locator('[data-kind="more"]')).to_be_visible()
    for route in held:
        route.continue_()
    expect(rows).to_have_js_property("clientHeight", 150 * 42)


def _keeps_its_place(lab_page: LabPage, registry: RegistryBackend) -> None:
    """A new model at the top does not move what is being looked at."""
    middle = "node => { node.scrollTop = 100 * 42 + 7; }"
    lab_page.tree.evaluate(middle)
    place = "node => node.querySelector('[aria-posinset=\"102\"]')?.getBoundingClientRect().top"
    expect(lab_page.tree.locator('[aria-posinset="102"]')).to_be_visible()
    top, name = lab_page.tree.evaluate(place), lab_page.tree.locator('[aria-posinset="102"]').inner_text()
    registry.apply([Put(Model(id=new_id(), project="many", name="newcomer"))])
    moved = lab_page.tree.locator('[aria-posinset="103"]')
    expect(moved).to_have_text(name, use_inner_text=True)
    assert moved.evaluate("node => node.getBoundingClientRect().top") == top
