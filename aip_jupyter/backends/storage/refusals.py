"""What every storage backend says in the same words."""

from __future__ import annotations

from ...errors import Conflict, Invalid, NotFound


def no_blob(digest: str) -> NotFound:
    """There are no such bytes."""
    return NotFound(f"digest: there are no bytes with the digest {digest}; upload them", field="digest")


def no_claim(claim: str) -> NotFound:
    """There is no such claim."""
    return NotFound(f"claim: there is no claim {claim}; begin the upload again", field="claim")


def foreign_claim(claim: str) -> Conflict:
    """The claim's id is another project's."""
    message = f"claim: {claim} belongs to another project; upload again under a new claim"
    return Conflict(message, field="claim")


def wrong_digest(found: str, expected: str) -> Invalid:
    """The bytes are not those that were announced."""
    message = f"digest: the bytes that arrived have {found}, not {expected[:80]!r}; send the file again"
    return Invalid(message, field="digest")


def upload_ended() -> Invalid:
    """A write or commit after commit, abort or an error."""
    return Invalid("storage: this upload has ended; begin another")
