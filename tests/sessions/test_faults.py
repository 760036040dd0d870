"""What goes wrong on the disk, or in one message, must not cost a session its variables."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import zmq

from aip_jupyter.domain.sessions import Session
from aip_jupyter.sessions import record as records
from aip_jupyter.sessions.record import RecordWriter
from aip_jupyter.sessions.sockets import Stream
from aip_jupyter.wire.agent import AgentRecord

SESSION = Session(id="0" * 32, name="s", gpu="cpu", state="idle", created=1, active=1)


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  # nobody tells of it
        await asyncio.sleep(0.01)


def test_a_record_that_cannot_be_written_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "RETRY", 0.01)
    folder = tmp_path / "missing"

    async def write() -> None:
        writer = RecordWriter(folder / "agent.json", lambda: AgentRecord(session=SESSION, agent="a"))
        working = asyncio.create_task(writer.run())
        writer.changed()
        await asyncio.sleep(0.1)
        assert not working.done()
        folder.mkdir()
        await _until((folder / "agent.json").exists)
        working.cancel()

    asyncio.run(write())


def test_messages_come_after_one_that_could_not_be_taken() -> None:
    taken: list[bytes] = []

    def take(frames: list[bytes]) -> None:
        if frames == [b"bad"]:
            raise ValueError("bad")
        taken.extend(frames)

    async def read() -> None:
        faults: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        sender, receiver = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        receiver.bind("inproc://faults")
        sender.connect("inproc://faults")
        for frame in (b"first", b"bad", b"last"):
            sender.send(frame)
        stream = Stream(receiver, take)
        await _until(lambda: taken == [b"first", b"last"])
        assert len(faults) == 1
        stream.close()
        sender.close()
        context.term()

    asyncio.run(read())
