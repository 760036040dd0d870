"""Artifacts (files of a version or a run), blobs (their bytes), claims (bytes on their way to a record)."""

from __future__ import annotations

import hashlib

from msgspec import Struct, field

from .records import DEFAULT_PROJECT, Record, Request


class FileRef(Struct, frozen=True, kw_only=True):
    """A file named by its content: what a registration lists."""

    path: str
    """Relative, `/` between folders."""
    digest: str
    """SHA-256, 64 hex digits."""
    size: int
    """Bytes."""
    media_type: str = ""


class Artifact(Record, frozen=True, kw_only=True):
    """A file of a version or a run: stored (path, size, digest) or external (a URI, perhaps a digest)."""

    owner_id: str
    """The id of its version or run."""
    path: str
    size: int | None = None
    digest: str | None = None
    uri: str | None = None
    media_type: str = ""


class Blob(Struct, frozen=True, kw_only=True):
    """Stored bytes, named by their SHA-256."""

    digest: str
    size: int


class Claim(Struct, frozen=True, kw_only=True):
    """Keeps blobs from being collected until a record names them."""

    id: str
    project: str
    holder: str
    """The process it works for; when that is dead, the claim may be dropped."""
    created: int
    """Milliseconds since the epoch."""
    digests: list[str]


class UploadBlob(Request, frozen=True, kw_only=True):
    """Store bytes under a claim."""

    project: str = DEFAULT_PROJECT
    claim: str
    holder: str = ""
    digest: str = ""
    """What the bytes must hash to; unchecked when empty."""


class ReleaseClaim(Request, frozen=True, kw_only=True):
    """Give up a claim: its bytes may be collected unless a record names them."""

    project: str = DEFAULT_PROJECT
    claim: str


class GetArtifact(Request, frozen=True, kw_only=True):
    """An artifact by its id."""

    project: str = DEFAULT_PROJECT
    artifact: str


class ExternalFile(Struct, frozen=True, kw_only=True):
    """A file that is elsewhere, and stays there."""

    path: str
    """What it is called in the run: as in `FileRef`."""
    uri: str
    digest: str = ""
    """SHA-256, 64 hex digits; "" when it is not known."""
    size: int | None = None
    """Bytes."""
    media_type: str = ""


class LogArtifacts(Request, frozen=True, kw_only=True):
    """Record files of a run. What the run has at one of their paths already is replaced."""

    project: str = DEFAULT_PROJECT
    run: str
    """The run's id. It may not be stored yet: what is logged of it comes by another way."""
    claim: str = ""
    """The id of the claim that the bytes of `files` were uploaded under; "" when there are none. It ends with
    this request."""
    files: list[FileRef] = field(default_factory=list)
    external: list[ExternalFile] = field(default_factory=list)
    author: str | None = None


class ListArtifacts(Request, frozen=True, kw_only=True):
    """One page of a run's artifacts, by path."""

    project: str = DEFAULT_PROJECT
    run: str
    """The run's id or name."""
    path: str = ""
    """Only this file, or what is in this folder."""
    deleted: bool = False
    """Those that were deleted, and can be restored, instead of the others."""
    limit: int = 100
    page_token: str = ""


class ArtifactPage(Struct, frozen=True, kw_only=True):
    """One page of artifacts, and how many there are of the run on all pages together."""

    items: list[Artifact]
    next_page_token: str = ""
    """Give it back for the page after this one; empty on the last one."""
    count: int = 0
    """Of the whole run, whatever was asked for."""
    size: int = 0
    """Bytes of the whole run, as far as sizes are known."""


class GetArtifacts(Request, frozen=True, kw_only=True):
    """A run's artifact by its path, or all in the folder of that path."""

    project: str = DEFAULT_PROJECT
    run: str
    """The run's id or name."""
    path: str


class Changed(Struct, frozen=True, kw_only=True):
    """What a change concerned."""

    count: int
    """Artifacts."""
    size: int
    """Bytes, as far as sizes are known."""


def artifact_id(run: str, path: str) -> str:
    """The id of what a run has at a path: logged again there, it is the same record."""
    return hashlib.sha256(f"{run}\0{path}".encode()).hexdigest()[:32]
