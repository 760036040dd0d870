"""A server on which several people work, with every kind of token that they can have."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from ..support.live import LiveServer, live_server

CONFIG = """
from jupyter_server.auth import IdentityProvider, User

class People(IdentityProvider):
    '''As a site's own: it knows people by a header that its proxy sets.'''

    async def get_user(self, handler):
        name = handler.request.headers.get("X-User")
        if not name:
            return await super()._get_user(handler)
        handler._token_authenticated = True
        return User(username=name)

c.ServerApp.identity_provider_class = People
c.AipApp.admins = ["olga"]
c.AipApp.gpus = "memory"
"""

NAMES = {"none": "nora", "viewer": "vera", "member": "max", "admin": "ada", "owner": "olga"}
"""By the role that each has in the project `own`; all but olga have none elsewhere."""
SCOPES = ("read", "publish", "write", "admin")
SESSION = "5" * 32
"""A living GPU session of the project `own`."""
V1 = "aip/v1"


class Ask(NamedTuple):
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    json: Any = None
    content: bytes | None = None


@dataclass
class Team:
    """The server, and what people hold."""

    server: LiveServer
    kernel: str = field(repr=False)
    tokens: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    """By role and scope: made while its owner administered the project. `session`: of the living session."""

    def headers(self, role: str, credential: str) -> dict[str, str]:
        """How somebody comes: in person, or with one of his tokens."""
        if credential == "person":
            return {"X-User": NAMES[role]}
        return bearer(self.tokens[role, credential])

    def ask(self, role: str, credential: str, method: str, path: str, /, **body: Any) -> httpx.Response:
        """One request below our API's prefix."""
        with self.server.http(None) as client:
            url = f"{V1}/{path}"
            return client.request(method, url, headers=self.headers(role, credential), json=body or None)

    def make(self, role: str, path: str, /, **body: Any) -> Any:
        """What a POST by somebody in person makes."""
        reply = self.ask(role, "person", "POST", path, **body)
        assert reply.status_code in (200, 201), reply.text
        return reply.json()

    def ask_all(self, asks: list[Ask]) -> list[httpx.Response]:
        """The replies, in order; some at a time."""
        with self.server.http(None) as client, ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda ask: _send(client, ask), asks))

    def new_token(self, name: str, scope: str = "admin", role: str = "admin", project: str = "own") -> Any:
        """An access token: its info, and its text."""
        return self.make(role, f"projects/{project}/tokens", name=name, scope=scope)


def _send(client: httpx.Client, ask: Ask) -> httpx.Response:
    headers = {name.encode(): value.encode("latin-1") for name, value in ask.headers.items()}
    return client.request(ask.method, ask.path, headers=headers, json=ask.json, content=ask.content)


def bearer(text: str) -> dict[str, str]:
    """A header with this token."""
    return {"Authorization": f"Bearer {text}"}


def basic(password: str, user: str = "__token__") -> dict[str, str]:
    """A header with this password."""
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def new_session(id: str, project: str) -> dict[str, str]:
    """The body with which a GPU session is started."""
    where = {"host": "here", "python": "python", "folder": "/"}
    return {"id": id, "name": f"s-{id[:8]}", "gpu": "cpu", **where}


@contextmanager
def team_server(folder: Path) -> Iterator[Team]:
    """The server with its people, two projects, and everybody's tokens of the project `own`."""
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "jupyter_server_config.py").write_text(CONFIG)
    with live_server(folder) as server:
        (path,) = (server.folder / "runtime").glob("aip-*.json")
        team = Team(server, json.loads(path.read_text())["token"])
        for project in ("own", "other"):
            team.make("owner", "projects", name=project)
        team.make("owner", "projects/own/sessions", **new_session(SESSION, "own"))
        for role, user in NAMES.items():
            if role != "owner":
                team.make("owner", "projects/own/roles", user=user, role="admin")
            for scope in SCOPES:
                team.tokens[role, scope] = team.new_token(f"{role}-{scope}", scope, role)["text"]
            derived = team.make(role, f"projects/own/sessions/{SESSION}/token", session=SESSION)
            team.tokens[role, "session"] = derived["text"]
        team.ask("owner", "person", "DELETE", "projects/own/roles/nora")
        for role in ("viewer", "member"):
            team.make("owner", "projects/own/roles", user=NAMES[role], role=role)
        yield team
