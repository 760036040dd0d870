"""The kernel of a notebook that runs on a GPU session as a whole, with Jupyter's own clients."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from aip_jupyter.backends.process import is_alive, is_running
from tests.sessions.agents import wait_for
from tests.support.live import live_server
from tests.support.sessions import pid_of

from .gpu_cells import Cell, agents, end_sessions

SPECS = Path(__file__).parents[2] / "jupyter-config" / "kernels"


def new_manager(name: str = "aip-gpu", **options: Any) -> Any:
    specs = KernelSpecManager(kernel_dirs=[str(SPECS), *KernelSpecManager().kernel_dirs])
    return KernelManager(kernel_name=name, kernel_spec_manager=specs, **options)


class Kernel:
    """A running kernel, with a client."""

    def __init__(self, manager: Any, environ: Mapping[str, str], folder: Path) -> None:
        self.manager = manager
        self._start = {"env": dict(environ), "cwd": str(folder)}
        self.start()

    def start(self) -> None:
        self.manager.start_kernel(**self._start)
        self.client = self.manager.client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=60)
        except RuntimeError:
            self.end()
            raise

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.pid)

    def cell(self, code: str) -> Cell:
        return Cell(self.client, code)

    def run(self, code: str) -> Cell:
        cell = self.cell(code).end()
        assert cell.reply["status"] == "ok", cell.reply
        return cell

    def value(self, code: str) -> str:
        """The plain text of a value."""
        return self.run(code).shown[-1]

    def restart(self) -> None:
        self.manager.restart_kernel()
        self.client.wait_for_ready(timeout=60)

    def kill(self) -> None:
        """Kill this process, and not the session."""
        self.manager.signal_kernel(signal.SIGKILL)
        wait_for(lambda: not self.manager.is_alive())

    def end(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=not self.manager.is_alive())


Start = Callable[..., Kernel]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("whole")
    yield folder
    end_sessions(folder / "home")


@pytest.fixture(scope="module")
def start(place: Path) -> Iterator[Start]:
    """Starts the kernel of the notebook of a name; shut down at the end, as its session is then."""
    with contextlib.ExitStack() as ending:

        def begin(notebook: str, options: Mapping[str, Any] | None = None, **variables: str) -> Kernel:
            environ = {
                **os.environ,
                "AIP_HOME": str(place / "home"),
                "IPYTHONDIR": str(place / "ipython"),
                "JPY_SESSION_NAME": notebook,
                **variables,
            }
            kernel = Kernel(new_manager(**(options or {})), environ, place)
            ending.callback(kernel.end)
            return kernel

        yield begin


@pytest.fixture(scope="module")
def kernel(start: Start) -> Kernel:
    return start("shared.ipynb")


def session_of(place: Path, notebook: str) -> Any:
    """The record of the notebook's newest living session."""
    found = [each for each in agents(place / "home") if each.session.notebook == notebook]
    return next((each for each in found if each.session.state != "dead"), None)


CELLS = """
import sys
from IPython.display import HTML, display
print("to stdout"); print("to stderr", file=sys.stderr); display(HTML("<b>1</b>"))
---
handle = display("first", display_id="d"); handle.update("second"); 6 * 7
---
async def later():
    return "awaited"
await later()
---
!echo from a shell
---
1 / 0
---
_ , In[2][:6], Out[2]
"""


def executed(manager: Any, place: Path) -> list[list[Any]]:
    """What each of the cells puts out, with all that is another from one run to the next taken away."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS.split("---")]  # type: ignore[no-untyped-call]
    notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    environ = {**os.environ, "AIP_HOME": str(place / "home"), "IPYTHONDIR": str(place / "ipython")}
    where = {"metadata": {"path": str(place)}}
    client = NotebookClient(notebook, km=manager, allow_errors=True, coalesce_streams=True, resources=where)
    try:
        client.execute(env=environ)
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
        manager.shutdown_kernel()
    return [
        [_plain(each) for each in cell.outputs if "aip_notice" not in each.get("metadata", {})]
        for cell in cells
    ]


def _plain(output: Any) -> Any:
    return str(dict(output))


def test_a_notebook_puts_out_what_it_does_in_a_plain_kernel(place: Path) -> None:
    assert executed(new_manager(), place) == executed(new_manager("python3"), place)
    assert not [each for each in agents(place / "home") if each.session.notebook == ""]  # ended with it


def test_it_says_where_it_runs(kernel: Kernel) -> None:
    info = kernel.client.kernel_info(reply=True, timeout=30)["content"]
    assert info["language_info"]["name"] == "python"
    assert "This notebook runs in session 'cpu' on the CPU." in info["banner"]
    assert info["implementation"] == "ipython"


def test_cells_have_the_notebooks_context_and_numbers_of_their_own(kernel: Kernel) -> None:
    first = kernel.run("from aip_jupyter.client.context import get_context")
    assert kernel.value("get_context().notebook, get_context().whole") == "('shared.ipynb', True)"
    assert kernel.run("1").reply["execution_count"] == first.reply["execution_count"] + 2
    failed = kernel.cell("%%gpu\n1").end()
    assert failed.reply["evalue"].startswith("the whole notebook runs in GPU session 'cpu' already")
    kernel.run("%gpu list")


def test_a_run_goes_on_from_cell_to_cell(kernel: Kernel) -> None:
    kernel.run("import aip_jupyter as aip; run = aip.start_run('whole'); aip.log_metrics({'loss': 0.5})")
    kernel.run("aip.log_metrics({'loss': 0.25})")
    kernel.run("aip.end_run()")
    assert kernel.value("[p.value for p in aip.get_metric_history(run.id, 'loss')]") == "[0.5, 0.25]"


def test_it_can_be_interrupted(kernel: Kernel) -> None:
    for busy in (
        "while True: pass",
        "import time; time.sleep(60)",
        "import asyncio; await asyncio.sleep(60)",
    ):
        cell = kernel.cell(f"kept = 1; print('runs', flush=True)\n{busy}").until("runs")
        if "sleep" in busy:
            kernel.manager.interrupt_kernel()
        else:  # as for a kernelspec without `interrupt_mode`
            os.kill(kernel.pid, signal.SIGINT)
        assert cell.end().reply["ename"] in ("KeyboardInterrupt", "CancelledError")
    assert kernel.value("kept") == "1"


def test_it_asks(kernel: Kernel) -> None:
    reply = kernel.client.execute_interactive(
        "name = input('name? ')", stdin_hook=lambda message: kernel.client.input("ada"), timeout=60
    )
    assert reply["content"]["status"] == "ok"
    assert kernel.value("name") == "'ada'"


def test_it_completes_inspects_and_remembers(kernel: Kernel) -> None:
    client = kernel.client
    kernel.run("a_variable = 1")
    assert "a_variable" in client.complete("a_vari", reply=True, timeout=60)["content"]["matches"]
    assert "int" in client.inspect("a_variable", reply=True, timeout=60)["content"]["data"]["text/plain"]
    client.is_complete("if x:")
    assert client.get_shell_msg(timeout=60)["content"]["status"] == "incomplete"
    history = client.history(hist_access_type="range", session=0, start=1, reply=True, timeout=60)
    assert "a_variable = 1" in [entry[2] for entry in history["content"]["history"]]
    assert client.comm_info(reply=True, timeout=60)["content"]["status"] == "ok"


COMM = """
from comm import create_comm
comm = create_comm("there", data={"n": 1}, buffers=[b"\\x00\\x01"])
comm.on_msg(lambda message: comm.send({"got": message["content"]["data"]}, buffers=message["buffers"]))
"""


def test_comms_go_both_ways(kernel: Kernel) -> None:
    client = kernel.client
    client.execute(COMM)
    opened = until(client, "comm_open")
    assert opened["content"]["data"] == {"n": 1}
    assert [bytes(buffer) for buffer in opened["buffers"]] == [b"\x00\x01"]
    sent = client.session.msg("comm_msg", {"comm_id": opened["content"]["comm_id"], "data": {"x": 2}})
    client.session.send(client.shell_channel.socket, sent, buffers=[b"\x02"])
    answered = until(client, "comm_msg")
    assert answered["content"]["data"] == {"got": {"x": 2}}
    assert answered["parent_header"]["msg_id"] == sent["header"]["msg_id"]
    assert [bytes(buffer) for buffer in answered["buffers"]] == [b"\x02"]
    client.get_shell_msg(timeout=60)


def until(client: Any, kind: str) -> Any:
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["msg_type"] == kind:
            return message


def test_a_restart_is_a_new_session(kernel: Kernel, place: Path) -> None:
    kernel.run("x = 1")
    before = session_of(place, "shared.ipynb")
    kernel.restart()
    assert not is_alive(before.agent)
    assert kernel.cell("x").end().reply["ename"] == "NameError"
    after = session_of(place, "shared.ipynb")
    assert after.session.id != before.session.id
    kernel.manager.shutdown_kernel()
    assert not is_alive(after.agent)


def test_who_kills_the_kernel_finds_the_session_again(start: Start, place: Path) -> None:
    kernel = start("killed.ipynb")
    kernel.run("x = 'kept'")
    before = session_of(place, "killed.ipynb")
    kernel.kill()
    assert is_alive(before.agent)
    again = start("killed.ipynb")
    cell = again.run("x")
    assert cell.notices["attached"].startswith(f"GPU session {before.session.name!r} goes on after 1 cell")
    assert cell.shown == ["'kept'"]
    _dies(again, place)


def _dies(kernel: Kernel, place: Path) -> None:
    """The kernel ends with its session, and the next one takes no GPU before it has a cell to run."""
    cell = kernel.cell("print('runs', flush=True); import time; time.sleep(60)").until("runs")
    record = session_of(place, "killed.ipynb")
    os.kill(pid_of(record.kernel), signal.SIGKILL)
    cell.until("has ended: its process was killed (signal 9")
    wait_for(lambda: not kernel.manager.is_alive())
    kernel.restart()  # as Jupyter does by itself
    assert session_of(place, "killed.ipynb") is None
    assert (
        "starts with the next cell" in kernel.client.kernel_info(reply=True, timeout=60)["content"]["banner"]
    )
    kernel.client.complete("a", reply=True, timeout=60)
    assert session_of(place, "killed.ipynb") is None
    cell = kernel.run("1 + 1")
    assert cell.shown == ["2"]
    assert "was killed (signal 9" in cell.notices["died"]
    assert session_of(place, "killed.ipynb") is not None


def test_a_session_that_cannot_start_is_the_error_of_each_cell(start: Start) -> None:
    kernel = start("wrong.ipynb", AIP_GPUS="memory", AIP_GPUS_URL="L4:1", AIP_GPU="H100")
    for _ in range(2):
        cell = kernel.cell("1").end()
        assert cell.reply["status"] == "error"
        assert cell.reply["ename"] == cell.outputs[0]["content"]["ename"] == "GpuNotAvailable"
        assert "L4" in cell.reply["evalue"]
    kernel.manager.interrupt_kernel()
    kernel.manager.shutdown_kernel()


def test_it_works_through_the_server_and_encrypted_too(start: Start, tmp_path: Path) -> None:
    with live_server(tmp_path / "server") as server:
        environ = {**server.client_environ, "AIP_LINK": "websocket"}
        kernel = start("ws.ipynb", {"transport_encryption": "required"}, **environ)
        try:
            wait_for(kernel.client.hb_channel.is_beating)
            assert kernel.value("6 * 7") == "42"
            assert kernel.value(
                "get_ipython().kernel.get_parent('shell')['metadata']['aip']['context']['url']"
            )
            cell = kernel.cell("print('runs', flush=True)\nwhile True: pass").until("runs")
            kernel.manager.interrupt_kernel()
            assert cell.end().reply["ename"] == "KeyboardInterrupt"
        finally:
            kernel.manager.shutdown_kernel()
        assert not [each for each in agents(server.home) if is_alive(each.agent)]


PARENT = """
import sys, time
from tests.notebook.test_gpu_kernel import new_manager
manager = new_manager()
manager.start_kernel(cwd=sys.argv[1])
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)
print(manager.provisioner.pid, flush=True)
time.sleep(600)
"""


def test_the_kernel_ends_with_its_server_and_the_session_does_not(place: Path) -> None:
    environ = {**os.environ, "AIP_HOME": str(place / "home"), "JPY_SESSION_NAME": "orphan.ipynb"}
    root = Path(__file__).parents[2]
    server = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(place)], env=environ, cwd=root, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    with server.stdout:
        pid = int(server.stdout.readline())
    server.kill()
    server.wait()
    wait_for(lambda: not is_running(pid))
    assert is_alive(session_of(place, "orphan.ipynb").agent)
