"""The seam between a notebook and a session: nothing above a Link knows where the session lives."""

from __future__ import annotations

import shlex
from typing import Literal, Protocol

from ..domain.sessions import Session
from ..errors import Unavailable
from ..wire.agent import Answer, Order
from .messages import Message

LinkCapability = Literal["shared_memory"]
"""`shared_memory`: large values go through the memory of one host, and not through a socket."""


def broken(session: Session, reason: object) -> Unavailable:
    """Why a link has failed. The session has not: its cell goes on."""
    name = session.name
    text = f"session: the link to {name!r} failed ({reason}); what runs there goes on"
    return Unavailable(f"{text}: `%gpu attach {shlex.quote(name)}` shows its output", field="session")


def closed() -> Unavailable:
    """What is raised by a link that was closed."""
    return Unavailable("session: the link is closed", field="session")


class Link(Protocol):
    """An open way to one session. All of it belongs to one event loop."""

    @property
    def capabilities(self) -> frozenset[LinkCapability]:
        """What it can do besides passing on messages."""

    @property
    def session(self) -> Session:
        """The session as it was when the link was opened."""

    async def send(self, message: Message) -> None:
        """Pass a message on to the kernel, on the channel that it names: shell, stdin or control."""

    async def receive(self) -> Message:
        """The next message of the kernel: replies, questions on stdin, and all that it tells on iopub since
        the link was opened.

        SessionDied, within a second of the end of kernel or agent, with the reason and what to do next;
        Unavailable when the link itself has failed.
        """

    async def order(self, order: Order) -> Answer:
        """Have the agent do something; `id` is set here. Waits for its answer.

        SessionDied, or Unavailable without an answer within the time that this order may take.
        """

    async def close(self) -> None:
        """Let go of the session, which lives on."""
