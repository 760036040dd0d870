"""Bringing a local file's bytes into staging: by reflink, by the kernel's copy, or by reading and writing."""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from .local_disk import disk_errors, write_all
from .local_staging import BLOCK, LocalStaging, StagedFile

_FICLONE = 0x40049409
"""Linux: give a file the content of another without copying it. `fcntl` names it from Python 3.12 on."""

_NOT_HERE = (errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM)
"""What `copy_file_range` answers where it does not work, for one reason or another."""


def transfer(source: int, staging: LocalStaging, *, reflink: bool) -> Iterator[int]:
    """Bring the source's bytes into empty staging; yields how many came each time."""
    with disk_errors(staging.folder):
        cloned = reflink and clone(source, staging.handle)
        counts = _blocks(os.fstat(staging.handle).st_size) if cloned else _copied(source, staging.handle)
        for count in counts:
            staging.arrived(count, cloned=cloned)
            yield count


def clone(source: int, target: int) -> bool:
    """Let the target share the source's blocks on the disk. False where that is not possible."""
    if sys.platform != "linux":
        return False
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:  # another file system, or one without: the copy that follows tells of real trouble
        return False
    return True


def copy(source: int, target: int) -> int:
    """Bring the source's bytes into an empty file, by reflink where the disk has it; how many came."""
    return os.fstat(target).st_size if clone(source, target) else sum(_copied(source, target))


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
    if hasattr(os, "copy_file_range"):
        try:
            while count := os.copy_file_range(source, target, BLOCK):
                yield count
        except OSError as error:
            if error.errno not in _NOT_HERE:
                raise
        else:
            return
    while data := os.read(source, BLOCK):  # from where the kernel's copy stopped
        write_all(target, data)
        yield len(data)
