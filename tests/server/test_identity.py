"""Who may ask, where a site judges logins itself; and the address that kernels are given."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

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
