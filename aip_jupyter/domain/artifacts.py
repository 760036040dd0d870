"""Artifacts (files of a version or a run), blobs (their bytes), claims (bytes on their way to a record)."""

from __future__ import annotations

from msgspec import Struct

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
    """A file of a version: stored (path, size, digest) or external (a URI, perhaps a digest)."""

    owner_id: str
    """The id of its version."""
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
