"""What a request comes with, and whose it is when it is one of ours. All else is Jupyter's to judge.

`Authorization: Bearer` or `token`, `Basic` (the password is the token, whatever the user), and the signature
of a signed address. No credential is ever logged or repeated in an answer.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import os
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urlsplit

from jupyter_server.auth import IdentityProvider, User
from tornado import web
from tornado.httputil import HTTPServerRequest

from ..services.blobs import LINK
from ..services.callers import Caller
from ..services.rights import is_owner

if TYPE_CHECKING:
    from .handlers import ApiHandler

REFUSAL = 0.025
"""Seconds from a request's arrival to the refusal of what it came with, so that the time does not tell which
check refused it. One that came with nothing is refused at once.
"""

NAMELESS = "Anonymous "
"""How the names begin that Jupyter makes up for whoever comes with its token or password."""


class Presented(NamedTuple):
    """A credential as it came."""

    form: Literal["", "bearer", "basic", "query", "link", "other"] = ""
    text: str = ""

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Presented({self.form!r})"


def presented(request: HTTPServerRequest, linked: bool, in_query: bool) -> Presented:
    """The credential of a request: its header, or else a part of its address where that is allowed."""
    header = request.headers.get("Authorization", "").strip()
    if header:
        return _from_header(header)
    for allowed, form, name in ((linked, "link", LINK), (in_query, "query", "token")):
        if allowed and name in request.query_arguments:
            text = request.query_arguments[name][-1].decode(errors="replace")
            return Presented(form, text)  # type: ignore[arg-type]
    return Presented()


def _from_header(header: str) -> Presented:
    scheme, _, value = header.partition(" ")
    if scheme.lower() in ("bearer", "token"):
        return Presented("bearer", value.strip())
    if scheme.lower() != "basic":
        return Presented("other")
    try:
        decoded = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return Presented("basic")
    return Presented("basic", decoded.partition(":")[2])


def came_with_any(request: HTTPServerRequest, came: Presented) -> bool:
    """Whether it came with anything that somebody may have judged."""
    return bool(came.form) or "token" in request.query_arguments or "Cookie" in request.headers


async def wait_out(arrived: float) -> None:
    """Until the time at which refused credentials are answered; `arrived` by the loop's clock."""
    await asyncio.sleep(max(0.0, arrived + REFUSAL - asyncio.get_running_loop().time()))


def from_elsewhere(request: HTTPServerRequest) -> bool:
    """Whether a browser says that a page of another site sends this.

    Browsers add a Basic password that they know to whatever any page sends, as they do with cookies.
    """
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc.lower() != request.host.lower():
        return True
    return request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")


async def identify(handler: ApiHandler, came: Presented) -> Caller | None:
    """Whose token of ours it is, with the rights of the token alone; None where Jupyter has to judge.

    Unauthenticated when it is one of ours, but not valid.
    """
    if not came.text:
        return None
    app, pools, credentials = handler.app, handler.app.pools, handler.app.platform.credentials
    if came.form == "link":
        project, artifact = handler.path_kwargs["project"], handler.path_kwargs["artifact"]
        return await pools["access"].run(credentials.check_link, came.text, project, artifact)
    if hmac.compare_digest(came.text.encode(), app.kernel_token.encode()):
        user = os.environ.get("JUPYTERHUB_USER", "")  # without the Hub, the kernel is its server's owner's
        return Caller(user=user, is_owner=not user or is_owner(app.platform.settings, user))
    if credentials.is_ours(came.text):
        # What was signed names a session, and the pool of GPUs says whether that lives.
        pool = pools["access"] if credentials.is_access_token(came.text) else pools["gpus"]
        return await pool.run(credentials.check, came.text)
    if came.form == "basic" and came.text.isprintable():
        # Jupyter, and JupyterHub, read tokens as Bearer only; so theirs is a password here too.
        handler.request.headers["Authorization"] = f"Bearer {came.text}"
    return None


def user_of(caller: Caller) -> User:
    """Who comes with a token of ours, as an Authorizer knows people."""
    return User(username=caller.user) if caller.user else User(username="aip", name=f"{NAMELESS}aip")


def name_of(user: User) -> str:
    """The user's name as roles know it; "" when Jupyter made it up."""
    return "" if user.name.startswith(NAMELESS) else str(user.username)


class OwnIdentity(IdentityProvider):
    """Who comes with a token of ours: about that nobody else has to be asked (JupyterHub would refuse it)."""

    def get_user(self, handler: web.RequestHandler) -> User | None:
        user: User | None = handler.own_user  # type: ignore[attr-defined]
        return user

    def is_token_authenticated(self, handler: web.RequestHandler) -> bool:
        return True
