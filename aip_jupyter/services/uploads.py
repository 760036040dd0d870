"""How bytes come, and where they are: what passes through the server, and what need not, in process."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from ..backends.process import this_process
from ..backends.storage.direct import DirectStorage, DirectUpload, direct_of
from ..domain import names
from ..domain.artifacts import Artifact, Blob, GetArtifact
from ..domain.query import Compare, all_of
from ..domain.uploads import (
    DIRECT,
    AbortUpload,
    BeginUpload,
    ContentAddress,
    FinishUpload,
    UploadOffer,
)
from ..errors import Invalid, NotFound, Unauthenticated
from .blobs import LocalBlobs
from .callers import Caller
from .deletion import LIVE
from .finding import records_of

if TYPE_CHECKING:
    from .local import Platform

LIFETIME = 86400.0
"""Seconds in which an upload can be taken up again; then what has arrived is swept."""


class LocalUploads:
    """`services.interface.Uploads` over a registry, a tracking and a storage backend."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self._blobs = LocalBlobs(platform, caller)
        self._records = (platform.registry, platform.tracking)
        self._storage = platform.storage
        self._direct = direct_of(platform.storage)
        self._signer = platform.signer
        self._caller = caller

    def begin_upload(self, request: BeginUpload) -> UploadOffer:
        """How bytes are to come."""
        names.check_id(request.claim, "claim")
        if request.size < 0:
            raise Invalid("size: must be the number of bytes", field="size")
        direct = self._direct
        sent_there = request.direct and direct is not None and DIRECT <= request.size <= direct.most
        if not request.digest:
            known = sent_there or self._is_named(request.project, Compare("size", "=", request.size))
            return UploadOffer(state="digest" if known else "here")
        names.check_digest(request.digest, "digest")
        if blob := self._held(request):
            return UploadOffer(state="present", blob=blob)
        if direct is None or not sent_there:
            return UploadOffer(state="here")
        upload = self._again(request, direct)
        if upload is None:
            upload = direct.begin(request.digest, request.size, request.parts)
            return self._offer(direct, upload, self._signed(request, upload))
        return self._offer(direct, upload, request.upload)

    def finish_upload(self, request: FinishUpload) -> Blob:
        """Verify what has arrived, and publish it."""
        names.check_id(request.claim, "claim")
        direct, upload = self._read(request)
        holder = request.holder or this_process()
        return direct.finish(upload, request.claim, request.project, holder)

    def abort_upload(self, request: AbortUpload) -> None:
        """Drop what has arrived."""
        direct, upload = self._read(request)
        direct.abort(upload)

    def get_address(self, request: GetArtifact) -> ContentAddress:
        """Where an artifact's bytes can be fetched."""
        artifact = self._blobs.get_artifact(request)
        if artifact.digest is None or artifact.uri is not None or self._direct is None:
            return ContentAddress()
        name = artifact.path.rsplit("/", 1)[-1]
        return ContentAddress(url=self._direct.address(artifact.digest, name), ca=self._direct.ca)

    def browser_address(self, request: GetArtifact) -> ContentAddress:
        """The same for a browser; "" where browsers do not reach the store."""
        if self._direct is None or not self._direct.browsers:
            return ContentAddress()
        return self.get_address(request)

    def _offer(self, direct: DirectStorage, upload: DirectUpload, name: str) -> UploadOffer:
        parts, more = direct.addresses(upload)
        return UploadOffer(state="direct", upload=name, parts=parts, more=more, ca=direct.ca)

    def _held(self, request: BeginUpload) -> Blob | None:
        """Hold bytes that a record of this very project names; who only knows a digest has to send them."""
        if not self._is_named(request.project, Compare("digest", "=", request.digest)):
            return None
        holder = request.holder or this_process()
        try:
            blob = self._storage.hold(request.digest, request.claim, request.project, holder)
        except NotFound:  # the check of the store tells of it; here they come again
            return None
        return blob if blob.size == request.size else None

    def _is_named(self, project: str, what: Compare) -> bool:
        """Whether we have stored such bytes for the project. Of what is elsewhere any digest may be said."""
        where = all_of([what, LIVE])
        found = (records_of(backend, Artifact, project, where) for backend in self._records)
        return any(artifact.uri is None for artifact in chain.from_iterable(found))

    def _signed(self, request: BeginUpload, upload: DirectUpload) -> str:
        said = msgspec.to_builtins(upload)
        project, user = request.project, self._caller.user
        return self._signer.sign("upload", LIFETIME, project=project, user=user, said=said).text

    def _again(self, request: BeginUpload, direct: DirectStorage) -> DirectUpload | None:
        """The upload to go on with. None when there is none, it has ended, or this is another one."""
        if not request.upload:
            return None
        try:
            _, upload = self._read(request)
            direct.addresses(upload)
        except Invalid:
            return None
        same = (upload.digest, upload.size) == (request.digest, request.size)
        return upload if same and not (request.parts and not upload.id) else None

    def _read(self, request: Any) -> tuple[DirectStorage, DirectUpload]:
        """The upload that a request names. Invalid when it is not its project's and user's, or over."""
        message = "upload: it is over, or is not yours; begin another"
        if self._direct is None:
            raise Invalid(message, field="upload")
        try:
            said = self._signer.read("upload", request.upload)
            if (said["project"], said["user"]) != (request.project, self._caller.user):
                raise Invalid(message, field="upload")
            return self._direct, msgspec.convert(said["said"], DirectUpload)
        except (Unauthenticated, KeyError, msgspec.ValidationError):
            raise Invalid(message, field="upload") from None
