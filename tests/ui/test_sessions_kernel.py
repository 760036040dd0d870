"""A whole notebook on a GPU session, from the launcher."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.sessions import ListSessions

from .gallery import stop_sessions
from .lab import LabPage, in_both_themes

_READY = """async () => {
    const { shell } = window.jupyterapp;
    const panel = shell.currentWidget;
    await panel.revealed;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
}"""


def test_a_whole_notebook_runs_on_a_session(
    lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None]
) -> None:
    page = lab_page.page
    lab_page.open_sidebar()
    lab_page.execute("launcher:create")
    cards = page.locator(".jp-LauncherCard[data-category=Notebook]")
    # A launcher has the kernels used last twice, and the one that opens by itself may be behind ours.
    card = cards.filter(has_text="GPU session", visible=True).first
    expect(card.locator("img")).to_have_js_property("complete", True)
    assert card.locator("img").evaluate("image => image.naturalWidth") > 0
    in_both_themes(lab_page, screenshot, "session-launcher")
    card.click()
    expect(page.locator(".jp-NotebookPanel")).to_be_visible()
    page.evaluate(_READY)
    assert "42" in lab_page.run("kept = 41\nkept + 1")
    (session,) = services.sessions.list_sessions(ListSessions())
    row = lab_page.row(session.name, "session")
    expect(row).to_contain_text(re.compile(r"idle · .*1 cell"))
    cell = lab_page.start("while True: pass")
    expect(row.get_by_role("img", name="busy")).to_be_visible()
    in_both_themes(lab_page, screenshot, "session-whole")
    lab_page.execute("notebook:interrupt-kernel")
    expect(cell.locator(".jp-OutputArea")).to_contain_text("KeyboardInterrupt")
    assert "41" in lab_page.run("kept")
    stop_sessions(services, "default")
