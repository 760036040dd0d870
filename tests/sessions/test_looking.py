"""Looking into a session that is busy: values, threads, use of the machine; interrupting it step by step."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from aip_jupyter.backends.gpus.control import order
from aip_jupyter.domain.sessions import Stack
from aip_jupyter.errors import SessionDied
from aip_jupyter.sessions.relay import Relay
from aip_jupyter.sessions.zmq_link import ZmqLink
from aip_jupyter.wire.agent import Answer, Order

from .agents import Agent, running_agent, wait_for
from .cells import cell, run_cells

HOLDING = """import ctypes, time
kept = "before"
print("inside", flush=True)
time.sleep(0.2)
def hold():
    ctypes.PyDLL(None).usleep(5_000_000)
hold()
"""
"""A call into native code that keeps the interpreter to itself; a signal cuts it short."""


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with running_agent(tmp_path_factory.mktemp("session")) as agent:
        agent.until("idle")
        yield agent


def ask(agent: Agent, do: str, **fields: str) -> Answer:
    return order(agent.record.control, Order(do=do, **fields))  # type: ignore[arg-type]


def peek(agent: Agent, expression: str) -> dict[str, str]:
    answer = ask(agent, "peek", expression=expression)
    assert answer.peek is not None, answer.fault
    return answer.peek.data


def stack(agent: Agent) -> Stack:
    answer = ask(agent, "stack")
    assert answer.stack is not None, answer.fault
    return answer.stack


def while_running(agent: Agent, code: str, look: Callable[[], Awaitable[None]], there: str = "") -> str:
    """Run the cell, look once it has printed and is there, interrupt it; the error it ends with."""

    async def main() -> str:
        relay = Relay(await ZmqLink.open(agent.grant))
        try:
            begun = asyncio.Event()
            running = asyncio.ensure_future(relay.run(cell(code, 7), lambda message: begun.set()))
            await begun.wait()
            while there not in (await asyncio.to_thread(stack, agent)).text:
                pass
            await look()
            await relay.order(Order(do="interrupt"))
            return str((await asyncio.wait_for(running, 60)).get("ename"))
        finally:
            await relay.close()

    return asyncio.run(main())


def test_values_are_seen_while_a_cell_runs(agent: Agent) -> None:
    code = """import pandas
losses, table = [0.5, 0.25], pandas.DataFrame({"a": [1]})
print(1, flush=True)
while True: pass"""

    async def look() -> None:
        found = await asyncio.to_thread(ask, agent, "peek", expression="losses[-1]")
        assert found.peek is not None
        assert (found.peek.type, found.peek.data) == ("float", {"text/plain": "0.25"})
        assert "<table" in (await asyncio.to_thread(peek, agent, "table"))["text/html"]
        assert found.session.state == "busy"
        assert found.session.cell

    assert while_running(agent, code, look) == "KeyboardInterrupt"
    wait_for(lambda: ask(agent, "state").session.cell == "")
    assert peek(agent, "losses")["text/plain"] == "[0.5, 0.25]"


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("losse", "the session has no variable 'losse'; did you mean losses?"),
        ("nothing_like_it", "the session has no variable 'nothing_like_it'"),
        ("1 +", "'1 +' is not a Python expression: invalid syntax"),
        ("x = 1", "'x = 1' is not a Python expression: invalid syntax"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("exit_now()", "SystemExit: 1"),
        ("broken", "ValueError: not to be shown"),
        ("slow", "the value takes more than 1.5 seconds to show itself; peek at a part of it"),
    ],
)
def test_what_cannot_be_seen_is_said_in_one_line(agent: Agent, expression: str, fault: str) -> None:
    code = """
import sys, time
losses = []
def exit_now(): sys.exit(1)
class Broken:
    def __repr__(self): raise ValueError("not to\\nbe shown")
class Slow:
    def __repr__(self): time.sleep(2)
broken, slow = Broken(), Slow()
"""
    run_cells(agent.grant, code)
    answer = ask(agent, "peek", expression=expression)
    assert (answer.peek, answer.fault) == (None, fault)


def test_a_long_text_is_cut_with_a_word(agent: Agent) -> None:
    assert peek(agent, "'x' * 50_000")["text/plain"].endswith("x… (cut: it has 50,002 characters)")


def test_the_threads_are_told_by_the_lines_of_their_cells(agent: Agent) -> None:
    run_cells(agent.grant, "import time\n\ndef wait_long():\n    time.sleep(60)  # here")
    code = "import threading\nprint(1, flush=True)\nwait_long()"
    seen: list[Stack] = []

    async def look() -> None:
        seen.append(await asyncio.to_thread(stack, agent))

    while_running(agent, code, look, "in wait_long")
    assert not seen[0].native
    assert seen[0].text.splitlines()[:3] == [
        "The session's own thread:",
        "  Cell In[7], line 3: wait_long()",
        "  Cell In[1], line 4, in wait_long: time.sleep(60)  # here",
    ]
    wait_for(lambda: stack(agent).text == "The session's own thread runs no code.")


def test_a_cell_that_awaits_and_other_threads_are_told_too(agent: Agent) -> None:
    code = """import asyncio, threading
stop = threading.Event()
threading.Thread(target=stop.wait, name="loader").start()
print(1, flush=True)
async def later():
    await asyncio.sleep(60)
await later()"""
    seen: list[str] = []

    async def look() -> None:
        seen.extend((await asyncio.to_thread(stack, agent)).text.splitlines())

    while_running(agent, code, look, "in later")
    run_cells(agent.grant, "stop.set()")
    assert seen[:3] == [
        "The session's own thread:",
        "  Cell In[7], line 7: await later()",
        "  Cell In[7], line 6, in later: await asyncio.sleep(60)",
    ]


def test_native_code_that_holds_the_interpreter_is_seen_through(agent: Agent) -> None:
    async def look() -> None:
        while not (answer := await asyncio.to_thread(ask, agent, "peek", expression="kept")).fault:
            pass  # it is on its way there
        assert "inside native code that holds the interpreter" in answer.fault
        found = await asyncio.to_thread(stack, agent)
        assert found.native
        assert "  Cell In[7], line 7: hold()\n  Cell In[7], line 6, in hold: ctypes.PyDLL" in found.text

    while_running(agent, HOLDING, look)
    assert peek(agent, "kept")["text/plain"] == "'before'"


def test_what_cannot_be_stopped_is_told_with_its_place_and_every_step(agent: Agent) -> None:
    code = """import time
go = True
print(1, flush=True)
while go:
    try:
        time.sleep(0.01)
    except KeyboardInterrupt:
        pass"""
    answers: list[Answer] = []

    async def look() -> None:
        answers.append(await asyncio.to_thread(ask, agent, "interrupt"))
        answers.append(await asyncio.to_thread(ask, agent, "peek", expression="globals().update(go=False)"))

    while_running(agent, code, look, "time.sleep(0.01)")
    assert not answers[0].stopped
    assert answers[0].where.startswith("Cell In[7], line ")
    assert [step.partition(":")[0] for step in answers[0].steps] == [
        "interrupted it",
        "interrupted the processes that it has started",
        "looked where it is",
    ]
    wait_for(lambda: ask(agent, "state").session.state == "idle")
    calm = ask(agent, "interrupt")
    assert (calm.stopped, calm.steps, calm.where) == (True, [], "")


def test_what_tidies_up_is_not_interrupted_again(agent: Agent, tmp_path: Path) -> None:
    code = f"""import time
print(1, flush=True)
try:
    time.sleep(60)
finally:
    time.sleep(0.6)
    open({str(tmp_path / "saved")!r}, "w").close()"""

    async def look() -> None:
        pass

    assert while_running(agent, code, look, "time.sleep(60)") == "KeyboardInterrupt"
    assert (tmp_path / "saved").exists()


def test_no_interrupt_takes_a_cells_reply_away(agent: Agent) -> None:
    """One may come at any moment: before a cell's first line, and when it has just ended."""

    async def main() -> None:
        relay = Relay(await ZmqLink.open(agent.grant))
        chance = random.Random(5)
        for number in range(100):
            running = asyncio.ensure_future(relay.run(cell("x = 1", number + 2), print))
            await asyncio.sleep(chance.random() * 0.012)
            os.kill(agent.kernel, signal.SIGINT)
            assert (await asyncio.wait_for(running, 60))["status"] in ("ok", "error")
        await relay.close()

    run_cells(agent.grant, "kept = 'still'")
    asyncio.run(main())
    assert peek(agent, "kept")["text/plain"] == "'still'"


def test_use_is_measured_since_the_last_time(agent: Agent) -> None:
    usage = ask(agent, "usage").usage
    assert usage is not None
    assert usage.memory > 20_000_000
    assert usage.gpus == []
    code = "import time\nbegan = time.process_time()\nwhile time.process_time() < began + 0.5: pass"
    run_cells(agent.grant, code)
    busy = ask(agent, "usage").usage
    assert busy is not None
    assert busy.cpu > 5
    assert busy.session == ask(agent, "state").session.id


def test_it_says_which_python_it_runs(agent: Agent) -> None:
    found = peek(agent, "'%d.%d' % __import__('sys').version_info[:2]")["text/plain"]
    assert found == repr(ask(agent, "state").session.python)


def test_the_end_tells_what_was_done(tmp_path: Path) -> None:
    with running_agent(tmp_path) as agent:
        agent.until("idle")
        answer = ask(agent, "stop")
        assert answer.steps[0].startswith("asked its kernel to end, ")
        assert (answer.session.state, answer.session.reason) == ("dead", "it was stopped")
    with running_agent(tmp_path / "busy") as agent:
        agent.until("idle")
        answers: list[Answer] = []

        async def main() -> None:
            relay = Relay(await ZmqLink.open(agent.grant))
            begun = asyncio.Event()
            code = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(1, flush=True)"
            running = asyncio.ensure_future(
                relay.run(cell(f"{code}\nwhile True: time.sleep(1)"), lambda message: begun.set())
            )
            await begun.wait()
            answers.append(await asyncio.to_thread(ask, agent, "stop"))
            with pytest.raises(SessionDied):
                await running
            await relay.close()

        asyncio.run(main())
        assert answers[0].steps == [
            "asked its kernel to end, but it did not within 1 s",
            "sent SIGTERM to its processes",
            "sent SIGKILL to those that were left",
        ]


def test_an_interrupt_of_one_cell_spares_the_next(agent: Agent, gate: Path, tmp_path: Path) -> None:
    """Another notebook's waits in the queue: the interrupt comes when the one it is for has just ended."""
    asked_it = tmp_path / "asked"
    wait = "import os, time\nwhile not os.path.exists({!r}): time.sleep(0.01)"

    async def work() -> None:
        ours, others = [Relay(await ZmqLink.open(agent.grant)) for _ in range(2)]
        begun = asyncio.Event()
        try:
            first = asyncio.ensure_future(ours.run(cell(wait.format(str(gate))), print))
            while not (asked := ours.asked):  # noqa: ASYNC110  # nobody tells of it
                await asyncio.sleep(0.01)
            code = "print('begun', flush=True)\n" + wait.format(str(asked_it))
            second = asyncio.ensure_future(others.run(cell(code), lambda message: begun.set()))
            gate.touch()  # noqa: ASYNC240  # takes no time
            await asyncio.gather(first, begun.wait())
            assert ours.asked == ""
            answer = await ours.order(Order(do="interrupt", cell=asked))
            assert (answer.stopped, answer.steps) == (True, [])
            asked_it.touch()
            assert (await second)["status"] == "ok"
        finally:
            asked_it.touch()
            await asyncio.gather(ours.close(), others.close())

    asyncio.run(work())


def test_an_interrupt_of_one_cell_hits_it(agent: Agent) -> None:
    async def work() -> None:
        relay = Relay(await ZmqLink.open(agent.grant))
        begun = asyncio.Event()
        code = "print('begun', flush=True); import time; time.sleep(60)"
        running = asyncio.ensure_future(relay.run(cell(code), lambda message: begun.set()))
        await begun.wait()
        answer = await relay.order(Order(do="interrupt", cell=relay.asked))
        assert answer.stopped
        assert answer.steps
        assert (await running)["ename"] == "KeyboardInterrupt"
        await relay.close()

    asyncio.run(work())
