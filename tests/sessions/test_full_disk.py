"""A session on a disk without room: what it prints is seen but not kept, and it goes on."""

from __future__ import annotations

import contextlib
import json
import resource
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from aip_jupyter.backends.gpus.control import order
from aip_jupyter.sessions.messages import Message
from aip_jupyter.wire.agent import Order, Output

from .agents import Agent, running_agent
from .cells import run_cells


@contextlib.contextmanager
def no_file_longer_than(size: int, agent: Agent) -> Iterator[None]:
    """The agent finds no room beyond this; its kernel does."""
    before = resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, (size, before[1]))
    yield
    resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, before)


def printed(agent: Agent, code: str) -> str:
    """What the cell prints, as the notebook sees it."""
    shown: list[Message] = []
    (reply,) = run_cells(agent.grant, code, show=shown.append)
    assert reply["status"] == "ok"
    return "".join(message.read()["text"] for message in shown if message.type == "stream")


def kept(agent: Agent) -> str:
    """What the journal has of all that was printed; its messages are numbered without a gap."""
    found = order(agent.record.control, Order(do="output", after=0))
    outputs = [msgspec.msgpack.decode(entry, type=Output) for entry in found.messages]
    assert [output.number for output in outputs] == list(range(1, found.newest + 1))
    contents = [json.loads(output.frames[3]) for output in outputs]
    return "".join(content["text"] for content in contents if content.get("name") == "stdout")


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process' files")
@pytest.mark.parametrize("room", ["none", "a part of a message"])
def test_it_goes_on_without_what_could_not_be_kept(tmp_path: Path, room: str) -> None:
    with running_agent(tmp_path / "session") as agent:
        agent.until("idle")
        assert printed(agent, "value = 42; print('before')") == kept(agent) == "before\n"
        length = (agent.folder / "output-1").stat().st_size
        with no_file_longer_than(0 if room == "none" else length + 10, agent):
            for number in range(3):
                assert printed(agent, f"print({number})") == f"{number}\n"
        assert printed(agent, "print(value)") == "42\n"
        assert kept(agent) == "before\n42\n"
        assert order(agent.record.control, Order(do="state")).session.cells == 5
        assert "Exception in callback" not in agent.log
