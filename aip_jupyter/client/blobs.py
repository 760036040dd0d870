"""Bytes over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..backends.storage.protocol import Progress
from ..domain.access import DownloadLink, SignDownload
from ..domain.artifacts import Artifact, Blob, GetArtifact, ReleaseClaim, UploadBlob
from ..errors import Invalid
from ..wire.requests import split_request
from ..wire.routes import CHUNK
from .transport import ROUTE_OF, Transport


class HttpBlobs:
    """`Blobs` over HTTP."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(self, request: UploadBlob, source: Path | bytes, progress: Progress | None = None) -> Blob:
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

    def download(self, request: GetArtifact, target: Path, progress: Progress | None = None) -> Path:
        digest = self.get_artifact(request).digest or ""
        route = ROUTE_OF["blobs.download"]
        path, _ = split_request(route, request)
        return self._transport.stream(route, path, target, digest, progress)

    def sign_download(self, request: SignDownload) -> DownloadLink:
        link: DownloadLink = self._transport.call("blobs.sign_download", request)
        return link


def _blocks(source: Path, progress: Progress | None) -> Iterator[bytes]:
    try:
        with source.open("rb") as file:
            while block := file.read(CHUNK):
                yield block
                if progress:
                    progress(len(block))
    except OSError as error:
        raise Invalid(f"{source}: cannot be read ({error.strerror})", field=str(source)) from error
