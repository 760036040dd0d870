"""Claims as files: a line that says whose it is, then a line per digest.

Digests are appended, not rewritten: a claim on a hundred thousand files costs a hundred thousand lines.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ...domain import names
from ...domain.artifacts import Claim
from ...domain.records import now_ms
from ...wire.errors import UNREADABLE
from . import refusals
from .local_disk import locked, sync_folder, write_all
from .local_staging import StagedFile

_DIGEST = re.compile(rb"^[0-9a-f]{64}$", re.MULTILINE)


class LocalClaims:
    """The claims of one store. Whoever adds to one, and whoever removes a blob, holds the same lock."""

    def __init__(self, folder: Path, staging: Path, lock: Path) -> None:
        self.folder = folder
        self._staging = staging
        self._lock = lock

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """While it is held, no claim is made, extended or released."""
        return locked(self._lock)

    def add(self, id: str, project: str, holder: str, digest: str = "") -> None:
        """Make the claim unless it is there, and put a digest under it; on the disk on return.

        Conflict when the id belongs to another project.
        """
        path = self._path(id)
        with self.lock():
            self._ensure(path, project, holder)
            if not digest:
                return
            with contextlib.ExitStack() as stack:
                file = stack.enter_context(path.open("ab", buffering=0))
                # A line that a full disk or a SIGKILL cut short ends where this one begins.
                write_all(file.fileno(), f"\n{digest}\n".encode())
                still_open = stack.pop_all()
        with still_open:
            os.fsync(file.fileno())  # outside the lock: others need not wait for the disk

    def get(self, id: str) -> Claim:
        """NotFound when there is none."""
        parts = _read(self._path(id))
        if parts is None:
            raise refusals.no_claim(id)
        return _whole(*parts)

    def all(self) -> list[Claim]:
        """Those that are there now."""
        return [_whole(*parts) for parts in self._each()]

    def holds(self, digest: str, beside: str = "") -> bool:
        """Whether any claim, besides one, names this digest."""
        return any(digest.encode() in lines for claim, lines in self._each() if claim.id != beside)

    def rename(self, id: str, to: str) -> Claim:
        """Give a claim another id. NotFound when there is none."""
        with self.lock():
            try:
                os.rename(self._path(id), self._path(to))
            except FileNotFoundError as error:
                raise refusals.no_claim(id) from error
        sync_folder(self.folder)
        return self.get(to)

    def release(self, id: str) -> None:
        """Forget a claim."""
        path = self._path(id)
        with self.lock():
            path.unlink(missing_ok=True)

    def _path(self, id: str) -> Path:
        return self.folder / names.check_id(id, "claim")

    def _ensure(self, path: Path, project: str, holder: str) -> None:
        found = _header(path)
        if found is None:
            claim = Claim(id=path.name, project=project, holder=holder, created=now_ms(), digests=[])
            self._make(path, claim)
        elif found.project != project:
            raise refusals.foreign_claim(path.name)

    def _make(self, path: Path, claim: Claim) -> None:
        staged = StagedFile(self._staging)
        try:
            staged.write(msgspec.json.encode(claim) + b"\n")
            os.fsync(staged.handle)
            os.replace(staged.path, path)
        finally:
            staged.drop()
        sync_folder(self.folder)

    def _each(self) -> Iterator[tuple[Claim, bytes]]:
        try:
            listed = sorted(os.listdir(self.folder))
        except FileNotFoundError:
            return
        for name in listed:
            if parts := _read(self.folder / name):
                yield parts


def _whole(header: Claim, lines: bytes) -> Claim:
    found = (line.decode() for line in _DIGEST.findall(lines))
    return replace(header, digests=list(dict.fromkeys(found)))


def _header(path: Path) -> Claim | None:
    parts = _read(path, only_header=True)
    return parts[0] if parts else None


def _read(path: Path, *, only_header: bool = False) -> tuple[Claim, bytes] | None:
    """The claim without its digests, and their lines. None when there is none that can be read."""
    try:
        with open(path, "rb", opener=_no_follow) as file:
            # The file's name counts: a claim may have been given another id.
            header = replace(msgspec.json.decode(file.readline(), type=Claim), id=path.name)
            return header, b"" if only_header else file.read()
    except (FileNotFoundError, *UNREADABLE):
        return None


def _no_follow(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)
