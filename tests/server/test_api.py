"""What the routes say: forms of replies and errors, limits, streams, hostile input."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jsonschema
import pytest
from openapi_spec_validator import validate

from aip_jupyter._version import __version__
from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.system import CheckStore
from aip_jupyter.server.openapi import openapi

from ..contracts.services import put
from ..support.live import TOKEN, LiveServer

P = "aip/v1/projects/default"


def test_the_openapi_document_is_valid_and_served(live: LiveServer) -> None:
    validate(openapi())
    with live.http() as client:
        assert client.get("aip/v1/openapi.json").json() == json.loads(json.dumps(openapi()))


def _schema(path: str, method: str) -> dict[str, Any]:
    document = openapi()
    responses = document["paths"][path][method]["responses"]
    reply = next(response for status, response in responses.items() if status != "default")
    return {**reply["content"]["application/json"]["schema"], "components": document["components"]}


def test_replies_fit_their_schema(live: LiveServer, services: HttpServices) -> None:
    detail = put(services, "schema-check", category="Other", tags={"a": "b"}, properties={"x": 1.5})
    artifact = detail.artifacts[0].id
    with live.http() as client:
        for path, url in {
            "/aip/v1/capabilities": "aip/v1/capabilities",
            "/aip/v1/doctor": "aip/v1/doctor",
            "/aip/v1/projects/{project}/models": f"{P}/models?limit=1",
            "/aip/v1/projects/{project}/models/{model}": f"{P}/models/schema-check",
            "/aip/v1/projects/{project}/models/{model}/versions": f"{P}/models/schema-check/versions",
            "/aip/v1/projects/{project}/versions/{reference}": f"{P}/versions/schema-check@latest",
            "/aip/v1/projects/{project}/artifacts/{artifact}": f"{P}/artifacts/{artifact}",
        }.items():
            reply = client.get(url)
            assert reply.status_code == 200, reply.text
            jsonschema.validate(reply.json(), _schema(path, "get"))
            assert reply.headers["x-aip-version"] == __version__
            assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "url", "status", "code", "field"),
    [
        ("GET", f"{P}/models/none", 404, "not_found", "model"),
        ("GET", f"{P}/models?limit=x", 400, "invalid", "limit"),
        ("GET", f"{P}/models?limit=0", 400, "invalid", "limit"),
        ("GET", f"{P}/models?page_token=%21%21", 400, "invalid", "page_token"),
        ("GET", f"{P}/models?order_by=x;drop", 400, "invalid", "order_by"),
        ("GET", f"{P}/models?colour=red", 400, "invalid", "colour"),
        ("GET", f"{P}/artifacts/..%2f..%2fetc", 400, "invalid", "artifact"),
        ("GET", f"{P}/artifacts/..%252f..%252fetc/content", 400, "invalid", "artifact"),
        ("GET", f"{P}/artifacts/{'0' * 32}/content", 404, "not_found", None),
        ("PUT", f"{P}/claims/..%2fx/blobs", 400, "invalid", "claim"),
        ("PUT", f"{P}/claims/{'0' * 32}/blobs?digest=..%2fx", 400, "invalid", "digest"),
        ("DELETE", f"{P}/claims/..%5cx", 400, "invalid", "claim"),
        ("GET", f"{P}/versions/a:b:c", 400, "invalid", "reference"),
        ("POST", f"{P}/models/m/versions", 400, "invalid", "body"),
        ("PATCH", f"{P}/models", 405, "error", None),
        ("GET", "aip/v1/nowhere", 404, "not_found", None),
        ("GET", "aip/v1", 404, "not_found", None),
    ],
)
def test_errors_have_one_form(
    live: LiveServer, method: str, url: str, status: int, code: str, field: str | None
) -> None:
    with live.http() as client:
        reply = client.request(method, url, content=b"[]" if method == "POST" else None)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (status, code), reply.text
    if field is not None:
        assert error["field"] == field
    assert "\n" not in error["message"]
    assert "Traceback" not in reply.text


@pytest.mark.parametrize("raw", [b"/aip/v1/projects/%ff/models", b"/aip/v1/projects/%00/models/%0d%0aX:y"])
def test_damaged_addresses_are_refused_without_a_5xx(live: LiveServer, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", live.port)) as connection:
        head = b"GET " + raw + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        connection.sendall(head + b"Authorization: Bearer " + TOKEN.encode() + b"\r\n\r\n")
        reply = connection.makefile("rb").read()
    assert reply.split()[1] in (b"200", b"400", b"404")
    assert b"\r\nX:y" not in reply


def test_a_json_body_that_is_too_large_is_refused_unread(live: LiveServer) -> None:
    with live.http() as client:
        reply = client.post(f"{P}/models/m/versions", content=b" " * (9 * 2**20))
    assert reply.status_code in (400, 413)


def test_a_download_can_run_nothing_in_jupyters_origin(live: LiveServer, services: HttpServices) -> None:
    content = b"<script>alert(1)</script>"
    detail = put(services, "hostile", content)
    with live.http() as client:
        reply = client.get(f"{P}/artifacts/{detail.artifacts[0].id}/content")
    assert reply.content == content
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in reply.headers["content-security-policy"]
    assert reply.headers["content-length"] == str(len(content))


def test_an_upload_that_is_cut_leaves_nothing(live: LiveServer, services: HttpServices) -> None:
    before = services.system.check_store(CheckStore()).blobs
    for ending in ("close", "reset"):
        connection = socket.create_connection(("127.0.0.1", live.port))
        head = f"PUT /{P}/claims/{new_id()}/blobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50000000\r\n"
        connection.sendall(
            head.encode() + f"Authorization: Bearer {TOKEN}\r\n\r\n".encode() + b"x" * 6_000_000
        )
        if ending == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    staging = live.home / "blobs" / "staging"
    deadline = time.monotonic() + 60
    while any(staging.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(staging.iterdir()) == []
    report = services.system.check_store(CheckStore())
    assert report.blobs == before
    assert report.findings == []


def test_a_chunked_upload_arrives(live: LiveServer) -> None:
    content = [b"a" * 3_000_000, b"b" * 3_000_000, b""]
    with live.http() as client:
        reply = client.put(f"{P}/claims/{new_id()}/blobs", content=iter(content))
    assert reply.status_code == 201
    assert reply.json() == {"digest": hashlib.sha256(b"".join(content)).hexdigest(), "size": 6_000_000}


def test_requests_beside_each_other(live: LiveServer, services: HttpServices) -> None:
    def one(n: int) -> int:
        return put(services, "parallel", f"{n}".encode()).version.number

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(24))) == list(range(1, 25))


def test_the_rest_of_the_server_answers_while_ours_is_busy(live: LiveServer) -> None:
    """Long uploads do not hold the event loop: this one ends when others have had their answers."""
    answered = 0

    def blocks() -> Any:
        while answered < 20:
            time.sleep(0.05)
            yield b"x" * 100_000

    with live.http() as upload, live.http() as other, ThreadPoolExecutor(1) as pool:
        future = pool.submit(upload.put, f"{P}/claims/{new_id()}/blobs", content=blocks())
        while not future.done():
            assert other.get("api/status").status_code == 200
            answered += 1
        assert future.result().status_code == 201


def test_what_is_told_of_an_unknown_user_is_no_secret(live: LiveServer) -> None:
    with httpx.Client(base_url=live.url, trust_env=False) as client:
        reply = client.get("aip/v1/capabilities")
    assert str(live.home) not in reply.text
    assert set(reply.json()) == {"error"}
