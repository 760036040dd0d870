"""What every Link must do, whichever way it takes: run against real sessions."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from aip_jupyter.backends.process import is_running
from aip_jupyter.client.context import Context
from aip_jupyter.domain.sessions import Grant
from aip_jupyter.errors import SessionDied, Unavailable
from aip_jupyter.sessions.link import Link
from aip_jupyter.sessions.messages import Message, request
from aip_jupyter.sessions.relay import Cell, Relay
from aip_jupyter.wire.agent import Order

from ..support.sessions import wait_for

Way = Callable[[Grant], Awaitable[Link]]
"""Opens a link to a session."""


def execute(code: str, **more: Any) -> Message:
    """The request of a cell, as a front end sends it."""
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    return request("shell", "execute_request", {**content, **more})


async def until(link: Link, *ends: Callable[[Message], bool]) -> list[Message]:
    """All that comes until each of these has been seen."""
    found: list[Message] = []
    while not all(any(map(end, found)) for end in ends):
        found.append(await asyncio.wait_for(link.receive(), 30))
    return found


def is_reply(sent: Message) -> Callable[[Message], bool]:
    return lambda message: message.channel == sent.channel and message.parent.msg_id == sent.header.msg_id


def is_idle(sent: Message) -> Callable[[Message], bool]:
    def check(message: Message) -> bool:
        mine = message.type == "status" and message.parent.msg_id == sent.header.msg_id
        return mine and message.read()["execution_state"] == "idle"

    return check


def printed(messages: list[Message], sent: Message) -> str:
    mine = [m for m in messages if m.type == "stream" and m.parent.msg_id == sent.header.msg_id]
    return "".join(message.read()["text"] for message in mine)


class LinkContract:
    """For subclasses with the fixtures `way`, `grant` (of a session that all tests share) and `mortal`.

    `mortal` starts a session that a test may kill: the grant, and the processes of its kernel and its agent.
    """

    @staticmethod
    def use(way: Way, grant: Grant, work: Callable[[Link], Awaitable[None]]) -> None:
        @asynccontextmanager
        async def opened() -> AsyncIterator[Link]:
            link = await way(grant)
            try:
                yield link
            finally:
                await link.close()

        async def main() -> None:
            async with opened() as link:
                await asyncio.wait_for(work(link), 60)

        asyncio.run(main())

    def test_a_request_has_its_reply_and_its_output(self, way: Way, grant: Grant) -> None:
        async def work(link: Link) -> None:
            sent = execute("print('é'); 6 * 7")
            await link.send(sent)
            found = await until(link, is_reply(sent), is_idle(sent))
            assert printed(found, sent) == "é\n"
            (result,) = [message for message in found if message.type == "execute_result"]
            assert result.read()["data"] == {"text/plain": "42"}
            assert b"execute_request" in result.raw_parent
            assert link.session.id == grant.session.id

        self.use(way, grant, work)

    def test_what_came_is_passed_on_as_it_is(self, way: Way, grant: Grant) -> None:
        async def work(link: Link) -> None:
            plain = execute("get_ipython().parent_header")
            header = {"msg_id": plain.header.msg_id, "msg_type": plain.type, "session": "front"}
            raw = msgspec.json.encode({**header, "version": "5.4"})
            sent = replace(plain, raw_header=raw, metadata=b'{"cellId": "7"}')
            await link.send(sent)
            found = await until(link, lambda message: message.type == "execute_result")
            assert "'session': 'front'" in found[-1].read()["data"]["text/plain"]
            assert b'"front"' in found[-1].raw_parent

        self.use(way, grant, work)

    def test_requests_that_cross_each_other_are_told_apart(self, way: Way, grant: Grant) -> None:
        async def work(link: Link) -> None:
            sent = [execute(f"print({n}, flush=True)") for n in range(20)]
            for message in sent:
                await link.send(message)
            info = request("control", "kernel_info_request")
            await link.send(info)
            found = await until(link, *map(is_reply, [*sent, info]), *map(is_idle, sent))
            assert [printed(found, message) for message in sent] == [f"{n}\n" for n in range(20)]

        self.use(way, grant, work)

    def test_a_question_is_asked_and_answered(self, way: Way, grant: Grant) -> None:
        async def work(link: Link) -> None:
            sent = execute("input('name? ')", allow_stdin=True)
            await link.send(sent)
            found = await until(link, lambda message: message.channel == "stdin")
            assert found[-1].read()["prompt"] == "name? "
            await link.send(request("stdin", "input_reply", {"value": "ada"}))
            found = await until(link, is_reply(sent), lambda message: message.type == "execute_result")
            assert [m.read()["data"]["text/plain"] for m in found if m.type == "execute_result"] == ["'ada'"]

        self.use(way, grant, work)

    @pytest.mark.parametrize("size", [0, 1, 10_000, 30_000_000])
    def test_buffers_come_back_as_they_went_and_writable(self, way: Way, grant: Grant, size: int) -> None:
        from aip_jupyter.sessions.values import dump_values, load_values

        array = np.arange(size, dtype="u1")

        async def work(link: Link) -> None:
            relay = Relay(link)
            pushed = await relay.ask("aip_push_request", buffers=dump_values({"array": array}))
            assert pushed.read()["fault"] == ""
            await relay.run(Cell("array += 1; array = array.copy()", 1, Context(project="p")), lambda m: None)
            fetched = await relay.ask("aip_fetch_request", {"names": ["array"]})
            back = load_values(fetched.buffers)["array"]
            assert (back == array + 1).all()
            back += 1
            await relay.close()

        self.use(way, grant, work)

    def test_much_output_comes_whole_and_in_order(self, way: Way, grant: Grant) -> None:
        async def work(link: Link) -> None:
            sent = execute("for n in range(20_000): print('x' * 400, n)")
            await link.send(sent)
            found = await until(link, is_reply(sent), is_idle(sent))
            lines = printed(found, sent).splitlines()
            assert [line.split()[1] for line in lines] == [str(n) for n in range(20_000)]

        self.use(way, grant, work)

    def test_orders_are_answered_while_a_cell_runs(self, way: Way, grant: Grant) -> None:
        async def work(link: Link) -> None:
            sent = execute("import time; print('runs', flush=True); time.sleep(60)")
            await link.send(sent)
            await until(link, lambda message: message.type == "stream")
            while (await link.order(Order(do="state"))).session.state != "busy":  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.01)  # the agent hears of it when it does
            answers = await asyncio.gather(*(link.order(Order(do="state")) for _ in range(5)))
            assert {answer.session.state for answer in answers} == {"busy"}
            answer = await link.order(Order(do="interrupt"))
            assert answer.steps
            found = await until(link, is_reply(sent), is_idle(sent))
            (reply,) = [message for message in found if message.channel == "shell"]
            assert reply.read()["ename"] == "KeyboardInterrupt"
            output = await link.order(Order(do="output"))
            assert output.messages

        self.use(way, grant, work)

    def test_a_link_that_is_closed_leaves_the_session_alone(self, way: Way, grant: Grant) -> None:
        async def work(link: Link) -> None:
            sent = execute("kept = 1")
            await link.send(sent)
            await until(link, is_idle(sent))
            await link.close()
            for later in (link.order(Order(do="state")), link.send(sent), until(link, lambda message: False)):
                with pytest.raises(Unavailable, match="closed"):
                    await later
            other = await way(grant)
            sent = execute("kept")
            await other.send(sent)
            found = await until(other, is_reply(sent))
            assert found[-1].read()["status"] == "ok"
            await other.close()

        self.use(way, grant, work)

    @pytest.mark.parametrize("which", ["kernel", "agent"])
    def test_the_end_of_a_session_is_told_within_a_second(
        self, way: Way, mortal: Callable[[], tuple[Grant, int, int]], which: str
    ) -> None:
        grant, kernel, agent = mortal()

        async def work(link: Link) -> None:
            sent = execute("import time; print('runs', flush=True); time.sleep(60)")
            await link.send(sent)
            await until(link, lambda message: message.type == "stream")
            order = asyncio.ensure_future(link.order(Order(do="output", after=10**9, wait=20)))
            await link.order(Order(do="state"))
            os.kill(kernel if which == "kernel" else agent, signal.SIGKILL)
            reason = "killed" if which == "kernel" else "its agent was killed"
            with pytest.raises(SessionDied, match=reason):
                await until(link, is_reply(sent))
            await asyncio.wait([order], timeout=5)
            assert order.done()  # the agent may have answered with its last breath
            order.exception()
            with pytest.raises(SessionDied):  # and so it stays
                await link.receive()

        self.use(way, grant, work)

    def test_a_session_that_has_ended_cannot_be_reached(
        self, way: Way, mortal: Callable[[], tuple[Grant, int, int]]
    ) -> None:
        grant, kernel, agent = mortal()
        os.kill(agent, signal.SIGKILL)
        wait_for(lambda: not is_running(kernel))

        async def work(link: Link) -> None:
            pytest.fail("there is nothing to open")

        with pytest.raises((SessionDied, Unavailable)):
            self.use(way, grant, work)
