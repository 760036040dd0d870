"""The journals of this process, and the two threads that serve them.

One keeps segments in reserve and has the disk keep what was written, every quarter of a second; the other
sends, and adopts what dead processes of the same home left. Neither ever holds a log call up.
"""

from __future__ import annotations

import atexit
import concurrent.futures.thread  # noqa: F401  # cannot be imported by a thread once the process ends
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from .connect import Destination
from .journal import Journal
from .sender import Sender

INTERVAL = 0.25
"""Seconds between two looks at what there is to send or to sync."""
EXIT_PATIENCE = 2.0
"""Seconds that the end of the process waits for what is not stored yet."""

_log = logging.getLogger(__name__)


class Waiting(Struct, frozen=True, kw_only=True):
    """What is not stored yet, and why."""

    records: int = 0
    reason: str = ""

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return self.records > 0

    def __str__(self) -> str:
        what = "1 record waits" if self.records == 1 else f"{self.records:,} records wait"
        return f"{what} in the journal" + (f": {self.reason}" if self.reason else "")


class Journals:
    """All of this process: usually one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[tuple[Path, str, str], Journal] = {}
        self._sender: Sender | None = None
        self._threads: list[threading.Thread] = []
        self._writers: list[Callable[[], None]] = []

    def before_close(self, finish: Callable[[], None]) -> None:
        """Have a thread finished that writes of its own accord, before the journals are closed."""
        self._writers.append(finish)

    def journal(self, to: Destination) -> Journal:
        """The journal for this destination. Nothing is written before its first record."""
        key = (to.home, to.project, to.store)
        with self._lock:
            if key not in self._open:
                self._open[key] = Journal(to.home, to.project, to.store, self._wake, self._start)
            return self._open[key]

    def _wake(self) -> None:
        self._start()
        if self._sender is not None:
            self._sender.wake()

    def _start(self) -> None:
        """A journal gets its first record: have the threads run."""
        if self._sender is not None:
            return
        sender = Sender(self.all, INTERVAL)
        threads = [
            threading.Thread(target=sender.run, name="aip-sender", daemon=True),
            threading.Thread(target=self._keep, args=(sender,), name="aip-journal", daemon=True),
        ]
        try:
            for thread in threads:
                thread.start()
        except RuntimeError:  # there can be no more: what is logged is on the disk, and `flush` tries again
            sender.stop()
            return
        self._sender, self._threads = sender, threads

    def _keep(self, sender: Sender) -> None:
        while not sender.stopped.wait(INTERVAL):
            for journal in self.all():
                try:
                    journal.tend()
                except Exception:  # noqa: BLE001  # the outermost guard of a thread
                    _log.exception("cannot tend the journal")

    def all(self) -> list[Journal]:
        """Those that are open."""
        return list(self._open.values())

    def flush(self, patience: float) -> Waiting:
        """Have all stored that was logged so far; what still waits after so many seconds, or a failure."""
        journals = self.all()
        for journal in journals:
            journal.retry()
        if any(journal.count_unsent() for journal in journals):
            self._start()
        sender, ends = self._sender, [journal.end for journal in journals]
        reason = "" if sender is None else sender.flush(time.monotonic() + patience)
        late = [each for each, end in zip(journals, ends, strict=True) if each.stored < end or each.fault]
        count = sum(journal.count_unsent() for journal in late)  # else it was logged meanwhile
        faults = [reason, *(journal.fault for journal in journals)]
        return Waiting(records=count, reason="; ".join(filter(None, faults)) if count else "")

    def close(self) -> None:
        """Send what can be sent in a short time, and leave the rest to whoever comes next."""
        for finish in self._writers:
            try:
                finish()
            except Exception:  # noqa: BLE001  # whatever it is, what was logged is sent
                _log.exception("cannot finish what is recorded unasked")
        for journal in self.all():
            journal.retry()
        if self._sender is not None:
            # Children of this process may have left something too.
            self._sender.flush(time.monotonic() + EXIT_PATIENCE, adopt_too=True)
            self._sender.stop()
            for thread in self._threads:
                thread.join(EXIT_PATIENCE)  # it may be in the middle of a journal that is closed now
            self._sender = None
        for journal in self.all():
            journal.close()
        self._open.clear()

    def after_fork(self) -> None:
        """In the child: threads and locks are the parent's; the journals stay, with nothing in them."""
        self._lock = threading.Lock()
        self._sender = None
        self._threads = []
        for journal in self.all():
            journal.after_fork()


JOURNALS = Journals()
os.register_at_fork(after_in_child=JOURNALS.after_fork)


atexit.register(JOURNALS.close)
