"""Who may do what: every route for every role and every kind of token, in a project of theirs, in another
one and in one that is not there. The tables are written out here, so that a right that is loosened shows.
"""

from __future__ import annotations

import hashlib
from itertools import product

import httpx
import pytest

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.artifacts import UploadBlob
from aip_jupyter.domain.datasets import LogDataset
from aip_jupyter.domain.records import new_id
from aip_jupyter.wire.journal import Points
from aip_jupyter.wire.routes import ROUTES

from ..contracts.services import put
from ..contracts.services_run_faults import Sender, started
from .people import NAMES, SCOPES, V1, Ask, Team, bearer, new_session

X = "0" * 32
"""An id of nothing."""
DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

OUTSIDE = {
    "GET /capabilities": "read",
    "GET /doctor": "read",
    "GET /gpus": "read",
    "GET /projects": "read",
    "POST /projects": "admin",
    "POST /check": "admin",
}
"""What each route outside of projects needs."""

INSIDE = {
    "GET /projects/{project}": "read",
    "POST /projects/{project}/archive": "admin",
    "POST /projects/{project}/restore": "admin",
    "POST /projects/{project}/roles": "admin",
    "DELETE /projects/{project}/roles/{user}": "admin",
    "GET /projects/{project}/tokens": "delegate",
    "POST /projects/{project}/tokens": "delegate",
    "POST /projects/{project}/tokens/{token}/pickup": "delegate",
    "DELETE /projects/{project}/tokens/{token}": "delegate",
    "GET /projects/{project}/models": "read",
    "GET /projects/{project}/models/{model}": "read",
    "GET /projects/{project}/models/{model}/versions": "read",
    "POST /projects/{project}/models/{model}/versions": "publish",
    "GET /projects/{project}/versions/{reference}": "read",
    "GET /projects/{project}/experiments": "read",
    "GET /projects/{project}/runs": "read",
    "GET /projects/{project}/runs/{run}": "read",
    "GET /projects/{project}/runs/{run}/history": "read",
    "POST /projects/{project}/compared-runs": "read",
    "DELETE /projects/{project}/runs/{run}": "write",
    "POST /projects/{project}/runs/{run}/restore": "write",
    "GET /projects/{project}/runs/{run}/texts": "read",
    "GET /projects/{project}/runs/{run}/text": "read",
    "POST /projects/{project}/beats": "write",
    "POST /projects/{project}/journals/{journal}": "write",
    "GET /projects/{project}/datasets": "read",
    "POST /projects/{project}/datasets": "write",
    "GET /projects/{project}/datasets/{dataset}": "read",
    "DELETE /projects/{project}/datasets/{dataset}": "write",
    "POST /projects/{project}/datasets/{dataset}/restore": "write",
    "GET /projects/{project}/datasets/{dataset}/impact": "read",
    "GET /projects/{project}/runs/{run}/datasets": "read",
    "GET /projects/{project}/runs/{run}/artifacts": "read",
    "POST /projects/{project}/runs/{run}/artifacts": "write",
    "POST /projects/{project}/runs/{run}/deleted-artifacts": "write",
    "POST /projects/{project}/runs/{run}/restored-artifacts": "write",
    "GET /projects/{project}/models/{model}/lineage": "read",
    "GET /projects/{project}/lineage/{reference}": "read",
    "GET /projects/{project}/sessions": "read",
    "POST /projects/{project}/sessions": "execute",
    "GET /projects/{project}/sessions/{session}": "read",
    "POST /projects/{project}/sessions/{session}/grant": "execute",
    "GET /projects/{project}/sessions/{session}/channels": "execute",
    "POST /projects/{project}/sessions/{session}/interrupt": "execute",
    "POST /projects/{project}/sessions/{session}/peek": "execute",
    "GET /projects/{project}/sessions/{session}/stack": "execute",
    "GET /projects/{project}/sessions/{session}/output": "execute",
    "GET /projects/{project}/session-usage": "read",
    "DELETE /projects/{project}/sessions/{session}": "execute",
    "POST /projects/{project}/sessions/{session}/token": "execute",
    "PUT /projects/{project}/claims/{claim}/blobs": "publish",
    "DELETE /projects/{project}/claims/{claim}": "publish",
    "GET /projects/{project}/artifacts/{artifact}": "read",
    "GET /projects/{project}/artifacts/{artifact}/content": "read",
    "POST /projects/{project}/artifacts/{artifact}/link": "read",
    "POST /projects/{project}/artifacts/{artifact}/address": "read",
    "POST /projects/{project}/claims/{claim}/uploads": "publish",
    "POST /projects/{project}/claims/{claim}/finished-uploads": "publish",
    "POST /projects/{project}/aborted-uploads": "publish",
}
"""What each route inside a project needs."""

NOT_IN_SESSIONS = {
    "DELETE /projects/{project}/datasets/{dataset}",
    "POST /projects/{project}/datasets/{dataset}/restore",
}
"""What the cells of a GPU session may not, though they may write: it is no run's of theirs."""

ALL = "read publish write execute delegate admin"
MEMBER = "read publish write execute delegate"
MAY: dict[tuple[str, str], str] = {
    ("none", "person"): "",
    ("none", "read"): "",
    ("none", "publish"): "",
    ("none", "write"): "",
    ("none", "admin"): "",
    ("none", "session"): "",
    ("viewer", "person"): "read delegate",
    ("viewer", "read"): "read",
    ("viewer", "publish"): "read",
    ("viewer", "write"): "read",
    ("viewer", "admin"): "read",
    ("viewer", "session"): "read",
    ("member", "person"): MEMBER,
    ("member", "read"): "read",
    ("member", "publish"): "read publish",
    ("member", "write"): "read publish write execute",
    ("member", "admin"): "read publish write execute",
    ("member", "session"): "read publish write",
    ("admin", "person"): ALL,
    ("admin", "read"): "read",
    ("admin", "publish"): "read publish",
    ("admin", "write"): "read publish write execute",
    ("admin", "admin"): "read publish write execute admin",
    ("admin", "session"): "read publish write",
    ("owner", "person"): ALL,
    ("owner", "read"): "read",
    ("owner", "publish"): "read publish",
    ("owner", "write"): "read publish write execute",
    ("owner", "admin"): "read publish write execute admin",
    ("owner", "session"): "read publish write",
}
"""What somebody may in the project in which he has that role, by how he comes. All tokens were made while
their owners administered the project; then their roles were taken away or made smaller.
"""

BODIES: dict[str, dict[str, object]] = {
    "POST /projects": {"name": "made-here"},
    "POST /check": {},
    "POST /projects/{project}/roles": {"user": "somebody", "role": "viewer"},
    "POST /projects/{project}/tokens": {"name": "made-here"},
    "POST /projects/{project}/models/{model}/versions": {
        "id": X,
        "files": [{"path": "f", "digest": DIGEST, "size": 0}],
    },
    "POST /projects/{project}/claims/{claim}/uploads": {"size": 1, "digest": DIGEST},
    "POST /projects/{project}/claims/{claim}/finished-uploads": {"upload": "x"},
    "POST /projects/{project}/aborted-uploads": {"upload": "x"},
    "POST /projects/{project}/compared-runs": {"runs": [X]},
    "POST /projects/{project}/beats": {"runs": [X]},
    "POST /projects/{project}/runs/{run}/deleted-artifacts": {"path": "f"},
    "POST /projects/{project}/runs/{run}/restored-artifacts": {"path": "f"},
    "POST /projects/{project}/runs/{run}/artifacts": {"external": [{"path": "f", "uri": "s3://b/f"}]},
    "POST /projects/{project}/datasets": {"id": X, "name": "d", "source": "s"},
    "POST /projects/{project}/sessions": dict(new_session(X, "own")),
    "POST /projects/{project}/sessions/{session}/peek": {"expression": "x"},
}
QUERIES = {
    "POST /projects/{project}/journals/{journal}": "?start=0",
    "GET /projects/{project}/runs/{run}/history": "?key=loss",
    "GET /projects/{project}/runs/{run}/text": "?name=notes",
}
ROUTE_BY_NAME = {f"{route.method} {route.path}": route for route in ROUTES}


def _ask(route: str, project: str, headers: dict[str, str]) -> Ask:
    method, path = route.split()
    for name in ("user", "token", "model", "reference", "run", "journal", "dataset", "session"):
        path = path.replace(f"{{{name}}}", X)
    path = path.replace("{claim}", X).replace("{artifact}", X).replace("{project}", project)
    body = BODIES.get(route, {}) if method == "POST" and "journals" not in route else None
    return Ask(method, f"{V1}{path}{QUERIES.get(route, '')}", headers, body)


def _outcome(reply: httpx.Response, project: str) -> str:
    """What a reply says of the right, whatever else became of the request."""
    if reply.status_code < 400:
        return "allowed"
    error = reply.json()["error"]
    if reply.status_code == 401:
        return "unknown"
    if reply.status_code == 403:
        return "denied" if error["code"] == "denied" else "403"
    if reply.status_code == 404 and error.get("field") == "project":
        no_such = f"project: there is no project {project!r} here, or you have no part in it; "
        assert error["message"].startswith(no_such)
        return "no project"
    assert reply.status_code < 500, reply.text
    return "allowed"


def test_the_tables_name_every_route() -> None:
    assert sorted(ROUTE_BY_NAME) == sorted(OUTSIDE | INSIDE)
    assert set(MAY) == set(product(NAMES, ("person", *SCOPES, "session")))
    for name, route in ROUTE_BY_NAME.items():
        # What is authorized is the project of the path: no request may name one elsewhere.
        assert ("project" in route.request.__struct_fields__) == ("{project}" in name), name


def _expected(role: str, credential: str, route: str, project: str) -> str:
    """What the tables say."""
    is_owner = role == "owner" and credential == "person"
    if project == "":
        may = ALL if is_owner else "read" if MAY[role, credential] or credential == "person" else ""
        return "allowed" if OUTSIDE[route] in may.split() else "denied"
    may = MAY[role, credential] if project == "own" else ALL if is_owner and project == "other" else ""
    if not may:
        return "no project"
    if credential == "session" and route in NOT_IN_SESSIONS:
        return "denied"
    return "allowed" if INSIDE[route] in may.split() else "denied"


@pytest.mark.parametrize("project", ["own", "other", "unknown", ""])
def test_every_role_with_every_credential_on_every_route(team: Team, project: str) -> None:
    routes = INSIDE if project else OUTSIDE
    cells = list(product(NAMES, ("person", *SCOPES, "session"), routes))
    if project == "unknown":  # to whoever comes with a token, every project but its own is the same
        cells = [cell for cell in cells if cell[0] == "owner" or cell[1] == "person"]
    asks = [_ask(route, project, team.headers(role, credential)) for role, credential, route in cells]
    replies = team.ask_all(asks)
    found = {cell: _outcome(reply, project) for cell, reply in zip(cells, replies, strict=True)}
    expected = {cell: _expected(*cell, project) for cell in cells}
    wrong = {cell: (found[cell], expected[cell]) for cell in cells if found[cell] != expected[cell]}
    assert not wrong


@pytest.mark.parametrize("project", ["own", "other", "unknown", ""])
def test_a_kernel_may_what_the_servers_owner_may(team: Team, project: str) -> None:
    routes = list(INSIDE if project else OUTSIDE)
    replies = team.ask_all([_ask(route, project, bearer(team.kernel)) for route in routes])
    found = {route: _outcome(reply, project) for route, reply in zip(routes, replies, strict=True)}
    expected = dict.fromkeys(routes, "no project" if project == "unknown" else "allowed")
    if project in ("own", "other"):
        # A token has an owner, whose role it has: whoever works in a kernel here is not known by name.
        expected["POST /projects/{project}/tokens"] = "denied"
    assert found == expected


def test_a_refusal_names_the_right_that_is_missing(team: Team) -> None:
    error = team.ask("viewer", "person", "POST", "projects/own/datasets").json()["error"]
    assert error["message"] == "this needs the right to write in project 'own'; ask who administers it"


def test_what_a_person_lists_are_his_projects(team: Team) -> None:
    def names(role: str, credential: str) -> list[str]:
        return [each["name"] for each in team.ask(role, credential, "GET", "projects").json()["items"]]

    assert names("none", "person") == []
    assert names("viewer", "person") == ["own"]
    assert names("owner", "read") == ["own"]
    assert {"own", "default"} < set(names("owner", "person"))
    reply = team.ask("viewer", "person", "GET", "projects/own").json()
    assert reply["rights"] == ["delegate", "read"]
    assert team.ask("viewer", "person", "GET", "capabilities").json()["author"] == "vera"


def test_everybody_has_the_role_of_the_star(team: Team) -> None:
    team.make("owner", "projects", name="open")
    team.make("owner", "projects/open/roles", user="*", role="viewer")
    assert team.ask("none", "person", "GET", "projects/open/models").status_code == 200
    assert team.ask("none", "person", "POST", "projects/open/datasets").status_code == 403
    with team.server.http() as nameless:  # whoever comes with Jupyter's own token
        assert nameless.get(f"{V1}/projects/open/models").status_code == 200
        assert nameless.get(f"{V1}/projects/own/models").status_code == 404


def _things(team: Team, project: str) -> dict[str, str]:
    """The ids of one thing of each kind in a new project."""
    team.make("owner", "projects", name=project)
    services = HttpServices(team.server.url, team.kernel)
    try:
        artifact = put(services, "m", b"secret", project=project).artifacts[0]
        run = started()
        Sender(services, project).send(run, Points(run.run, 0, 1, {"loss": 0.5}))
        data = LogDataset(project=project, id=new_id(), name="d", source="s")
        dataset = services.datasets.log_dataset(data)
        claim = new_id()
        services.blobs.upload(UploadBlob(project=project, claim=claim), b"more")
    finally:
        services.close()
    session = new_id()
    team.make("owner", f"projects/{project}/sessions", **new_session(session, project))
    token = team.new_token("foreign", role="owner", project=project)["info"]["id"]
    ids = {"artifact": artifact.id, "digest": artifact.digest or "", "run": run.run, "token": token}
    return {**ids, "dataset": dataset.dataset.id, "claim": claim, "session": session}


def test_what_is_in_another_project_is_not_found_by_its_id(team: Team) -> None:
    ids = _things(team, "foreign")
    asks = {
        "artifacts/{artifact}": "GET",
        "artifacts/{artifact}/content": "GET",
        "artifacts/{artifact}/link": "POST",
        "runs/{run}": "GET",
        "runs/{run}/history?key=loss": "GET",
        "runs/{run}/texts": "GET",
        "runs/{run}/text?name=notes": "GET",
        "runs/{run}/restore": "POST",
        "runs/{run}?": "DELETE",
        "datasets/{dataset}": "GET",
        "lineage/run:{run}": "GET",
        "lineage/dataset:{dataset}": "GET",
        "sessions/{session}": "GET",
        "sessions/{session}/grant": "POST",
        "sessions/{session}/interrupt": "POST",
        "sessions/{session}/stack": "GET",
        "sessions/{session}/output": "GET",
        "sessions/{session}/token": "POST",
        "sessions/{session}?": "DELETE",
        "tokens/{token}/pickup": "POST",
        "tokens/{token}": "DELETE",
    }
    for path, method in asks.items():
        # The administrator of one project, and whoever may all: an id says nothing of the project.
        for role in ("admin", "owner"):
            reply = team.ask(role, "person", method, f"projects/own/{path.format(**ids)}")
            assert reply.status_code == 404, (path, reply.text)
    peek = team.ask("admin", "person", "POST", f"projects/own/sessions/{ids['session']}/peek", expression="x")
    assert peek.status_code == 404, peek.text
    for path in ("artifacts/{artifact}", "runs/{run}", "datasets/{dataset}", "sessions/{session}"):
        reply = team.ask("owner", "person", "GET", f"projects/foreign/{path.format(**ids)}")
        assert reply.status_code == 200, reply.text


def test_bytes_of_another_project_have_to_be_uploaded(team: Team) -> None:
    """To know a digest, or a claim, of another project is not to have its bytes."""
    ids = _things(team, "elsewhere")
    file = {"path": "f", "digest": ids["digest"], "size": 6}
    with team.server.http(None) as client:
        path, headers = f"{V1}/projects/own/claims/", team.headers("admin", "write")
        own = new_id()
        assert client.put(path + own, headers=headers).status_code == 405
        assert client.put(f"{path}{own}/blobs", headers=headers, content=b"else").status_code == 201
        guessed = f"{path}{new_id()}/blobs?digest={ids['digest']}"
        guess = client.put(guessed, headers=headers, content=b"guess!")
        assert guess.status_code == 400
        assert client.delete(path + ids["claim"], headers=headers).status_code == 204
    for claim in (own, ids["claim"], new_id()):
        body = {"id": claim, "files": [file]}
        reply = team.ask("admin", "write", "POST", "projects/own/models/mine/versions", **body)
        assert reply.status_code in (400, 409), reply.text
    more = {"path": "f", "digest": hashlib.sha256(b"more").hexdigest(), "size": 4}
    body = {"id": ids["claim"], "files": [more]}
    team.make("owner", "projects/elsewhere/models/theirs/versions", **body)  # the claim still holds its bytes
