"""Bytes on their way to a file, which may be cut: they wait beside it, and whoever comes next goes on."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

from ..backends.storage.protocol import Progress
from ..errors import Unavailable

AGAIN = (0.2, 1.0, 3.0)
"""Seconds to wait before what was cut is asked for again, as long as nothing more comes."""
WORTH = 2**20
"""Bytes from which what has arrived is kept for the next attempt."""
LARGE = 2**18
"""Bytes from which a block is worth a thread."""
AHEAD = 2
"""Blocks that may wait to be hashed."""
_BLOCK = 2**20


class Cut(Exception):
    """The connection broke, or there is none: `nobody`. `error` is what to raise when nobody goes on."""

    def __init__(self, error: Unavailable, *, nobody: bool = False) -> None:
        super().__init__()
        self.error = error
        self.nobody = nobody


Source = Callable[[int], AbstractContextManager[tuple[int, Iterator[bytes]]]]
"""Gives the bytes from this place on, and the place from which they really are: 0 where it cannot skip any.

Raises Cut.
"""


def fetch(source: Source, digest: str, target: Path, progress: Progress | None = None) -> Path:
    """Write the bytes to `target`: nothing appears there unless they are those of the digest.

    Raises Unavailable when they are not, when they do not come, or cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _partial(target, digest) as path, _opened(path) as file, ThreadPoolExecutor(1) as beside:
            arrived = _Arrived(file, beside, progress)
            with contextlib.ExitStack() as undo:
                undo.callback(_drop_little, path, arrived)
                try:
                    _complete(source, arrived, digest, target)
                except OSError:  # no room, most often, which what has arrived takes up
                    path.unlink(missing_ok=True)
                    raise
                undo.pop_all()
            os.replace(path, target)
    except OSError as error:
        raise Unavailable(f"{target}: cannot be written ({error.strerror}); choose another folder") from error
    return target


def _drop_little(path: Path, arrived: _Arrived) -> None:
    """Too little has come for the next attempt to go on with."""
    if arrived.size < WORTH:
        path.unlink(missing_ok=True)


class _Arrived:
    """What has arrived so far."""

    def __init__(self, file: BinaryIO, beside: ThreadPoolExecutor, progress: Progress | None) -> None:
        self._file = file
        self._hashing = _Hashing(beside)
        self._progress = progress
        self.size = 0
        while block := file.read(_BLOCK):
            self._count(block)

    @property
    def digest(self) -> str:
        """That of what is there."""
        return self._hashing.digest()

    def add(self, block: bytes) -> None:
        self._file.write(block)
        self._count(block)

    def begin_anew(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        if self._progress:
            self._progress(-self.size)
        self.size = 0
        self._hashing.begin_anew()

    def _count(self, block: bytes) -> None:
        self.size += len(block)
        self._hashing.update(block)
        if self._progress:
            self._progress(len(block))


class _Hashing:
    """The digest of what follows each other. Large blocks are hashed beside, while the next ones arrive."""

    def __init__(self, beside: ThreadPoolExecutor) -> None:
        self._beside = beside
        self._hasher = hashlib.sha256()
        self._under_way: deque[Future[None]] = deque()

    def update(self, block: bytes) -> None:
        if len(block) >= LARGE:
            self._under_way.append(self._beside.submit(self._hasher.update, block))
            self._wait(AHEAD)
        else:
            self._wait(0)
            self._hasher.update(block)

    def digest(self) -> str:
        self._wait(0)
        return self._hasher.hexdigest()

    def begin_anew(self) -> None:
        self._wait(0)
        self._hasher = hashlib.sha256()

    def _wait(self, most: int) -> None:
        while len(self._under_way) > most:
            self._under_way.popleft().result()


def _complete(source: Source, arrived: _Arrived, digest: str, target: Path) -> None:
    is_old = arrived.size > 0
    while True:
        if not is_old or arrived.digest != digest:
            _receive(source, arrived)
        if arrived.digest == digest:
            return
        arrived.begin_anew()
        if not is_old:
            message = f"{target.name}: the stored bytes are damaged; %aip check tells what else is"
            raise Unavailable(message)
        is_old = False  # what was there was of something else


def _receive(source: Source, arrived: _Arrived) -> None:
    pauses = iter(AGAIN)
    while True:
        before = arrived.size
        try:
            with source(before) as (start, blocks):
                if start != before:
                    arrived.begin_anew()
                for block in blocks:
                    arrived.add(block)
            return
        except Cut as cut:
            if arrived.size > before:
                pauses = iter(AGAIN)
            pause = next(pauses, None)
            if pause is None or (cut.nobody and not arrived.size):
                raise cut.error from None
            time.sleep(pause)


@contextmanager
def _partial(target: Path, digest: str) -> Iterator[Path]:
    """Where the bytes wait: for the same content the same file, unless another download is writing to it."""
    path = target.parent / f".aip-{digest[:32]}.part"
    owner = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    try:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_same(owner, path):  # else it got its place while we waited for nothing
                yield path
                return
        own = path.with_name(f".aip-{uuid.uuid4().hex}.part")
        os.close(os.open(own, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666))
        try:
            yield own
        finally:
            own.unlink(missing_ok=True)
    finally:
        os.close(owner)


def _is_same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(path))
    except FileNotFoundError:
        return False


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with open(os.open(path, os.O_RDWR | os.O_NOFOLLOW), "r+b") as file:
        yield file
