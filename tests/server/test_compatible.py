"""The clients of other systems, as they are: what each makes of being refused, and of what is not there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import httpx
import pytest

from aip_jupyter.errors import AipError, Conflict, Denied, Invalid, NotFound, Unauthenticated
from aip_jupyter.services.rights import no_project
from aip_jupyter.wire.compatible import PROTOCOLS, Asked, Told, spell_error

from .people import Team, basic, bearer


def _run(team: Team, command: list[str], token: str, **environ: str) -> subprocess.CompletedProcess[str]:
    url = f"http://__token__:{token}@127.0.0.1:{team.server.port}/aip/pypi/simple/"
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    own = {"HOME": str(team.server.folder), "PIP_CONFIG_FILE": os.devnull, "NO_PROXY": "*"}
    environ = {name: value.format(url=url) for name, value in environ.items()}
    return subprocess.run(
        command, env={**kept, **own, **environ}, capture_output=True, text=True, timeout=60, input="nothing\n"
    )


def test_pip(team: Team) -> None:
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--no-cache-dir",
        "--retries=0",
        "-vv",
        "nothing",
    ]
    environ = {"PIP_INDEX_URL": "{url}", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    wrong = _run(team, pip, "wrong", **environ)
    assert wrong.returncode == 1
    assert "401 Client Error" in wrong.stdout + wrong.stderr
    right = _run(team, pip, team.tokens["member", "read"], **environ)
    assert right.returncode == 1
    assert "No matching distribution found for nothing" in right.stderr
    assert "401 Client Error" not in right.stdout + right.stderr


def test_uv(team: Team) -> None:
    uv = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "compile",
        "--no-cache",
        "--no-config",
        "--python",
        sys.executable,
        "-",
    ]
    wrong = _run(team, uv, "wrong", UV_DEFAULT_INDEX="{url}", UV_HTTP_RETRIES="0")
    assert wrong.returncode == 1
    assert "401 Unauthorized" in wrong.stderr
    right = _run(team, uv, team.tokens["member", "read"], UV_DEFAULT_INDEX="{url}")
    assert right.returncode == 1
    assert "nothing was not found in the package registry" in right.stderr


def ask(team: Team, method: str, path: str, headers: dict[str, str], **fields: Any) -> httpx.Response:
    with team.server.http(None) as client:
        reply = client.request(method, f"aip/{path}", headers=headers, **fields)
    assert not reply.is_redirect
    assert "set-cookie" not in reply.headers
    return reply


def test_kubeflow_as_its_client_asks(team: Team) -> None:
    path = "kubeflow/api/model_registry/v1/registered_models?pageSize=1&sortOrder=ASC"
    headers = {"Accept": "application/json", "User-Agent": "OpenAPI-Generator/1.0.0/python"}
    reply = ask(team, "GET", path, headers)
    assert reply.headers["content-type"] == "application/json; charset=UTF-8"
    assert reply.headers["www-authenticate"].startswith("Bearer ")
    assert reply.json()["code"] == "Unauthorized"
    reply = ask(team, "GET", path, {**headers, **bearer(team.tokens["member", "read"])})
    assert (reply.status_code, reply.json()["code"]) == (404, "Not Found")
    assert reply.json()["message"].endswith(": not found")


@pytest.mark.parametrize("path", ["clearml/auth.login", "clearml//auth.login", "clearml/v2.23/auth.login"])
def test_clearml_as_its_client_logs_in(team: Team, path: str) -> None:
    def told(reply: httpx.Response) -> tuple[int, int, str]:
        meta = reply.json()["meta"]
        assert meta["result_code"] == reply.status_code
        return reply.status_code, meta["result_subcode"], meta["endpoint"]["name"]

    headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
    reply = ask(team, "GET", path, {})
    assert told(reply) == (401, 20, "auth.login")
    assert reply.headers["www-authenticate"].startswith("Basic ")
    assert told(ask(team, "POST", path, {**headers, **basic("wrong", "key")})) == (401, 22, "auth.login")
    assert told(ask(team, "GET", path, {**headers, **bearer("wrong")}, content=b"{}")) == (
        401,
        30,
        "auth.login",
    )
    key = basic(team.tokens["member", "write"], "key")
    assert told(ask(team, "POST", path, {**headers, **key})) == (404, 0, "auth.login")
    assert told(ask(team, "POST", "clearml/projects.get_all", {})) == (401, 20, "projects.get_all")


def test_podstack_as_its_client_asks(team: Team) -> None:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "podstack-python-sdk/1.2.2",
        "X-Project-ID": "p",
    }
    for path in ("api/v1/experiments/name/plain", "/api/v1/runs", "v1/api/v1/executions/submit"):
        reply = ask(team, "GET", f"podstack/{path}", {**headers, **bearer("wrong")})
        assert reply.status_code == 401
        assert isinstance(reply.json()["error"], str)
        reply = ask(team, "GET", f"podstack/{path}", {**headers, **bearer(team.tokens["member", "read"])})
        assert reply.status_code == 404
        assert isinstance(reply.json()["error"], str)
    stream = ask(team, "GET", "podstack/api/v1/executions/e/stream?token=wrong", bearer("wrong"))
    assert stream.status_code == 401
    notebooks = ask(team, "GET", "podstack/v1/notebooks", {**headers, **bearer("wrong")})
    assert set(notebooks.json()["error"]) == {"message", "code", "field"}


def test_the_projects_of_addresses_and_tokens(team: Team) -> None:
    token = bearer(team.tokens["member", "read"])
    for path in ("kubeflow/x", "p/own/kubeflow/x"):
        assert "does not serve" in ask(team, "GET", path, token).json()["message"]
    for path in ("p/other/kubeflow/x", "p/unknown/kubeflow/x", "p/default/kubeflow/x"):
        assert "no project" in ask(team, "GET", path, token).json()["message"]
    person = team.headers("member", "person")
    assert "no project 'default'" in ask(team, "GET", "kubeflow/x", person).json()["message"]
    # Of a project that is not theirs, no client may go on to a public index.
    assert ask(team, "GET", "p/other/pypi/simple/pip/", token).status_code == 403
    assert ask(team, "GET", "p/unknown/pypi/simple/pip/", token).status_code == 403


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_method_and_every_path_is_answered_in_the_protocols_words(team: Team, protocol: str) -> None:
    token = bearer(team.tokens["member", "read"])
    for path in (protocol, f"{protocol}/", f"p/own/{protocol}", f"{protocol}/a/b/", f"{protocol}/%2e%2e/x"):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            reply = ask(team, method, path, token)
            assert reply.status_code == 404, (method, path)
            assert "does not serve" in reply.text
        head = ask(team, "HEAD", path, token)
        assert (head.status_code, head.content) == (404, b"")
        assert int(head.headers["content-length"]) > 0
    assert "not possible" in ask(team, "PROPFIND", f"{protocol}/x", token).text


def spell(protocol: str, error: AipError, status: int, path: str = "/x", form: str = "bearer") -> Told:
    return spell_error(protocol, error, status, Asked(path, form))


def test_errors_in_the_words_of_each_protocol() -> None:
    conflict = spell("kubeflow", Conflict("the name is taken"), 409)
    assert json.loads(conflict.body) == {"code": "Conflict", "message": "the name is taken: conflict"}
    found = spell("kubeflow", NotFound("model: not found"), 404)
    assert json.loads(found.body)["message"] == "model: not found"
    denied = json.loads(spell("clearml", Denied("no"), 403).body)["meta"]
    assert (denied["result_code"], denied["result_subcode"], denied["result_msg"]) == (403, 21, "no")
    bad = spell("podstack", Invalid("name: wrong", field="name"), 400, "/v1/notebooks")
    assert json.loads(bad.body)["error"] == {"message": "name: wrong", "code": "invalid", "field": "name"}
    failed = spell("pypi", AipError("größer\nals"), 500)
    assert failed.reason == "gr??er als"
    assert json.loads(failed.body) == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "größer\nals",
    }
    assert spell("pypi", no_project("x"), 404).status == 403
    assert spell("pypi", NotFound("package: there is none", field="package"), 404).status == 404
    for protocol in PROTOCOLS:
        assert spell(protocol, Unauthenticated("no"), 401, form="").status == 401
