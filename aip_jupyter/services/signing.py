"""What the server signs and reads again: tokens of sessions, and addresses of downloads.

JSON Web Tokens (RFC 7519) with a key of this home. Nothing is stored of them: they say themselves what they
are for and until when. Whoever reads one also looks whether what it was made with still holds.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Literal

from ..backends.private import make_private
from ..domain.access import DerivedToken
from ..errors import Unauthenticated, Unavailable

Purpose = Literal["session", "download", "upload"]
_ALGORITHM = "HS256"
_KEY_BYTES = 32
_KEY_ID = "aip"
"""Stands in the head of each, so that a site's own tokens of this form are told apart."""


class Signer:
    """Signs with the key in this home, which is made at first use."""

    def __init__(self, home: Path) -> None:
        self._path = home / "signing.key"
        self._lock = threading.Lock()
        self._key = b""

    def sign(self, purpose: Purpose, lifetime: float, **claims: Any) -> DerivedToken:
        """A token for this purpose, for so many seconds."""
        import jwt

        expires = time.time() + lifetime
        said = {**claims, "aud": purpose, "exp": expires}
        text = jwt.encode(said, self._signing_key(), _ALGORITHM, headers={"kid": _KEY_ID})
        return DerivedToken(text=text, expires=round(expires * 1000))

    def read(self, purpose: Purpose, text: str) -> dict[str, Any]:
        """What a token says. Unauthenticated when it is not ours, not for this, or over."""
        import jwt

        try:
            claims: dict[str, Any] = jwt.decode(
                text,
                self._signing_key(),
                algorithms=[_ALGORITHM],
                audience=purpose,
                options={"require": ["exp", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated("token: it is not valid, or its time is over; get a new one") from error
        return claims

    def _signing_key(self) -> bytes:
        with self._lock:
            if not self._key:
                try:
                    self._key = _read_or_make(self._path)
                except OSError as error:
                    message = f"{self._path}: cannot be used ({error.strerror}); it must belong to you"
                    raise Unavailable(message) from error
            return self._key


def claims_to_be_ours(text: str) -> bool:
    """Whether it says that it was signed here; whether that is true, `Signer.read` says."""
    if text.count(".") != 2:
        return False
    import jwt

    try:
        return bool(jwt.get_unverified_header(text).get("kid") == _KEY_ID)
    except (jwt.PyJWTError, RecursionError):
        return False


def _read_or_make(path: Path) -> bytes:
    """The key; of several processes that make it at once, one wins."""
    if not path.exists():
        make_private(path.parent)
        handle, temporary = tempfile.mkstemp(prefix=".signing-", dir=path.parent)  # made 0600
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(secrets.token_bytes(_KEY_BYTES))
                out.flush()
                os.fsync(out.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            os.unlink(temporary)
    key = path.read_bytes()
    if len(key) != _KEY_BYTES or path.stat().st_mode & 0o077:
        raise Unavailable(f"{path}: is damaged, or others may read it; remove it to have a new one made")
    return key
