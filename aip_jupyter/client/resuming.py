"""What this machine remembers of uploads that were cut, so that another process goes on with them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from pathlib import Path

from ..backends.private import make_private
from ..domain.uploads import BeginUpload

KEPT = 86400.0
"""Seconds; the server keeps what has arrived no longer."""


class Resuming:
    """A small file for each upload under way, named by the file that is sent and where to."""

    def __init__(self, home: Path | None, server: str) -> None:
        self._folder = home / "uploads" if home else None
        self._server = server

    def find(self, begin: BeginUpload, state: os.stat_result) -> str:
        """What the server called the upload of this very file; "" when none was cut."""
        try:
            path = self._path(begin, state)
            if path is None or path.stat().st_mtime < time.time() - KEPT:
                return ""
            return path.read_text()
        except OSError:
            return ""

    def keep(self, begin: BeginUpload, state: os.stat_result, upload: str) -> None:
        """Remember it. A home that is full or read-only only costs this."""
        path = self._path(begin, state)
        if path is None:
            return
        with contextlib.suppress(OSError):
            make_private(path.parent)
            self._drop_old(path.parent)
            # Renamed into place: a file that was cut would name nothing.
            temporary = path.with_suffix(f".{os.getpid()}")
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(upload)
            temporary.replace(path)

    def forget(self, begin: BeginUpload, state: os.stat_result) -> None:
        """It is done, or cannot be taken up."""
        with contextlib.suppress(OSError):
            if path := self._path(begin, state):
                path.unlink(missing_ok=True)

    def _path(self, begin: BeginUpload, state: os.stat_result) -> Path | None:
        """The file's own name may be another by then, and says nothing of its content."""
        which = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, begin.digest)
        key = hashlib.sha256(repr((self._server, begin.project, *which)).encode()).hexdigest()
        return self._folder / key[:32] if self._folder else None

    def _drop_old(self, folder: Path) -> None:
        for path in folder.iterdir():
            if path.stat().st_mtime < time.time() - KEPT:
                path.unlink(missing_ok=True)
