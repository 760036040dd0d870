"""Widgets made in a session: a person moves them in a real browser, and the session sees it."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from .lab import LabPage, in_both_themes

_SLIDER = """%%gpu cpu
import os, ipywidgets
from IPython.display import display
slider = ipywidgets.IntSlider(value=1, max=100, description="alpha")
said = ipywidgets.Output()
@said.capture()
def moved(change):
    print("moved to", change["new"], "in", os.getpid())
slider.observe(moved, "value")
display(slider, said)"""


def test_a_slider_that_is_dragged_changes_a_value_in_the_session(
    notebook: LabPage, screenshot: Callable[[str], None]
) -> None:
    page = notebook.page
    local = _printed(notebook, "import os; print(os.getpid())")
    notebook.run(_SLIDER)
    area = page.locator(".jp-Notebook .jp-OutputArea").filter(visible=True).first
    first = _drag(notebook, area, 0.5)
    expect(area).to_contain_text(f"moved to {first}")
    notebook.execute("notebook:insert-cell-below")
    value, pid = _printed(notebook, "%%gpu\nprint(slider.value, os.getpid())").split()
    assert value == first
    assert pid != local
    expect(area).to_contain_text(f"moved to {first} in {pid}")
    in_both_themes(notebook, screenshot, "session-slider")
    saved = notebook.save()
    notebook.open()
    notebook.show_notebook(saved.name)
    second = _drag(notebook, area, 0.8)
    assert second != first
    expect(area).to_contain_text(f"moved to {second} in {pid}")
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1; }")
    assert _printed(notebook, "%%gpu\nprint(slider.value, os.getpid())").split() == [second, pid]


def _printed(notebook: LabPage, source: str) -> str:
    """What a cell prints last."""
    found = re.findall(r'"text":"([^"]*?)\\n"', notebook.run(source))
    return str(found[-1]).split("\\n")[-1]


def _drag(notebook: LabPage, area: Locator, share: float) -> str:
    """Drag the slider's handle there; returns the value that it shows."""
    handle, track = area.locator(".noUi-handle"), area.locator(".noUi-base")
    handle.hover()
    box = track.bounding_box()
    assert box is not None
    notebook.page.mouse.down()
    notebook.page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2, steps=8)
    notebook.page.mouse.up()
    return area.locator(".widget-readout").inner_text()


_COUNTER = """%%gpu cpu
import anywidget, os, traitlets
class Counter(anywidget.AnyWidget):
    _esm = '''function render({ model, el }) {
        const button = document.createElement("button");
        button.textContent = `count is ${model.get("value")}`;
        button.addEventListener("click", () => {
            model.set("value", model.get("value") + 1);
            model.save_changes();
        });
        model.on("change:value", () => { button.textContent = `count is ${model.get("value")}`; });
        el.appendChild(button);
    }
    export default { render };'''
    value = traitlets.Int(0).tag(sync=True)
counter = Counter()
counter"""


def test_the_button_of_an_anywidget_counts_in_the_session(notebook: LabPage) -> None:
    notebook.run(_COUNTER)
    area = notebook.page.locator(".jp-Notebook .jp-OutputArea").filter(visible=True).first
    for count in range(3):
        area.get_by_role("button", name=f"count is {count}").click()
    expect(area.get_by_role("button")).to_have_text("count is 3")
    notebook.execute("notebook:insert-cell-below")
    assert _printed(notebook, "%%gpu\nprint(counter.value)") == "3"
    notebook.run("%%gpu\ncounter.value = 10")
    expect(area.get_by_role("button")).to_have_text("count is 10")


def test_a_progress_bar_of_a_session_ends_at_all(notebook: LabPage) -> None:
    notebook.run(
        "%%gpu cpu\nimport time\nfrom tqdm.notebook import tqdm\nfor _ in tqdm(range(20)): time.sleep(0.02)"
    )
    area = notebook.page.locator(".jp-Notebook .jp-OutputArea").filter(visible=True).first
    expect(area).to_contain_text("100%")
    expect(area).to_contain_text("20/20")
    expect(
        area.locator(".progress-bar-success, .bar-style-success, .widget-progress .progress-bar").first
    ).to_be_visible()


def test_a_question_of_a_session_is_answered_in_the_page(
    notebook: LabPage, screenshot: Callable[[str], None]
) -> None:
    cell = notebook.start("%%gpu cpu\nname = input('Your name? ')\nprint('Hello', name)")
    box = cell.locator(".jp-Stdin-input")
    expect(cell.locator(".jp-Stdin-prompt")).to_have_text("Your name?")
    screenshot("session-input")
    box.fill("Ada")
    box.press("Enter")
    expect(cell.locator(".jp-OutputArea")).to_contain_text("Hello Ada")
