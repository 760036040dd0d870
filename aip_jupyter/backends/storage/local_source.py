"""A user's own file on its way in: what it must be, and whether it stayed the same while it was read."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import Invalid


@dataclass(frozen=True)
class Source:
    """An open regular file. Nothing of it is ever changed, linked or moved."""

    path: Path
    handle: int
    before: os.stat_result

    def check_unchanged(self, copied: int) -> None:
        """Invalid when the path leads to another file now, or to other content, than was copied."""
        with contextlib.suppress(OSError):
            same = _state(self.path.stat()) == _state(self.before) and copied == self.before.st_size
            # Old kernels copy nothing of a file in /proc: what is left shows only when it is read.
            if same and not os.pread(self.handle, 1, copied):
                return
        message = f"path: {str(self.path)!r} changed while it was read; try again"
        raise Invalid(message, field="path")


def _state(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@contextlib.contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a file to be stored. Invalid when it is no regular file or may not be read."""
    try:
        # Without O_NONBLOCK a named pipe would make us wait for its writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        message = f"path: {str(path)!r} cannot be read ({reason}); give the path of a file"
        raise Invalid(message, field="path") from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            kind = "a folder; give its files one by one" if stat.S_ISDIR(found.st_mode) else "no regular file"
            raise Invalid(f"path: {str(path)!r} is {kind}", field="path")
        yield Source(path, handle, found)
    finally:
        os.close(handle)
