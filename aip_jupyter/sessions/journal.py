"""The output journal: all that a session's kernel has sent on iopub, by sequence number.

It lets every viewer read from a number on: a browser that was reloaded, a notebook kernel that was restarted,
a second notebook. It is kept in a few files of the session's folder, of which the oldest goes when there is
too much; `oldest` then tells that something is missing. They stay when the session has ended: what it printed
before is what one wants to see then.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import BinaryIO

import msgspec

from ..wire.agent import LENGTH, OUTPUT, Output, framed

SIZE = 64 * 1024 * 1024
"""Bytes that a journal may take."""
FILES = 8
"""How many files it is kept in."""
READ = 8 * 1024 * 1024
"""About how many bytes one `read` gives."""


class _File:
    """A part of the journal. The positions of its messages are kept in memory."""

    def __init__(self, path: Path, first: int) -> None:
        self.path = path
        self.first = first
        self.ends: list[int] = []
        self._file: BinaryIO = path.open("w+b", buffering=0)
        path.chmod(0o600)

    @property
    def size(self) -> int:
        return self.ends[-1] if self.ends else 0

    @property
    def last(self) -> int:
        return self.first + len(self.ends) - 1

    def append(self, entry: bytes) -> None:
        self._file.seek(self.size)
        view = memoryview(entry)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError:  # such as no room: whoever reads the file must not find a part of it
            self._file.truncate(self.size)
            raise
        self.ends.append(self.size + len(entry))

    def read(self, after: int, limit: int) -> list[bytes]:
        index = max(after + 1 - self.first, 0)
        begin = self.ends[index - 1] if index else 0
        self._file.seek(begin)
        entries: list[bytes] = []
        for end in self.ends[index:]:
            if entries and end - begin > limit:
                break
            entries.append(self._file.read(end - (self.ends[index - 1] if index else 0))[LENGTH:])
            index += 1
        return entries

    def close(self) -> None:
        self._file.close()

    def remove(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


class OutputJournal:
    """Appends messages and reads them again."""

    def __init__(self, folder: Path, size: int = SIZE) -> None:
        self._folder = folder
        self._share = size // FILES
        self._files: deque[_File] = deque([_File(folder / f"{OUTPUT}1", 1)])
        self._encoder = msgspec.msgpack.Encoder()

    @property
    def oldest(self) -> int:
        """The number of the oldest message that is still there; 0 when none is."""
        return self._files[0].first if self._files[0].ends else 0

    @property
    def newest(self) -> int:
        """The number of the newest message; 0 before the first."""
        return self._files[-1].last

    def append(self, time: int, frames: list[bytes]) -> int:
        """Keep a message; its number."""
        number = self.newest + 1
        self._files[-1].append(framed(self._encoder.encode(Output(number, time, frames))))
        if self._files[-1].size >= self._share:
            self._files.append(_File(self._folder / f"{OUTPUT}{number + 1}", number + 1))
            while len(self._files) > FILES:
                self._files.popleft().remove()
        return number

    def read(self, after: int, limit: int = READ) -> tuple[list[bytes], int]:
        """The first messages behind `after`, each as msgpack of Output: about `limit` bytes, at least one.

        And the number of the last of them; of the newest when there are none.
        """
        entries: list[bytes] = []
        for file in self._files:
            if file.last > after and limit > 0:
                found = file.read(after, limit)
                entries += found
                limit -= sum(map(len, found))
        first = max(after + 1, self.oldest)
        return entries, first + len(entries) - 1 if entries else self.newest

    def close(self) -> None:
        """Let go of the files, which stay."""
        for file in self._files:
            file.close()
