"""`%gpu` in a real notebook: the form, and going on with a session after the kernel was restarted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

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


def test_attaching_shows_what_a_restarted_kernel_has_missed(
    notebook: LabPage, screenshot: Callable[[str], None]
) -> None:
    lines = (
        "import time\nfor number in range(12):\n    print('line', number, flush=True)\n    time.sleep(0.4)"
    )
    cell = notebook.start(f"%%gpu cpu --session going\n{lines}\n'the end'")
    expect(cell.locator(".jp-OutputArea")).to_contain_text("line 2")
    notebook.page.evaluate(_RESTART)
    expect(cell.locator(".jp-AipLine")).to_have_count(0)
    notebook.run("%load_ext aip_jupyter")
    outputs = json.loads(notebook.run("%gpu attach going"))
    text = "".join("".join(output.get("text", "")) for output in outputs)
    assert text == "".join(f"line {number}\n" for number in range(12))
    assert "the end" in json.dumps(outputs)
    screenshot("session-attach")
    assert "11" in notebook.run("%%gpu\nnumber")
