"""Following cells through a journal of which a part is lost, or never came to be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from aip_jupyter.domain.sessions import Session
from aip_jupyter.notebook.gpu_follow import Follower
from aip_jupyter.sessions.cells import Cells
from aip_jupyter.sessions.journal import OutputJournal
from aip_jupyter.sessions.messages import Message
from aip_jupyter.sessions.relay import Relay
from aip_jupyter.wire.agent import Answer, Order

SESSION = Session(id="0" * 32, name="big", gpu="cpu", state="idle", created=0, active=0)


class Front:
    """Keeps what is shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.notices: list[str] = []
        self.begun = asyncio.Event()

    def join(self, relay: Relay) -> None: ...

    def known(self, relay: Relay) -> frozenset[str]:
        return frozenset()

    def bring(self, relay: Relay) -> asyncio.Future[None]:
        return asyncio.ensure_future(asyncio.sleep(0))

    def show(self, message: Message) -> None:
        self.shown.append(message.read()["text"].strip())
        self.begun.set()

    def notice(self, text: str, kind: str) -> None:
        self.notices.append(kind)


class Agent:
    """A session's journal and marks, and as much of a relay as a follower needs."""

    is_free = True
    link = cast(Any, type("Link", (), {"session": SESSION}))

    def __init__(self, folder: Path, size: int) -> None:
        self.journal = OutputJournal(folder, size=size)
        self.cells = Cells(self.journal, lambda: SESSION)

    async def order(self, order: Order) -> Answer:
        return await self.cells.obey(order)

    def shows(self, cell: str) -> bool:
        return False

    def show(self, cell: str, show: Any) -> None: ...

    def hide(self, cell: str) -> None: ...

    def send(self, kind: str, cell: str, **content: Any) -> None:
        """A message of the kernel."""
        header, parent = {"msg_id": "m", "msg_type": kind}, {"msg_id": cell, "msg_type": "execute_request"}
        self.cells.keep(kind, cell, [json.dumps(each).encode() for each in (header, parent, {}, content)])

    def run(self, cell: str, lines: int) -> None:
        """A cell that prints so many lines."""
        self.send("status", cell, execution_state="busy")
        self.send("execute_input", cell, code="", execution_count=1)
        for number in range(lines):
            self.send("stream", cell, name="stdout", text=f"{cell} {number}\n")
        self.send("status", cell, execution_state="idle")

    def follow(self, front: Front) -> None:
        """Follow all that nobody has seen."""

        async def follow() -> None:
            found = await self.order(Order(do="cells"))
            await Follower(cast(Relay, self), cast(Any, front), found.cells, found.newest).run()

        asyncio.run(asyncio.wait_for(follow(), 60))


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(tmp_path, size=40_000)
    yield agent
    agent.journal.close()


def test_what_the_journal_has_lost_is_said_once_and_the_rest_is_shown(agent: Agent) -> None:
    front = Front()
    agent.run("lost", 300)
    agent.run("a", 300)
    agent.run("b", 2)
    agent.follow(front)
    assert front.notices == ["cell", "cell", "lost", "cell"]
    first = int(front.shown[0].removeprefix("a "))
    assert front.shown == [*(f"a {number}" for number in range(first, 300)), "b 0", "b 1"]
    assert all(mark.seen for mark in asyncio.run(agent.order(Order(do="cells"))).cells)


def test_an_end_that_the_journal_has_no_room_for_is_found_all_the_same(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aip_jupyter.notebook.gpu_follow.WAIT", 0.05)
    front = Front()
    agent.send("status", "a", execution_state="busy")
    agent.send("stream", "a", name="stdout", text="begun\n")

    def full(time: int, frames: list[bytes]) -> int:
        raise OSError("no room")

    async def work() -> None:
        found = await agent.order(Order(do="cells"))
        following = asyncio.ensure_future(
            Follower(cast(Relay, agent), cast(Any, front), found.cells, found.newest).run()
        )
        await front.begun.wait()
        monkeypatch.setattr(agent.journal, "append", full)
        agent.send("stream", "a", name="stdout", text="not kept\n")
        agent.send("status", "a", execution_state="idle")
        await asyncio.wait_for(following, 60)

    asyncio.run(work())
    assert front.shown == ["begun"]
    (mark,) = asyncio.run(agent.order(Order(do="cells"))).cells
    assert (mark.status, mark.seen) == ("ok", True)
