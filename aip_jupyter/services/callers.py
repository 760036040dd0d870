"""Who did it: explicit > `AIP_USER` > the Jupyter or Hub user unless anonymous > git e-mail > system user."""

from __future__ import annotations

import functools
import getpass
import subprocess
from typing import Any

from msgspec import Struct

from ..domain.access import ALL_RIGHTS, Right
from ..domain.names import check_store_name


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks and what he may, as the layer above knows it. In process: the owner of all."""

    user: str = ""
    """The Jupyter or Hub user; "" when anonymous or in process."""
    rights: frozenset[Right] = ALL_RIGHTS
    """What he may in the project of the request."""
    project: str = ""
    """The only project that he may name; "" for all in which he has a part."""
    runs: frozenset[str] | None = None
    """The only runs of others that he may add to; None for all."""
    token: str = ""
    """The id of the access token that he came with."""
    session: str = ""
    """The id of the GPU session whose token he came with."""
    is_owner: bool = True
    """Whether he administers every project."""


def claims_of(caller: Caller) -> dict[str, Any]:
    """What a signed token says of who had it made.

    `owner`: the server's own, without a user's name, as a kernel is. A name is what its role says later.
    """
    return {
        "user": caller.user,
        "token": caller.token,
        "session": caller.session,
        "owner": caller.is_owner and not caller.user,
    }


def author_of(explicit: str | None, configured: str, caller: Caller) -> str:
    """The author to record. Invalid when what is said explicitly can be nobody's name."""
    if explicit is not None:
        check_store_name(explicit, "author")
    return explicit or configured or caller.user or _git_email() or _system_user()


@functools.cache
def _git_email() -> str:
    try:
        reply = subprocess.run(
            ["git", "config", "user.email"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return reply.stdout.strip()


@functools.cache
def _system_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no entry for this uid, as in some containers
        return "unknown"
