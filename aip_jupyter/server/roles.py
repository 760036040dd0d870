"""What the caller of a request may: the roles of the project, or a site's own Authorizer in their place.

An Authorizer is asked about the resource `aip`, with Jupyter's word for the action and two attributes of
the handler: `right` (what the route needs, see `domain.access.Right`) and `project` ("" outside of projects).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_core.utils import ensure_async
from jupyter_server.auth import Authorizer, User
from jupyter_server.auth.utils import HTTP_METHOD_TO_AUTH_ACTION
from msgspec.structs import replace

from ..domain.access import ALL_RIGHTS, Right
from ..services.callers import Caller
from ..services.rights import OUTSIDE, denied, is_owner, no_project, rights_in
from .credentials import name_of

if TYPE_CHECKING:
    from .handlers import ApiHandler

RESOURCE = "aip"

_ACTION_OF: dict[Right, str] = {
    "read": "read",
    "delegate": "read",
    "publish": "write",
    "write": "write",
    "admin": "write",
    "execute": "execute",
}
"""Jupyter's word for each, where all that the caller may has to be known."""


class RoleAuthorizer(Authorizer):
    """Answers by the roles that people have in projects. What is not ours, it leaves to whoever is logged in.

    In force where a site has left Jupyter's `AllowAllAuthorizer` in place; to be built upon elsewhere.
    """

    async def is_authorized(  # type: ignore[override]
        self, handler: ApiHandler, user: User, action: str, resource: str
    ) -> bool:
        return resource != RESOURCE or handler.right in await self.rights_of(handler, user)

    async def rights_of(self, handler: ApiHandler, user: User) -> frozenset[Right]:
        """All that the user may in the handler's project. On a single-user server, no store is asked."""
        platform, name = handler.app.platform, name_of(user)
        if is_owner(platform.settings, name):
            return ALL_RIGHTS
        asked = (platform.access, platform.settings, name, handler.project)
        return await handler.app.pools["access"].run(rights_in, *asked)


async def admitted(handler: ApiHandler, token: Caller | None, user: User, named: str) -> Caller:
    """The caller, with what he may in the project that the request names; `token` is what he came with.

    NotFound where he has no part, whether there is such a project or not; Denied where he has one.
    """
    caller = token or _person(handler, user)
    if caller.project and named not in ("", caller.project):
        raise no_project(named)
    handler.project = named or caller.project
    rights = caller.rights
    if token is None or not token.is_owner:  # what comes from the server's own owner needs no role
        handler.needs_all_rights |= handler.right not in rights  # to tell no part from a part without it
        rights &= await _allowed(handler, user)
    if caller.project and not named:
        rights &= OUTSIDE
    if named and not rights:
        raise no_project(named)
    if handler.right not in rights:
        raise denied(handler.right, named)
    return replace(caller, rights=rights)


def _person(handler: ApiHandler, user: User) -> Caller:
    name = name_of(user)
    return Caller(user=name, is_owner=is_owner(handler.app.platform.settings, name))


async def _allowed(handler: ApiHandler, user: User) -> frozenset[Right]:
    authorizer = handler.authorizer
    if type(authorizer) is RoleAuthorizer:
        return await authorizer.rights_of(handler, user)
    rights = await _asked(authorizer, handler, user)
    if isinstance(authorizer, RoleAuthorizer) or is_owner(handler.app.platform.settings, name_of(user)):
        return rights
    return rights - {"admin"}  # Jupyter has no word for deciding about people: our own setting says who does


async def _asked(authorizer: Authorizer, handler: ApiHandler, user: User) -> frozenset[Right]:
    """What a site's own Authorizer allows: as little as the route needs, as each question counts."""
    needed = handler.right
    method = handler.request.method or ""
    action = "execute" if needed == "execute" else HTTP_METHOD_TO_AUTH_ACTION.get(method, "execute")

    async def allows(action: str, right: Right) -> bool:
        handler.right = right
        try:
            return bool(await ensure_async(authorizer.is_authorized(handler, user, action, RESOURCE)))
        finally:
            handler.right = needed

    is_allowed = await allows(action, needed)
    if is_allowed and not handler.needs_all_rights:
        return frozenset((needed,))
    found = {right for right, action in _ACTION_OF.items() if await allows(action, right)}
    return frozenset(found | {needed} if is_allowed else found - {needed})
