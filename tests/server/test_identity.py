"""Who may ask, where a site judges logins itself; and the address that kernels are given."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from aip_jupyter.server.app import _own_url

from ..support.live import live_server

REFUSING = """
from jupyter_server.auth import IdentityProvider

class Refusing(IdentityProvider):
    '''As JupyterHub's: it knows nobody who did not come through its own login.'''

    async def get_user(self, handler):
        return None
"""


def test_a_site_that_knows_nobody_still_lets_its_kernels_in(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "refusing.py").write_text(REFUSING)
    provider = "--ServerApp.identity_provider_class=refusing.Refusing"
    environ = {"PYTHONPATH": str(packages), "JUPYTERHUB_USER": "ada"}
    with live_server(tmp_path / "server", provider, environ=environ, probe="login") as server:
        runtime = next((tmp_path / "server" / "runtime").glob("aip-*.json"))
        token = json.loads(runtime.read_text())["token"]
        with server.http(token) as kernel:
            assert kernel.get("aip/v1/capabilities").json()["author"] == "ada"
            assert kernel.get("api/contents").status_code == 403
        with server.http() as other:
            assert other.get("aip/v1/capabilities").status_code == 401


def test_a_kernel_of_the_hub_may_what_its_user_may(tmp_path: Path) -> None:
    environ = {"JUPYTERHUB_USER": "alice", "AIP_ADMINS": "root"}
    with live_server(tmp_path, environ=environ) as server:
        runtime = next((tmp_path / "runtime").glob("aip-*.json"))
        with server.http(json.loads(runtime.read_text())["token"]) as kernel:
            assert kernel.get("aip/v1/capabilities").json()["rights"] == ["delegate", "read"]
            assert kernel.get("aip/v1/projects/default/models").status_code == 404
            assert kernel.post("aip/v1/check", json={}).status_code == 403


NO_CODE = """
from jupyter_server.auth import Authorizer

class NoCode(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return action != "execute"
"""


def test_a_site_can_forbid_to_run_code(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "no_code.py").write_text(NO_CODE)
    authorizer = "--ServerApp.authorizer_class=no_code.NoCode"
    environ = {"PYTHONPATH": str(packages)}
    with live_server(tmp_path / "server", authorizer, environ=environ) as server, server.http() as client:
        sessions = "aip/v1/projects/default/sessions"
        assert client.get(sessions).status_code == 200
        for method, path in (("POST", ""), ("POST", "/x/grant"), ("POST", "/x/interrupt"), ("DELETE", "/x")):
            assert client.request(method, sessions + path).status_code == 403, path
        dataset = {"id": "0" * 32, "name": "d", "source": "s"}
        assert client.post("aip/v1/projects/default/datasets", json=dataset).status_code == 200


@pytest.mark.parametrize(
    ("ip", "connection_url", "own"),
    [
        ("127.0.0.1", "http://127.0.0.1:8888/user/a/", "http://127.0.0.1:8888/user/a/"),
        ("0.0.0.0", "http://a-name-that-resolves-nowhere:8888/", "http://127.0.0.1:8888/"),
        ("*", "https://node7:8888/user/a/", "https://127.0.0.1:8888/user/a/"),
        ("", "http://node7:8888/", "http://127.0.0.1:8888/"),
        ("::", "http://node7:8888/", "http://[::1]:8888/"),
        ("10.0.0.7", "http://10.0.0.7:8888/", "http://10.0.0.7:8888/"),
    ],
)
def test_a_kernel_is_given_an_address_of_this_machine(ip: str, connection_url: str, own: str) -> None:
    assert _own_url(SimpleNamespace(ip=ip, port=8888, connection_url=connection_url)) == own


OWN_RULES = """
from jupyter_server.auth import Authorizer, IdentityProvider, User

class Header(IdentityProvider):
    async def get_user(self, handler):
        name = handler.request.headers.get("X-User")
        handler._token_authenticated = True
        return User(username=name) if name else await super()._get_user(handler)

class OwnRules(Authorizer):
    '''As a site's own: it decides by right and project, and does not know roles.'''

    async def is_authorized(self, handler, user, action, resource):
        if resource != "aip" or user.username == "root":
            return True
        allowed = {"ada": {"lab": ("read", "write", "delegate")}, "bob": {"": ("read",)}}
        return handler.right in allowed.get(user.username, {}).get(handler.project, ())

c.ServerApp.identity_provider_class = Header
c.ServerApp.authorizer_class = OwnRules
c.AipApp.admins = ["root"]
"""


def test_a_sites_own_authorizer_decides_in_place_of_roles(tmp_path: Path) -> None:
    config = tmp_path / "server" / "config"
    config.mkdir(parents=True)
    (config / "jupyter_server_config.py").write_text(OWN_RULES)
    with live_server(tmp_path / "server") as server, server.http(None) as client:

        def ask(user: str, method: str, path: str, /, **body: str) -> httpx.Response:
            return client.request(method, f"aip/v1/{path}", headers={"X-User": user}, json=body or None)

        for name in ("lab", "other"):
            assert ask("root", "POST", "projects", name=name).status_code == 201
        assert ask("ada", "GET", "projects/lab/models").status_code == 200
        data = {"id": "0" * 32, "name": "d", "source": "s"}
        assert ask("ada", "POST", "projects/lab/datasets", **data).status_code == 200
        # Publishing is a right of its own, which these rules know; the project's people are our setting's.
        assert ask("ada", "DELETE", f"projects/lab/claims/{'0' * 32}").status_code == 403
        assert ask("ada", "POST", "projects/lab/roles", user="eve", role="admin").status_code == 403
        assert ask("ada", "GET", "projects/lab").json()["rights"] == ["delegate", "read", "write"]
        for path in ("projects/other/models", "projects/nowhere/models"):
            reply = ask("ada", "GET", path)
            assert (reply.status_code, reply.json()["error"]["field"]) == (404, "project")
        assert ask("ada", "GET", "capabilities").status_code == 403
        assert ask("bob", "GET", "capabilities").status_code == 200
        # A token has what the rules allow its owner, and never more than they do later.
        assert ask("ada", "POST", "projects/lab/tokens", name="ci", scope="publish").status_code == 403
        made = ask("ada", "POST", "projects/lab/tokens", name="ci", scope="read").json()
        token = {"Authorization": f"Bearer {made['text']}"}
        assert client.get("aip/v1/projects/lab/models", headers=token).status_code == 200
        assert client.post("aip/v1/projects/lab/datasets", headers=token, json=data).status_code == 403
