"""The agent of a session, as a pool deals with it: started, waited for, ended."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence

from ...domain.sessions import Grant
from ...errors import AipError, NotFound, Unavailable
from ...wire.agent import AgentRecord, Order
from .control import order
from .folders import LOG, SessionFolder
from .processes import end, end_group, spawn, wait_until

AGENT = "aip_jupyter.sessions.agent"

START_PATIENCE = 60.0
"""Seconds until a session must be up."""
STOP_PATIENCE = 10.0
"""Seconds that an agent has to end its session, before it is ended itself."""


def launch(folder: SessionFolder, inherited: Sequence[int]) -> subprocess.Popen[bytes]:
    """Start the agent of this folder; it keeps the inherited locks for as long as it lives."""
    try:
        return spawn(["-m", AGENT, str(folder.path)], folder.path / LOG, inherited)
    except OSError as error:
        folder.remove()
        raise Unavailable(f"session: the agent cannot be started: {error.strerror}") from error


def wait_for(folder: SessionFolder, name: str) -> Grant:
    """The keys, once the kernel answers. Unavailable when it does not."""
    in_time = wait_until(lambda: _is_settled(folder), START_PATIENCE)
    with contextlib.suppress(NotFound):
        record = folder.record()
        if record.session.state in ("idle", "busy") and folder.is_alive():
            return grant_of(record)
        reason = record.session.reason or folder.last_words()
        if in_time and reason:
            raise Unavailable(f"session: {name!r} did not start: {reason}", field="session")
    message = f"session: {name!r} did not start within {START_PATIENCE:g} s; try again"
    raise Unavailable(message, field="session")


def abandon(folder: SessionFolder, process: subprocess.Popen[bytes]) -> None:
    """Leave nothing of a session that did not start."""
    process.kill()
    wait_until(lambda: not folder.is_alive(), STOP_PATIENCE)
    discard(folder)


def stop(folder: SessionFolder) -> list[str]:
    """End the session, by asking its agent and, when that does not help, by ending it; what was done."""
    steps: list[str] = []
    # One that is starting cannot be asked yet, and is not to be left half-started either.
    wait_until(lambda: _is_settled(folder), START_PATIENCE)
    if folder.is_alive():
        control = folder.record().control
        if control:  # else it is ending already
            with contextlib.suppress(AipError):
                steps += order(control, Order(do="stop")).steps
        if not wait_until(lambda: not folder.is_alive(), STOP_PATIENCE):
            end(folder.record().agent)
            steps.append("ended its agent, which did not answer")
    if folder.is_alive():
        session = folder.record().session
        raise Unavailable(f"session: {session.name!r} does not end; try again", field="session")
    discard(folder)
    return steps


def discard(folder: SessionFolder) -> None:
    """Remove what an agent left that is gone."""
    with contextlib.suppress(NotFound):
        end_group(folder.record().kernel)
    folder.remove()


def grant_of(record: AgentRecord) -> Grant:
    """What whoever may use the session needs."""
    return Grant(
        session=record.session,
        connection=record.connection,
        agent=record.control,
        host=record.agent.partition("|")[0],
    )


def _is_settled(folder: SessionFolder) -> bool:
    """Whether it is up, or will never be."""
    try:
        return folder.record().session.state != "starting" or not folder.is_alive()
    except NotFound:
        return True
