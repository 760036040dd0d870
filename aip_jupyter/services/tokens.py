"""Access tokens in process: making, listing, revoking."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from msgspec import Struct

from ..domain import names
from ..domain.access import (
    EVERYWHERE,
    SCOPE_RIGHTS,
    AccessToken,
    CreateToken,
    GetToken,
    ListTokens,
    NewToken,
    SecretText,
    TokenInfo,
)
from ..domain.changes import Delete, Put
from ..domain.query import Compare, all_of
from ..domain.records import new_id, now_ms
from ..errors import Conflict, Denied, Invalid, NotFound
from .callers import Caller, author_of
from .finding import nearest, records_of

if TYPE_CHECKING:
    from .local import Platform

MARK = "aip_"
"""How every access token begins, so that scanners for secrets know it."""
MIN_LIFETIME, MAX_LIFETIME = 60.0, 366 * 86400.0
"""Seconds."""
PICKUP = 600.0
"""Seconds for which a new token's text waits for the page that shows it."""
_SECRET_BYTES = 32


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class _Waiting(Struct, frozen=True):
    text: str
    user: str
    until: float


class Pickups:
    """The texts of new tokens, in this process's memory only, each until it is picked up once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}

    def put(self, id: str, text: str, user: str) -> None:
        """Keep it for this user."""
        with self._lock:
            now = time.monotonic()
            self._waiting = {key: each for key, each in self._waiting.items() if each.until > now}
            self._waiting[id] = _Waiting(text, user, now + PICKUP)

    def take(self, id: str, users: Collection[str]) -> str | None:
        """The text, this once; None when it is gone, or none of these users'."""
        with self._lock:
            found = self._waiting.get(id)
            if found is None or found.user not in users or found.until <= time.monotonic():
                return None
            return self._waiting.pop(id).text


class LocalTokens:
    """`services.interface.Tokens` over an access backend."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self._access = platform.access
        self._settings = platform.settings
        self._pickups = platform.pickups
        self._is_server = platform.mode == "server"
        self._caller = caller

    def list_tokens(self, request: ListTokens) -> list[TokenInfo]:
        """The caller's own, the newest first; for who administers the project, all."""
        found = sorted(self._visible(request.project), key=lambda token: token.id, reverse=True)
        return [_info(token) for token in found]

    def create_token(self, request: CreateToken) -> NewToken:
        """Make one. It never has more rights than who makes it."""
        names.check_model_name(request.name, "name")
        if not MIN_LIFETIME <= request.lifetime <= MAX_LIFETIME:
            raise Invalid("lifetime: must be between a minute and 366 days", field="lifetime")
        if excess := SCOPE_RIGHTS[request.scope] - self._caller.rights:
            message = f"scope: you have not the right to {sorted(excess)[0]} in {request.project!r} yourself"
            raise Denied(f"{message}; choose a smaller scope", field="scope")
        if self._settings.admins and self._caller.is_owner and not self._caller.user:
            raise Denied("nobody would be known to have this token; make it where you are logged in by name")
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        token = AccessToken(
            id=new_id(),
            author=author_of(request.author, self._settings.user, self._caller),
            created=now_ms(),
            name=request.name,
            of_project=request.project,
            owner=self._caller.user,
            scope=request.scope,
            digest=digest_of(secret),
            expires=now_ms() + round(request.lifetime * 1000),
        )
        try:
            self._access.apply([Put(token)], {token.id: 0})
        except Conflict as error:
            message = (
                f"name: {request.project!r} has a token {request.name!r} already; revoke it first, with "
            )
            raise Conflict(f"{message}%aip token revoke {request.name}", field="name") from error
        text = f"{MARK}{token.id}_{secret}"
        if self._is_server:
            self._pickups.put(token.id, text, self._caller.user)
        return NewToken(info=_info(token), text=text)

    def pick_up_token(self, request: GetToken) -> SecretText:
        """The text of a token that the caller has just made, once."""
        # What a kernel has made is its owner's, who has a name in the browser perhaps.
        users = {self._caller.user, ""} if self._caller.is_owner else {self._caller.user}
        text = self._pickups.take(self._named(request).id, users)
        if text is None:
            message = "token: its secret was shown already; revoke it, and make a new one"
            raise NotFound(message, field="token")
        return SecretText(text=text)

    def revoke_token(self, request: GetToken) -> None:
        """End it at once."""
        self._access.apply([Delete(AccessToken, self._named(request).id)])

    def _named(self, request: GetToken) -> AccessToken:
        """By id, else by name: one's own first, and of others' only where no other is meant."""
        visible = self._visible(request.project)
        by_id = [token for token in visible if token.id == request.token]
        by_name = [token for token in visible if token.name == request.token]
        own = [token for token in by_name if token.owner == self._caller.user]
        found = by_id or own or by_name
        if len(found) == 1:
            return found[0]
        if found:
            whose = ", ".join(f"{token.owner}'s is {token.id}" for token in found)
            raise Conflict(f"token: several have this name; give the id: {whose}", field="token")
        known = [token.name for token in visible]
        near = nearest(request.token, known) or known[:5]
        advice = f"; there is {', '.join(near)}" if near else "; there is none yet"
        message = f"token: project {request.project!r} has none named {request.token[:80]!r}{advice}"
        raise NotFound(message, field="token", nearest=near)

    def _visible(self, project: str) -> list[AccessToken]:
        terms = [Compare("of_project", "=", project)]
        if "admin" not in self._caller.rights:
            terms.append(Compare("owner", "=", self._caller.user))
        return list(records_of(self._access, AccessToken, EVERYWHERE, all_of(terms)))


def _info(token: AccessToken) -> TokenInfo:
    return TokenInfo(
        id=token.id,
        project=token.of_project,
        name=token.name,
        scope=token.scope,
        author=token.owner or token.author,
        created=token.created,
        expires=token.expires,
        last_used=token.last_used,
        is_expired=token.expires <= now_ms(),
    )
