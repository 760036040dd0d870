"""Widgets and other comms of a session, as a front end sees them: through the notebook's kernel."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.backends.process import is_alive

from .gpu_cells import Cell, Notebook, agents, running_notebook

SLIDER = """%%gpu cpu
import ipywidgets as widgets, os
from IPython.display import display
slider, out = widgets.IntSlider(), widgets.Output()
def moved(change):
    print("moved to", change["new"])
    with out:
        print("drawn", change["new"])
slider.observe(moved, "value")
display(slider, out)
"""


class Sent(Cell):
    """A comm message of the front end, and what comes of it."""

    def __init__(
        self, nb: Notebook, kind: str, content: Any, buffers: Sequence[bytes] = (), metadata: Any = None
    ) -> None:
        self.client = nb.client
        self.outputs, self.messages, self.idle = [], [], False
        message = self.client.session.msg(kind, content, metadata=metadata)
        self.id = message["header"]["msg_id"]
        self.known[self.id] = self
        self.client.session.send(self.client.shell_channel.socket, message, buffers=list(buffers))

    def until_idle(self) -> Sent:
        """Read until it was dealt with."""
        while not self.idle:
            self._read()
        return self


def update(nb: Notebook, comm_id: str, **state: Any) -> Sent:
    data = {"method": "update", "state": state, "buffer_paths": []}
    return Sent(nb, "comm_msg", {"comm_id": comm_id, "data": data})


def comm_id(nb: Notebook, widget: str) -> str:
    return nb.run(f"%%gpu cpu\n{widget}.comm.comm_id").shown[-1].strip("'")


def value_of(nb: Notebook, expression: str) -> str:
    return nb.run(f"%%gpu cpu\n{expression}").shown[-1]


def test_a_slider_runs_its_callback_in_the_session(nb: Notebook) -> None:
    nb.run(SLIDER)
    slider, out = comm_id(nb, "slider"), comm_id(nb, "out")
    moved = update(nb, slider, value=42).until_idle()
    assert moved.text == "moved to 42\ndrawn 42\n"
    # An Output widget draws what comes between these two under the front end's own message.
    states = [
        message["content"]["data"]["state"]["msg_id"]
        for message in moved.of("comm_msg")
        if message["content"]["comm_id"] == out and "msg_id" in message["content"]["data"].get("state", {})
    ]
    assert states == [moved.id, ""]
    assert value_of(nb, "slider.value") == "42"
    assert int(value_of(nb, "os.getpid()")) != nb.pid


def test_a_dragged_slider_sends_all_its_values(nb: Notebook) -> None:
    nb.run(SLIDER)
    slider = comm_id(nb, "slider")
    assert [update(nb, slider, value=n).until_idle().text for n in range(1, 30)] == [
        f"moved to {n}\ndrawn {n}\n" for n in range(1, 30)
    ]


@pytest.mark.parametrize("pause", ["await asyncio.sleep(0.05)", "time.sleep(0.05)"])
def test_a_slider_that_is_moved_while_a_cell_runs_is_told_that_it_may_go_on(
    nb: Notebook, tmp_path: Path, pause: str
) -> None:
    nb.run(SLIDER)
    nb.run("import ipywidgets, os; local = ipywidgets.IntText()")
    slider, local = comm_id(nb, "slider"), nb.run("local.comm.comm_id").shown[0].strip("'")
    flag = tmp_path / "go"
    wait = f"while not os.path.exists({str(flag)!r}):\n    {pause}"
    code = f"import asyncio, time, os\nprint('begun', flush=True)\n{wait}"
    cell = nb.start(f"%%gpu cpu\n{code}").until("begun")
    update(nb, local, value=5).until_idle()
    first = update(nb, slider, value=5)
    if pause.startswith("await"):
        first.until_idle()  # while the cell goes on
        update(nb, slider, value=6).until_idle()
        flag.touch()
    else:
        flag.touch()
        first.until_idle()  # as in any kernel that is busy
    cell.end()
    assert nb.run("local.value").shown == ["5"]
    assert value_of(nb, "slider.value") in ("5", "6")


def test_buffers_travel_both_ways(nb: Notebook) -> None:
    code = """
from comm import create_comm
heard = []
def hear(message):
    heard.append((message["content"]["data"], [bytes(part) for part in message["buffers"]]))
    comm.send({"back": 1}, buffers=[bytes(reversed(heard[-1][1][0]))], metadata={"m": 1})
comm = create_comm(target_name="ours", data={"n": 1}, buffers=[b"open"])
comm.on_msg(hear)
"""
    (opened,) = nb.run(f"%%gpu cpu\n{code}").of("comm_open")
    assert [bytes(part) for part in opened["buffers"]] == [b"open"]
    id = opened["content"]["comm_id"]
    raw = bytes(range(256)) * 5000  # more than what goes through shared memory otherwise
    sent = Sent(nb, "comm_msg", {"comm_id": id, "data": {"x": None}}, buffers=[raw]).until_idle()
    (back,) = sent.of("comm_msg")
    assert bytes(back["buffers"][0]) == raw[::-1]
    assert back["metadata"] == {"m": 1}
    assert value_of(nb, "heard[0][0]") == "{'x': None}"


def test_a_target_that_only_the_session_knows(nb: Notebook) -> None:
    nb.run("""%%gpu cpu
from comm import get_comm_manager
def opened(comm, message):
    print("opened with", message["content"]["data"])
    comm.on_msg(lambda message: comm.send(message["content"]["data"] * 2))
    comm.on_close(lambda message: print("closed"))
get_comm_manager().register_target("theirs", opened)
""")
    content = {"comm_id": "front-1", "target_name": "theirs", "data": 3}
    assert Sent(nb, "comm_open", content).until_idle().text == "opened with 3\n"
    (answer,) = Sent(nb, "comm_msg", {"comm_id": "front-1", "data": 4}).until_idle().of("comm_msg")
    assert answer["content"]["data"] == 8
    assert Sent(nb, "comm_close", {"comm_id": "front-1", "data": {}}).until_idle().text == "closed\n"
    assert "front-1" not in infos(nb)
    unknown = Sent(nb, "comm_open", {"comm_id": "front-2", "target_name": "nobodys", "data": {}}).until_idle()
    assert len(unknown.of("comm_close")) == 1


def infos(nb: Notebook) -> dict[str, Any]:
    """The comms of which the kernel tells a front end that was loaded again."""
    return dict(nb.client.comm_info(reply=True, timeout=60)["content"]["comms"])


def all_widgets(nb: Notebook) -> Sent:
    """A front end that was loaded again asks for them."""
    metadata = {"version": "1.0.0"}
    content = {"comm_id": "control", "target_name": "jupyter.widget.control", "data": {}}
    Sent(nb, "comm_open", content, metadata=metadata).until_idle()
    return Sent(nb, "comm_msg", {"comm_id": "control", "data": {"method": "request_states"}})


def request_state(nb: Notebook, comm_id: str) -> Sent:
    """A front end asks for one."""
    return Sent(nb, "comm_msg", {"comm_id": comm_id, "data": {"method": "request_state"}})


def told(asked: Sent) -> Any:
    """The data of the one message that answers."""
    (answer,) = asked.until_idle().of("comm_msg")
    return answer["content"]["data"]


def test_a_page_that_is_loaded_again_finds_widgets_of_both_kernels(nb: Notebook) -> None:
    nb.run("import ipywidgets; local = ipywidgets.IntText(value=8); here = ipywidgets.Image(value=b'here')")
    nb.run(f"{SLIDER}there = widgets.Image(value=b'there')\nslider.value = 3")
    remote, there = comm_id(nb, "slider"), comm_id(nb, "there")
    local, here = (nb.run(f"{name}.comm.comm_id").shown[0].strip("'") for name in ("local", "here"))
    update(nb, remote, value=5).until_idle()
    asked = all_widgets(nb)
    found = told(asked)
    states = found["states"]
    assert found["method"] == "update_states"
    assert (states[remote]["model_name"], states[remote]["state"]["value"]) == ("IntSliderModel", 5)
    assert (states[local]["model_name"], states[local]["state"]["value"]) == ("IntTextModel", 8)
    buffers = [bytes(part) for part in asked.of("comm_msg")[0]["buffers"]]
    placed = {(place[0], place[-1]): part for place, part in zip(found["buffer_paths"], buffers, strict=True)}
    assert (placed[here, "value"], placed[there, "value"]) == (b"here", b"there")
    for id, value in ((remote, 5), (local, 8)):
        assert told(request_state(nb, id))["state"]["value"] == value


def test_no_page_waits_for_a_session_to_know_its_widgets(nb: Notebook, tmp_path: Path) -> None:
    nb.run(SLIDER)
    slider = comm_id(nb, "slider")
    flag = tmp_path / "go"
    code = f"slider.value = 9\nprint('begun', flush=True)\nwhile not os.path.exists({str(flag)!r}): pass"
    cell = nb.start(f"%%gpu cpu\n{code}").until("begun")
    try:
        assert told(all_widgets(nb))["states"][slider]["state"]["value"] == 9
        assert told(request_state(nb, slider))["state"]["value"] == 9
    finally:
        flag.touch()
    cell.end()


def test_what_a_closed_widget_leaves(nb: Notebook) -> None:
    nb.run(SLIDER)
    slider, out = comm_id(nb, "slider"), comm_id(nb, "out")
    nb.run("%%gpu cpu\nslider.close()")
    assert slider not in infos(nb)
    Sent(nb, "comm_close", {"comm_id": out, "data": {}}).until_idle()
    assert out not in infos(nb)
    assert value_of(nb, "import comm; out.comm.comm_id in comm.get_comm_manager().comms") == "False"


def test_threads_print_behind_the_end_of_their_cell(nb: Notebook, tmp_path: Path) -> None:
    flag = tmp_path / "go"
    code = f"""
import threading, time, os
def late():
    while not os.path.exists({str(flag)!r}): time.sleep(0.01)
    print("late", flush=True)
threading.Thread(target=late).start()
"""
    cell = nb.start(f"%%gpu cpu\n{code}").end()
    flag.touch()
    assert cell.late("late").text == "late\n"


def test_another_notebook_sees_no_widgets_of_ours(gpu_home: Path, nb: Notebook, tmp_path: Path) -> None:
    with running_notebook(gpu_home, tmp_path, "work/other.ipynb") as other:
        other.run("%%gpu cpu --session cpu\n1")
        nb.run(SLIDER)
        assert infos(other) == {}
        assert comm_id(nb, "slider") in infos(nb)


def test_the_end_of_a_session_closes_its_comms(gpu_home: Path, nb: Notebook) -> None:
    nb.run(SLIDER)
    slider = comm_id(nb, "slider")
    for record in agents(gpu_home):
        if is_alive(record.agent):
            os.kill(int(record.kernel.split("|")[2]), signal.SIGKILL)
    while True:
        message = nb.client.get_iopub_msg(timeout=60)
        if message["msg_type"] == "comm_close" and message["content"]["comm_id"] == slider:
            break
    assert slider not in infos(nb)
    update(nb, slider, value=1).until_idle()  # nobody hears it, and nothing hangs
    # Who has just heard of it gets an answer, without which a page shows no widget at all.
    asked = request_state(nb, slider)
    assert told(asked)["state"]["max"] == 100
    assert slider not in told(all_widgets(nb)).get("states", {})
