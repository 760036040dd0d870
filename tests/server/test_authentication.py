"""Every route × method refuses whoever has no valid token; enumerated from the running application."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from jupyter_server.base.handlers import APIHandler

from aip_jupyter.server.handlers import ApiHandler
from aip_jupyter.server.routes import check_handlers, make_handlers
from aip_jupyter.wire.routes import ROUTES

from ..support.live import TOKEN, LiveServer, live_server

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HANDLERS = make_handlers(SimpleNamespace())  # type: ignore[arg-type]


def _paths(pattern: str) -> Iterator[str]:
    """Addresses that this pattern takes, with and without its project."""
    pattern = pattern.replace(r"\.", ".").replace("(?:/.*)?", "/nowhere")
    project = "(?:/p/(?P<project>[^/]*))?"
    for chosen in {"", "/p/x"} if project in pattern else {""}:
        yield re.sub(r"\(\?P<\w+>[^)]*\)", "x", pattern.replace(project, chosen))


PATHS = sorted({path for pattern, _, _ in HANDLERS for path in _paths(pattern)})

WRONG: dict[str, dict[str, str]] = {
    "none": {},
    "wrong": {"Authorization": "Bearer wrong"},
    "empty": {"Authorization": "Bearer"},
    "half": {"Authorization": f"Bearer {TOKEN[:-1]}"},
    "basic": {"Authorization": "Basic dXNlcjpwYXNz"},
    "cookie": {"Cookie": "username-127-0-0-1-8888=forged; _xsrf=x"},
    "bytes": {"Authorization": "Bearer \xff\xfe"},
}


def test_every_handler_is_ours_and_every_route_has_one() -> None:
    assert all(issubclass(handler, ApiHandler) for _, handler, _ in HANDLERS)
    patterns = [re.compile(pattern) for pattern, _, _ in HANDLERS]
    for route in ROUTES:
        path = "/aip/v1" + re.sub(r"{\w+}", "x", route.path)
        index = next(i for i, pattern in enumerate(patterns) if pattern.fullmatch(path))
        assert HANDLERS[index][1].routes[route.method] is route


def test_a_handler_that_would_ask_nobody_is_not_served() -> None:
    with pytest.raises(TypeError, match="guard"):
        check_handlers([*HANDLERS, ("/aip/v1/open", APIHandler, {})])


@pytest.mark.parametrize("credentials", WRONG)
def test_every_route_and_method_refuses(live: LiveServer, credentials: str) -> None:
    headers = {name.encode(): value.encode("latin-1") for name, value in WRONG[credentials].items()}

    def ask(path: str, method: str) -> httpx.Response:
        return client.request(method, path, headers=headers, content=b"{}" if method != "GET" else None)

    asked = [(path, method) for path in PATHS for method in METHODS]
    with live.http(token=None) as client, ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda each: ask(*each), asked))
    for (path, method), reply in zip(asked, replies, strict=True):
        assert reply.status_code == 401, (method, path, reply.text)
        assert "location" not in reply.headers
        assert "www-authenticate" in reply.headers
        if method != "HEAD" and path.startswith("/aip/v1"):
            error = json.loads(reply.text)["error"]
            assert error["code"] == "unauthenticated"
            assert "\n" not in error["message"]


def test_a_token_in_the_query_that_is_wrong_is_refused(live: LiveServer) -> None:
    with live.http(token=None) as client:
        assert client.get("aip/v1/capabilities?token=wrong").status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_page_elsewhere_cannot_write_with_the_users_cookie(live: LiveServer, method: str) -> None:
    """XSRF: a cookie without the matching token, as a form on another site would send it."""
    path = next(route for route in ROUTES if route.method == method).path
    path = "aip/v1" + re.sub(r"{\w+}", "0" * 32, path)
    with live.http(token=None) as client:
        login = client.get("api/status", params={"token": TOKEN})
        assert login.status_code == 200
        assert client.cookies
        for headers in ({"Origin": "http://evil.example"}, {"Content-Type": "text/plain"}, {}):
            reply = client.request(method, path, headers=headers, content=b"{}")
            assert reply.status_code in (401, 403, 404), reply.text
            assert reply.status_code != 404 or "Origin" in headers


def test_another_host_name_is_refused(live: LiveServer) -> None:
    """DNS rebinding: Jupyter's own check of the Host header stays on."""
    with live.http() as client:
        reply = client.get("aip/v1/capabilities", headers={"Host": "evil.example"})
    assert reply.status_code in (401, 403)


def test_no_reply_opens_itself_to_other_origins(live: LiveServer) -> None:
    with live.http(token=None) as client:
        client.get("api/status", params={"token": TOKEN})
        reply = client.get("aip/v1/capabilities", headers={"Origin": live.url.rstrip("/")})
    assert reply.status_code == 200
    assert "access-control-allow-origin" not in reply.headers
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_the_kernel_token_opens_our_routes_only(live: LiveServer) -> None:
    (path,) = (live.folder / "runtime").glob("aip-*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = json.loads(path.read_text())
    assert found["pid"] == live.process.pid
    headers = {"Authorization": f"Bearer {found['token']}"}
    with httpx.Client(base_url=found["url"], headers=headers, trust_env=False, timeout=30) as client:
        assert client.get("aip/v1/capabilities").status_code == 200
        assert client.get("aip/v1/projects/default/models").status_code == 200
        for foreign in ("api/contents", "api/kernels", "api/sessions"):
            assert client.get(foreign).status_code == 403
        assert client.post("api/kernels", json={}).status_code == 403
        with live.http() as owner:
            author = owner.get("aip/v1/capabilities").json()["author"]
        assert client.get("aip/v1/capabilities").json()["author"] == author
        assert "kernel" not in author
        assert "Anonymous" not in author


def test_no_token_is_ever_logged(live: LiveServer) -> None:
    (path,) = (live.folder / "runtime").glob("aip-*.json")
    assert json.loads(path.read_text())["token"] not in live.log


DENY = """
from jupyter_server.auth import Authorizer
class ReadOnly(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource != "aip" or action == "read"
c.ServerApp.authorizer_class = ReadOnly
"""


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("read_only")
    (folder / "config").mkdir()
    (folder / "config" / "jupyter_server_config.py").write_text(DENY)
    with live_server(folder) as server:
        yield server


def test_a_sites_authorizer_decides_on_every_method(read_only: LiveServer) -> None:
    with read_only.http() as client:
        for route in ROUTES:
            path = "aip/v1" + re.sub(r"{\w+}", "0" * 32, route.path)
            body: Any = b"{}" if route.method == "POST" else None
            reply = client.request(route.method, path, content=body)
            if route.method == "GET" and route.right != "execute":
                assert reply.status_code in (200, 400, 404), (route, reply.text)
            else:
                assert reply.status_code == 403
                assert reply.json()["error"]["code"] == "denied"
