"""`%gpu` in a real notebook: the form, and going on with a session after the kernel was restarted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .lab import LabPage, in_both_themes

_RESTART = """async () => {
    const { sessionContext } = window.jupyterapp.shell.currentWidget;
    await sessionContext.restartKernel();
    await sessionContext.session.kernel.info;
}"""


def test_the_form_starts_and_stops_a_session(notebook: LabPage, screenshot: Callable[[str], None]) -> None:
    notebook.open_sidebar()
    form = notebook.start("%gpu").locator(".jp-OutputArea")
    form.get_by_label("GPU").select_option("cpu")
    form.get_by_label("Name").fill("made")
    form.get_by_role("button", name="Start").click()
    session = notebook.row("made", "session")
    expect(session.get_by_role("img", name="idle")).to_be_visible()
    expect(form).to_contain_text("made cpu · idle")
    in_both_themes(notebook, screenshot, "session-form")
    form.get_by_role("button").filter(has_text=re.compile(r"^\s*Stop$")).click()
    expect(form).to_contain_text("Its variables will be gone.")
    form.get_by_role("button", name="Stop it").click()
    expect(session.get_by_role("img", name="idle")).to_have_count(0)


_SHOW = """path => {
    const { commands } = window.jupyterapp;
    return commands.execute('docmanager:open', { path, factory: 'Notebook' }).then(async panel => {
        await panel.revealed;
        await panel.sessionContext.ready;
    });
}"""

_ATTACH = """() => {
    const { commands, shell } = window.jupyterapp;
    const cell = shell.currentWidget.content.activeCell.model.sharedModel;
    cell.setSource('%gpu attach going');
    window.attached = commands.execute('notebook:run-cell').then(() => JSON.stringify(cell.outputs));
}"""


@pytest.mark.parametrize("restarted", [False, True], ids=["reloaded", "reloaded-and-restarted"])
def test_attaching_shows_what_nobody_has_seen(
    notebook: LabPage, screenshot: Callable[[str], None], tmp_path: Path, restarted: bool
) -> None:
    """The page is loaded again in the middle of a cell, perhaps the kernel is new too; the cell goes on."""
    gate = tmp_path / "gate"
    code = f"""import itertools, os, time
for number in itertools.count():
    print("line", number, flush=True)
    if os.path.exists({str(gate)!r}): break
    time.sleep(0.1)
'the end'"""
    cell = notebook.start(f"%%gpu cpu --session going\n{code}")
    expect(cell.locator(".jp-OutputArea")).to_contain_text("line 2")
    try:
        saved = notebook.path
        # With each line it is other again than what was saved: only the saving itself is awaited.
        notebook.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        if restarted:
            notebook.page.evaluate(_RESTART)
        notebook.open()
        notebook.page.evaluate(_SHOW, saved)
        expect(cell.locator(".jp-OutputArea")).to_contain_text("line 2")  # as it was saved
        if restarted:
            notebook.show_notebook(saved)
            notebook.run("%load_ext aip_jupyter")
        else:
            notebook.execute(
                "notebook:insert-cell-below"
            )  # where it waits for the cell, which is the kernel's
        notebook.page.evaluate(_ATTACH)
        if restarted:
            expect(cell.locator(".jp-OutputArea")).to_contain_text("line 2")
            number = int(str(cell.locator(".jp-OutputArea").inner_text()).split()[-1])
            expect(cell.locator(".jp-OutputArea")).to_contain_text(f"line {number + 3}")  # it follows
    finally:
        gate.touch()
    outputs = json.loads(notebook.page.evaluate("() => window.attached"))
    lines = "".join("".join(output.get("text", "")) for output in outputs).splitlines()
    assert len(lines) > 3
    assert lines == [f"line {number}" for number in range(len(lines))]
    assert "the end" in json.dumps(outputs[-1])
    screenshot("session-attach")
    notebook.execute("notebook:insert-cell-below")
    assert f"{len(lines) - 1}" in notebook.run("%%gpu\nnumber")
