"""Bytes that go straight between a kernel or browser and the store, without passing through the server."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from .artifacts import Blob
from .records import DEFAULT_PROJECT, Request

DIRECT = 8 * 2**20
"""Bytes of the smallest file that is worth more than one request."""


class PartAddress(Struct, frozen=True, kw_only=True):
    """Where to put one part of a file, for some minutes. The address is a key: never shown, never logged."""

    number: int
    start: int
    size: int
    """Bytes."""
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    """To be sent as they are: they are signed."""

    def __repr__(self) -> str:
        """Without the address."""
        return f"PartAddress(number={self.number}, start={self.start}, size={self.size})"


class BeginUpload(Request, frozen=True, kw_only=True):
    """Ask how bytes are to come under a claim; again when addresses have expired, or parts are missing."""

    project: str = DEFAULT_PROJECT
    claim: str
    holder: str = ""
    size: int
    """Bytes."""
    digest: str = ""
    """SHA-256; "" while nobody has computed it: the reply says whether it is worth it."""
    upload: str = ""
    """What the reply before this one called the upload, to go on with it."""
    direct: bool = True
    """Whether whoever sends them may reach the store itself."""
    parts: bool = False
    """In parts, of which those that have arrived stay: for whoever was cut."""


class UploadOffer(Struct, frozen=True, kw_only=True):
    """How bytes are to come. Holds addresses that are keys: never shown, never logged."""

    state: Literal["digest", "present", "direct", "here"]
    """`digest`: compute it and ask again; `present`: the claim holds these bytes already; `direct`: send the
    parts to their addresses; `here`: send them to the server."""
    blob: Blob | None = None
    """What the claim holds."""
    upload: str = ""
    """Names the upload, for a day."""
    parts: list[PartAddress] = field(default_factory=list)
    """What is missing, as far as one reply tells; none when all have arrived."""
    more: bool = False
    """Whether others are missing too: ask again for those."""
    ca: str = ""
    """The certificates to trust there, in PEM; "" for the system's."""

    def __repr__(self) -> str:
        """Without the addresses."""
        return f"UploadOffer(state={self.state!r}, parts={len(self.parts)})"


class FinishUpload(Request, frozen=True, kw_only=True):
    """All parts have arrived: verify them, and publish the bytes under the claim."""

    project: str = DEFAULT_PROJECT
    claim: str
    holder: str = ""
    upload: str


class AbortUpload(Request, frozen=True, kw_only=True):
    """Drop what has arrived of an upload."""

    project: str = DEFAULT_PROJECT
    upload: str


class ContentAddress(Struct, frozen=True, kw_only=True):
    """Where to fetch an artifact's bytes, for some minutes. A key: never shown, never logged."""

    url: str = ""
    """"" when only the server has them."""
    ca: str = ""
    """The certificates to trust there, in PEM; "" for the system's."""

    def __repr__(self) -> str:
        """Without the address."""
        return f"ContentAddress(direct={bool(self.url)})"
