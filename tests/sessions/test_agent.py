"""A real agent with a real kernel: what it starts, what it says, what it obeys, and what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
import zmq
from msgspec.structs import replace

from aip_jupyter.backends.gpus.control import order
from aip_jupyter.backends.process import is_alive, process_of
from aip_jupyter.errors import Unavailable
from aip_jupyter.sessions.messages import Message
from aip_jupyter.wire.agent import Order, Output

from .agents import Agent, running_agent, spec, wait_for
from .cells import run_cells


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """One agent for the tests that leave it alive."""
    with running_agent(tmp_path_factory.mktemp("session")) as agent:
        agent.until("idle")
        yield agent


def test_its_files_are_for_its_user_alone(agent: Agent) -> None:
    assert not (agent.folder / "spec.json").exists()
    for path in agent.folder.glob("*"):
        if path.name not in ("ipython", "agent.log"):
            assert path.stat().st_mode & 0o077 == 0, path


def test_it_says_who_it_is(agent: Agent) -> None:
    record = agent.record
    assert is_alive(record.agent)
    assert record.agent.split("|")[2] == str(agent.process.pid)
    assert is_alive(record.kernel)
    assert record.session.reason == ""


def test_agent_and_kernel_listen_on_this_host_only(agent: Agent) -> None:
    for pid in (agent.process.pid, agent.kernel):
        ports = [c.laddr for c in psutil.Process(pid).net_connections("tcp") if c.status == "LISTEN"]
        assert {address.ip for address in ports} == {"127.0.0.1"}, pid


def test_a_kernel_does_not_talk_without_encryption(agent: Agent) -> None:
    connection = agent.record.connection
    assert connection["curve_publickey"]
    with zmq.Context() as context, context.socket(zmq.SUB) as plain:
        plain.linger = 0
        plain.subscribe(b"")
        plain.connect(f"tcp://127.0.0.1:{connection['iopub_port']}")
        run_cells(agent.grant, "print('secret')")
        assert not plain.poll(300)


def test_orders_need_the_key_of_the_record(agent: Agent) -> None:
    public, secret = zmq.curve_keypair()
    wrong = {
        **agent.record.control,
        "client_public_key": public.decode(),
        "client_secret_key": secret.decode(),
    }
    with pytest.raises(Unavailable):
        order(wrong, Order(do="state"), patience=0.5)
    assert order(agent.record.control, Order(do="state")).session == agent.record.session


def test_it_counts_cells_and_sees_them_begin_and_end(agent: Agent, gate: Path) -> None:
    before = agent.record.session
    code = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)"
    running = threading.Thread(target=run_cells, args=[agent.grant, code])
    running.start()
    agent.until("busy")
    gate.touch()
    running.join()
    after = agent.until("idle").session
    assert after.cells == before.cells + 1
    assert after.active > before.active


def test_output_is_kept_from_the_first_byte_and_read_from_any_number_on(agent: Agent) -> None:
    control = agent.record.control
    before = order(control, Order(do="output", after=10**9)).newest
    run_cells(agent.grant, "print('one', flush=True); print('two', flush=True)")

    def texts(after: int) -> list[str]:
        found = order(control, Order(do="output", after=after))
        outputs = [msgspec.msgpack.decode(entry, type=Output) for entry in found.messages]
        assert [output.number for output in outputs] == list(range(after + 1, found.newest + 1))
        streams = [output for output in outputs if json.loads(output.frames[0])["msg_type"] == "stream"]
        return [json.loads(output.frames[3])["text"] for output in streams]

    wait_for(lambda: "".join(texts(before)) == "one\ntwo\n")
    assert texts(order(control, Order(do="output", after=10**9)).newest) == []


def test_the_kernel_has_exactly_the_variables_of_the_spec(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CUDA_VISIBLE_DEVICES": "GPU-1"}
    what = replace(spec(tmp_path), environment=environment)
    environ = {**os.environ, "SECRET_OF_THE_AGENT": "1", "JPY_PARENT_PID": "1"}
    with running_agent(tmp_path, what, environ) as agent:
        agent.until("idle")
        found = psutil.Process(agent.kernel).environ()
        assert {name: found.get(name) for name in environment} == environment
        assert set(found) - set(environment) <= {"LC_CTYPE"}


def test_a_stopped_session_leaves_nothing_but_what_it_has_printed(tmp_path: Path) -> None:
    with running_agent(tmp_path) as agent:
        record = agent.until("idle")
        child = "import subprocess; subprocess.Popen(['sleep', '600']).pid"
        shown: list[Message] = []
        run_cells(agent.grant, child, show=shown.append)
        pid = int(next(m.read()["data"]["text/plain"] for m in shown if m.type == "execute_result"))
        sleeper = process_of(pid)  # its number alone may be another's by then
        order(record.control, Order(do="stop"))
        assert agent.process.wait(60) == 0
        assert not is_alive(record.kernel)
        wait_for(lambda: not is_alive(sleeper))
        last = agent.record
    assert (last.session.state, last.session.reason) == ("dead", "it was stopped")
    assert (last.kernel, last.connection, last.control) == ("", {}, {})
    assert {path.name for path in tmp_path.iterdir()} == {"agent.json", "agent.log", "ipython", "output-1"}
    for name in ("shell_port", "iopub_port", "control_port"):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(record.connection[name]))) != 0


def test_a_kernel_that_is_killed_is_told_of_in_words(tmp_path: Path) -> None:
    with running_agent(tmp_path) as agent:
        agent.until("idle")
        os.kill(agent.kernel, signal.SIGKILL)
        assert agent.process.wait(60) == 0
        session = agent.record.session
    assert session.state == "dead"
    assert session.reason == "its process was killed (signal 9: out of memory, or somebody killed it)"


def test_a_kernel_ends_with_its_agent(tmp_path: Path) -> None:
    with running_agent(tmp_path) as agent:
        record = agent.until("idle")
        agent.process.kill()
        wait_for(lambda: not is_alive(record.kernel))


def test_an_idle_session_ends_itself(tmp_path: Path) -> None:
    with running_agent(tmp_path, spec(tmp_path, idle=0.3)) as agent:
        assert agent.process.wait(60) == 0
        assert agent.record.session.reason == "it had run no cell for 0.3 seconds"


def test_a_session_ends_with_its_folder(tmp_path: Path) -> None:
    with running_agent(tmp_path / "session") as agent:
        kernel = agent.until("idle").kernel
        shutil.rmtree(agent.folder)
        agent.process.wait(60)
        wait_for(lambda: not is_alive(kernel))


def test_a_kernel_that_cannot_start_is_told_of(tmp_path: Path) -> None:
    with running_agent(tmp_path, spec(tmp_path, python=str(tmp_path / "no-python"))) as agent:
        assert agent.process.wait(60) == 0
        assert agent.record.session.state == "dead"
        assert "no-python" in agent.record.session.reason


def test_a_kernel_that_fails_as_it_starts_is_told_of(tmp_path: Path) -> None:
    what = replace(spec(tmp_path), environment={"PYTHONHOME": "/nowhere"})
    with running_agent(tmp_path, what) as agent:
        assert agent.process.wait(60) == 0
        assert agent.record.session.reason == "its process ended by itself with exit code 1"
        assert agent.log


def test_the_agent_loads_little() -> None:
    code = "import sys, aip_jupyter.sessions.owner; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"httpx", "sqlalchemy", "IPython", "ipykernel", "jupyter_client", "tornado"} & set(loaded)
