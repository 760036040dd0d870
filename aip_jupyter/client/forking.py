"""Work of a thread during which this process does not fork.

A child has none of the threads, but all of the locks: a module that a thread was importing can never be
imported there, which would hang.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_PATIENCE = 5.0
"""Seconds that a fork waits: it may itself be part of an import that the thread waits for."""

_lock = threading.Lock()
_is_held = False


@contextmanager
def without_forks() -> Iterator[None]:
    """What imports modules, in a thread, belongs into this. It should take well below a second."""
    with _lock:
        yield


def _before() -> None:
    global _is_held
    _is_held = _lock.acquire(timeout=_PATIENCE)


def _after_in_parent() -> None:
    if _is_held:
        _lock.release()


def _after_in_child() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
