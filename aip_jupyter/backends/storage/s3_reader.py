"""A blob in S3 as a file: sought freely, and read ahead by several requests at once."""

from __future__ import annotations

import io
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from msgspec import Struct

FIRST, LARGEST = 256 * 2**10, 4 * 2**20
"""Bytes of the first request after a seek, and of later ones, each twice as large as the one before."""
AHEAD = 7
"""Requests under way beside the bytes that are being read."""


class _Chunk(Struct):
    start: int
    end: int
    data: Future[bytes]


Fetch = Callable[[int, int], "Future[bytes]"]
"""Begins to read the bytes from the first number up to the second."""


class S3Reader(io.BufferedIOBase):
    """The bytes of a blob whose beginning is there already."""

    def __init__(self, beginning: bytes, size: int, fetch: Fetch) -> None:
        self._size = size
        self._fetch = fetch
        self._position = 0
        first: Future[bytes] = Future()
        first.set_result(beginning)
        self._chunks = deque([_Chunk(0, len(beginning), first)])

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        if self.closed:
            raise ValueError("read of a closed file")
        left = self._size - self._position
        wanted = left if size is None or size < 0 else min(size, left)
        pieces: list[bytes] = []
        while wanted > 0:
            piece = self.read1(wanted)
            pieces.append(piece)
            wanted -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read1(self, size: int = -1) -> bytes:
        """What one request has brought, at most `size`."""
        if self._position >= self._size or size == 0:
            return b""
        chunk = self._current()
        data = chunk.data.result()
        start = self._position - chunk.start
        piece = (
            data
            if start == 0 and not 0 < size < len(data)
            else data[start : start + size if size > 0 else None]
        )
        self._position += len(piece)
        return piece

    def close(self) -> None:
        for chunk in self._chunks:
            chunk.data.cancel()
        self._chunks.clear()
        super().close()

    def _current(self) -> _Chunk:
        """The chunk at the position; those after it are asked for."""
        while self._chunks and not self._chunks[0].start <= self._position < self._chunks[0].end:
            self._chunks.popleft().data.cancel()
        if not self._chunks:
            self._ask(self._position, FIRST)
        while len(self._chunks) <= AHEAD and self._chunks[-1].end < self._size:
            last = self._chunks[-1]
            self._ask(last.end, min(LARGEST, 2 * (last.end - last.start)))
        return self._chunks[0]

    def _ask(self, start: int, count: int) -> None:
        end = min(start + count, self._size)
        self._chunks.append(_Chunk(start, end, self._fetch(start, end)))
