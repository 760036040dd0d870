"""Real agents with real kernels, each in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from aip_jupyter.backends.process import is_alive
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.domain.sessions import Grant, Session
from aip_jupyter.wire.agent import RECORD, SPEC, AgentRecord, AgentSpec


class Agent:
    """An agent's process, seen through its folder."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.process = process

    @property
    def record(self) -> AgentRecord:
        return msgspec.json.decode((self.folder / RECORD).read_bytes(), type=AgentRecord)

    @property
    def kernel(self) -> int:
        """The kernel's process."""
        return int(self.record.kernel.split("|")[2])

    @property
    def grant(self) -> Grant:
        record = self.record
        return Grant(session=record.session, connection=record.connection, agent=record.control)

    def until(self, state: str) -> AgentRecord:
        """Wait until the session is so."""
        wait_for(lambda: (self.folder / RECORD).exists() and self.record.session.state in (state, "dead"))
        assert self.record.session.state == state, self.log
        return self.record

    @property
    def log(self) -> str:
        return (self.folder / "agent.log").read_text()


def wait_for(done: Callable[[], object], seconds: float = 60) -> None:
    """Until it is so."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def spec(folder: Path, **changes: object) -> AgentSpec:
    """What to start: a kernel of this interpreter in `folder`, with the variables of the tests."""
    session = Session(
        id=new_id(), name="test", gpu="cpu", state="starting", created=now_ms(), active=now_ms()
    )
    environment = {**os.environ, "IPYTHONDIR": str(folder / "ipython")}
    plain = AgentSpec(
        session=session, python=sys.executable, folder=str(folder), environment=environment, idle=600.0
    )
    return msgspec.structs.replace(plain, **changes)


@contextlib.contextmanager
def running_agent(
    folder: Path, what: AgentSpec | None = None, environ: Mapping[str, str] | None = None
) -> Iterator[Agent]:
    """An agent that has been started; ended on leaving, with its kernel."""
    folder.mkdir(exist_ok=True, mode=0o700)
    (folder / SPEC).write_bytes(msgspec.json.encode(what or spec(folder)))
    with (folder / "agent.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "aip_jupyter.sessions.agent", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=None if environ is None else dict(environ),
            start_new_session=True,
        )
    agent = Agent(folder, process)
    try:
        yield agent
    finally:
        kernel = agent.record.kernel if (folder / RECORD).exists() else ""
        process.terminate()
        process.wait()
        wait_for(lambda: not is_alive(kernel))
