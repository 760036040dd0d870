"""Cells on GPU sessions in a real notebook: what one sees while they run, and the sidebar's say in it."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from .lab import LabPage, in_both_themes

_LONG = """print("first line", flush=True)
import time
for _ in range(12_000): time.sleep(0.05)"""


def test_the_sidebar_interrupts_and_stops_the_session_of_a_running_cell(
    notebook: LabPage, screenshot: Callable[[str], None]
) -> None:
    notebook.open_sidebar()
    session = notebook.row("seen", "session")
    cell = notebook.start(f"%%gpu L40S --session seen\nkept = 41\n{_LONG}")
    output = cell.locator(".jp-OutputArea")
    expect(output).to_contain_text("first line")
    expect(cell.locator(".jp-InputPrompt")).to_have_text("[*]:")
    expect(session).to_contain_text(re.compile(r"busy for [\d.]+ s · the_sidebar.*\.ipynb · 1 cell"))
    expect(session).to_contain_text("cpu for L40S")
    in_both_themes(notebook, screenshot, "session-busy")
    session.hover()
    session.get_by_role("button", name="Interrupt Session").click()
    expect(output).to_contain_text("KeyboardInterrupt")
    expect(session.get_by_role("img", name="idle")).to_be_visible()
    session.hover()
    session.get_by_role("button", name="Insert into Notebook").click()
    assert notebook.cells[-1] == "%%gpu --session seen\n"
    assert "42" in notebook.run(notebook.cells[-1] + "kept + 1")
    expect(session).to_contain_text("2 cells")
    _stops(notebook, session, screenshot)


def _stops(notebook: LabPage, session: Locator, screenshot: Callable[[str], None]) -> None:
    """Stop asks first; then session and cell end."""
    cell = notebook.start(f"%%gpu --session seen\n{_LONG}")
    expect(session.get_by_role("img", name="busy")).to_be_visible()
    session.click(button="right")
    menu = notebook.page.locator(".lm-Menu")
    expect(menu).to_contain_text("Interrupt Session")
    screenshot("session-menu")
    menu.get_by_text("Stop Session…").click()
    dialog = notebook.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Its variables will be lost. The cell that it runs will fail.")
    in_both_themes(notebook, screenshot, "session-stop")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    expect(session.get_by_role("img", name="busy")).to_be_visible()
    session.hover()
    session.get_by_role("button", name="Stop Session").click()
    dialog.get_by_role("button", name="Stop").click()
    expect(cell.locator(".jp-OutputArea")).to_contain_text("SessionDied")
    expect(session.get_by_role("img", name="busy")).to_have_count(0)
    screenshot("session-stopped")
