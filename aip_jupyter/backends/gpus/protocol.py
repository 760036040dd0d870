"""What a pool of GPUs does: it places sessions, finds them again, and ends them."""

from __future__ import annotations

from typing import Protocol

from ...domain.changes import ChangeEvent
from ...domain.sessions import GpuOffer, Grant, Session, StartSession
from ...domain.system import Capability
from ...wire.agent import Answer, Order


class GpuBackend(Protocol):
    """Sessions by id. Safe to use from several threads and processes.

    Which GPU type a request gets, when the CPU stands in and when it is refused are rules of the services; a
    pool only says what it has, and takes one. The tests in `tests/contracts/gpus.py` are the definition.
    """

    capabilities: frozenset[Capability]

    @property
    def location(self) -> str:
        """Where the sessions run, for people."""

    @property
    def feed(self) -> str:
        """Names the log that `changes_since` reads: of backends that share one, one is asked."""

    def offers(self) -> list[GpuOffer]:
        """The GPU types that the pool has, and how many of each are wholly free; [] without any GPU."""

    def start(self, request: StartSession, gpu: str) -> Grant:
        """Start a session on GPUs of this type (`cpu`: on none) and return when its kernel answers.

        It gets `count` GPUs, all or none, or `fraction` percent of one: of one that others share, where that
        is possible, so that whole ones stay whole. Nobody gets more of a GPU than there is.

        The same id again gives the same session. GpuNotAvailable when somebody else was faster, Conflict when
        a living session of the project has the name, Unavailable when it does not come up; nothing is left
        behind then.
        """

    def sessions(self) -> list[Session]:
        """All sessions of all projects: the living ones, and those that died within the last minutes."""

    def grant(self, id: str) -> Grant:
        """The keys of a living session. NotFound, SessionDied."""

    def ask(self, id: str, order: Order) -> Answer:
        """Have the session's agent do something. NotFound, SessionDied, Unavailable without an answer.

        What a session has printed may still be there when it has died: then `output` is answered.
        """

    def stop(self, id: str) -> list[str]:
        """End the session, and wait until nothing is left of it. One that is not there is no error.

        What was done, in order, each in a few words.
        """

    def changes_since(self, sequence: int) -> tuple[int, list[ChangeEvent]]:
        """What happened to sessions after `sequence`, and the newest sequence number; -1: only the number.

        Events have the kind `session`. Cheap when nothing changed: asked ten times a second.
        """

    def check(self) -> str:
        """Look at the pool; what was found, in one line. Raises when it cannot be used."""

    def close(self) -> None:
        """Give back what this process holds. Sessions live on."""
