"""The sidebar as people see it: what it shows, finds, inserts and downloads."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from aip_jupyter.client.http import HttpServices

from ..contracts.services import put
from ..support.live import LiveServer
from .lab import LabPage, start_lab


def test_a_model_unfolds_into_versions_and_files(
    lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None]
) -> None:
    put(services, "unfold", b"a" * 34_000, version="v1.0", category="Other", tags={"demo": "", "team": "x"})
    put(services, "unfold", b"b" * 1_200_000)
    lab_page.open_sidebar()
    model = lab_page.row("unfold")
    expect(model).to_contain_text("2 versions")
    expect(model.locator(".jp-AipTree-note")).to_have_text("_v2")
    expect(model.locator(".jp-AipTree-chip")).to_have_text(["Other", "demo", "team=x"])
    expect(model).to_have_attribute("aria-expanded", "false")
    model.click()
    expect(model).to_have_attribute("aria-expanded", "true")
    second, first = lab_page.row("_v2", "version"), lab_page.row("v1.0", "version")
    expect(second).to_contain_text(re.compile(r"#2 · 1\.2 MB · \w+"))
    expect(second.locator(".jp-AipTree-chip")).to_have_text("latest")
    expect(second).to_have_attribute("title", re.compile(r"sha256 [0-9a-f]{64}"))
    expect(first).to_contain_text("34.0 kB")
    first.click()
    file = lab_page.row("model.bin", "file")
    expect(file).to_contain_text("34.0 kB")
    expect(file).to_have_attribute("aria-level", "3")
    screenshot("sidebar-light")
    first.click()
    expect(file).to_have_count(0)


def test_a_file_downloads_with_one_click(lab_page: LabPage, services: HttpServices) -> None:
    content = bytes(range(256)) * 300
    put(services, "download", content, version="v1")
    lab_page.open_sidebar()
    lab_page.row("download").click()
    lab_page.row("v1", "version").click()
    with lab_page.page.expect_download() as waiting:
        lab_page.row("model.bin", "file").get_by_role("button", name="Download").click()
    download = waiting.value
    assert download.suggested_filename == "model.bin"
    assert Path(download.path()).read_bytes() == content
    assert "token" not in download.url


def test_a_version_is_inserted_below_the_active_cell(lab_page: LabPage, services: HttpServices) -> None:
    put(services, "insert me", version="v1.0")
    lab_page.open_notebook("insert.ipynb")
    lab_page.run("%load_ext aip_jupyter")
    lab_page.open_sidebar()
    lab_page.row("insert me").click()
    version = lab_page.row("v1.0", "version")
    version.hover()
    version.get_by_role("button", name="Insert into Notebook").click()
    expected = ["%load_ext aip_jupyter", "%load_model 'insert me:v1.0'"]
    assert lab_page.cells == expected
    assert "FileFolder" not in lab_page.run(expected[1])
    lab_page.tree.press("Enter")
    assert lab_page.cells == [*expected, expected[1]]


def test_without_a_notebook_it_says_what_to_do(lab_page: LabPage, services: HttpServices) -> None:
    put(services, "nowhere")
    lab_page.open_sidebar()
    lab_page.row("nowhere").hover()
    lab_page.row("nowhere").get_by_role("button", name="Insert into Notebook").click()
    expect(lab_page.page.locator(".Toastify__toast")).to_contain_text("Open a notebook first")
    assert lab_page.page.locator(".jp-Notebook").count() == 0


def test_the_filter_finds_by_name(lab_page: LabPage, services: HttpServices) -> None:
    put(services, "needle-one")
    put(services, "straw")
    lab_page.open_sidebar()
    expect(lab_page.row("straw")).to_be_visible()
    box = lab_page.sidebar.get_by_role("searchbox", name="Filter by name")
    box.fill("NEEDLE")
    expect(lab_page.row("straw")).to_have_count(0)
    expect(lab_page.row("needle-one")).to_be_visible()
    box.fill("no such <model>")
    expect(lab_page.sidebar).to_contain_text("Nothing matches “no such <model>”.")
    lab_page.sidebar.get_by_role("button", name="Clear the filter").click()
    expect(lab_page.row("straw")).to_be_visible()
    expect(box).to_have_value("")


def test_the_context_menu_copies_the_name(lab_page: LabPage, services: HttpServices) -> None:
    put(services, "copy me")
    lab_page.open_sidebar()
    lab_page.row("copy me").click(button="right")
    menu = lab_page.page.locator(".lm-Menu")
    expect(menu).to_contain_text("Insert into Notebook")
    menu.get_by_text("Copy Name").click()
    copied = lab_page.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == "copy me"


def test_dark_is_dark(lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None]) -> None:
    put(services, "unfold", category="Other", tags={"demo": ""})
    lab_page.use_theme("light")
    lab_page.open_sidebar()
    lab_page.row("unfold").click()
    lab_page.row("_v1", "version").or_(lab_page.row("_v2", "version")).first.hover()
    light = _colours(lab_page.page)
    lab_page.use_theme("dark")
    dark = _colours(lab_page.page)
    screenshot("sidebar-dark")
    for part, (background, text) in dark.items():
        assert _brightness(background) < 100 < _brightness(text), part
    for part, (background, text) in light.items():
        assert _brightness(background) > 180 > _brightness(text), part


_PARTS = {"header": ".jp-AipHeader", "row": ".jp-AipTree-row", "chip": ".jp-AipTree-chip"}

_COLOURS = """selector => {
    const node = document.querySelector(selector);
    let behind = node;
    while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
    return [getComputedStyle(behind).backgroundColor, getComputedStyle(node).color];
}"""


def _colours(page: Page) -> dict[str, tuple[str, str]]:
    """Background and text of each part, as the browser computed them."""
    return {part: page.evaluate(_COLOURS, selector) for part, selector in _PARTS.items()}


def _brightness(colour: str) -> float:
    red, green, blue, alpha = [*map(float, re.findall(r"[\d.]+", colour)), 1.0][:4]
    return alpha * (red + green + blue) / 3


@pytest.mark.slow
def test_an_empty_store_teaches_and_a_lost_server_is_told(
    page: Page, jupyter_data: Path, tmp_path: Path, screenshot: Callable[[str], None]
) -> None:
    server: LiveServer = start_lab(tmp_path / "lab", jupyter_data)
    try:
        lab_page = LabPage(page, server)
        lab_page.open()
        sidebar = lab_page.open_sidebar()
        expect(sidebar).to_contain_text("No models yet")
        expect(sidebar.locator("pre")).to_have_text(
            [
                "%load_ext aip_jupyter\n%register_model name object",
                "%load_ext aip_jupyter\n%start_run NAME",
                "%load_ext aip_jupyter\n%log_dataset NAME FILE",
                "%%gpu L40S",
            ]
        )
        screenshot("empty-light")
        lab_page.use_theme("dark")
        screenshot("empty-dark")
    finally:
        server.kill()
    # JupyterLab may say so first.
    page.add_locator_handler(page.locator(".jp-Dialog"), lambda dialog: dialog.press("Escape"))
    sidebar.get_by_role("button", name="Refresh").click()
    expect(sidebar.get_by_role("alert")).to_contain_text("The Jupyter server does not answer")
    expect(sidebar.get_by_role("alert").get_by_role("button", name="Retry")).to_be_visible()
    screenshot("error-dark")
