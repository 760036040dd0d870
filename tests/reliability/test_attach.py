"""What a cell prints while its notebook and its server are gone is there later: whole, once, in order."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.gpus.local import LocalPool

from ..notebook.gpu_cells import Cell, Notebook
from ..support.kernels import running_kernel
from ..support.live import LiveServer, start_server
from ..support.sessions import stop_all

SECONDS = float(os.environ.get("AIP_CELL_SECONDS", "3"))
"""How long the cell runs in whose middle all is killed; `make soak` gives it 30."""

CODE = f"""%%gpu L40S
import time
from IPython.display import HTML, display
bar = display(HTML("<b>0</b>"), display_id="bar")
end, n = time.monotonic() + {SECONDS}, 0
while time.monotonic() < end:
    n += 1
    print("line", n, flush=True)
    if n % 7 == 0:
        bar.update(HTML(f"<b>{{n}}</b>"))
    if n % 10 == 0:
        display(HTML(f"<i>{{n}}</i>"))
    time.sleep(0.01)
n"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    server = start_server(tmp_path / "server")
    yield server
    server.stop()
    stop_all(LocalPool(BackendConfig(home=server.home), []))


@contextlib.contextmanager
def notebook(server: LiveServer, name: str = "digits.ipynb") -> Iterator[Notebook]:
    """A kernel of this notebook; killed (SIGKILL) on leaving."""
    with running_kernel(
        {**server.client_environ, "JPY_SESSION_NAME": name}, server.folder / "work"
    ) as client:
        yield Notebook(client)


def seen(cell: Cell) -> list[str]:
    """What a cell shows, one word for each thing, in its order; without our notices."""
    found: list[str] = []
    text = ""  # a line may come in two parts
    for message in cell.outputs:
        content = message["content"]
        if message["msg_type"] == "stream":
            *lines, text = (text + content["text"]).split("\n")
            found += lines
        elif "aip_notice" not in content["metadata"]:
            data = content["data"]
            found.append(f"{message['msg_type']} {data.get('text/html', data['text/plain'])}")
    return found


def expected(n: int) -> list[str]:
    """What CODE shows when it comes to this number."""
    found = ["display_data <b>0</b>"]
    for number in range(1, n + 1):
        found.append(f"line {number}")
        if number % 7 == 0:
            found.append(f"update_display_data <b>{number}</b>")
        if number % 10 == 0:
            found.append(f"display_data <i>{number}</i>")
    return [*found, f"execute_result {n}"]


def check(cell: Cell) -> int:
    """All of it, once, in order; how many lines there were."""
    shown = seen(cell.end())
    assert cell.reply["status"] == "ok", cell.reply
    n = int(re.sub("execute_result ", "", shown[-1]))
    assert shown == expected(n)
    return n


def test_nothing_is_lost_when_kernel_and_server_are_killed(server: LiveServer, tmp_path: Path) -> None:
    with notebook(server) as first:
        first.start(CODE).until("line 20\n")
    # The kernel was killed in the middle of the cell. A new one of the same notebook looks on ...
    with notebook(server) as second:
        following = second.start("%gpu attach")
        following.until("line 30\n")
        server.kill()
        again = start_server(tmp_path / "server", server.home, port=server.port)
        try:
            # ... and another notebook too; to neither the server's end has made a difference.
            with notebook(again, "other.ipynb") as third:
                beside = third.start("%gpu attach l40s")
                lines = check(following)
                assert check(beside) == lines
                assert "still runs" in following.notices["cell"]
            assert lines > SECONDS * 10
            assert second.run("%%gpu\nn").shown == [str(lines)]
            # Once it was seen it is not shown again by itself, but whenever somebody asks for it.
            assert second.run("%gpu attach").shown == [str(lines)]
            both = [*expected(lines), f"execute_result {lines}"]
            assert seen(second.run("%gpu attach --last 2")) == both
        finally:
            again.stop()


def test_the_next_cell_says_that_output_is_waiting(server: LiveServer) -> None:
    with notebook(server) as first:
        first.start(CODE).until("line 5\n")
    with notebook(server) as second:
        cell = second.run("%%gpu\nn")  # waits for the cell of the first
        assert "%gpu attach" in cell.notices["unseen"]
        attached = second.start("%gpu attach")
        check(attached)
        assert "took" in attached.notices["cell"]
