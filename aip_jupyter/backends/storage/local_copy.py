"""Bringing a local file's bytes into staging: by reflink, by the kernel's copy, or by reading and writing."""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from .local_disk import disk_errors, write_all
from .local_staging import BLOCK, StagedFile

_FICLONE = 0x40049409
"""Linux: give a file the content of another without copying it. `fcntl` names it from Python 3.12 on."""

_NOT_HERE = (errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF)
"""What `copy_file_range` answers where it does not work, for one reason or another."""


def transfer(source: int, target: int, folder: Path, *, reflink: bool) -> Iterator[int]:
    """Bring the source's bytes to the empty target in `folder`; yields how many came each time."""
    with disk_errors(folder):
        if reflink and clone(source, target):
            yield from _blocks(os.fstat(target).st_size)
        elif hasattr(os, "copy_file_range"):
            yield from _copied(source, target)
        else:
            yield from _written(source, target)


def clone(source: int, target: int) -> bool:
    """Let the target share the source's blocks on the disk. False where that is not possible."""
    if sys.platform != "linux":
        return False
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:  # another file system, or one without: the copy that follows tells of real trouble
        return False
    return True


def can_clone(folder: Path) -> bool:
    """Whether the disk of this folder has reflinks."""
    source = StagedFile(folder)
    try:
        source.write(b"reflink")
        target = StagedFile(folder)
        try:
            return clone(source.handle, target.handle)
        finally:
            target.drop()
    finally:
        source.drop()


def _blocks(size: int) -> Iterator[int]:
    for start in range(0, size, BLOCK):
        yield min(BLOCK, size - start)


def _copied(source: int, target: int) -> Iterator[int]:
    try:
        while count := os.copy_file_range(source, target, BLOCK):
            yield count
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
        yield from _written(source, target)  # from where the copy stopped


def _written(source: int, target: int) -> Iterator[int]:
    while data := os.read(source, BLOCK):
        write_all(target, data)
        yield len(data)
