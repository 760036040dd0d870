"""Cells over a real link to a real kernel."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import zmq

from aip_jupyter.client.context import Context, RunContext
from aip_jupyter.errors import SessionDied, Unavailable
from aip_jupyter.sessions.messages import Message
from aip_jupyter.sessions.relay import Cell, Relay
from aip_jupyter.sessions.values import dump_values, load_values
from aip_jupyter.sessions.zmq_link import ZmqLink
from aip_jupyter.wire.agent import Order

from ..support.values import shared_values
from .agents import Agent, running_agent, wait_for
from .cells import cell, run_cells


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with running_agent(tmp_path_factory.mktemp("session")) as agent:
        agent.until("idle")
        yield agent


@asynccontextmanager
async def linked(agent: Agent) -> AsyncIterator[Relay]:
    relay = Relay(await ZmqLink.open(agent.grant))
    try:
        yield relay
    finally:
        await relay.close()


def use(agent: Agent, work: Callable[[Relay], Awaitable[None]]) -> None:
    async def main() -> None:
        async with linked(agent) as relay:
            await asyncio.wait_for(work(relay), 100)

    asyncio.run(main())


def text(messages: list[Message], kind: str = "stream") -> str:
    return "".join(message.read()["text"] for message in messages if message.type == kind)


def test_a_link_opens_however_late_this_process_goes_on(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sockets connect in a thread of their own, also while this one has to wait for a processor."""
    look = zmq.Socket.get_monitor_socket

    def late(socket: zmq.Socket[bytes], *events: Any) -> zmq.Socket[bytes]:
        time.sleep(0.2)
        return look(socket, *events)

    monkeypatch.setattr(zmq.Socket, "get_monitor_socket", late)
    (reply,) = run_cells(agent.grant, "1")
    assert reply["status"] == "ok"


def test_what_a_cell_has_printed_is_there_when_it_has_ended(agent: Agent) -> None:
    """Also when a line is just then taken out of its buffer by another thread."""

    async def work(relay: Relay) -> None:
        for n in range(60):
            shown: list[Message] = []
            await relay.run(
                cell(f"import time; print({n}, end=''); time.sleep(0.0185 + {n % 6} * 0.0005)"), shown.append
            )
            assert text(shown) == str(n)

    use(agent, work)


def test_outputs_come_raw_and_in_order(agent: Agent) -> None:
    shown: list[Message] = []
    code = """
from IPython.display import HTML, clear_output, display
import sys
handle = display(HTML("<b>1</b>"), display_id=True)
print("to stdout", end="", flush=True)
print("to stderr", end="", file=sys.stderr, flush=True)
handle.update(HTML("<b>2</b>"))
clear_output(wait=True)
6 * 7
"""
    (reply,) = run_cells(agent.grant, code, show=shown.append)
    assert reply["status"] == "ok"
    assert [message.type for message in shown] == [
        "display_data",
        "stream",
        "stream",
        "update_display_data",
        "clear_output",
        "execute_result",
    ]
    assert shown[0].read()["data"]["text/html"] == "<b>1</b>"
    assert shown[0].read()["transient"] == shown[3].read()["transient"]
    assert shown[5].read()["data"] == {"text/plain": "42"}


def test_metadata_and_buffers_come_unchanged(agent: Agent) -> None:
    shown: list[Message] = []
    code = """
kernel = get_ipython().kernel
sent = kernel.session.send(kernel.iopub_socket, "display_data", {"data": {}, "metadata": {}, "transient": {}},
    parent=kernel.get_parent("shell"), metadata={"mine": 1}, buffers=[b"\\x00\\x01"])
"""
    run_cells(agent.grant, code, show=shown.append)
    (message,) = shown
    assert message.read_metadata() == {"mine": 1}
    assert [bytes(buffer) for buffer in message.buffers] == [b"\x00\x01"]


def test_counts_and_lines_are_the_notebooks(agent: Agent) -> None:
    async def work(relay: Relay) -> None:
        shown: list[Message] = []
        await relay.run(Cell("# the magic\nx = 1", 7, Context(project="p")), shown.append)
        reply = await relay.run(Cell("# the magic\nIn[7], 1 / 0", 12, Context(project="p")), shown.append)
        assert (reply["status"], reply["ename"], reply["execution_count"]) == (
            "error",
            "ZeroDivisionError",
            12,
        )
        assert "In[12]" in plain(reply["traceback"])
        assert "line 2" in plain(reply["traceback"])
        # The notebook's kernel was restarted, and counts from the beginning.
        await relay.run(Cell("# again", 1, Context(project="p")), shown.append)
        await relay.run(Cell("In[1], len(In)", 2, Context(project="p")), shown.append)
        assert shown[-1].read()["data"]["text/plain"] == "('# again', 3)"
        assert shown[-1].read()["execution_count"] == 2

    use(agent, work)


def plain(lines: list[str]) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", "\n".join(lines))


def test_the_context_of_each_cell_is_that_of_its_notebook(agent: Agent) -> None:
    async def work(relay: Relay) -> None:
        shown: list[Message] = []
        run = RunContext(id="0" * 32, name="baseline", experiment="digits", started=5)
        code = "from aip_jupyter.client.context import get_context as get\n"
        code += "get().project, get().run.name, get().token"
        await relay.run(Cell(code, 1, Context(project="vision", run=run, token="t0ken")), shown.append)
        assert shown[-1].read()["data"]["text/plain"] == "('vision', 'baseline', 't0ken')"
        await relay.run(Cell("get().run", 2, Context(project="vision")), shown.append)
        assert len(shown) == 1  # None is not shown

    use(agent, work)


def test_our_magics_and_the_notebooks_modules_are_there(agent: Agent) -> None:
    (agent.folder / "beside_the_notebook.py").write_text("answer = 42")
    (agent.folder / "queue.py").write_text("raise RuntimeError('shadows the standard library')")
    shown: list[Message] = []
    run_cells(
        agent.grant,
        "import beside_the_notebook as b; 'gpu' in get_ipython().magics_manager.magics['cell'], b.answer",
        show=shown.append,
    )
    assert shown[-1].read()["data"]["text/plain"] == "(True, 42)"


def descriptors(pid: int) -> list[str]:
    """Those that are still there once they are listed: the listing itself was one."""
    return [name for name in os.listdir(f"/proc/{pid}/fd") if os.path.lexists(f"/proc/{pid}/fd/{name}")]


@pytest.mark.parametrize("shared", [True, False], ids=["in shared memory", "through the socket"])
def test_large_values_go_in_and_come_out(agent: Agent, shared: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not shared:
        monkeypatch.setattr("aip_jupyter.sessions.zmq_link.can_share", lambda: False)

    async def work(relay: Relay) -> None:
        assert relay.link.capabilities == (frozenset(["shared_memory"]) if shared else frozenset())
        before = shared_values(os.getpid())
        array = np.arange(300_000.0)
        pushed = await relay.ask("aip_push_request", buffers=dump_values({"array": array}))
        assert not pushed.read()["fault"]
        await relay.run(cell("array[0] = 5; double = array * 2"), print)  # so it was writable there
        fetched = await relay.ask("aip_fetch_request", {"names": ["double"]})
        found = load_values(fetched.buffers)["double"]
        np.testing.assert_array_equal(found[:3], [10, 2, 4])
        found[0] = 1  # and is writable here
        del found, fetched
        await relay.run(cell("del array, double"), print)
        assert shared_values(os.getpid()) <= before
        assert not shared_values(agent.kernel)

    use(agent, work)


def test_values_that_are_missing_or_cannot_travel_are_named(agent: Agent) -> None:
    async def work(relay: Relay) -> None:
        await relay.run(cell("import threading; lock = threading.Lock()"), print)
        missing = await relay.ask("aip_fetch_request", {"names": ["lock", "no", "none"]})
        assert missing.read()["missing"] == ["no", "none"]
        unpicklable = await relay.ask("aip_fetch_request", {"names": ["lock"]})
        assert unpicklable.read()["fault"].startswith("lock (lock) cannot be pickled")
        damaged = await relay.ask("aip_push_request", buffers=[b"no pickle"])
        assert damaged.read()["fault"].startswith("the values cannot be unpickled here")

    use(agent, work)


INTERRUPTED = {
    "a loop": "while True: pass",
    "a sleep": "import time; time.sleep(60)",
    "an await": "import asyncio; await asyncio.sleep(60)",
    "a subprocess": "import subprocess; subprocess.run(['sleep', '60'])",
    "a command": "import os; os.system('sleep 60'); raise KeyboardInterrupt",
    "a bang": "!echo inside; sleep 60\nraise KeyboardInterrupt",
}


@pytest.mark.parametrize("code", INTERRUPTED.values(), ids=INTERRUPTED)
def test_an_interrupted_cell_ends_and_keeps_the_variables(agent: Agent, code: str) -> None:
    async def work(relay: Relay) -> None:
        begun = asyncio.Event()
        shown: list[Message] = []
        begin = "kept = 5" if "inside" in code else "kept = 5; print('inside', flush=True)"
        running = asyncio.ensure_future(relay.run(cell(f"{begin}\n{code}"), lambda message: begun.set()))
        await begun.wait()
        await asyncio.sleep(0.2)  # from the line that tells to what comes after it
        await relay.order(Order(do="interrupt"))
        reply = await running
        assert reply["status"] == "error"
        assert reply["ename"] in ("KeyboardInterrupt", "CancelledError")
        await relay.run(cell("kept"), shown.append)
        assert shown[-1].read()["data"]["text/plain"] == "5"

    use(agent, work)


def test_an_interrupt_without_a_cell_does_nothing(agent: Agent) -> None:
    async def work(relay: Relay) -> None:
        await relay.order(Order(do="interrupt"))
        await asyncio.sleep(0.2)
        assert (await relay.run(cell("1"), print))["status"] == "ok"

    use(agent, work)


LATE = """
import os, threading, time
def say():
    while not os.path.exists({gate!r}): time.sleep(0.01)
    print("late", flush=True)
threading.Thread(target=say).start()
"""


def test_the_output_of_threads_comes_after_the_cell_too(agent: Agent, gate: Path) -> None:
    async def work(relay: Relay) -> None:
        shown: list[Message] = []
        late = asyncio.Event()

        def show(message: Message) -> None:
            shown.append(message)
            late.set()

        await relay.run(cell(LATE.format(gate=str(gate))), show)
        assert shown == []
        gate.touch()  # noqa: ASYNC240  # takes no time
        await late.wait()
        assert text(shown) == "late\n"

    use(agent, work)


def test_an_output_that_cannot_be_shown_does_not_stop_the_next(agent: Agent, caplog: Any) -> None:
    shown: list[Message] = []

    def show(message: Message) -> None:
        shown.append(message)
        if len(shown) == 1:
            raise OSError("no front end")

    run_cells(agent.grant, "print(1, flush=True); print(2, flush=True)", show=show)
    assert text(shown) == "1\n2\n"
    assert "could not be shown" in caplog.text


def test_a_second_reader_waits_until_the_session_is_free(agent: Agent, gate: Path) -> None:
    async def work(first: Relay) -> None:
        begun = asyncio.Event()
        code = f"import os, time\nprint(1)\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)"
        running = asyncio.ensure_future(first.run(cell(code), lambda message: begun.set()))
        await begun.wait()
        async with linked(agent) as second:
            assert not second.is_free
            gate.touch()  # noqa: ASYNC240  # takes no time
            await second.until_free()
        assert (await running)["status"] == "ok"

    use(agent, work)


def test_a_lot_of_output_comes_whole(agent: Agent) -> None:
    shown: list[Message] = []
    run_cells(agent.grant, "for i in range(50_000): print(i)", show=shown.append)
    assert text(shown) == "".join(f"{i}\n" for i in range(50_000))


READER = r"""
import sys, msgspec
gate = sys.argv[1]
from aip_jupyter.domain.sessions import Grant
from tests.sessions.cells import run_cells
grant = msgspec.json.decode(sys.stdin.buffer.read(), type=Grant)
wait = f"import os, time\nwhile not os.path.exists({gate!r}): time.sleep(0.01)"
code = f"survivor = 7; print(1, flush=True)\n{wait}"
run_cells(grant, code, show=lambda message: print("shown", flush=True))
"""


def test_a_reader_that_was_killed_leaves_the_session_alone(agent: Agent, gate: Path) -> None:
    shown: list[Message] = []
    command = [sys.executable, "-c", READER, str(gate)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        reader.stdin.write(msgspec.json.encode(agent.grant))
        reader.stdin.close()
        assert reader.stdout.readline() == b"shown\n"
        reader.kill()

    async def work(relay: Relay) -> None:
        assert not relay.is_free
        gate.touch()  # noqa: ASYNC240  # takes no time
        await relay.until_free()
        await relay.run(cell("survivor"), shown.append)

    use(agent, work)
    assert shown[-1].read()["data"]["text/plain"] == "7"


@pytest.mark.parametrize(
    ("victim", "reason"),
    [("kernel", "its process was killed (signal 9"), ("agent", "its agent was killed")],
)
def test_a_cell_ends_with_its_session(tmp_path: Path, victim: str, reason: str) -> None:
    with running_agent(tmp_path) as agent:
        agent.until("idle")

        async def work(relay: Relay) -> None:
            begun = asyncio.Event()
            code = "print('begun', flush=True); import time; time.sleep(60)"
            running = asyncio.ensure_future(relay.run(cell(code), lambda m: begun.set()))
            await begun.wait()
            os.kill(agent.kernel if victim == "kernel" else agent.process.pid, signal.SIGKILL)
            with pytest.raises(SessionDied) as caught:
                await running
            assert f"'test' has ended: {reason}" in caught.value.message
            assert "\n" not in caught.value.message
            with pytest.raises(SessionDied):
                await relay.run(cell("1"), print)
            with pytest.raises(SessionDied):
                await relay.until_free()

        use(agent, work)


def test_a_link_to_nothing_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aip_jupyter.sessions.zmq_link.OPEN_PATIENCE", 0.3)
    with running_agent(tmp_path) as agent:
        agent.until("idle")
        grant = agent.grant
    with pytest.raises(Unavailable, match="'test' does not answer"):
        asyncio.run(ZmqLink.open(grant))


def test_links_leave_nothing_open(agent: Agent) -> None:
    run_cells(agent.grant, "1")
    before = len(descriptors(os.getpid()))
    for _ in range(3):
        run_cells(agent.grant, "1")
    wait_for(lambda: len(descriptors(os.getpid())) <= before)


def test_an_interrupt_of_values_on_their_way_is_answered(agent: Agent, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    code = f"""
import time
class Slow:
    def __reduce__(self):
        open({str(begun)!r}, "w").close()
        time.sleep(60)
slow = Slow()
"""

    async def work(relay: Relay) -> None:
        await relay.run(cell(code), print)
        fetching = asyncio.ensure_future(relay.ask("aip_fetch_request", {"names": ["slow"]}))
        await asyncio.to_thread(wait_for, begun.exists)
        await relay.order(Order(do="interrupt"))
        assert (await fetching).read()["fault"] == "it was interrupted"
        assert (await relay.run(cell("1"), print))["status"] == "ok"

    use(agent, work)
