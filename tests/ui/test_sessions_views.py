"""Where else one sees sessions: their meters, their output in a tab, their stack and values, what runs."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from aip_jupyter.client.http import HttpServices

from .gallery import stop_sessions
from .lab import LabPage, in_both_themes

_WORK = """import time
kept = 41
def inner():
    end = time.monotonic() + 600
    while time.monotonic() < end: pass
inner()"""


def choose(notebook: LabPage, session: Locator, item: str) -> None:
    """Choose from the row's context menu."""
    session.click(button="right")
    notebook.page.locator(".lm-Menu").get_by_text(item, exact=True).click()


def test_a_busy_session_shows_its_load_its_stack_and_its_variables(
    notebook: LabPage, screenshot: Callable[[str], None]
) -> None:
    page = notebook.page
    notebook.open_sidebar()
    notebook.run("%%gpu cpu --session worker\nblock = bytearray(300_000_000)")
    session = notebook.row("worker", "session")
    memory = session.get_by_role("meter", name=re.compile("^Memory: 3\\d\\d MB"))
    expect(memory).to_be_visible()
    cpu = session.get_by_role("meter", name=re.compile("^CPU"))
    expect(cpu).to_have_attribute("aria-valuenow", re.compile(r"^[0-5]$"))
    cell = notebook.start(f"%%gpu --session worker\n{_WORK}")
    expect(cpu).to_have_attribute("aria-valuenow", re.compile(r"^([6-9]|[1-9]\d|100)$"))
    in_both_themes(notebook, screenshot, "session-meters")
    choose(notebook, session, "Show Stack")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("pre")).to_contain_text("inner")
    expect(dialog.locator("pre")).to_contain_text("while time.monotonic() < end: pass")
    in_both_themes(notebook, screenshot, "session-stack")
    dialog.get_by_role("button", name="Look Again").click()
    dialog.get_by_role("button", name="Close").click()
    choose(notebook, session, "Peek at a Variable…")
    dialog.get_by_role("textbox").fill("kept + 1")
    screenshot("session-peek-ask")
    dialog.get_by_role("button", name="Peek").click()
    expect(dialog).to_contain_text("kept + 1 in session worker")
    expect(dialog.locator("pre")).to_have_text("42")
    in_both_themes(notebook, screenshot, "session-peek")
    dialog.get_by_role("button", name="Close").click()
    session.hover()
    session.get_by_role("button", name="Interrupt Session").click()
    expect(cell.locator(".jp-OutputArea")).to_contain_text("KeyboardInterrupt")
    choose(notebook, session, "Attach to Notebook")
    assert notebook.cells[-1] == "%gpu attach worker"


def test_what_cannot_be_interrupted_is_told_with_what_to_do(
    notebook: LabPage, screenshot: Callable[[str], None]
) -> None:
    page = notebook.page
    notebook.open_sidebar()
    cell = notebook.start("%%gpu cpu --session deaf\nsum(range(10**12))")
    session = notebook.row("deaf", "session")
    expect(session.get_by_role("img", name="busy")).to_be_visible()
    session.hover()
    session.get_by_role("button", name="Interrupt Session").click()
    toast = page.locator(".Toastify__toast")
    expect(toast).to_contain_text("Session deaf goes on: what it does cannot be interrupted.")
    in_both_themes(notebook, screenshot, "session-deaf")
    toast.get_by_role("button", name="Details").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("line 2: sum(range(10**12))")
    screenshot("session-deaf-details")
    dialog.get_by_role("button", name="Close").click()
    session.hover()
    session.get_by_role("button", name="Stop Session").click()
    dialog.get_by_role("button", name="Stop").click()
    expect(cell.locator(".jp-OutputArea")).to_contain_text("SessionDied")


_SAYS = """import sys, time
from IPython.display import display, HTML
print("first line", flush=True)
handle = display(HTML("<b>0 %</b><script>window.evil = 1</script>"), display_id=True)
print("to stderr", file=sys.stderr, flush=True)
time.sleep(1)
handle.update(HTML("<b>done</b>"))
6 * 7"""


def test_the_output_of_a_session_is_in_a_tab_and_the_same_after_a_reload(
    notebook: LabPage, services: HttpServices, screenshot: Callable[[str], None]
) -> None:
    path = notebook.path
    notebook.open_sidebar()
    notebook.run("%%gpu cpu --session told\nprint('warm')")
    session = notebook.row("told", "session")
    session.hover()
    session.get_by_role("button", name="Show Output").click()
    output = notebook.page.locator(".jp-AipOutput")
    expect(output).to_contain_text("warm")
    notebook.execute("docmanager:open", path=path)
    expect(output).to_be_hidden()
    notebook.run(f"%%gpu --session told\n{_SAYS}")
    session.hover()
    session.get_by_role("button", name="Show Output").click()
    _is_complete(output)
    in_both_themes(notebook, screenshot, "session-output")
    notebook.until_kept("aip-session-outputs")
    notebook.reload()
    _is_complete(output)
    assert notebook.page.evaluate(
        "() => window.evil === undefined"
    )  # the notebook's own cell had its script run
    stop_sessions(services, "default")
    expect(output).to_contain_text("The session has ended")
    expect(output).to_contain_text("first line")
    in_both_themes(notebook, screenshot, "session-output-ended")


def _is_complete(output: Locator) -> None:
    cells = output.locator(".jp-AipOutput-cell").filter(has_text="In [")
    expect(cells).to_have_count(2)
    expect(cells.nth(0)).to_contain_text("In [2]")
    expect(cells.nth(1)).to_contain_text(re.compile(r"In \[3\].*import sys, time"))
    expect(cells.nth(1).locator(".jp-OutputArea")).to_have_text(
        re.compile(r"^\s*first line\s*done\s*to stderr\s*42\s*$")
    )


def test_sessions_are_among_what_runs_and_end_there(
    notebook: LabPage, screenshot: Callable[[str], None]
) -> None:
    page = notebook.page
    notebook.run("%%gpu cpu --session first\n1")
    notebook.run("%%gpu cpu --session second\n1")
    page.locator('.jp-SideBar [data-id="jp-running-sessions"]').click()
    running = page.locator("#jp-running-sessions")
    first, second = (running.get_by_role("treeitem", name=f"{name} cpu") for name in ("first", "second"))
    expect(first).to_contain_text("cpu · idle")
    in_both_themes(notebook, screenshot, "session-running")
    second.get_by_text("second").click()
    expect(page.locator(".lm-TabBar-tabLabel").filter(has_text="Output of second")).to_be_visible()
    first.hover()
    first.get_by_title("Stop Session").click()
    expect(first).to_have_count(0)
    expect(second).to_be_visible()
    running.get_by_text("Stop All").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Their variables will be lost")
    dialog.get_by_role("button", name="Stop All").click()
    expect(second).to_have_count(0)
