"""Reading data from disk: one pass for the digest and for what else is found out, in constant memory."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

from ..domain.artifacts import FileRef
from ..domain.models import content_digest
from ..domain.names import check_path
from ..errors import Invalid
from .files import JUNK
from .progress import Progress

BLOCK = 2**20
MAX_FILES = 1_000_000
"""More than a folder of data has: whoever names `/` is told at once."""

Found = TypeVar("Found")


class Content(NamedTuple):
    """What some bytes are."""

    digest: str
    size: int


class _HashingReader(io.RawIOBase):
    """A file whose bytes are hashed as they are read, by whomever."""

    def __init__(self, path: Path, progress: Progress) -> None:
        self._file = path.open("rb", buffering=0)
        self._hasher = hashlib.sha256()
        self._progress = progress
        self._before = self._state()
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._file.readinto(buffer) or 0
        self._hasher.update(memoryview(buffer)[:count])
        self._size += count
        self._progress(count)
        return count

    def rest(self) -> Content:
        """Read to the end; what the whole was. Invalid when it changed meanwhile."""
        scratch = bytearray(BLOCK)
        while self.readinto(scratch):
            pass
        if self._state() != self._before:
            message = f"data: {self._file.name!r} changed while it was read; repeat when it is complete"
            raise Invalid(message, field="data")
        return Content(self._hasher.hexdigest(), self._size)

    def _state(self) -> tuple[int, int]:
        status = os.fstat(self._file.fileno())
        return status.st_size, status.st_mtime_ns

    def close(self) -> None:
        self._file.close()
        super().close()


def read_file(path: Path, progress: Progress, look: Callable[[BinaryIO], Found]) -> tuple[Content, Found]:
    """The file's digest and size, and what `look` made of the beginning that it read."""
    try:
        with closing(_HashingReader(path, progress)) as reader:
            buffered = io.BufferedReader(reader, BLOCK)
            found = look(buffered)
            buffered.detach()  # else it would close the file with itself
            return reader.rest(), found
    except OSError as error:
        raise _unreadable(path, error) from error


def read_folder(root: Path, progress: Progress) -> Content:
    """The digest over all files of a folder, in the form of a version's, and their size together."""
    files = list(_walk(root))
    if not files:
        raise Invalid(f"data: the folder {str(root)!r} has no files; name one that has", field="data")
    progress.begin(f"reading {root.name}", sum(size for _, _, size in files))
    refs = []
    for path, shown, _ in files:
        content, _ = read_file(path, progress, lambda _: None)
        refs.append(FileRef(path=shown, digest=content.digest, size=content.size))
    return Content(content_digest(refs), sum(ref.size for ref in refs))


def _walk(root: Path) -> Iterator[tuple[Path, str, int]]:
    """All regular files below the folder, each with its path inside and its size."""
    count = 0
    for here, folders, names in os.walk(root, onerror=_refuse):
        folders[:] = sorted(set(folders) - JUNK)
        for name in folders:
            if os.path.islink(os.path.join(here, name)):
                shown = os.path.relpath(os.path.join(here, name), root)
                message = f"data: {shown!r} is a link to a folder; put the folder itself there"
                raise Invalid(message, field="data")
        for name in sorted(set(names) - JUNK):
            path = Path(here, name)
            status = _status(path)
            if not stat.S_ISREG(status.st_mode):
                continue
            count += 1
            if count > MAX_FILES:
                message = f"data: more than {MAX_FILES:,} files; name the folder that holds only the data"
                raise Invalid(message, field="data")
            yield path, check_path(path.relative_to(root).as_posix(), "data"), status.st_size


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:  # a link to nothing, for example
        raise _unreadable(path, error) from error


def _refuse(error: OSError) -> None:
    raise _unreadable(Path(error.filename), error) from error


def _unreadable(path: Path, error: OSError) -> Invalid:
    return Invalid(f"data: {str(path)!r} cannot be read ({error.strerror}); check it", field="data")
