"""What a run uses of the machine: points of `system/…` every ten seconds, while it is active.

One thread per process, whatever the number of runs. A part of a run has none: its whole has them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time

from ..client.forking import without_forks
from ..client.journals import JOURNALS
from ..domain.records import now_ms
from ..errors import AipError
from ..services.settings import load_settings, working_folder
from .active_run import ActiveRun

INTERVAL = 10.0
"""Seconds between two points. A run that is over before has none."""

_log = logging.getLogger(__name__)


class _Followed:
    """A run that is measured."""

    def __init__(self, run: ActiveRun, prefix: str, *, gpu: bool) -> None:
        self.run = run
        self.prefix = prefix
        self.gpu = gpu
        self.since = time.monotonic()


class Sampler:
    """Measures for the runs that it follows. Its thread ends when there is none any more."""

    def __init__(self) -> None:
        self._begin_anew()
        # In the child: the parent goes on for its runs.
        os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        self._lock = threading.RLock()  # a finalizer or a signal handler may end a run
        self._followed: dict[str, _Followed] = {}
        self._parts: dict[str, str] = {}
        """Runs that are a part of another one which is known."""
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def begin(self, run: ActiveRun, *, gpu: bool = True, prefix: str = "system") -> None:
        """Follow this run, unless it is a part of one that is followed. Takes microseconds."""
        with self._lock:
            if run.parent in self._followed or run.parent in self._parts:
                self._parts[run.id] = run.parent
                return
            self._followed[run.id] = _Followed(run, prefix, gpu=gpu)
            if self._thread is None:
                thread = threading.Thread(
                    target=self._work, args=(self._stop,), name="aip-system", daemon=True
                )
                with contextlib.suppress(RuntimeError):  # there can be no more: the next run tries again
                    thread.start()
                    self._thread = thread

    def end(self, run: ActiveRun) -> None:
        """Follow it no more."""
        self._followed.pop(run.id, None)
        self._parts.pop(run.id, None)

    def stop(self) -> None:
        """Follow none any more."""
        with self._lock:
            self._followed.clear()
            self._parts.clear()
            self._stop.set()
            self._stop = threading.Event()
            self._thread = None

    def _work(self, stop: threading.Event) -> None:
        try:
            if load_settings(folder=working_folder()).system_metrics == "on":
                self._measure(stop)
            else:
                self.stop()
        except Exception:  # noqa: BLE001  # the outermost guard of a thread
            _log.exception("cannot measure what runs use")
            with self._lock:
                if self._stop is stop:
                    self._thread = None  # the next run tries again

    def _measure(self, stop: threading.Event) -> None:
        with without_forks():
            from .system_meter import Meter

            meter, before = Meter(), time.monotonic()
        while not stop.wait(INTERVAL):
            with self._lock:
                followed = list(self._followed.values())
                if not followed and self._stop is stop:
                    self._thread = None
                    return
            values = meter.measure(gpu=any(each.gpu for each in followed))
            for each in followed:
                if each.since <= before:
                    _log_to(each, values)
            before = time.monotonic()


def _log_to(followed: _Followed, values: dict[str, float]) -> None:
    run = followed.run
    wanted = {
        f"{followed.prefix}/{key}": value
        for key, value in values.items()
        if followed.gpu or not key.startswith("gpu")
    }
    with contextlib.suppress(AipError):  # it has ended meanwhile
        run.log_metrics(wanted, step=max(0, (now_ms() - run.started) // 1000))


SAMPLER = Sampler()
JOURNALS.before_close(SAMPLER.stop)
