"""The thread that finds out where runs come from: there is one while there is something to find out."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable

EXIT_PATIENCE = 2.0
"""Seconds that the end of the process waits for what is being found out."""

_log = logging.getLogger(__name__)


class Recorder:
    """Does what it is given, in turn, in one thread."""

    def __init__(self) -> None:
        self._begin_anew()
        # In the child: what waits is done in the parent.
        os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        self._lock = threading.RLock()  # a finalizer or a signal handler may end a run
        self._jobs: deque[Callable[[], None]] = deque()
        self._thread: threading.Thread | None = None
        self._hurry = threading.Event()

    def add(self, job: Callable[[], None]) -> None:
        """Have this done. Takes microseconds."""
        with self._lock:
            self._jobs.append(job)
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="aip-capture", daemon=True)
                # Without one, as when the process ends, what waits is for the next call, or for `finish`.
                with contextlib.suppress(RuntimeError):
                    thread.start()
                    self._thread = thread

    def _work(self, until: float = float("inf")) -> None:
        while time.monotonic() < until and (job := self._next()) is not None:
            try:
                job()
            except Exception:  # noqa: BLE001  # the outermost guard of a thread
                _log.exception("cannot record where a run comes from")

    def _next(self) -> Callable[[], None] | None:
        with self._lock:
            if self._jobs:
                return self._jobs.popleft()
            self._thread = None
            return None

    def pause(self, seconds: float) -> None:
        """Wait, in the thread, unless the process ends."""
        if seconds > 0:
            self._hurry.wait(seconds)

    def finish(self) -> None:
        """Wait a short time for what there is to do."""
        thread = self._thread
        self._hurry.set()
        if thread is not None:
            thread.join(EXIT_PATIENCE)
        else:
            self._work(time.monotonic() + EXIT_PATIENCE)
        self._hurry.clear()
