"""Who comes with a token: access tokens are looked up, what we have signed says it itself."""

from __future__ import annotations

import contextlib
import hmac
import re
from typing import Any

from msgspec.structs import replace

from ..backends.access.protocol import AccessBackend
from ..backends.gpus.protocol import GpuBackend
from ..domain.access import EVERYWHERE, SCOPE_RIGHTS, SESSION_RIGHTS, AccessToken
from ..domain.changes import Put
from ..domain.records import now_ms
from ..errors import Conflict, NotFound, Unauthenticated, Unavailable
from .callers import Caller
from .settings import Settings
from .signing import Signer, claims_to_be_ours
from .tokens import MARK, digest_of

USE_INTERVAL = 60_000
"""Milliseconds: how exactly a token's last use is kept. Each note costs a write."""

_NOBODY = digest_of("")
_ID = re.compile(r"[0-9a-f]{32}")
_NO_ID = "0" * 32


class Credentials:
    """Judges what a request comes with; `services.rights` says what of it the caller's role allows."""

    def __init__(self, access: AccessBackend, gpus: GpuBackend, settings: Settings, signer: Signer) -> None:
        self._access = access
        self._gpus = gpus
        self._settings = settings
        self._signer = signer

    def is_ours(self, text: str) -> bool:
        """Whether it looks like one of ours; all others are Jupyter's to judge."""
        return self.is_access_token(text) or claims_to_be_ours(text)

    def is_access_token(self, text: str) -> bool:
        """Whether it is to be looked up in the store; all others of ours were signed."""
        return text.startswith(MARK)

    def check(self, text: str) -> Caller:
        """Who comes with this token, with the rights of the token alone. Unauthenticated."""
        if self.is_access_token(text):
            return self._by_access_token(text)
        claims = self._signer.read("session", text)
        return self._by_claims(claims, Caller(rights=SESSION_RIGHTS, runs=frozenset(claims["runs"])))

    def check_link(self, text: str, project: str, artifact: str) -> Caller:
        """Who has signed the address of this artifact's bytes, with the right to read. Unauthenticated."""
        claims = self._signer.read("download", text)
        if (claims["project"], claims["artifact"]) != (project, artifact):
            raise Unauthenticated("link: it is another file's; ask for a new one")
        return self._by_claims(claims, Caller(rights=SCOPE_RIGHTS["read"]))

    def _by_claims(self, claims: dict[str, Any], caller: Caller) -> Caller:
        """Bound to what it was signed with: it ends with that."""
        rights = caller.rights
        if claims["session"] and not self._lives(claims["session"]):
            raise Unauthenticated("token: its GPU session has ended")
        if claims["token"]:
            rights &= self._living(claims["token"]).rights
        return replace(
            caller,
            user=claims["user"],
            rights=rights,
            project=claims["project"],
            token=claims["token"],
            session=claims["session"],
            is_owner=claims["owner"],
        )

    def _by_access_token(self, text: str) -> Caller:
        id, _, secret = text.removeprefix(MARK).partition("_")
        try:
            token = self._access.get(AccessToken, EVERYWHERE, id if _ID.fullmatch(id) else _NO_ID)
        except NotFound:
            token = None
        # Compared in any case: an unknown id takes as long as a wrong secret.
        same = hmac.compare_digest(digest_of(secret), token.digest if token else _NOBODY)
        if token is None or not same or token.expires <= now_ms():
            raise _refused()
        self._note_use(token)
        return _caller(token)

    def _lives(self, session: str) -> bool:
        return any(each.id == session and each.state != "dead" for each in self._gpus.sessions())

    def _living(self, id: str) -> Caller:
        try:
            token = self._access.get(AccessToken, EVERYWHERE, id)
        except NotFound as error:
            raise _refused() from error
        if token.expires <= now_ms():
            raise _refused()
        return _caller(token)

    def _note_use(self, token: AccessToken) -> None:
        now = now_ms()
        if now - token.last_used < USE_INTERVAL:
            return
        # It was revoked, or somebody else notes it, this very moment; or the store takes no writes now.
        with contextlib.suppress(Conflict, Unavailable):
            self._access.apply([Put(replace(token, last_used=now))], {token.id: token.revision})


def _caller(token: AccessToken) -> Caller:
    rights = SCOPE_RIGHTS[token.scope]
    return Caller(user=token.owner, rights=rights, project=token.of_project, token=token.id, is_owner=False)


def _refused() -> Unauthenticated:
    return Unauthenticated("token: it is not valid here, or not any more; make a new one with %aip token new")
