"""Locks on files, held by a process and by those that inherit them: they end when the last of these does.

Nobody has to clean up after a crash, and no process id is kept that could be another's by now.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


def hold(path: Path, mode: int = 0o600) -> int | None:
    """Lock the file and return its descriptor, to be closed or inherited; None when somebody has it."""
    descriptor = _open(path, mode)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_held(path: Path | str) -> bool:
    """Whether somebody has the lock; False also when there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two who look at once do not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        release(descriptor)
    return False


def release(descriptor: int) -> None:
    """Give a lock back at once.

    Not by closing alone: a child that is being forked meanwhile has the descriptor too.
    """
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


@contextlib.contextmanager
def one_at_a_time(path: Path, mode: int = 0o600) -> Iterator[None]:
    """Wait for the lock, and hold it for the block."""
    descriptor = _open(path, mode)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        release(descriptor)


def _open(path: Path, mode: int) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, mode)
