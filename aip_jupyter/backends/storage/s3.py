"""Blobs in an S3 bucket, of AWS, Ceph or MinIO: `sha256/ab/<digest>` below a prefix, beside `staging/`, and
the small objects that are claims (`s3_claims`) and marks (`s3_marks`).

A blob gets its name when it is whole, verified and claimed. S3 has no locks: see `s3_marks` for why nobody
removes what another has just claimed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import BinaryIO, cast

from ...domain import names
from ...domain.artifacts import Blob, Claim
from ...domain.system import Capability
from ...errors import NotFound
from ..config import BackendConfig
from . import refusals
from .local_source import open_source
from .protocol import Progress
from .s3_bucket import Bucket
from .s3_claims import S3Claims
from .s3_direct import S3Direct
from .s3_marks import Marks
from .s3_reader import FIRST, S3Reader
from .s3_settings import S3Settings, read_address
from .s3_staging import S3Staging, staging_key, sweep

_NAMED = re.compile(r"sha256/([0-9a-f]{2})/(\1[0-9a-f]{62})")
_BLOCK = 4 * 2**20


def open_storage(config: BackendConfig) -> S3Storage:
    """The store at an address such as `s3://bucket/prefix?endpoint=https://host`; not asked anything yet."""
    return S3Storage(read_address(config.url))


class S3Storage:
    """`protocol.StorageBackend` in a bucket that is there already."""

    def __init__(self, settings: S3Settings) -> None:
        self.capabilities: frozenset[Capability] = frozenset({"stored_files"})
        self.direct: S3Direct | None = None
        self.location = settings.location
        self._bucket = Bucket(settings)
        self._marks = Marks(self._bucket)
        self._claims = S3Claims(self._bucket, self._marks)
        if settings.direct != "no":
            self.capabilities |= {"presigned"}
            self.direct = S3Direct(self._bucket, self._publish, self._holds)

    def stage(self, claim: str, project: str, holder: str) -> S3Staging:

        def publish(blob: Blob, content: bytes | str) -> None:
            self._publish(claim, project, holder, blob, content)

        names.check_id(claim, "claim")
        self._claims.make(claim, project, holder)
        return S3Staging(self._bucket, publish)

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
        self.stat(digest)
        self._claims.add(claim, project, holder, digest)
        self._marks.wait(digest)
        return self.stat(digest)

    def open(self, digest: str) -> BinaryIO:
        key = _key(digest)

        def read(start: int, end: int) -> bytes:
            found = self._bucket.read(key, start, end - start)
            if found is None:
                raise refusals.no_blob(digest)
            return found[0]

        def fetch(start: int, end: int) -> Future[bytes]:
            return self._bucket.submit(read, start, end)

        beginning = self._bucket.read(key, 0, FIRST)
        if beginning is None:
            raise refusals.no_blob(digest)
        return cast(BinaryIO, S3Reader(*beginning, fetch))

    def stat(self, digest: str) -> Blob:
        size = self._bucket.size(_key(digest))
        if size is None:
            raise refusals.no_blob(digest)
        return Blob(digest=digest, size=size)

    def claims(self) -> list[Claim]:
        return self._claims.all()

    def get_claim(self, claim: str) -> Claim:
        return self._claims.get(claim)

    def release(self, claim: str) -> None:
        self._claims.release(names.check_id(claim, "claim"))

    def rename_claim(self, claim: str, to: str) -> Claim:
        return self._claims.rename(claim, to)

    def blobs(self) -> Iterator[Blob]:
        for page in self._bucket.pages("sha256/"):
            for item in self._bucket.items(page):
                if named := _NAMED.fullmatch(item.key):
                    yield Blob(digest=named[2], size=item.size)

    def remove(self, digest: str, before: float, beside: str = "") -> bool:
        key = _key(digest)
        if self._bucket.size(key) is None:
            return False
        return self._marks.remove(digest, key, before, lambda: self._claims.groups(beside))

    def sweep(self) -> int:
        return sweep(self._bucket)

    def check(self) -> str:
        probe = staging_key()
        try:
            guarded = self._bucket.put_new(probe) and not self._bucket.put_new(probe)
        finally:
            self._bucket.delete([probe])
        guard = "create-only writes" if guarded else "without create-only writes"
        return f"{self.location}: writable, {guard}"

    def close(self) -> None:
        self._bucket.close()

    def _publish(self, claim: str, project: str, holder: str, blob: Blob, content: bytes | str) -> None:
        """Under the claim: bytes that are given, or those at a key."""
        self._claims.add(claim, project, holder, blob.digest)
        self._marks.wait(blob.digest)
        self._place(blob, content)

    def _holds(self, claim: str, project: str, blob: Blob) -> bool:
        """Whether the claim has these bytes, and they are there."""
        try:
            held = self._claims.get(claim)
        except NotFound:
            return False
        return (
            held.project == project
            and blob.digest in held.digests
            and self._bucket.size(_key(blob.digest)) == blob.size
        )

    def _place(self, blob: Blob, content: bytes | str) -> None:
        """Give claimed bytes their name, unless they have it. What has it, but another size, is damaged."""
        key = _key(blob.digest)
        if isinstance(content, bytes):
            if not self._bucket.put_new(key, content) and self._bucket.size(key) != blob.size:
                self._bucket.put(key, content)
        elif self._bucket.size(key) != blob.size:
            self._bucket.copy(content, key, blob.size)


def _key(digest: str) -> str:
    return f"sha256/{names.check_digest(digest, 'digest')[:2]}/{digest}"
