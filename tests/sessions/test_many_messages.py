"""More messages to widgets than are remembered, while a cell runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aip_jupyter.sessions.messages import Message, request
from aip_jupyter.sessions.relay import REMEMBERED, Relay
from aip_jupyter.sessions.zmq_link import ZmqLink

from .agents import running_agent
from .cells import cell

LISTEN = """
import time
from ipykernel.comm import Comm
comm = Comm(target_name="any")
comm.on_msg(lambda message: print(message["content"]["data"], end=" ", flush=True))
"""


def test_what_comes_of_each_message_is_shown_however_many_wait(tmp_path: Path) -> None:
    many = REMEMBERED + 50
    shown: list[list[str]] = [[] for _ in range(many)]

    def answers(number: int, message: Message) -> None:
        shown[number].append(message.read()["text"])

    async def work() -> None:
        relay = Relay(await ZmqLink.open(agent.grant))
        opened: list[Message] = []
        await relay.run(cell(LISTEN), opened.append)
        (comm,) = [message.read()["comm_id"] for message in opened if message.type == "comm_open"]
        running = asyncio.ensure_future(relay.run(cell("time.sleep(1)"), opened.append))
        messages = [request("shell", "comm_msg", {"comm_id": comm, "data": n}) for n in range(many)]
        passing = [
            relay.pass_on(message, lambda answer, n=n: answers(n, answer))  # type: ignore[misc]
            for n, message in enumerate(messages)
        ]
        await asyncio.gather(running, *passing)
        await relay.close()

    with running_agent(tmp_path) as agent:
        agent.until("idle")
        asyncio.run(work())
    assert ["".join(texts).strip() for texts in shown] == [str(n) for n in range(many)]
