"""Widgets of a session whose notebook's kernel was killed, as the front end of the next one sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.notebook.gpu_widgets import ordered
from aip_jupyter.sessions.messages import Message, request

from .gpu_cells import Notebook, end_sessions, running_notebook
from .test_gpu_comms import Sent, comm_id, update

BOX = """%%gpu cpu
import ipywidgets as widgets, os, time
from IPython.display import display
box = widgets.VBox()
slider = widgets.IntSlider()
slider.observe(lambda change: print("moved to", change["new"]), "value")
box.children = [slider]
box"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    end_sessions(tmp_path / "home")


class FrontEnd:
    """Keeps the widgets of a notebook's kernel, as a page does."""

    def __init__(self, nb: Notebook) -> None:
        self.nb = nb
        self.states: dict[str, dict[str, Any]] = {}

    def take(self, message: dict[str, Any]) -> None:
        """One message of the kernel."""
        content = message["content"]
        if message["msg_type"] == "comm_open" and content["target_name"] == "jupyter.widget":
            assert message["metadata"]["version"].startswith("2.")
            for child in content["data"]["state"].get("children", []):
                assert child.removeprefix("IPY_MODEL_") in self.states, "it is there before who refers to it"
            self.states[content["comm_id"]] = dict(content["data"]["state"])
        elif message["msg_type"] == "comm_msg":
            self.states[content["comm_id"]].update(content["data"]["state"])

    def until(self, comm_id: str, **state: Any) -> None:
        """Read until a widget is there and so."""
        while not state.items() <= self.states.get(comm_id, {}).items():
            self.take(self.nb.client.get_iopub_msg(timeout=60))


@pytest.mark.parametrize("first", ["%gpu attach", "%%gpu cpu\n1"])
def test_a_new_kernel_takes_up_the_widgets_as_they_are(home: Path, tmp_path: Path, first: str) -> None:
    with running_notebook(home, tmp_path / "work") as nb:
        nb.run(BOX)
        slider, box = comm_id(nb, "slider"), comm_id(nb, "box")
        update(nb, slider, value=42).until_idle()
    with running_notebook(home, tmp_path / "work") as nb:
        front = FrontEnd(nb)
        nb.client.execute(first)
        front.until(slider, value=42, _model_name="IntSliderModel")
        front.until(box, children=[f"IPY_MODEL_{slider}"])
        # They work again, in the session.
        assert update(nb, slider, value=7).until_idle().text == "moved to 7\n"
        # And a page that is loaded again finds them.
        found = Sent(nb, "comm_info_request", {})
        found.until_idle()
        reply = nb.client.get_shell_msg(timeout=60)
        while reply["msg_type"] != "comm_info_reply":
            reply = nb.client.get_shell_msg(timeout=60)
        assert {slider, box} <= set(reply["content"]["comms"])


def test_a_bar_of_a_cell_that_runs_is_followed_to_its_end(home: Path, tmp_path: Path, gate: Path) -> None:
    with running_notebook(home, tmp_path / "work") as nb:
        nb.run(BOX)
        code = f"""%%gpu cpu
bar = widgets.IntProgress()
display(bar)
print(bar.comm.comm_id, flush=True)
for bar.value in range(50): time.sleep(0.002)
print("half", flush=True)
while not os.path.exists({str(gate)!r}): time.sleep(0.01)
for bar.value in range(50, 100): time.sleep(0.002)"""
        bar = nb.start(code).until("half").text.split()[0]
    with running_notebook(home, tmp_path / "work") as nb:
        front = FrontEnd(nb)
        nb.client.execute("%gpu attach")
        front.until(bar, value=49)
        gate.touch()
        front.until(bar, value=99)


def test_each_comes_behind_those_that_it_refers_to() -> None:
    def state(*references: str) -> Message:
        children = [f"IPY_MODEL_{each}" for each in references]
        return request("shell", "comm_msg", {"data": {"state": {"children": children}}})

    states = {"a": state("c", "b"), "b": state("d"), "c": state("gone", "a"), "d": state()}
    assert list(ordered(states)) == ["c", "d", "b", "a"]
