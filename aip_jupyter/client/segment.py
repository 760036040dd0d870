"""A segment of this process's journal: a file of fixed size, written through memory."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from ..wire.journal import FRAME_SIZE, HEADER_SIZE, LENGTH, encode_frame, encode_header

SIZE = 4 * 2**20
"""Bytes of a segment: what a disk gives at once, and what is sent at once."""

_POPULATE = getattr(mmap, "MAP_POPULATE", 0)  # Linux: no page fault in a log call
_sync = getattr(os, "fdatasync", os.fsync)


class Full:
    """Stands for the segment before the first one."""

    position = limit = 0
    map = bytearray()

    def find_position(self) -> None:
        """There is none."""

    def put(self, payload: bytes) -> bool:
        """There is no room."""
        return False


class Segment:
    """Where records are put. Room on the disk is taken when it is made, so that writing cannot fail."""

    def __init__(self, path: Path, journal: str) -> None:
        """Raises OSError when there is no room."""
        self.path = path
        self.base = 0
        """The place of its first record in the journal."""
        self.position = HEADER_SIZE
        """Where the next record goes."""
        self.limit = SIZE
        self._journal = journal
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _allocate(self._file)
            self.map = mmap.mmap(self._file, SIZE, flags=mmap.MAP_SHARED | _POPULATE)
        except BaseException:
            os.close(self._file)
            path.unlink(missing_ok=True)
            raise
        self.map[:HEADER_SIZE] = encode_header(journal, None)

    @property
    def end(self) -> int:
        """The place behind its last record."""
        return self.base + self.position - HEADER_SIZE

    def begin(self, base: int) -> None:
        """Its turn has come."""
        self.base = base
        self.map[:HEADER_SIZE] = encode_header(self._journal, base)

    def put(self, payload: bytes) -> bool:
        """Write a record of this payload, if there is room."""
        start = self.position
        end = start + FRAME_SIZE + len(payload)
        if end > SIZE:
            return False
        try:
            # In one go: should the process be killed meanwhile, the checksum tells.
            self.map[start:end] = encode_frame(payload) + payload
            self.position = end
        except BaseException:  # an interrupt, at any of these lines
            self.find_position()
            raise
        return True

    def find_position(self) -> None:
        """Go behind the last whole record, after a write that was interrupted."""
        position = HEADER_SIZE
        while position + LENGTH.size <= SIZE and (length := LENGTH.unpack_from(self.map, position)[0]):
            position += FRAME_SIZE + length
        self.position = position

    def read(self, start: int, limit: int) -> bytes:
        """Up to so many bytes of records from this place on."""
        offset = HEADER_SIZE + start - self.base
        return self.map[offset : min(self.position, offset + limit)]

    def sync(self) -> None:
        """Have the disk keep what was written."""
        _sync(self._file)

    def close(self) -> None:
        """Let go of the file."""
        self.map.close()
        os.close(self._file)

    def again(self) -> Segment:
        """The same in a new file, where somebody removed it. Raises OSError when there is no room."""
        copy = Segment(self.path, self._journal)
        copy.map[:] = self.map[:]
        copy.base, copy.position = self.base, self.position
        return copy

    def forget(self) -> None:
        """Let go of a file that is a forked child's parent's, or removed. The memory goes with the object."""
        os.close(self._file)


def _allocate(file: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, SIZE)
        return
    block = bytes(2**16)
    for _ in range(SIZE // len(block)):
        os.write(file, block)
