"""Bytes over HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..backends.storage.local_source import open_source
from ..backends.storage.protocol import Progress
from ..domain.access import DownloadLink, SignDownload
from ..domain.artifacts import Artifact, Blob, GetArtifact, ReleaseClaim, UploadBlob
from ..wire.requests import split_request
from ..wire.routes import CHUNK
from .direct import Direct
from .direct_download import straight_source
from .downloading import fetch
from .endpoint import Reach
from .resuming import Resuming
from .transport import ROUTE_OF, Transport
from .uploads import HttpUploads


class HttpBlobs:
    """`Blobs` over HTTP."""

    def __init__(self, transport: Transport, home: Path | None = None) -> None:
        self._transport = transport
        self._uploads = HttpUploads(transport)
        self._reach = Reach()
        self._direct = Direct(self._uploads, self._reach, Resuming(home, transport.url))

    def upload(self, request: UploadBlob, source: Path | bytes, progress: Progress | None = None) -> Blob:
        """Large files go straight to the store where that can be; what is there already is not sent."""
        if isinstance(source, Path) and (stored := self._direct.upload(request, source, progress)):
            return stored
        route = ROUTE_OF["blobs.upload"]
        path, fields = split_request(route, request)
        content = source if isinstance(source, bytes) else _blocks(source, progress)
        reply = self._transport.send(route, path, params=fields, content=content)
        blob: Blob = self._transport.decode(reply, Blob)
        return blob

    def release_claim(self, request: ReleaseClaim) -> None:
        self._transport.call("blobs.release_claim", request)

    def get_artifact(self, request: GetArtifact) -> Artifact:
        artifact: Artifact = self._transport.call("blobs.get_artifact", request)
        return artifact

    def read_head(self, request: GetArtifact, count: int) -> bytes:
        route = ROUTE_OF["blobs.download"]
        path, _ = split_request(route, request)
        return self._transport.head(route, path, count)

    def download(self, request: GetArtifact, target: Path, progress: Progress | None = None) -> Path:
        """Large files come straight from the store where that can be. What is cut is gone on with."""
        artifact = self.get_artifact(request)
        digest = artifact.digest or ""
        route = ROUTE_OF["blobs.download"]
        path, _ = split_request(route, request)
        through = self._transport.source(route, path, digest)
        source = straight_source(self._uploads, self._reach, request, artifact, through)
        return fetch(source, digest, target, progress)

    def sign_download(self, request: SignDownload) -> DownloadLink:
        link: DownloadLink = self._transport.call("blobs.sign_download", request)
        return link


def _blocks(source: Path, progress: Progress | None) -> Iterator[bytes]:
    """The file's bytes. Invalid when it is none, or changes while it is read: its end is never sent then."""
    with open_source(source) as opened:
        copied, size = 0, opened.before.st_size  # of one that grows, no more than it had: it is refused
        while block := os.read(opened.handle, min(CHUNK, size - copied)):
            copied += len(block)
            if progress:  # before it goes: who sees nothing of it knows that nobody was there
                progress(len(block))
            yield block
        opened.check_unchanged(copied)
