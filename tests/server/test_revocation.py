"""A credential that has ended opens nothing, from that moment on: no route, no method, no signed address."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from msgspec.structs import replace

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.access import EVERYWHERE, AccessToken
from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import Settings
from aip_jupyter.services.signing import Signer
from aip_jupyter.wire.compatible import PROTOCOLS
from aip_jupyter.wire.routes import ROUTES

from ..contracts.services import put
from .people import SCOPES, SESSION, V1, Ask, Team, basic, bearer, new_session

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ROUTE_ASKS = [
    *(
        (route.method, V1 + re.sub(r"{\w+}", "0" * 32, route.path.replace("{project}", "own")))
        for route in ROUTES
    ),
    ("GET", f"{V1}/openapi.json"),
    ("GET", f"{V1}/nowhere"),
    *(("GET", f"aip/{where}{protocol}/x") for protocol in PROTOCOLS for where in ("", "p/own/")),
]


def refused_everywhere(team: Team, headers: list[dict[str, str]], methods: tuple[str, ...] = ()) -> None:
    """Each of these credentials, by every route; the last one also by these methods."""
    asks = [Ask(method, path, each) for method, path in ROUTE_ASKS for each in headers]
    asks += [
        Ask(method, path, headers[-1]) for path in {path for _, path in ROUTE_ASKS} for method in methods
    ]
    for ask, reply in zip(asks, team.ask_all(asks), strict=True):
        assert reply.status_code == 401, (ask.method, ask.path, reply.text)
        assert "www-authenticate" in reply.headers


@pytest.fixture(scope="module")
def artifact(team: Team) -> str:
    """Of the project `own`."""
    services = HttpServices(team.server.url, team.kernel)
    try:
        return put(services, "m", b"content", project="own").artifacts[0].id
    finally:
        services.close()


def link_of(team: Team, artifact: str, headers: dict[str, str]) -> str:
    """An address that this credential signs; it works."""
    with team.server.http(None) as client:
        reply = client.post(f"{V1}/projects/own/artifacts/{artifact}/link", headers=headers, json={})
        assert reply.status_code == 201, reply.text
        link: str = reply.json()["path"]
        assert client.get(link).content == b"content"
    return link


def revoke(team: Team, token: dict[str, Any]) -> None:
    reply = team.ask("admin", "person", "DELETE", f"projects/own/tokens/{token['info']['id']}")
    assert reply.status_code == 204


def expire(team: Team, token: dict[str, Any]) -> None:
    """As time does."""
    platform = open_platform(Settings(home=team.server.home))
    try:
        stored = platform.access.get(AccessToken, EVERYWHERE, token["info"]["id"])
        platform.access.apply([Put(replace(stored, expires=now_ms()))])
    finally:
        platform.close()


@pytest.mark.parametrize("end", [revoke, expire])
def test_an_access_token_that_ended_is_refused_everywhere(
    team: Team, artifact: str, end: Callable[[Team, dict[str, Any]], None]
) -> None:
    tokens = [team.new_token(f"{end.__name__}-{scope}", scope) for scope in SCOPES]
    links = [link_of(team, artifact, bearer(token["text"])) for token in tokens]
    session = derived(team, bearer(tokens[-1]["text"]))
    links.append(link_of(team, artifact, session))
    for token in tokens:
        end(team, token)
    ended = [bearer(token["text"]) for token in tokens]
    refused_everywhere(team, [session, basic(tokens[0]["text"]), *ended], METHODS)
    assert {reply.status_code for reply in team.ask_all([Ask("GET", link, {}) for link in links])} == {401}


def derived(
    team: Team, headers: dict[str, str], session: str = SESSION, project: str = "own"
) -> dict[str, str]:
    """A session's token that this credential derives."""
    path = f"{V1}/projects/{project}/sessions/{session}/token"
    with team.server.http(None) as client:
        reply = client.post(path, headers=headers, json={})
    assert reply.status_code == 201, reply.text
    return bearer(reply.json()["text"])


def test_a_sessions_token_ends_with_the_session(team: Team, artifact: str) -> None:
    id = new_id()
    team.make("admin", "projects/own/sessions", **new_session(id, "own"))
    tokens = [derived(team, team.headers("admin", "person"), id), derived(team, bearer(team.kernel), id)]
    links = [link_of(team, artifact, token) for token in tokens]
    assert team.ask("admin", "person", "DELETE", f"projects/own/sessions/{id}").status_code == 200
    refused_everywhere(team, tokens)
    assert {reply.status_code for reply in team.ask_all([Ask("GET", link, {}) for link in links])} == {401}


def test_a_role_that_is_gone_takes_its_tokens_and_addresses_along(team: Team, artifact: str) -> None:
    team.make("owner", "projects/own/roles", user="gina", role="member")
    gina = {"X-User": "gina"}
    with team.server.http(None) as client:
        body = {"name": "ginas", "scope": "write"}
        token = client.post(f"{V1}/projects/own/tokens", headers=gina, json=body).json()["text"]
        credentials = [gina, bearer(token), derived(team, gina), derived(team, bearer(token))]
        links = [link_of(team, artifact, each) for each in credentials]
        assert team.ask("owner", "person", "DELETE", "projects/own/roles/gina").status_code == 200
        for headers in credentials:
            assert client.get(f"{V1}/projects/own/models", headers=headers).status_code == 404
        for headers in credentials[1:]:
            assert client.get(f"{V1}/projects", headers=headers).status_code == 403
        assert {client.get(link).status_code for link in links} == {404}


def forged(team: Team, folder: Path) -> dict[str, str]:
    """Tokens of a living session, each with one thing wrong."""
    claims = {"user": "olga", "token": "", "owner": True, "project": "own", "session": SESSION, "runs": []}
    right = Signer(team.server.home)
    good = right.sign("session", 600, **claims).text
    head, body, signature = good.split(".")
    said = {**claims, "aud": "session", "exp": time.time() + 600}
    other = json.dumps({**said, "project": "other"}).encode()
    tampered = base64.urlsafe_b64encode(other).rstrip(b"=").decode()
    return {
        "right": good,
        "another home's": Signer(folder).sign("session", 600, **claims).text,
        "unsigned": jwt.encode(said, None, "none", headers={"kid": "aip"}),
        "unsigned, as others": jwt.encode(said, None, "none"),
        "without its signature": f"{head}.{body}.",
        "of another algorithm": jwt.encode(said, "x" * 64, "HS512", headers={"kid": "aip"}),
        "for a download": right.sign("download", 600, **claims).text,
        "expired": right.sign("session", -1, **claims).text,
        "tampered": f"{head}.{tampered}.{signature}",
        "of an unknown session": right.sign("session", 600, **{**claims, "session": "0" * 32}).text,
        "deep": f"{base64.urlsafe_b64encode(b'[' * 9_000).decode()}.{body}.{signature}",
    }


def test_a_sessions_token_with_anything_wrong_is_refused(team: Team, tmp_path: Path) -> None:
    tokens = forged(team, tmp_path)
    with team.server.http(tokens.pop("right")) as client:
        assert client.get(f"{V1}/projects/own/models").status_code == 200
    path = f"{V1}/projects/own/models"
    asks = {name: Ask("GET", path, bearer(text)) for name, text in tokens.items()}
    found = {
        name: reply.status_code for name, reply in zip(asks, team.ask_all([*asks.values()]), strict=True)
    }
    assert found == dict.fromkeys(tokens, 401)
    refused_everywhere(team, [bearer(tokens["expired"]), bearer(tokens["tampered"])])


def test_a_signed_address_with_anything_wrong_is_refused(team: Team, artifact: str, tmp_path: Path) -> None:
    link = link_of(team, artifact, team.headers("member", "person"))
    path, _, signature = link.partition("?signature=")
    claims = {"user": "olga", "token": "", "owner": True, "session": "", "project": "own"}
    right = Signer(team.server.home)
    wrong = {
        "of another artifact": right.sign("download", 60, **claims, artifact="0" * 32).text,
        "of another project": right.sign(
            "download", 60, **{**claims, "project": "x"}, artifact=artifact
        ).text,
        "expired": right.sign("download", -1, **claims, artifact=artifact).text,
        "another home's": Signer(tmp_path).sign("download", 60, **claims, artifact=artifact).text,
        "a session's": forged(team, tmp_path)["right"],
        "an access token": team.tokens["owner", "admin"],
        "cut": signature[:-2],
        "empty": "",
        "the kernel's": team.kernel,
    }
    assert artifact in path
    with team.server.http(None) as client:
        for name, text in wrong.items():
            reply = client.get(path, params={"signature": text})
            assert reply.status_code == 401, name
            assert not text or text not in reply.text
        elsewhere = {path.removesuffix("/content"), f"{V1}/projects/own/models", f"{V1}/capabilities"}
        for other in elsewhere:
            assert client.get(other, params={"signature": signature}).status_code == 401
        for method in ("POST", "PUT", "DELETE"):
            assert client.request(method, link).status_code == 401
        # A header is judged, not the address beside it.
        assert client.get(link, headers=bearer("wrong")).status_code == 401
        assert client.get(link).status_code == 200
    assert signature not in team.server.log
    assert "/content?signature=" in team.server.log
