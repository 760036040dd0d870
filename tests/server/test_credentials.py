"""Each form of credential by each kind of route: who is let in, and how the others are refused."""

from __future__ import annotations

import json
import socket
import statistics
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from aip_jupyter.client.http import HttpServices
from aip_jupyter.server.credentials import REFUSAL, presented

from ..contracts.services import put
from ..support.live import TOKEN
from .people import V1, Ask, Team, basic, bearer

X = "0" * 32
UNKNOWN = f"aip_{X}_{'x' * 43}"
HUGE = "x" * 30_000

WRONG: dict[str, dict[str, str]] = {
    "a bearer": bearer("wrong"),
    "a token": {"Authorization": "token wrong"},
    "in odd case": {"Authorization": "bEaReR wrong"},
    "half of Jupyter's": bearer(TOKEN[:-1]),
    "an access token that is not there": bearer(UNKNOWN),
    "an access token without an id": bearer("aip_"),
    "a signed one": bearer("a.b.c"),
    "a basic": basic("wrong"),
    "an unknown access token as password": basic(UNKNOWN),
    "no password": basic(""),
    "a user alone": {"Authorization": "Basic dXNlcg=="},
    "no base64": {"Authorization": "Basic %%%"},
    "no text": {"Authorization": "Basic gIGC"},
    "a control character": basic("a\nb"),
    "nothing behind Bearer": {"Authorization": "Bearer"},
    "nothing behind Basic": {"Authorization": "Basic"},
    "another scheme": {"Authorization": f"Digest {TOKEN}"},
    "no scheme": {"Authorization": TOKEN},
    "two": {"Authorization": f"Bearer {TOKEN}, Bearer {TOKEN}"},
    "other bytes": {"Authorization": "Bearer \xff\xfe\xe9"},
    "too much": bearer(HUGE),
    "a cookie": {"Cookie": "username-127-0-0-1-8888=forged; _xsrf=x"},
}
"""Each is refused by every route, with 401."""

KINDS = {
    "a list": ("GET", f"{V1}/projects/own/models"),
    "a change": ("POST", f"{V1}/projects/own/datasets"),
    "a removal": ("DELETE", f"{V1}/projects/own/claims/{X}"),
    "an upload": ("PUT", f"{V1}/projects/own/claims/{X}/blobs"),
    "a download": ("GET", f"{V1}/projects/own/artifacts/{X}/content"),
    "openapi": ("GET", f"{V1}/openapi.json"),
    "nothing": ("GET", f"{V1}/nowhere"),
    "kubeflow": ("GET", "aip/kubeflow/api/model_registry/v1/registered_models"),
    "kubeflow of a project": ("POST", "aip/p/own/kubeflow/api/model_registry/v1/registered_models"),
    "clearml": ("POST", "aip/clearml/projects.get_all"),
    "podstack": ("POST", "aip/podstack/api/v1/executions/submit"),
    "pypi": ("GET", "aip/pypi/simple/pip/"),
    "pypi's upload": ("POST", "aip/p/own/pypi/legacy/"),
}


def _body(method: str) -> Any:
    return {} if method == "POST" else None


def _is_error_of(kind: str, reply: httpx.Response) -> bool:
    """Whether the body tells of the error in the form that the clients of this route read."""
    told = json.loads(reply.text)
    protocol = kind.partition("'")[0].split()[0]
    if protocol == "kubeflow":
        return set(told) == {"code", "message"} and told["code"] == reply.reason_phrase
    if protocol == "clearml":
        return bool(told["meta"]["result_code"] == reply.status_code and told["data"] == {})
    if protocol == "podstack":
        return isinstance(told["error"], str) and told["message"] == told["error"]
    if protocol == "pypi":
        return bool(
            set(told) == {"type", "title", "status", "detail"} and told["status"] == reply.status_code
        )
    return set(told) == {"error"} and "\n" not in told["error"]["message"]


def _challenge(kind: str) -> str:
    return "Basic" if kind.startswith("pypi") else "Bearer"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_wrong_is_refused_in_the_words_of_the_route(team: Team, kind: str) -> None:
    method, path = KINDS[kind]
    forms = {**WRONG, "nothing": {}}
    asks = [Ask(method, path, headers, _body(method)) for headers in forms.values()]
    asks += [
        Ask(method, f"{path}?{query}", {}, _body(method)) for query in ("token=wrong", f"token={UNKNOWN}")
    ]
    asks += [Ask(method, f"{path}?signature=wrong", {}, _body(method))]
    for ask, reply in zip(asks, team.ask_all(asks), strict=True):
        assert reply.status_code == 401, (ask.headers, reply.text)
        assert reply.headers["www-authenticate"].split()[0] == _challenge(kind)
        assert _is_error_of(kind, reply), reply.text
        assert "location" not in reply.headers
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"
        sent = ask.headers.get("Authorization", "").partition(" ")[2]
        assert not sent or sent not in reply.text


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_right_is_let_in(team: Team, kind: str) -> None:
    method, path = KINDS[kind]
    tokens = [team.tokens["owner", "admin"], team.kernel, TOKEN]
    for text in tokens:
        for headers in (
            bearer(text),
            {"Authorization": f"token  {text}"},
            basic(text),
            basic(text, "anybody"),
        ):
            (reply,) = team.ask_all([Ask(method, path, headers, _body(method))])
            # Jupyter's own token is nobody's who has a part in `own`, but everybody may ask what there is.
            assert reply.status_code not in (401, 405), (headers.keys(), reply.text)
            assert "location" not in reply.headers
            assert "set-cookie" not in reply.headers or path.startswith(V1)
            if reply.status_code == 404 and not path.startswith(V1):
                assert _is_error_of(kind, reply), reply.text


def test_a_token_in_the_address_is_jupyters_alone(team: Team) -> None:
    with team.server.http(None) as client:
        assert client.get(f"{V1}/capabilities", params={"token": TOKEN}).status_code == 200
        client.cookies.clear()
        for ours in (team.kernel, team.tokens["owner", "admin"], team.tokens["owner", "session"]):
            assert client.get(f"{V1}/capabilities", params={"token": ours}).status_code == 401
            assert client.get("aip/podstack/api/v1/runners", params={"token": ours}).status_code == 401


@pytest.mark.parametrize(
    ("uri", "header", "linked", "in_query", "form", "text"),
    [
        ("/", "Bearer t", True, True, "bearer", "t"),
        ("/", "token  t ", False, False, "bearer", "t"),
        ("/?token=t", "", False, True, "query", "t"),
        ("/?token=t", "", False, False, "", ""),
        ("/?token=t", "Bearer h", False, True, "bearer", "h"),
        ("/?signature=s", "", True, False, "link", "s"),
        ("/?signature=s", "", False, True, "", ""),
        ("/?signature=s", "Digest x", True, False, "other", ""),
        ("/", basic("pass:word")["Authorization"], False, False, "basic", "pass:word"),
    ],
)
def test_what_a_request_comes_with(
    uri: str, header: str, linked: bool, in_query: bool, form: str, text: str
) -> None:
    headers = HTTPHeaders({"Host": "h", **({"Authorization": header} if header else {})})
    request = HTTPServerRequest(start_line=RequestStartLine("GET", uri, "HTTP/1.1"), headers=headers)
    came = presented(request, linked, in_query)
    assert (came.form, came.text) == (form, text)
    assert repr(came) == f"Presented({form!r})"


def test_a_page_elsewhere_cannot_use_the_password_that_a_browser_knows(team: Team) -> None:
    """Browsers send Basic credentials along with whatever any page asks for, as they do cookies."""
    headers = basic(team.tokens["owner", "admin"])
    with team.server.http(None) as client:
        host = client.base_url.host + f":{client.base_url.port}"
        for elsewhere in (
            {"Origin": "http://evil.example"},
            {"Origin": f"http://{host}.evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            for path in ("aip/pypi/legacy/", f"{V1}/projects/own/datasets"):
                reply = client.post(path, headers={**headers, **elsewhere}, content=b"x=y")
                assert reply.status_code == 403, reply.text
        same = {"Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        assert client.post("aip/pypi/legacy/", headers={**headers, **same}).status_code == 404


@pytest.fixture
def browser(team: Team) -> Iterator[httpx.Client]:
    """Somebody who has logged in, with cookies only."""
    with team.server.http(None) as client:
        assert client.get("login").status_code == 200  # the page sets the XSRF cookie
        assert client.get("api/status", params={"token": TOKEN}).status_code == 200
        assert len(client.cookies) == 2
        yield client


def test_a_cookie_writes_only_with_its_xsrf_token(team: Team, browser: httpx.Client) -> None:
    for path in ("aip/kubeflow/x", f"{V1}/projects/default/models/m/versions"):
        assert browser.post(path, content=b"{}").status_code == 403
        assert browser.post(path, content=b"{}", headers={"Origin": "http://evil.example"}).status_code in (
            403,
            404,
        )
    xsrf = {"X-XSRFToken": browser.cookies["_xsrf"]}
    reply = browser.post("aip/kubeflow/x", content=b"{}", headers=xsrf)
    # Let in, and known by no name: there is no part in any project for him.
    assert (reply.status_code, reply.json()["code"]) == (404, "Not Found")


def test_a_wrong_key_stays_wrong_where_somebody_has_logged_in(browser: httpx.Client) -> None:
    assert browser.get("aip/podstack/api/v1/runners").status_code == 404
    assert browser.get("aip/podstack/api/v1/runners", headers=bearer("wrong")).status_code == 401


def test_a_signed_address_opens_a_download_and_nothing_else(team: Team) -> None:
    services = HttpServices(team.server.url, team.kernel)
    artifact = put(services, "linked", b"content", project="own").artifacts[0]
    services.close()
    link = team.make("member", f"projects/own/artifacts/{artifact.id}/link")["path"]
    with team.server.http(None) as client:
        assert client.get(link).content == b"content"
        assert client.get(link, headers={"Cookie": "username-x=forged"}).content == b"content"
        assert client.head(link).status_code == 401
        signature = link.partition("?")[2]
        for _, path in KINDS.values():
            assert client.get(f"{path}?{signature}").status_code == 401


def test_an_upload_is_refused_before_its_body(team: Team) -> None:
    """What is refused is not read first, whatever its size."""
    refused = {
        "401": bearer(UNKNOWN),
        "403": team.headers("viewer", "person"),
        "404": team.headers("none", "person"),
    }
    for status, headers in refused.items():
        sent = {"Host": "127.0.0.1", "Content-Length": "99999999", **headers}
        lines = [f"PUT /{V1}/projects/own/claims/{X}/blobs HTTP/1.1", *(f"{k}: {v}" for k, v in sent.items())]
        with socket.create_connection(("127.0.0.1", team.server.port), timeout=20) as connection:
            connection.sendall("\r\n".join([*lines, "", "x"]).encode())
            assert connection.makefile("rb").readline().split()[1].decode() == status


TIMED = ("a bearer", "an access token that is not there", "a signed one", "a basic", "a cookie")


def test_the_time_of_a_refusal_does_not_tell_what_was_wrong(team: Team) -> None:
    """The one test that looks at time. Other work on the machine only adds to it: so lower quartiles of many
    rounds in turn are compared, with generous bounds, and more rounds are taken where it is noisy.
    """
    id = team.tokens["owner", "admin"].split("_")[1]
    forms = {name: WRONG[name] for name in TIMED} | {"a wrong secret": bearer(f"aip_{id}_wrong")}
    taken: dict[str, list[float]] = {name: [] for name in forms}
    with team.server.http(None) as client:
        for number in range(60):
            for name, headers in forms.items():
                began = time.perf_counter()
                assert client.get(f"{V1}/capabilities", headers=headers).status_code == 401
                taken[name].append(time.perf_counter() - began)
            if number % 10 == 9 and _spread(taken) < 1:
                break
    assert min(map(min, taken.values())) >= REFUSAL
    assert _spread(taken) < 1, taken


def _spread(taken: dict[str, list[float]]) -> float:
    """How far apart they are, as a part of what is noise: their own spread, or else 5 ms or a quarter."""
    quartiles = [statistics.quantiles(times, n=4) for times in taken.values()]
    lower = [first for first, _, _ in quartiles]
    noise = statistics.median(third - first for first, _, third in quartiles)
    return (max(lower) - min(lower)) / max(0.005, 0.25 * min(lower), noise)
