"""The journal of this process: log calls are written into memory that is a file, and sent later.

A call costs microseconds, whatever the server and the disk do. What was appended survives the death of this
process at once, and that of the machine after at most a second.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

from ..backends.process import this_process
from ..domain.records import new_id, now_ms
from ..services.journal_files import SUFFIX, About, make_journal, remove_journal, write_about
from ..wire.journal import FRAME_SIZE, MAX_PAYLOAD, complete_records, pack_frame, too_large
from .segment import SIZE, Full, Segment

MANY = 1000
"""Points after which the sender is woken."""
SYNC = 0.6
"""Seconds between two times that the disk is made to keep what was written: a second with what they take."""
MAX_WAITING = 100_000
"""Records that wait in memory while the disk is full."""


class Journal:
    """Appends records, and hands them out again until they are stored.

    `wake` is called when there is much to send, `opened` when the first record comes (again after a fork).
    """

    def __init__(
        self, home: Path, project: str, store: str, wake: Callable[[], None], opened: Callable[[], None]
    ) -> None:
        self.home = home
        self.project = project
        """"" until the server that stores it says which is in use."""
        self.store = store
        self._wake = wake
        self._opened = opened
        self._begin()

    def _begin(self) -> None:
        self.id = new_id()
        self.stored = 0
        """The place up to which all is stored."""
        self.running: dict[str, bool] = {}
        """The runs in it that have not ended; True for those that this process answers for by itself."""
        self._lock = threading.RLock()
        self._tending = threading.RLock()
        self._busy = False
        self._waiting: deque[bytes] = deque()
        self._lost = 0
        self._points = 0
        self._told = False
        self._full = False
        self._fault = ""
        self._segments: list[Segment] = []
        """Those whose turn has come and that are not stored yet."""
        self._segment: Segment | Full = Full()
        """The last of them, which is written to."""
        self._spare: Segment | None = None
        self._numbers = itertools.count(1)
        self._synced = 0
        self._sync_due = 0.0
        self._folder: Path | None = None
        self._owner = -1

    def append(self, payload: bytes, points: int = 0) -> None:
        """Record this entry. Never waits for a disk or a server, never raises for their sake.

        Invalid for one that is too large. This is in every training loop, hence written out.
        """
        size = len(payload)
        frame = pack_frame(size, crc32(payload))
        with self._lock:
            segment = self._segment
            start = segment.position
            end = start + FRAME_SIZE + size
            if end > segment.limit or size > MAX_PAYLOAD or self._busy or self._waiting:
                self._append_slowly(payload)
            else:
                self._busy = True
                try:
                    # In one go: should the process be killed meanwhile, the checksum tells.
                    segment.map[start:end] = frame + payload
                    segment.position = end
                except BaseException:  # an interrupt, anywhere in here
                    segment.find_position()
                    raise
                finally:
                    self._busy = False
            self._points += points
            if self._points < MANY:
                return
            self._points = 0
        self._wake()

    def _append_slowly(self, payload: bytes) -> None:
        """When the segment is full, or the disk, or when others wait already."""
        if len(payload) > MAX_PAYLOAD:
            raise too_large(payload)
        if len(self._waiting) >= MAX_WAITING:
            self._lost += 1
            return
        self._waiting.append(payload)
        if self._folder is None and not self._busy:
            self._opened()  # also when there is no room: somebody has to try again
        self._put_waiting()

    def _put_waiting(self) -> None:
        """Write what waits, in order, as far as there is room.

        Nothing while this very thread is at it already, which a signal handler or a finalizer interrupts.
        """
        if self._busy:
            return
        self._busy = True
        try:
            while self._waiting:
                payload = self._waiting.popleft()
                if not self._segment.put(payload):
                    self._waiting.appendleft(payload)
                    if not self._turn():
                        return
        finally:
            self._busy = False

    def _turn(self) -> bool:
        """Go on in the next segment; False while the disk has no room for one."""
        if self._full:
            return False
        spare, self._spare = self._spare, None
        if spare is None:
            spare = self._make()
        if spare is None:
            return False
        spare.begin(self.end)
        self._segments.append(spare)
        self._segment = spare
        return True

    def _make(self) -> Segment | None:
        try:
            if self._folder is None:
                self._make_folder()
            assert self._folder is not None  # noqa: S101
            return Segment(self._folder / f"{next(self._numbers):06}{SUFFIX}", self.id)
        except OSError as error:
            self._full = True
            self._tell(error)
            return None

    def _make_folder(self) -> None:
        try:
            self._folder, self._owner = make_journal(self.home, self._about())
        except OSError:
            raise
        except BaseException:  # an interrupt may have left something
            self.id = new_id()
            raise

    def _restore(self) -> None:
        """Write again what somebody removed while it was in use. Raises OSError."""
        folder = self._folder
        if folder is None or all(segment.path.exists() for segment in self._held()):
            return
        with self._lock:
            if self._busy or self._folder is not folder:
                return
            self._busy = True  # a signal handler that logs now must wait
            try:
                if not folder.exists():
                    owner, self._owner = self._owner, make_journal(self.home, self._about())[1]
                    os.close(owner)
                for n, segment in enumerate(self._segments):
                    if not segment.path.exists():
                        self._segments[n] = segment.again()
                        segment.forget()
                if self._segments:
                    self._segment = self._segments[-1]
                if self._spare is not None and not self._spare.path.exists():
                    self._spare.forget()
                    self._spare = None
            finally:
                self._busy = False

    def _tell(self, error: OSError) -> None:
        self._fault = f"no room to log in {self._folder or self.home} ({error.strerror})"
        if not self._told:
            self._told = True
            warn(f"{self._fault}; the run goes on, what it logs waits in memory")

    @property
    def fault(self) -> str:
        """Why records wait in memory; "" when none do."""
        return self._fault if self._waiting else ""

    @property
    def end(self) -> int:
        """The place behind all that was written."""
        return self._segments[-1].end if self._segments else self.stored

    @property
    def lost(self) -> int:
        """Records for which there was no room in memory either."""
        return self._lost

    def tend(self) -> None:
        """Have a segment in reserve, and the disk keep what was written. Work for a thread of its own."""
        with self._tending:
            if self._folder is None and not self._full:
                return
            self._reserve()
            self._sync()

    def retry(self) -> None:
        """Write what waits in memory, should there be room by now."""
        if self._waiting:
            self.tend()

    def _reserve(self) -> None:
        id = self.id
        try:
            self._restore()
        except OSError as error:
            self._tell(error)
        spare = self._make() if self._spare is None else None
        with self._lock:
            if spare is not None and self.id == id:
                self._spare, self._full = spare, False
            elif spare is not None:  # it was closed meanwhile
                spare.close()
            self._put_waiting()

    def _sync(self) -> None:
        end = self.end
        if end > self._synced and time.monotonic() > self._sync_due:
            self._sync_due = time.monotonic() + SYNC
            for segment in list(self._segments):
                if segment.end > self._synced:
                    with contextlib.suppress(OSError):  # stored and closed meanwhile
                        segment.sync()
            self._synced = end

    def settle(self, project: str) -> None:
        """It belongs to this project from now on."""
        if self.project or self._folder is None:
            return
        self.project = project
        write_about(self._folder, self._about())

    def _about(self) -> About:
        return About(
            journal=self.id,
            project=self.project,
            store=self.store,
            holder=this_process(),
            created=now_ms(),
        )

    def read(self, limit: int) -> bytes:
        """Records that are not stored yet, the oldest first."""
        for segment in list(self._segments):
            if self.stored < segment.end:
                return segment.read(self.stored, limit)
        return b""

    def count_unsent(self) -> int:
        """How many records are not stored yet."""
        with self._lock:
            parts = [
                segment.read(max(self.stored, segment.base), SIZE)
                for segment in self._segments
                if self.stored < segment.end
            ]
            waiting = len(self._waiting)
        return waiting + sum(complete_records(part)[1] for part in parts)

    def acknowledge(self, mark: int) -> None:
        """All before this place is stored: the segments that end there are removed."""
        with self._lock:
            self.stored = mark
            while len(self._segments) > 1 and self._segments[0].end <= mark:
                segment = self._segments.pop(0)
                segment.path.unlink(missing_ok=True)
                segment.close()

    def close(self) -> None:
        """Give it up: removed when all is stored, else left for whoever comes next."""
        with contextlib.suppress(OSError):
            self.retry()
            self._restore()
        with self._lock:
            if self._waiting:
                warn(f"{len(self._waiting):,} records are lost: {self._fault}")
            if self._folder is None:
                return
            if self.stored >= self.end and not self._waiting:
                remove_journal(self.home, self.id)
            for segment in self._held():
                segment.close()
            os.close(self._owner)
            self._begin()

    def _held(self) -> list[Segment]:
        return [*self._segments, *([self._spare] if self._spare else [])]

    def after_fork(self) -> None:
        """In the child: begin one of its own. The parent's lock must not live on in here."""
        for segment in self._held():
            segment.forget()
        if self._owner >= 0:
            os.close(self._owner)
        self._begin()


def warn(message: str) -> None:
    """Tell the user, where that is possible."""
    with contextlib.suppress(OSError, ValueError):
        print(f"aip: {message}", file=sys.stderr)
