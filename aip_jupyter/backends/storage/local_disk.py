"""Folders, locks and the disk's errors, as the local storage uses them."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ...errors import AipError, StorageFull, Unavailable
from ..private import make_private

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_PIECE = 512 * 2**10
"""The most bytes of one write: for more, Linux looks for 2 MiB of contiguous memory, and where free memory is
scattered that takes ten times as long as the copy."""


@contextlib.contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Raise what the disk says of `folder` as StorageFull or Unavailable."""
    try:
        yield
    except OSError as error:
        raise _explain(error, folder) from error


def _explain(error: OSError, folder: Path) -> AipError:
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return StorageFull(
            f"storage: no room in {folder} ({reason}, {free_space(folder)}); "
            "make room there, or set AIP_HOME to a folder on a larger disk"
        )
    if error.errno in _FORBIDDEN:
        return Unavailable(
            f"storage: no right to read and write {folder} ({reason}); "
            "make it yours with chown and chmod u+rwx, or set AIP_HOME to a folder that is"
        )
    return Unavailable(
        f"storage: {folder} fails ({reason}); look at that disk, or set AIP_HOME to a folder on another"
    )


def free_space(folder: Path) -> str:
    """What the disk of `folder` has left for its user, for people."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return "free space unknown"
    free = float(found.f_bavail * found.f_frsize)
    for unit in ("bytes", "kB", "MB", "GB"):
        if free < 1000:
            return f"{free:.0f} {unit} free"
        free /= 1000
    return f"{free:.1f} TB free"


def make_folder(path: Path, *, follow: bool = False) -> None:
    """Make a private folder, and its parents, unless it is there.

    Unavailable when something else has its name. A link is refused unless `follow`: it would lead writes,
    and the removal of what dead writers left, elsewhere.
    """
    try:
        found = os.stat(path, follow_symlinks=follow)
    except FileNotFoundError:
        make_private(path.parent)
        with contextlib.suppress(FileExistsError):  # another thread or process was faster
            path.mkdir(mode=0o700)
        sync_folder(path.parent)
        found = os.stat(path, follow_symlinks=follow)
    if not stat.S_ISDIR(found.st_mode):
        raise Unavailable(f"storage: {path} is a link or a file where a folder must be; move it away")


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a power loss."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_all(handle: int, data: bytes | memoryview) -> None:
    """Append all of `data`."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view[:_PIECE]) :]


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file against all other threads and processes."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        # Closing is not enough: a child forked meanwhile has the same open file, and so the lock.
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)
