"""The marks of a session's cells, and orders that wait for output."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from itertools import groupby
from pathlib import Path

import msgspec
import pytest

from aip_jupyter.errors import SessionDied
from aip_jupyter.sessions.messages import request
from aip_jupyter.sessions.relay import Relay
from aip_jupyter.sessions.zmq_link import ZmqLink
from aip_jupyter.wire.agent import BEHIND_ALL, CellMark, Order, decode_output

from .agents import Agent, running_agent
from .cells import cell


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with running_agent(tmp_path_factory.mktemp("agent") / "session") as agent:
        agent.until("idle")
        yield agent


def use(agent: Agent, work: Callable[[Relay], Awaitable[None]]) -> None:
    async def run() -> None:
        relay = Relay(await ZmqLink.open(agent.grant))
        try:
            await work(relay)
        finally:
            await relay.close()

    asyncio.run(run())


async def marks(relay: Relay) -> list[CellMark]:
    return (await relay.order(Order(do="cells"))).cells


async def ended(relay: Relay) -> list[CellMark]:
    """Once the agent has the last end too, which comes to it and to a notebook in its own time."""
    while not (found := await marks(relay))[-1].last:
        pass
    return found


def test_each_cell_has_a_mark_with_its_place_in_the_journal(agent: Agent) -> None:
    async def work(relay: Relay) -> None:
        await relay.run(cell("print('fine')", 3), print)
        await relay.run(cell("1 / 0", 5), print)
        fine, failed = (await ended(relay))[-2:]
        assert [(mark.count, mark.status) for mark in (fine, failed)] == [(3, "ok"), (5, "error")]
        assert 0 < fine.first < fine.last < failed.first < failed.last
        assert fine.began <= fine.ended <= failed.began
        answer = await relay.order(Order(do="output", after=fine.first - 1))
        found = [decode_output(each) for each in answer.messages]
        # The kernel may flush in the middle of what is printed.
        kinds = [kind for kind, _ in groupby(e.type for e in found if fine.first <= e.number <= fine.last)]
        assert kinds == ["status", "execute_input", "stream", "status"]
        assert {each.cell for each in found} == {fine.id, failed.id}

    use(agent, work)


def test_what_comes_to_its_end_in_a_notebook_is_seen(agent: Agent) -> None:
    async def work(relay: Relay) -> None:
        await relay.link.send(request("shell", "execute_request", {"code": "1"}))
        await relay.link.send(request("shell", "execute_request", {"code": "2"}))
        await relay.run(cell("3"), print)
        await relay.order(Order(do="seen", cell=(await ended(relay))[-2].id))
        assert [mark.seen for mark in (await marks(relay))[-3:]] == [False, True, True]

    use(agent, work)


def test_one_that_runs_is_seen_only_once_it_has_ended(agent: Agent, gate: Path) -> None:
    async def work(relay: Relay) -> None:
        begun = asyncio.Event()
        code = f"import os, time\nprint(1)\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)"
        running = asyncio.ensure_future(relay.run(cell(code, 9), lambda message: begun.set()))
        await begun.wait()
        while (mark := (await marks(relay))[-1]).count != 9:
            pass
        assert (mark.last, mark.ended, mark.status, mark.seen) == (0, 0, "busy", False)
        assert not (await relay.order(Order(do="seen", cell=mark.id))).cells[-1].seen
        gate.touch()  # noqa: ASYNC240  # takes no time
        await running
        # Whoever has its end says so, perhaps before the agent itself has it.
        assert (await ended(relay))[-1].seen

    use(agent, work)


def test_an_order_waits_for_output_and_all_who_wait_get_it(agent: Agent) -> None:
    async def work(relay: Relay) -> None:
        newest = (await relay.order(Order(do="output", after=BEHIND_ALL))).newest
        empty = await relay.order(Order(do="output", after=newest, wait=0.05))
        assert (empty.messages, empty.newest) == ([], newest)
        waiting = [
            asyncio.ensure_future(relay.order(Order(do="output", after=newest, wait=30))) for _ in range(3)
        ]
        other = await relay.order(Order(do="state"))
        assert other.messages == [], "orders that wait hold up no others"
        assert not any(each.done() for each in waiting)
        await relay.run(cell("print('news')"), print)
        answers = await asyncio.gather(*waiting)
        assert [decode_output(answer.messages[0]).number for answer in answers] == [newest + 1] * 3

    use(agent, work)


def test_the_end_of_the_session_answers_all(tmp_path: Path) -> None:
    with running_agent(tmp_path / "session") as agent:
        agent.until("idle")

        async def work(relay: Relay) -> None:
            newest = (await relay.order(Order(do="output", after=BEHIND_ALL))).newest
            waiting = asyncio.ensure_future(relay.order(Order(do="output", after=newest, wait=30)))
            await relay.order(Order(do="state"))  # so the one before it has arrived
            os.kill(agent.kernel, signal.SIGKILL)
            answer = await waiting
            assert (answer.session.state, answer.messages) == ("dead", [])
            with pytest.raises(SessionDied):
                await relay.order(Order(do="cells"))

        use(agent, work)


def test_only_the_last_hundred_cells_are_told_of(agent: Agent) -> None:
    async def work(relay: Relay) -> None:
        for _ in range(105):
            await relay.run(cell("pass"), print)
        found = await marks(relay)
        assert len(found) == 100
        assert [mark.first for mark in found] == sorted(mark.first for mark in found)
        assert all(msgspec.msgpack.encode(mark) for mark in found)

    use(agent, work)
