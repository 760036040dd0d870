"""What a session that cannot reach the server has logged, stored by the notebook in its stead."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
from msgspec import Struct

from ..client.connect import connect
from ..client.context import Context
from ..client.delegated import services_of
from ..domain.runs import StoreJournal
from ..errors import AipError, Invalid
from ..wire.errors import UNREADABLE
from .handing import STORED
from .link import Link
from .messages import Message, request


class Handed(Struct, frozen=True):
    """What is said of the records."""

    id: str
    project: str
    store: str
    journal: str
    start: int


class Deliveries:
    """Takes what one session hands over. All of it belongs to the link's event loop."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._token = ""
        """The session's, as its last cell from here has it."""
        self._runs = set[str]()
        """Those that came with its cells."""
        self._tasks = set[asyncio.Task[None]]()

    def note(self, context: Context) -> None:
        """A cell from here takes this along."""
        self._token = context.token
        if context.run is not None:
            self._runs.add(context.run.id)

    def take(self, message: Message) -> None:
        """Store it, and say so; nobody waits for it here."""
        task = asyncio.create_task(self._take(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, message: Message) -> None:
        try:
            handed = msgspec.json.decode(message.content, type=Handed)
            records = b"".join(map(bytes, message.buffers))
        except UNREADABLE:
            return  # nobody could be told
        answer: dict[str, object] = {"id": handed.id}
        try:
            answer["mark"] = await asyncio.to_thread(self._store, handed, records)
        except AipError as error:
            answer["fault"] = error.message
        with contextlib.suppress(AipError):
            await self._link.send(request("control", STORED, answer))

    def _store(self, handed: Handed, records: bytes) -> int:
        """The journal's mark. What is for another project or store is not for this session to say, and any
        of its code may have sent it: it is stored with the rights of the session, not with ours."""
        connection = connect()
        if handed.project != self._link.session.project or handed.store not in connection.stores:
            raise Invalid("journal: it belongs to another project or store than the notebook's session")
        given = StoreJournal(
            project=handed.project, journal=handed.journal, start=handed.start, records=records
        )
        with services_of(connection, self._link.session, self._token, self._runs.copy()) as services:
            return services.runs.store_journal(given).mark
