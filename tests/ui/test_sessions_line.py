"""The line of a `%%gpu` cell: what its session does, in the page and never in the notebook."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from .lab import LabPage, in_both_themes

_BUSY = """import time
end = time.monotonic() + 600
while time.monotonic() < end: pass"""


def test_a_cell_tells_of_its_session_while_it_runs_and_not_in_the_file(
    notebook: LabPage, screenshot: Callable[[str], None]
) -> None:
    cell = notebook.start(f"%%gpu L40S --session counted\nprint('begun', flush=True)\n{_BUSY}")
    line = cell.locator(".jp-AipLine")
    expect(line).to_contain_text("opening a session on L40S…")
    expect(line).to_contain_text(re.compile(r"cpu · counted · \d"))
    expect(line).to_contain_text(re.compile(r"counted · [\d.]+ s · CPU [1-9]\d* % · [\d.]+ MB"))
    in_both_themes(notebook, screenshot, "line-running")
    line.get_by_role("button", name="Stop").click()
    expect(line).to_contain_text(re.compile(r"stopped after [\d.]+ s on cpu \(counted\)"))
    expect(line.get_by_role("button")).to_have_count(0)
    in_both_themes(notebook, screenshot, "line-stopped")
    notebook.run("%%gpu --session counted\n'quick'")
    expect(line).to_contain_text(re.compile(r"^\d\.\d s on cpu \(counted\)"))
    screenshot("line-done")
    saved = notebook.save().read_text()
    assert "quick" in json.dumps(json.loads(saved)["cells"][0]["outputs"])
    assert "on cpu" not in saved
    cell.locator(".cm-content").click()
    notebook.page.keyboard.type("#")
    expect(line).to_have_count(0)


def test_a_cell_in_the_background_tells_until_its_session_has_run_it(notebook: LabPage, gate: Path) -> None:
    wait = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)"
    cell = notebook.start(f"%%gpu cpu --session behind --background\n{wait}")
    line = cell.locator(".jp-AipLine")
    expect(line).to_contain_text("in the background · cpu · behind")
    expect(cell.locator(".jp-InputPrompt")).to_have_text("[2]:")
    gate.touch()
    expect(line).to_contain_text(re.compile(r"^\d+\.\d s on cpu \(behind\)"))
