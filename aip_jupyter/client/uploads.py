"""How bytes come, over HTTP: the requests."""

from __future__ import annotations

from ..domain.artifacts import Blob, GetArtifact
from ..domain.uploads import AbortUpload, BeginUpload, ContentAddress, FinishUpload, UploadOffer
from .transport import Transport


class HttpUploads:
    """`Uploads` over HTTP."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def begin_upload(self, request: BeginUpload) -> UploadOffer:
        offer: UploadOffer = self._call("uploads.begin_upload", request)
        return offer

    def finish_upload(self, request: FinishUpload) -> Blob:
        blob: Blob = self._call("uploads.finish_upload", request)
        return blob

    def abort_upload(self, request: AbortUpload) -> None:
        self._call("uploads.abort_upload", request)

    def get_address(self, request: GetArtifact) -> ContentAddress:
        address: ContentAddress = self._call("uploads.get_address", request)
        return address
