"""Uploads that wait: what was logged while nobody answered, with its bytes, until somebody does.

`kept/<id>/` of the home (0700), and in it (0600)

manifest.json  what it is, and where it belongs; no secret
owner          locked (flock) while somebody keeps it or sends it
000000, …      the files, as they were when they were logged
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from ..backends.private import make_private
from ..backends.storage.local_copy import copy
from ..backends.storage.local_disk import disk_errors, sync_folder
from ..backends.storage.local_source import open_source
from ..backends.storage.protocol import Progress
from ..domain.artifacts import ExternalFile
from ..domain.records import new_id, now_ms
from ..errors import AipError, Invalid
from .uploading import LocalFile, same_file

MANIFEST = "manifest.json"
OWNER = "owner"
_NEW = "new-"
"""Before the id of one that is being kept."""
_GONE = "gone-"
"""Before the id of one that is being removed."""
_GRACE = 60.0
"""Seconds before anybody looks whether one that is being kept was given up."""


class KeptFile(Struct, frozen=True, kw_only=True):
    """One of its files."""

    path: str
    """What it is called in the run."""
    name: str
    """What it is called in the folder."""
    size: int


class About(Struct, frozen=True, kw_only=True):
    """Whose upload it is."""

    store: str
    """Where it belongs: as journals say it."""
    project: str
    """"" for the one that is in use there."""
    run: str
    """The run's id."""
    run_name: str = ""
    author: str = ""


class Kept(Struct, frozen=True, kw_only=True):
    """An upload that waits."""

    id: str
    about: About
    created: int
    """Milliseconds since the epoch."""
    files: list[KeptFile] = []
    external: list[ExternalFile] = []

    @property
    def count(self) -> int:
        """How many artifacts."""
        return len(self.files) + len(self.external)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(file.size for file in self.files)


def kept_folder(home: Path) -> Path:
    """Where the uploads of a home wait."""
    return home / "kept"


def keep(
    home: Path,
    about: About,
    files: Iterable[LocalFile],
    external: Sequence[ExternalFile],
    progress: Progress | None = None,
) -> Kept:
    """Copy the files where they wait: all, or none. StorageFull, Unavailable, Invalid (one has changed)."""
    folder, id = kept_folder(home), new_id()
    new = folder / f"{_NEW}{id}"
    with disk_errors(folder):
        make_private(folder)
        new.mkdir(mode=0o700)
        with contextlib.ExitStack() as undo:
            undo.callback(shutil.rmtree, new, ignore_errors=True)
            with _owning(new, os.O_CREAT):
                kept = [_copied(file, new / f"{number:06}", progress) for number, file in enumerate(files)]
                found = Kept(id=id, about=about, created=now_ms(), files=kept, external=list(external))
                _write(new / MANIFEST, msgspec.json.encode(found))
                sync_folder(new)
                os.rename(new, folder / id)
            sync_folder(folder)
            undo.pop_all()
    return found


def _copied(file: LocalFile, target: Path, progress: Progress | None) -> KeptFile:
    with same_file(file) as path, open_source(path) as source:
        handle = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            size = copy(source.handle, handle)
            source.check_unchanged(size)
            os.fsync(handle)
        finally:
            os.close(handle)
    if progress:
        progress(size)
    return KeptFile(path=file.path, name=target.name, size=size)


def _write(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def kept_ids(home: Path) -> list[str]:
    """What waits in a home, the oldest first."""
    try:
        names = os.listdir(kept_folder(home))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(name for name in names if len(name) == 32)


def waiting(home: Path) -> list[Kept]:
    """What waits in a home, the oldest first, as far as it can be read."""
    found = []
    for id in kept_ids(home):
        with contextlib.suppress(AipError, FileNotFoundError):
            found.append(_read(kept_folder(home) / id))
    return found


@contextlib.contextmanager
def owned(home: Path, id: str, *, wait: bool) -> Iterator[Kept | None]:
    """Own an upload for a `with` block: nobody else sends it meanwhile. None when it was sent since.

    Without `wait`, None too when somebody else owns it. Invalid when nobody can tell what it is.
    """
    folder = kept_folder(home) / id
    try:
        owner = _owning(folder, 0, wait=wait)
        with owner as is_ours:
            yield _read(folder) if is_ours and folder.exists() else None
    except FileNotFoundError:
        yield None


@contextlib.contextmanager
def _owning(folder: Path, flags: int, *, wait: bool = True) -> Iterator[bool]:
    handle = os.open(folder / OWNER, os.O_RDWR | flags, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            # Closing is not enough: a child forked meanwhile has the same open file, and so the lock.
            fcntl.flock(handle, fcntl.LOCK_UN)
    finally:
        os.close(handle)


def _read(folder: Path) -> Kept:
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Kept)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Invalid(f"upload: {folder / MANIFEST} cannot be read ({error})", field="upload") from error


def local_files(home: Path, kept: Kept) -> list[LocalFile]:
    """Its files, to be uploaded. Invalid when one of them is not what was kept."""
    folder = kept_folder(home) / kept.id
    found = []
    for file in kept.files:
        source = folder / file.name
        if not source.is_file() or source.stat().st_size != file.size:
            raise Invalid(f"upload: {source} is not what was kept", field="upload")
        found.append(LocalFile(source, file.path, file.size))
    return found


def remove(home: Path, id: str) -> None:
    """Remove an upload that was sent, or that nobody wants. Who is killed meanwhile leaves no part of one."""
    gone = kept_folder(home) / f"{_GONE}{id}"
    with contextlib.suppress(FileNotFoundError):
        os.rename(kept_folder(home) / id, gone)
    shutil.rmtree(gone, ignore_errors=True)


def remove_unfinished(home: Path) -> None:
    """Remove what a process was killed over while it kept or removed it."""
    folder = kept_folder(home)
    for path in folder.glob(f"{_GONE}*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(f"{_NEW}*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _GRACE:
                with _owning(path, os.O_CREAT, wait=False) as is_dead:
                    if is_dead:
                        shutil.rmtree(path, ignore_errors=True)
