"""Projects, who may do what in them, and access tokens."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from .records import DEFAULT_PROJECT, Record, Request

EVERYWHERE = "*"
"""Where the records of projects and tokens are kept, which are in no project themselves."""

EVERYBODY = "*"
"""Among the users of a project: whoever may log in."""

Right = Literal["read", "publish", "write", "execute", "delegate", "admin"]
"""What a call needs: `publish` is to register versions, `write` all other records, `execute` to run code in
GPU sessions, `delegate` to make access tokens, `admin` to decide about the project and its people."""

Role = Literal["viewer", "member", "admin"]
"""What a person may in a project."""

Scope = Literal["read", "publish", "write", "admin"]
"""What an access token may at most; never more than its owner may at that time."""

ROLE_RIGHTS: dict[str, frozenset[Right]] = {
    "viewer": frozenset(("read", "delegate")),
    "member": frozenset(("read", "publish", "write", "execute", "delegate")),
    "admin": frozenset(("read", "publish", "write", "execute", "delegate", "admin")),
}
SCOPE_RIGHTS: dict[str, frozenset[Right]] = {
    "read": frozenset(("read",)),
    "publish": frozenset(("read", "publish")),
    "write": frozenset(("read", "publish", "write", "execute")),
    # No token makes others: they would outlive it.
    "admin": ROLE_RIGHTS["admin"] - {"delegate"},
}
ALL_RIGHTS = ROLE_RIGHTS["admin"]
SESSION_RIGHTS: frozenset[Right] = frozenset(("read", "publish", "write"))
"""What the cells of a GPU session may: neither start sessions nor make tokens."""


class Project(Record, frozen=True, kw_only=True):
    """The space that isolates all else. An archived one can be read, but not changed."""

    project: str = EVERYWHERE
    name: str
    description: str = ""
    roles: dict[str, Role] = field(default_factory=dict)
    """By user; `*` is everybody who may log in. Who administers the server needs none."""


class AccessToken(Record, frozen=True, kw_only=True):
    """A key to one project, for what runs without its owner. Its secret is not kept."""

    project: str = EVERYWHERE
    name: str
    of_project: str
    owner: str
    """The user whose rights it has a part of; "" for whoever works on a single-user server."""
    scope: Scope
    digest: str
    """SHA-256 of the secret, which is random and long: nothing slower is needed to keep it."""
    expires: int
    """Milliseconds since the epoch, UTC."""
    last_used: int = 0
    """Milliseconds since the epoch, to about a minute; 0: never."""


class TokenInfo(Struct, frozen=True, kw_only=True):
    """What may be told of an access token."""

    id: str
    project: str
    name: str
    scope: Scope
    author: str
    """Who is known to have made it; on a single-user server, who is said to."""
    created: int
    expires: int
    last_used: int
    is_expired: bool


class NewToken(Struct, frozen=True, kw_only=True):
    """An access token that was made just now, with its secret: this one time."""

    info: TokenInfo
    text: str
    """What to give as the token."""

    def __repr__(self) -> str:
        """Without the secret."""
        return f"NewToken(info={self.info!r})"


class SecretText(Struct, frozen=True, kw_only=True):
    """A new token's text, for the one page that may show it."""

    text: str

    def __repr__(self) -> str:
        """Without the secret."""
        return "SecretText()"


class DerivedToken(Struct, frozen=True, kw_only=True):
    """A token that nobody has to keep: it says itself what it is for, and ends by itself."""

    text: str
    expires: int
    """Milliseconds since the epoch, UTC."""

    def __repr__(self) -> str:
        """Without the secret."""
        return f"DerivedToken(expires={self.expires})"


class DownloadLink(Struct, frozen=True, kw_only=True):
    """An address that gives an artifact's bytes to whoever has it, for a short time."""

    path: str
    """Below the server's base URL, with its signature."""
    expires: int
    """Milliseconds since the epoch, UTC."""

    def __repr__(self) -> str:
        """Without the signature."""
        return f"DownloadLink(expires={self.expires})"


class ProjectDetail(Struct, frozen=True, kw_only=True):
    """A project, and what the caller may in it."""

    project: Project
    rights: list[Right]


class CreateProject(Request, frozen=True, kw_only=True):
    """Make a project; who makes it administers it."""

    name: str
    description: str = ""
    author: str | None = None


class ListProjects(Request, frozen=True, kw_only=True):
    """The projects in which the caller has a part, by name."""

    archived: bool = False
    """Those that are archived too."""
    limit: int = 100
    page_token: str = ""


class GetProject(Request, frozen=True, kw_only=True):
    """One project; also to archive it, or bring it back."""

    project: str = DEFAULT_PROJECT


class SetRole(Request, frozen=True, kw_only=True):
    """Give somebody a role in the project, in place of the one he has."""

    project: str = DEFAULT_PROJECT
    user: str
    role: Role


class RemoveRole(Request, frozen=True, kw_only=True):
    """Take somebody's role away."""

    project: str = DEFAULT_PROJECT
    user: str


class CreateToken(Request, frozen=True, kw_only=True):
    """Make an access token."""

    project: str = DEFAULT_PROJECT
    name: str
    scope: Scope = "read"
    lifetime: float = 30 * 86400.0
    """Seconds."""
    author: str | None = None


class ListTokens(Request, frozen=True, kw_only=True):
    """The access tokens of a project: the caller's own; for who administers it, all."""

    project: str = DEFAULT_PROJECT


class GetToken(Request, frozen=True, kw_only=True):
    """An access token by name or id: to revoke it, or to pick its secret up."""

    project: str = DEFAULT_PROJECT
    token: str


class DeriveToken(Request, frozen=True, kw_only=True):
    """A token for what a GPU session records for a notebook."""

    project: str = DEFAULT_PROJECT
    session: str
    """The session's id."""
    runs: list[str] = field(default_factory=list)
    """The runs that it may add to, besides those that it starts itself."""


class SignDownload(Request, frozen=True, kw_only=True):
    """An address for an artifact's bytes."""

    project: str = DEFAULT_PROJECT
    artifact: str
    lifetime: float = 600.0
    """Seconds."""
