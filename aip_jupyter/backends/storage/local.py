"""Blobs as local files: `sha256/ab/<digest>`, beside `staging/`, `claims/` and one `lock`.

A blob gets its name by a link that cannot overwrite, after its claim is on the disk. Only two things need
the lock: adding to a claim, and removing a blob that no claim holds. So whoever finds a blob after having
claimed it can rely on it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from ...domain import names
from ...domain.artifacts import Blob, Claim
from ...domain.system import Capability
from ...errors import Invalid, NotFound
from ..config import BackendConfig
from . import refusals
from .local_claims import LocalClaims
from .local_copy import can_clone, transfer
from .local_disk import disk_errors, free_space, make_folder, sync_folder
from .local_source import open_source
from .local_staging import LocalStaging, StagedFile, sweep
from .protocol import Progress

_SHARD = re.compile(r"[0-9a-f]{2}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def open_storage(config: BackendConfig) -> LocalStorage:
    """The store in `blobs` below the home, or in the folder of a `file:///` address.

    Nothing is made on the disk before the first use.
    """
    if not config.url:
        return LocalStorage(config.home / "blobs")
    if not config.url.startswith("file:///"):
        message = "storage_url: the local storage takes an address such as file:///folder"
        raise Invalid(message, field="storage_url")
    return LocalStorage(Path(unquote(config.url.removeprefix("file://"))))


class LocalStorage:
    """`protocol.StorageBackend` in a folder, which may be a link to one on another disk."""

    def __init__(self, folder: Path) -> None:
        self.capabilities: frozenset[Capability] = frozenset({"stored_files"})
        self._folder = folder
        self._blobs = folder / "sha256"
        self._staging = folder / "staging"
        self._claims = LocalClaims(folder / "claims", self._staging, folder / "lock")
        self._explored = False

    @property
    def location(self) -> str:
        """The folder."""
        return str(self._folder)

    def stage(self, claim: str, project: str, holder: str) -> LocalStaging:

        def publish(staged: StagedFile, blob: Blob) -> None:
            self._claims.add(claim, project, holder, blob.digest)
            self._publish(staged, blob)

        names.check_id(claim, "claim")
        with disk_errors(self._folder):
            self._prepare()
            self._claims.add(claim, project, holder)
            return LocalStaging(self._staging, publish)

    def put_file(
        self, path: Path, claim: str, project: str, holder: str, progress: Progress | None = None
    ) -> Blob:
        with open_source(path) as source, self.stage(claim, project, holder) as staging:
            reflink = "reflink" in self.capabilities
            copied = 0
            for count in transfer(source.handle, staging, reflink=reflink):
                copied += count
                if progress:
                    progress(count)
            source.check_unchanged(copied)
            return staging.commit()

    def hold(self, digest: str, claim: str, project: str, holder: str) -> Blob:
        names.check_id(claim, "claim")
        self.stat(digest)
        with disk_errors(self._folder):
            self._prepare()
            self._claims.add(claim, project, holder, digest)
            if not _touch(self._path(digest)):  # removed since
                raise refusals.no_blob(digest)
        return self.stat(digest)

    def open(self, digest: str) -> BinaryIO:
        path = self._path(digest)
        with disk_errors(self._folder):
            if self._entry(digest):
                with contextlib.suppress(FileNotFoundError):  # removed since
                    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        raise refusals.no_blob(digest)

    def stat(self, digest: str) -> Blob:
        names.check_digest(digest, "digest")
        with disk_errors(self._folder):
            found = self._entry(digest)
        if found is None:
            raise refusals.no_blob(digest)
        return Blob(digest=digest, size=found.st_size)

    def claims(self) -> list[Claim]:
        with disk_errors(self._folder):
            return self._claims.all()

    def get_claim(self, claim: str) -> Claim:
        with disk_errors(self._folder):
            return self._claims.get(claim)

    def release(self, claim: str) -> None:
        names.check_id(claim, "claim")
        with disk_errors(self._folder):
            if self._is_there():
                self._claims.release(claim)

    def rename_claim(self, claim: str, to: str) -> Claim:
        with disk_errors(self._folder):
            if not self._is_there():
                raise refusals.no_claim(claim)
            return self._claims.rename(claim, to)

    def blobs(self) -> Iterator[Blob]:
        for shard in self._listed(self._blobs, _SHARD):
            for digest in self._listed(self._blobs / shard, _DIGEST):
                with contextlib.suppress(NotFound):  # removed since
                    yield self.stat(digest)

    def remove(self, digest: str, before: float, beside: str = "") -> bool:
        path = self._path(digest)
        with disk_errors(self._folder):
            if not self._is_there():
                return False
            with self._claims.lock():
                found = self._entry(digest)
                # The float is made as `time.time()` makes it, so that equal times compare equal.
                if (
                    not found
                    or float(found.st_mtime_ns) / 1e9 >= before
                    or self._claims.holds(digest, beside)
                ):
                    return False
                path.unlink()
        return True

    def sweep(self) -> int:
        with disk_errors(self._folder):
            return sweep(self._staging) if self._is_there() else 0

    def check(self) -> str:
        with disk_errors(self._folder):
            self._prepare()
            probe = StagedFile(self._staging)
            try:
                probe.write(b"probe")
                os.fsync(probe.handle)
            finally:
                probe.drop()
        copies = "reflinks" if "reflink" in self.capabilities else "no reflinks"
        return f"{self._folder}: writable, {free_space(self._folder)}, {copies}"

    def close(self) -> None:
        """Nothing is held between two calls."""

    def _is_there(self) -> bool:
        """False before the first use. Then there is nothing to change, and nothing is made."""
        if not self._folder.exists():
            return False
        self._prepare()
        return True

    def _prepare(self) -> None:
        make_folder(self._folder, follow=True)
        for folder in (self._blobs, self._staging, self._claims.folder):
            make_folder(folder)
        if not self._explored:
            if can_clone(self._staging):
                self.capabilities |= {"reflink"}
            self._explored = True

    def _publish(self, staged: StagedFile, blob: Blob) -> None:
        """Give a claimed blob its name, or make the one that is there young.

        As long as it is claimed nobody removes it; when its claim is given up meanwhile, it is placed again.
        """
        path = self._path(blob.digest)
        if os.fstat(staged.handle).st_size != blob.size:
            raise OSError(errno.EIO, "a staged file changed while it was hashed")
        while not (self._has(blob) and _touch(path)):
            os.fsync(staged.handle)
            os.fchmod(staged.handle, 0o400)
            make_folder(path.parent)
            try:
                os.link(staged.path, path)
            except FileExistsError:
                if not self._has(blob):  # neither another writer's nor whole: the disk has damaged it
                    os.replace(staged.path, path)
            sync_folder(path.parent)

    def _has(self, blob: Blob) -> bool:
        found = self._entry(blob.digest)
        return found is not None and found.st_size == blob.size

    def _entry(self, digest: str) -> os.stat_result | None:
        """What is known of a published file; links are not followed, on no level."""
        path = self._path(digest)
        try:
            if all(stat.S_ISDIR(folder.lstat().st_mode) for folder in (self._blobs, path.parent)):
                found = path.lstat()
                return found if stat.S_ISREG(found.st_mode) else None
        except (FileNotFoundError, NotADirectoryError):
            pass
        return None

    def _path(self, digest: str) -> Path:
        return self._blobs / names.check_digest(digest, "digest")[:2] / digest

    def _listed(self, folder: Path, pattern: re.Pattern[str]) -> list[str]:
        with disk_errors(self._folder):
            try:
                return sorted(name for name in os.listdir(folder) if pattern.fullmatch(name))
            except (FileNotFoundError, NotADirectoryError):
                return []


def _touch(path: Path) -> bool:
    """Set a blob's time to now. False when it was removed."""
    now = time.time_ns()
    try:
        os.utime(path, ns=(now, now), follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
