"""A storage that its clients may reach themselves: by addresses for some minutes, each for one thing."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from ...domain.artifacts import Blob
from ...domain.uploads import PartAddress


class DirectUpload(Struct, frozen=True, kw_only=True):
    """Bytes on their way into staging. What it says is the server's to keep from being changed."""

    key: str
    id: str = ""
    """Of the upload in parts; "" when it is one request."""
    digest: str
    """What the whole is to have."""
    size: int
    part: int
    """Bytes of each part but the last one."""


class DirectStorage(Protocol):
    """A part of a `StorageBackend` that says `presigned`: its attribute `direct`.

    What arrives is in staging, and is nobody's until `finish` has verified it: addresses that get into wrong
    hands are of no use but to send these very bytes, or to spoil this one upload.
    """

    @property
    def most(self) -> int:
        """Bytes of the largest upload."""

    @property
    def ca(self) -> str:
        """The certificates that clients have to trust, in PEM; "" for those that they trust anyway."""

    @property
    def browsers(self) -> bool:
        """Whether browsers reach it too."""

    def begin(self, digest: str, size: int, in_parts: bool) -> DirectUpload:
        """Make room in staging, for a day."""

    def addresses(self, upload: DirectUpload) -> tuple[list[PartAddress], bool]:
        """Where to put what is missing, the first of it; and whether there is more.

        Invalid when the upload has ended.
        """

    def finish(self, upload: DirectUpload, claim: str, project: str, holder: str) -> Blob:
        """Verify the whole, and publish it under the claim. Whoever repeats it gets the same.

        Invalid when something is missing, or the bytes are others; then nothing is kept of them.
        """

    def abort(self, upload: DirectUpload) -> None:
        """Drop what has arrived. What has ended is no error."""

    def address(self, digest: str, name: str) -> str:
        """Where the bytes can be fetched, as a download of this name that no browser runs."""


def direct_of(storage: object) -> DirectStorage | None:
    """The storage's own way for clients, if it has one."""
    found: DirectStorage | None = getattr(storage, "direct", None)
    return found
