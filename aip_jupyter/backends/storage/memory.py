"""Blobs in memory: the reference implementation, for tests and for trying things out."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from msgspec.structs import replace

from ...domain import names
from ...domain.artifacts import Blob, Claim
from ...domain.records import now_ms
from ...domain.system import Capability
from ..config import BackendConfig
from . import refusals
from .local_source import open_source
from .protocol import Progress

_BLOCK = 4 * 2**20


def open_storage(config: BackendConfig) -> MemoryStorage:
    """A new, empty store, gone when the process ends."""
    return MemoryStorage()


class MemoryStorage:
    """`protocol.StorageBackend` in dictionaries."""

    def __init__(self) -> None:
        self.capabilities: frozenset[Capability] = frozenset({"stored_files"})
        self._lock = threading.Lock()
        self._bytes: dict[str, bytes] = {}
        self._times: dict[str, float] = {}
        self._claims: dict[str, Claim] = {}

    @property
    def location(self) -> str:
        """In words."""
        return "memory of this process"

    def stage(self, claim: str, project: str, holder: str) -> MemoryStaging:
        names.check_id(claim, "claim")
        with self._lock:
            self._claim(claim, project, holder)
        return MemoryStaging(self, claim, project, holder)

    def put_file(
        self, path: Path, claim: str, project: str, holder: str, progress: Progress | None = None
    ) -> Blob:
        with open_source(path) as source, self.stage(claim, project, holder) as staging:
            copied = 0
            while data := os.read(source.handle, _BLOCK):
                staging.write(data)
                copied += len(data)
                if progress:
                    progress(len(data))
            source.check_unchanged(copied)
            return staging.commit()

    def hold(self, digest: str, claim: str, project: str, holder: str) -> Blob:
        names.check_id(claim, "claim")
        return self.publish(self._get(digest), claim, project, holder)

    def open(self, digest: str) -> BinaryIO:
        return io.BytesIO(self._get(digest))

    def stat(self, digest: str) -> Blob:
        return Blob(digest=digest, size=len(self._get(digest)))

    def claims(self) -> list[Claim]:
        with self._lock:
            return list(self._claims.values())

    def get_claim(self, claim: str) -> Claim:
        names.check_id(claim, "claim")
        with self._lock:
            if claim in self._claims:
                return self._claims[claim]
        raise refusals.no_claim(claim)

    def release(self, claim: str) -> None:
        names.check_id(claim, "claim")
        with self._lock:
            self._claims.pop(claim, None)

    def blobs(self) -> Iterator[Blob]:
        with self._lock:
            found = [Blob(digest=digest, size=len(data)) for digest, data in self._bytes.items()]
        return iter(found)

    def rename_claim(self, claim: str, to: str) -> Claim:
        for id in (claim, to):
            names.check_id(id, "claim")
        with self._lock:
            found = self._claims.pop(claim, None)
            if found is None:
                raise refusals.no_claim(claim)
            self._claims[to] = replace(found, id=to)
            return self._claims[to]

    def remove(self, digest: str, before: float, beside: str = "") -> bool:
        names.check_digest(digest, "digest")
        with self._lock:
            claimed = any(digest in claim.digests for claim in self._claims.values() if claim.id != beside)
            if digest not in self._bytes or claimed or self._times[digest] >= before:
                return False
            del self._bytes[digest], self._times[digest]
            return True

    def sweep(self) -> int:
        """A dead writer's bytes died with it."""
        return 0

    def check(self) -> str:
        with self._lock:
            return f"memory of this process: {len(self._bytes)} blobs, gone when it ends"

    def close(self) -> None:
        """Nothing to give back."""

    def publish(self, data: bytes, claim: str, project: str, holder: str) -> Blob:
        """Store bytes under their digest and the claim."""
        digest = hashlib.sha256(data).hexdigest()
        with self._lock:
            self._claim(claim, project, holder, digest)
            self._bytes.setdefault(digest, data)
            self._times[digest] = time.time()
        return Blob(digest=digest, size=len(data))

    def _claim(self, id: str, project: str, holder: str, digest: str = "") -> None:
        new = Claim(id=id, project=project, holder=holder, created=now_ms(), digests=[])
        claim = self._claims.setdefault(id, new)
        if claim.project != project:
            raise refusals.foreign_claim(id)
        if digest and digest not in claim.digests:
            self._claims[id] = replace(claim, digests=[*claim.digests, digest])

    def _get(self, digest: str) -> bytes:
        names.check_digest(digest, "digest")
        with self._lock:
            if digest in self._bytes:
                return self._bytes[digest]
        raise refusals.no_blob(digest)


class MemoryStaging:
    """`protocol.Staging` in a buffer."""

    def __init__(self, store: MemoryStorage, claim: str, project: str, holder: str) -> None:
        self._store = store
        self._under = (claim, project, holder)
        self._buffer: bytearray | None = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._opened().extend(memoryview(data).cast("B"))

    def commit(self, expected: str = "") -> Blob:
        data = bytes(self._opened())
        self.abort()
        found = hashlib.sha256(data).hexdigest()
        if expected not in ("", found):
            raise refusals.wrong_digest(found, expected)
        return self._store.publish(data, *self._under)

    def abort(self) -> None:
        self._buffer = None

    def _opened(self) -> bytearray:
        if self._buffer is None:
            raise refusals.upload_ended()
        return self._buffer

    def __enter__(self) -> MemoryStaging:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.abort()
