"""Bringing files into the store: several at once, each as it was when it was found, under one claim."""

from __future__ import annotations

import mimetypes
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ..backends.storage.protocol import Progress
from ..domain.artifacts import Blob, FileRef, ReleaseClaim, UploadBlob
from ..errors import AipError, Invalid, StorageFull, Unavailable
from ..services.interface import Blobs

SMALL = 2**20
"""Bytes up to which a file is uploaded beside others."""
AT_ONCE = 4
AGAIN = (0.2, 1.0)
"""Seconds to wait before a file that was cut on its way is sent again."""

State = tuple[int, int, int, int]
"""Which file it is, and which content it has: device, inode, size, and mtime in nanoseconds."""


class LocalFile(NamedTuple):
    """A file to upload, and what it is called in the version or run."""

    source: Path
    path: str
    size: int
    state: State | None = None
    """What it was when it was found; None for one that only this process knows."""


def state_of(found: os.stat_result) -> State:
    """What tells a file and its content from others."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def media_type_of(path: str) -> str:
    """What a file is, by its name; "" for who knows what."""
    return mimetypes.guess_type(path)[0] or ""


def upload_files(
    blobs: Blobs,
    request: UploadBlob,
    files: Sequence[LocalFile],
    progress: Progress | None = None,
    at_once: int = AT_ONCE,
) -> list[FileRef]:
    """Upload these files, in their order. Invalid for one that is not what was found any more.

    Large ones go one by one, where an interrupt stops them at once; small ones, which wait, side by side.
    """

    def one(file: LocalFile) -> FileRef:
        blob = _upload(blobs, request, file, progress)
        return FileRef(
            path=file.path, digest=blob.digest, size=blob.size, media_type=media_type_of(file.path)
        )

    if at_once == 1:
        return [one(file) for file in files]
    small = [file for file in files if file.size <= SMALL]
    found = {file.path: one(file) for file in files if file.size > SMALL}
    with ThreadPoolExecutor(min(at_once, len(small)) or 1) as pool:
        # When one fails, map() takes back those that have not begun.
        found |= {ref.path: ref for ref in pool.map(one, small)}
    return [found[file.path] for file in files]


def _upload(blobs: Blobs, request: UploadBlob, file: LocalFile, progress: Progress | None) -> Blob:
    """One file; again when it was cut, since most cuts are short."""
    for pause in (*AGAIN, None):
        counted = _Counted(progress)
        try:
            with same_file(file) as source:
                return blobs.upload(request, source, counted)
        except StorageFull:
            raise
        except Unavailable:
            if pause is None or not counted.count:  # nobody was there from the beginning
                raise
            counted.take_back()
            time.sleep(pause)
        except Invalid as error:
            raise (_changed(file) if error.field == "path" else error) from error
    raise AssertionError("unreachable")


class _Counted:
    """Passes progress on, and takes back what was done in vain."""

    def __init__(self, progress: Progress | None) -> None:
        self.count = 0
        self._progress = progress

    def __call__(self, count: int) -> None:
        self.count += count
        if self._progress:
            self._progress(count)

    def take_back(self) -> None:
        if self._progress:
            self._progress(-self.count)


@contextmanager
def same_file(file: LocalFile) -> Iterator[Path]:
    """A path that leads to the very file that was found, whatever its name leads to by now.

    Somebody may put a link there that leads anywhere: the file is opened once, and named by its descriptor.
    """
    try:
        handle = os.open(file.source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise _changed(file) from error
    try:
        if file.state not in (None, state_of(os.fstat(handle))):
            raise _changed(file)
        yield Path(f"/dev/fd/{handle}")
    finally:
        os.close(handle)


def _changed(file: LocalFile) -> Invalid:
    message = f"path: {file.path!r} changed while it was read; repeat when it is complete"
    return Invalid(message, field="path")


@contextmanager
def claimed(blobs: Blobs, project: str, id: str) -> Iterator[None]:
    """The claim under which files are uploaded: given up when anything fails, an interrupt included."""
    try:
        yield
    except BaseException:
        # When that fails too, the check of the store drops it; what matters is the first error.
        with suppress(AipError):
            blobs.release_claim(ReleaseClaim(project=project, claim=id))
        raise
