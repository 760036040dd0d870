"""Bytes on their way in and out, in process."""

from __future__ import annotations

import functools
import hashlib
import os
import shlex
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote

from ..backends.process import this_process
from ..backends.registry.protocol import RegistryBackend
from ..backends.storage.protocol import Progress, Staging, StorageBackend
from ..backends.tracking.protocol import TrackingBackend
from ..domain import names
from ..domain.access import DownloadLink, SignDownload
from ..domain.artifacts import Artifact, Blob, GetArtifact, ReleaseClaim, UploadBlob
from ..domain.records import new_id
from ..errors import Invalid, NotFound, Unavailable
from .callers import Caller, claims_of
from .finding import named_digests, open_intents

if TYPE_CHECKING:
    from .local import Platform

LINK = "signature"
"""The argument of an address that has the signature."""
MIN_LIFETIME, MAX_LIFETIME = 1.0, 3600.0
"""Seconds that a signed address may last."""
BLOCK = 4 * 2**20


class LocalBlobs:
    """`services.interface.Blobs` over a registry and a storage backend."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self._registry = platform.registry
        self._tracking = platform.tracking
        self._storage = platform.storage
        self._signer = platform.signer
        self._caller = caller

    def stage(self, request: UploadBlob) -> Staging:
        """Begin an upload whose bytes come piece by piece."""
        names.check_id(request.claim, "claim")
        if request.digest:
            names.check_digest(request.digest, "digest")
        return self._storage.stage(request.claim, request.project, request.holder or this_process())

    def upload(self, request: UploadBlob, source: Path | bytes, progress: Progress | None = None) -> Blob:
        """Store a file or bytes under a claim."""
        if isinstance(source, bytes):
            with self.stage(request) as staging:
                staging.write(source)
                return staging.commit(request.digest)
        names.check_id(request.claim, "claim")
        holder = request.holder or this_process()
        return self._storage.put_file(source, request.claim, request.project, holder, progress)

    def release_claim(self, request: ReleaseClaim) -> None:
        """Give up a claim, and remove what only it held."""
        names.check_id(request.claim, "claim")
        try:
            claim = self._storage.get_claim(request.claim)
        except NotFound:
            return
        if claim.project == request.project:
            drop_claim(self._registry, self._tracking, self._storage, claim.id)

    def get_artifact(self, request: GetArtifact) -> Artifact:
        """An artifact's record."""
        names.check_id(request.artifact, "artifact")
        try:
            artifact = self._registry.get(Artifact, request.project, request.artifact)
        except NotFound:  # it may be a run's
            artifact = self._tracking.get(Artifact, request.project, request.artifact)
        if artifact.state == "ARCHIVED":
            restored = f"%restore_artifact {artifact.owner_id} {shlex.quote(artifact.path)}"
            message = f"artifact: {artifact.path!r} was deleted; {restored} brings it back"
            raise NotFound(message, field="artifact")
        return artifact

    def open(self, request: GetArtifact) -> tuple[Artifact, BinaryIO]:
        """The record and its bytes, for whoever sends them on."""
        artifact = self.get_artifact(request)
        if artifact.digest is None or artifact.uri is not None:
            message = f"artifact: {artifact.path!r} is not stored here but at {artifact.uri}; fetch it there"
            raise Invalid(message, field="artifact")
        return artifact, self._storage.open(artifact.digest)

    def read_head(self, request: GetArtifact, count: int) -> bytes:
        """The first bytes."""
        _, source = self.open(request)
        with source:
            return source.read(count)

    def download(self, request: GetArtifact, target: Path, progress: Progress | None = None) -> Path:
        """Write the bytes to `target`: verified, published atomically."""
        artifact, source = self.open(request)
        with source:
            blocks = iter(lambda: source.read(BLOCK), b"")
            return write_verified(blocks, artifact.digest or "", target, progress)

    def sign_download(self, request: SignDownload) -> DownloadLink:
        """An address that gives the bytes to whoever has it."""
        if not MIN_LIFETIME <= request.lifetime <= MAX_LIFETIME:
            raise Invalid("lifetime: must be between a second and an hour", field="lifetime")
        artifact = self.get_artifact(GetArtifact(project=request.project, artifact=request.artifact))
        claims = {"project": artifact.project, "artifact": artifact.id}
        signed = self._signer.sign("download", request.lifetime, **claims, **claims_of(self._caller))
        project = quote(artifact.project, safe="")
        path = f"aip/v1/projects/{project}/artifacts/{artifact.id}/content?{LINK}={signed.text}"
        return DownloadLink(path=path, expires=signed.expires)


def drop_claim(
    registry: RegistryBackend, tracking: TrackingBackend, storage: StorageBackend, claim: str
) -> list[str]:
    """Give up a claim and remove the blobs that no record and no other claim holds; their digests.

    A request may be under way that records what this very claim holds: then nothing is done. It writes its
    intent, then looks whether its claim is there; here the claim is renamed, then come the intents once more.
    So either it sees that its claim is gone, or this sees the intent and keeps the bytes for the record that
    may come. Under its new name the claim holds them all the while: whatever is cut here, or there, is found
    and finished by the next check.
    """

    def is_under_way() -> bool:
        return any(intent.target == claim for intent in open_intents(registry))

    before = time.time()
    if is_under_way():
        return []
    try:
        held = storage.rename_claim(claim, new_id())
    except NotFound:  # somebody else gives it up
        return []
    if is_under_way():
        return []
    # Claims before records: who claims the same bytes and is done in between is in one of the two.
    wanted = set(held.digests)
    wanted.difference_update(*(other.digests for other in storage.claims() if other.id != held.id))
    wanted.difference_update(named_digests(registry, tracking))
    removed = [digest for digest in sorted(wanted) if storage.remove(digest, before, beside=held.id)]
    storage.release(held.id)
    return removed


def write_verified(
    blocks: Iterable[bytes], digest: str, target: Path, progress: Progress | None = None
) -> Path:
    """Write to `target` by way of a temporary file beside it; nothing appears unless the digest is right.

    Raises Unavailable when the bytes are not those of the digest, or cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".aip-", dir=target.parent)
        try:
            found = _write_hashed(handle, blocks, progress)
            if found != digest:
                message = f"{target.name}: the stored bytes are damaged; %aip check tells what else is"
                raise Unavailable(message)
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, target)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(f"{target}: cannot be written ({error.strerror}); choose another folder") from error
    return target


def _write_hashed(handle: int, blocks: Iterable[bytes], progress: Progress | None) -> str:
    hasher = hashlib.sha256()
    with os.fdopen(handle, "wb") as out:
        for block in blocks:
            hasher.update(block)
            out.write(block)
            if progress:
                progress(len(block))
    return hasher.hexdigest()


@functools.cache
def _umask() -> int:
    """The process' own; it can only be read by setting it, so for a moment to the strictest."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
