"""Ways to a model: the keyboard, a command, a link in a notebook's output, an address."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Locator, expect

from aip_jupyter.client.http import HttpServices

from ..contracts.services import put
from .lab import LabPage


def _current(lab_page: LabPage) -> Locator:
    return lab_page.tree.locator('[aria-selected="true"]')


def test_everything_is_reached_with_the_keyboard(lab_page: LabPage, services: HttpServices) -> None:
    put(services, "other")
    put(services, "keys", b"abc", version="v1.0")
    lab_page.open_notebook("keys.ipynb")
    lab_page.open_sidebar()
    expect(lab_page.row("other")).to_be_visible()
    lab_page.sidebar.get_by_role("searchbox", name="Filter by name").fill("keys")
    expect(lab_page.row("other")).to_have_count(0)
    expect(lab_page.row("keys")).to_be_visible()
    expect(lab_page.tree.get_by_role("treeitem")).to_have_count(1)
    lab_page.tree.focus()
    press = lab_page.page.keyboard.press
    press("ArrowDown")
    expect(_current(lab_page)).to_have_attribute("data-kind", "model")
    press("ArrowRight")
    expect(lab_page.row("v1.0", "version")).to_be_visible()
    press("ArrowRight")
    expect(_current(lab_page)).to_have_attribute("data-kind", "version")
    assert lab_page.tree.get_attribute("aria-activedescendant") == _current(lab_page).get_attribute("id")
    press("Enter")
    assert lab_page.cells == ["", "%load_model keys:v1.0"]
    lab_page.tree.focus()
    press("Control+c")
    assert lab_page.page.evaluate("() => navigator.clipboard.readText()") == "keys:v1.0"
    press("Space")
    expect(lab_page.row("model.bin", "file")).to_be_visible()
    press("End")
    expect(_current(lab_page)).to_have_attribute("data-kind", "file")
    with lab_page.page.expect_download() as waiting:
        press("Enter")
    assert Path(waiting.value.path()).read_bytes() == b"abc"
    press("ArrowLeft")
    press("ArrowLeft")
    expect(lab_page.row("model.bin", "file")).to_have_count(0)
    press("Shift+F10")
    expect(lab_page.page.locator(".lm-Menu")).to_contain_text("Insert into Notebook")


def test_a_command_opens_a_model_or_a_version(lab_page: LabPage, services: HttpServices) -> None:
    put(services, "command", version="v1.0")
    put(services, "command", b"more", version="v2.0")
    lab_page.execute("aip:open-model", model="command")
    expect(lab_page.sidebar).to_be_visible()
    expect(_current(lab_page)).to_contain_text("2 versions")
    expect(lab_page.row("command")).to_have_attribute("aria-expanded", "true")
    for version, label in [("v1.0", "v1.0"), (2, "v2.0"), ("1", "v1.0")]:
        lab_page.execute("aip:open-model", model="command", version=version)
        expect(_current(lab_page).locator(".jp-AipTree-label")).to_have_text(label)


def test_a_model_that_is_not_there_is_told(lab_page: LabPage, services: HttpServices) -> None:
    put(services, "nearly-there")
    lab_page.execute("aip:open-model", model="nearly-here")
    expect(lab_page.page.locator(".Toastify__toast", has_text="nearly-there")).to_be_visible()


def test_an_address_opens_a_model(lab_page: LabPage, services: HttpServices) -> None:
    name = "an address: ü & more"
    put(services, "an-address", version="v1.0")
    lab_page.open("lab?aip-model=an-address&aip-version=v1.0")
    expect(_current(lab_page)).to_contain_text("v1.0")
    expect(lab_page.page).not_to_have_url(re.compile("aip-model"))
    lab_page.open(f"lab?aip-model={quote(name)}")
    expect(lab_page.page.locator(".Toastify__toast", has_text=name)).to_be_visible()


def test_a_link_in_an_output_opens_a_model(lab_page: LabPage, services: HttpServices) -> None:
    put(services, "linked")
    lab_page.open_notebook("linked.ipynb")
    lab_page.run("%load_ext aip_jupyter")
    lab_page.run("%model linked")
    lab_page.run("%models linked")
    lab_page.page.locator(".jp-OutputArea a").get_by_text("linked").first.click()
    expect(_current(lab_page)).to_contain_text("linked")
    expect(lab_page.page.locator(".jp-Dialog")).to_have_count(0)


def test_the_same_link_works_in_a_notebook_that_is_not_trusted(
    lab_page: LabPage, services: HttpServices
) -> None:
    put(services, "untrusted")
    lab_page.open_notebook("source.ipynb")
    lab_page.run("%load_ext aip_jupyter")
    outputs = json.loads(lab_page.run("%models untrusted"))
    lab_page.open_notebook("foreign.ipynb", outputs)
    link = lab_page.page.locator(".jp-NotebookPanel").filter(visible=True).locator(".jp-OutputArea a")
    expect(link).to_have_attribute("href", "/lab?aip-model=untrusted&aip-project=default")
    assert link.get_attribute("data-commandlinker-command") is None
    with lab_page.page.context.expect_page() as opening:
        link.click()
    opened = LabPage(opening.value, lab_page.server)
    expect(_current(opened)).to_contain_text("untrusted")
