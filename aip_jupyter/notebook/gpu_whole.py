"""The session on which a whole notebook runs: which one, and what travels with its cells."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from ..client.connect import connect
from ..domain.sessions import CPU, GetGpus, GetSession, GpuOffer, Grant
from ..sessions.link import Link
from ..sessions.links import open_link
from ..sessions.messages import Message
from .gpu_context import SessionGrant, context_for
from .gpu_sessions import grant_for, names_of_notebook, notices_of
from .gpu_wishes import Wish


class WholeNotebook:
    """A notebook's session, with an open link to it."""

    def __init__(self, link: Link, notices: list[tuple[str, str]]) -> None:
        self.link = link
        self.notices = notices
        """Lines to be shown with the first cell, and the kind of each."""
        self._grant = SessionGrant()

    @property
    def about(self) -> str:
        """Where the notebook runs, in one line."""
        session = self.link.session
        if session.gpu == CPU:
            return f"This notebook runs in session {session.name!r} on the CPU."
        return f"This notebook runs in GPU session {session.name!r} on {session.gpu}."

    async def with_context(self, message: Message) -> Message:
        """The request of a cell, with what the session has to know of the notebook."""
        context = replace(await context_for(self.link.session, self._grant), whole=True)
        metadata = {**message.read_metadata(), "aip": {"context": context}}
        return replace(message, metadata=msgspec.json.encode(metadata))

    async def stop(self) -> None:
        """End the session, and wait for it. Unavailable."""
        session = self.link.session
        request = GetSession(project=session.project, session=session.id)
        await asyncio.to_thread(lambda: connect().services.sessions.stop_session(request))


async def open_whole(died: str = "") -> WholeNotebook:
    """The notebook's living session, or a new one; `died`: how its last one ended.

    GpuNotAvailable with what there is, Unavailable.
    """
    grant, began = await asyncio.to_thread(_grant)
    link = await open_link(grant, connect())
    found = WholeNotebook(link, notices_of(link.session, began=began, died=died or None))
    found.notices.append((found.about, "session"))
    return found


def _grant() -> tuple[Grant, bool]:
    connection = connect()
    gpu = connection.settings.gpu
    if not gpu:
        project, names = names_of_notebook()
        if names:
            return grant_for(Wish(name=names[0], project=project))
        gpu = most_free(connection.services.sessions.list_gpus(GetGpus()))
    return grant_for(Wish(gpu=gpu))


def most_free(offers: Sequence[GpuOffer]) -> str:
    """The type of which most are free; the CPU in a pool that has none at all."""
    return max(offers, key=lambda offer: (offer.free, offer.total)).type if offers else CPU
