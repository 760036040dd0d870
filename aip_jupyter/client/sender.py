"""Sends journals to where they belong, again and again until all is stored."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

from ..errors import (
    AipError,
    Denied,
    Invalid,
    NotFound,
    NotSupported,
    Unauthenticated,
    Unavailable,
)
from ..services.journals import CHUNK, LATER, Adopted, adopt, send
from ..wire.journal import MAX_PAYLOAD, complete_records
from .beats import Beats
from .connect import Connection, connect
from .forking import without_forks
from .handover import CHUNK as HANDED
from .handover import get_way
from .journal import Journal, warn
from .kept_sender import KEPT_SENDER

BACKOFF = 2.0
"""The most seconds between two attempts."""
DIRECT = 15.0
"""Seconds between two attempts to reach the server by itself, where the notebook stores what is logged."""
ADOPTION = 30.0
"""Seconds between two looks for journals that dead processes left."""

_log = logging.getLogger(__name__)


def adopt_left(connection: Connection, home: Path, only: Collection[str] = ()) -> Adopted:
    """Store what dead processes of this home have logged, or `only` these journals.

    Raises AipError when nothing can be stored now.
    """
    runs = connection.services.runs
    return adopt(home, connection.stores, runs, lambda: connection.first_project, only)


class Sender:
    """What a thread of its own runs."""

    def __init__(self, journals: Callable[[], list[Journal]], interval: float) -> None:
        self.stopped = threading.Event()
        self._journals = journals
        self._interval = interval
        self._event = threading.Event()
        self._turn = threading.Condition()
        self._beats = Beats()
        self._direct_again = 0.0
        """When to try the connection again; until then the notebook stores what a session logs."""
        self._has_opened = False
        """Whether the store in this process was used by this thread."""
        self._rounds = 0
        self._in_round = False
        self._reason = ""
        """Why the last round did not store all."""
        self._refused: set[str] = set()
        """Journals that the store does not take."""
        self._told: set[str] = set()
        """Those of which the user was told so."""
        self._adoption = time.monotonic()
        """When to look next for journals of the dead."""

    def wake(self) -> None:
        """There is much to send. One that fails is not disturbed: it tries again in its own time."""
        if not self._reason:
            self._event.set()

    def stop(self) -> None:
        """Let the thread end."""
        self.stopped.set()
        self._event.set()

    def flush(self, deadline: float, *, adopt_too: bool = False) -> str:
        """Wait for a round that began after this call; why it did not store all, or ""."""
        with self._turn:
            if adopt_too:
                self._adoption = time.monotonic()
            wanted = self._rounds + 1 + self._in_round
            while self._rounds < wanted:
                self._event.set()
                left = deadline - time.monotonic()
                if left <= 0 or not self._turn.wait(left):
                    return self._reason or "it takes longer than usual"
            return self._reason

    def run(self) -> None:
        """Until `stop`."""
        pause = self._interval
        while not self.stopped.is_set():
            self._event.wait(pause)
            with self._turn:
                self._event.clear()
                self._in_round = True
            reason = self._round()
            pause = min(BACKOFF, 2 * pause) if reason else self._interval
            with self._turn:
                self._in_round, self._reason = False, reason
                self._rounds += 1
                self._turn.notify_all()

    def _round(self) -> str:
        reason = ""
        try:
            for journal in self._journals():
                reason = self._send(journal) or reason
            if not reason and time.monotonic() >= self._adoption:
                self._adoption = time.monotonic() + ADOPTION
                self._adopt()
        except Exception:  # noqa: BLE001  # the outermost guard of a thread
            _log.exception("cannot send the journal")
            reason = "the sender failed; see the log"
        return reason

    def _send(self, journal: Journal) -> str:
        if journal.id in self._refused:
            return "the store does not take it" if journal.stored < journal.end else ""
        if journal.stored >= journal.end and not self._beats.are_due(journal):
            return ""
        try:
            connection = self._connection(journal.store)
            if connection is None:
                return f"it belongs to another store than the one in use ({journal.store})"
            if not journal.project:
                journal.settle(connection.first_project)
            if time.monotonic() < self._direct_again and self._hand_over(journal):
                return ""
            runs = connection.services.runs
            while records := journal.read(CHUNK):
                with self._opening(connection):
                    journal.acknowledge(send(runs, journal.project, journal.id, journal.stored, records))
            self._beats.send(journal, connection)
            return ""
        except LATER as error:
            if isinstance(error, Unavailable) and self._hand_over(journal):
                return ""
            # Once is none: a server that was started anew has another token, which is found now.
            is_refused = isinstance(error, Unauthenticated) and error.message == self._reason
            if is_refused or isinstance(error, Denied) or error.field == "project":
                self._tell(journal, error)
            with contextlib.suppress(AipError):
                connect(refresh=True)  # it may be somewhere else by now
            return error.message
        except (Invalid, NotFound, NotSupported) as error:
            self._tell(journal, error)
            if error.field != "project":  # one that is not there may yet be made
                self._refused.add(journal.id)
            return error.message
        except AipError as error:
            return error.message
        except OSError as error:  # a full disk cannot even keep whose the journal is
            return f"{journal.home}: {error.strerror}"

    def _hand_over(self, journal: Journal) -> bool:
        """In a session, have the notebook store it, as long as the server cannot be reached from here."""
        way = get_way()
        if way is None or not journal.project:
            return False
        try:
            while records := journal.read(HANDED):
                if not complete_records(records)[0]:  # a large text
                    records = journal.read(2 * MAX_PAYLOAD)
                mark = way(journal.project, journal.store, journal.id, journal.stored, records)
                if mark <= journal.stored:
                    return False
                journal.acknowledge(mark)
        except AipError as error:
            _log.debug("%s", error.message)
            return False
        self._direct_again = time.monotonic() + DIRECT
        return True

    def _tell(self, journal: Journal, error: AipError) -> None:
        if journal.id not in self._told:
            self._told.add(journal.id)
            what = "the store does not take what was logged"
            warn(f"{what} ({error.message}); it is kept in {journal.home}")

    def _connection(self, store: str) -> Connection | None:
        """The connection to this store; None when the one in use leads to another."""
        with without_forks():  # at first it imports much
            import encodings.idna  # noqa: F401  # as the first request to a server would

            connection = connect()
            if store not in connection.stores:
                connection = connect(refresh=True)
        return connection if store in connection.stores else None

    def _opening(self, connection: Connection) -> contextlib.AbstractContextManager[None]:
        """No forks while the store is first used in this process, which imports as much again."""
        if connection.server is not None or self._has_opened:
            return contextlib.nullcontext()
        self._has_opened = True
        # What the store needs besides and what hooks into forks itself: imported while one waits, it would
        # hear of the fork's end without its beginning, and complain.
        import filelock  # noqa: F401

        return without_forks()

    def _adopt(self) -> None:
        for home in {journal.home for journal in self._journals()}:
            KEPT_SENDER.soon(home)
            try:
                adopt_left(connect(), home)
            except AipError as error:
                _log.debug("what others left is stored later: %s", error.message)
