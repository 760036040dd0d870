"""Bytes on their way in: a locked file in the staging folder, hashed in a second thread.

The hash is taken from the staged file itself, so that a blob's name is right whichever way its bytes came:
written, copied by the kernel, or shared by reflink.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from io import FileIO
from pathlib import Path
from types import TracebackType

from ...domain.artifacts import Blob
from . import refusals
from .local_disk import disk_errors, write_all

BLOCK = 4 * 2**20
"""Bytes that are copied, hashed and sent to the disk at a time."""


class StagedFile:
    """A private file in the staging folder, locked for as long as its writer lives."""

    def __init__(self, folder: Path) -> None:
        self.path, self._file = _create(folder)

    @property
    def handle(self) -> int:
        """The open file."""
        return self._file.fileno()

    def write(self, data: bytes | memoryview) -> None:
        """Append."""
        write_all(self.handle, data)

    def drop(self) -> None:
        """Remove the name, then let go of the lock. What was published lives on under its other name."""
        try:
            self.path.unlink(missing_ok=True)
        finally:
            self._file.close()


def _create(folder: Path) -> tuple[Path, FileIO]:
    while True:
        path = folder / uuid.uuid4().hex
        file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "r+")
        # Between the two calls a sweep may take the file for a dead writer's. Then it holds the lock,
        # or has removed the name already; either way another file is made.
        if _lock(file.fileno()) and os.fstat(file.fileno()).st_nlink:
            return path, file
        file.close()


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sweep(folder: Path) -> int:
    """Remove the staged files whose writers are dead: those that nobody has locked. How many."""
    return sum(_sweep(folder / name) for name in os.listdir(folder))


def _sweep(path: Path) -> bool:
    try:
        # Without O_NONBLOCK a named pipe would make us wait.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # published or dropped meanwhile, or a link, which no writer made
        return False
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode) or not _lock(handle):
            return False
        path.unlink()
    except FileNotFoundError:  # its writer finished just now
        return False
    finally:
        os.close(handle)
    return True


class LocalStaging:
    """`protocol.Staging` over a staged file. `publish` gives it its place under its digest."""

    def __init__(self, folder: Path, publish: Callable[[StagedFile, Blob], None]) -> None:
        self.folder = folder
        self._publish = publish
        self._file = StagedFile(folder)
        self._hasher = _Hasher(self._file.handle)
        # A sender that goes away makes another thread abort in the middle of a write; were the file closed
        # then, the rest would go into whatever is opened next under the same number.
        self._lock = threading.RLock()
        self._size = 0
        self._followed = 0
        self._open = True

    @property
    def handle(self) -> int:
        """The open file, for bytes that come another way than `write`; tell of them by `arrived`."""
        return self._file.handle

    def write(self, data: bytes | bytearray | memoryview) -> None:
        view = memoryview(data).cast("B")
        with self._lock:
            self._check_open()
            with contextlib.ExitStack() as undo, disk_errors(self.folder):
                undo.callback(self.abort)
                for start in range(0, len(view), BLOCK):
                    block = view[start : start + BLOCK]
                    self._file.write(block)
                    self.arrived(len(block))
                undo.pop_all()

    def arrived(self, count: int, *, cloned: bool = False) -> None:
        """So many bytes were appended to `handle`; those that were cloned are on the disk already."""
        self._size += count
        if self._size - self._followed >= BLOCK:
            if not cloned:
                _start_writing_out(self.handle, self._followed, self._size - self._followed)
            self._followed = self._size
            self._hasher.follow(self._size)

    def commit(self, expected: str = "") -> Blob:
        with self._lock:
            self._check_open()
            try:
                with disk_errors(self.folder):
                    blob = Blob(digest=self._hasher.finish(self._size), size=self._size)
                    if expected not in ("", blob.digest):
                        raise refusals.wrong_digest(blob.digest, expected)
                    self._publish(self._file, blob)
            finally:
                self.abort()
            return blob

    def abort(self) -> None:
        with self._lock:
            if self._open:
                self._open = False
                self._hasher.close()
                with disk_errors(self.folder):
                    self._file.drop()

    def _check_open(self) -> None:
        if not self._open:
            raise refusals.upload_ended()

    def __enter__(self) -> LocalStaging:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.abort()


class _Hasher:
    """SHA-256 of a growing file, a block behind its writer, in a second thread."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._hash = hashlib.sha256()
        self._pool: ThreadPoolExecutor | None = None
        self._block: Future[None] | None = None
        self._done = 0

    def follow(self, end: int) -> None:
        """Go on to `end`, beside the caller, when what was begun before is done."""
        self._settle()
        self._pool = self._pool or ThreadPoolExecutor(1, "aip-hash")
        try:
            self._block = self._pool.submit(self._read, end)
        except RuntimeError:  # the interpreter is ending and starts no threads any more
            self._read(end)

    def finish(self, end: int) -> str:
        """The digest of the file up to `end`."""
        self._settle()
        self._read(end)
        return self._hash.hexdigest()

    def close(self) -> None:
        """Wait until the second thread has let go of the file."""
        if self._pool:
            self._pool.shutdown()

    def _settle(self) -> None:
        if self._block:
            self._block.result()
            self._block = None

    def _read(self, end: int) -> None:
        while self._done < end:
            data = os.pread(self._handle, min(BLOCK, end - self._done), self._done)
            if not data:
                raise OSError(errno.EIO, "a staged file became shorter")
            self._hash.update(data)
            self._done += len(data)


def _start_writing_out(handle: int, start: int, count: int) -> None:
    """Let the disk begin now, so that the final fsync has little left to wait for.

    On Linux this advice begins the writing of changed pages and drops only those that are not changed.
    """
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):
            os.posix_fadvise(handle, start, count, os.POSIX_FADV_DONTNEED)
