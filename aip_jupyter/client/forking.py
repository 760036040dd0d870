"""Work of threads during which this process does not fork.

A child has none of the threads, but all of the locks: a module that a thread was importing can never be
imported there, which would hang.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_PATIENCE = 5.0
"""Seconds that a fork waits: it may itself be part of an import that such a thread waits for."""

_changed = threading.Condition()
"""Held by a fork, from its beginning to its end."""
_at_work = 0
"""Threads that are at such work."""


@contextmanager
def without_forks() -> Iterator[None]:
    """What imports modules, in a thread, belongs into this. It should take well below a second."""
    global _at_work
    with _changed:
        _at_work += 1
    try:
        yield
    finally:
        with _changed:
            _at_work -= 1
            _changed.notify_all()


def _before() -> None:
    _changed.acquire()
    _changed.wait_for(lambda: not _at_work, _PATIENCE)


def _after_in_parent() -> None:
    _changed.release()


def _after_in_child() -> None:
    global _changed, _at_work
    _changed, _at_work = threading.Condition(), 0


os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
