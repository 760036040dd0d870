"""GPU sessions in tests: what a pool has left behind, and the processes of a session."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from aip_jupyter.backends.gpus.protocol import GpuBackend
from aip_jupyter.domain.sessions import GetSession, ListSessions
from aip_jupyter.services.interface import Services
from aip_jupyter.wire.agent import RECORD, AgentRecord


def record_of(home: Path, id: str) -> AgentRecord:
    """What the session's agent says of itself."""
    return msgspec.json.decode((home / "sessions" / id / RECORD).read_bytes(), type=AgentRecord)


def pid_of(process: str) -> int:
    """The process id in a process' identity."""
    return int(process.split("|")[2])


def stop_all(pool: GpuBackend) -> None:
    """End every session of the pool."""
    for session in pool.sessions():
        pool.stop(session.id)


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until it holds; fails after a time in which it would have."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "this did not come about"
        time.sleep(0.02)


def threads_of(pid: int) -> int:
    """How many threads a process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


@contextlib.contextmanager
def ending_sessions(services: Services) -> Iterator[Services]:
    """The services; on leaving, all living sessions of the default project end, and the services close."""
    try:
        yield services
    finally:
        for session in services.sessions.list_sessions(ListSessions()):
            if session.state != "dead":
                services.sessions.stop_session(GetSession(session=session.id))
        services.close()
