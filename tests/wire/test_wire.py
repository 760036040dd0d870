"""Requests and errors over the wire, both ways."""

from __future__ import annotations

import msgspec
import pytest

from aip_jupyter import errors
from aip_jupyter.domain.artifacts import FileRef, UploadBlob
from aip_jupyter.domain.models import GetModel, ListModels, RegisterVersion
from aip_jupyter.domain.records import Request, new_id
from aip_jupyter.wire.errors import TABLE, decode_error, encode_error
from aip_jupyter.wire.requests import build_request, path_fields, split_request
from aip_jupyter.wire.routes import ROUTES, Route

BY_OPERATION = {route.operation: route for route in ROUTES}

REQUESTS: list[tuple[str, Request]] = [
    ("models.list_models", ListModels(project="p", search="ä b&c", limit=7)),
    ("models.get_model", GetModel(project="p", model="a/b?c#d e%2F")),
    ("blobs.upload", UploadBlob(project="p", claim=new_id(), digest="0" * 64)),
    (
        "models.register_version",
        RegisterVersion(
            project="p",
            model="ü",
            id=new_id(),
            files=[FileRef(path="a", digest="1" * 64, size=3)],
            tags={"x": ""},
            properties={"i": 1, "f": 1.0, "b": True, "s": "1"},
        ),
    ),
]


@pytest.mark.parametrize(("operation", "request_"), REQUESTS)
def test_a_request_arrives_as_it_was_sent(operation: str, request_: Request) -> None:
    route = BY_OPERATION[operation]
    path, rest = split_request(route, request_)
    assert path.count("/") == route.path.count("/")
    in_path = {name: getattr(request_, name) for name in path_fields(route)}
    if route.method == "POST":
        arrived = build_request(route, in_path, {}, msgspec.json.encode(rest))
    else:
        arrived = build_request(route, in_path, {k: str(v) for k, v in rest.items()}, b"")
    assert arrived == request_
    assert [type(v) for v in getattr(arrived, "properties", {}).values()] == [
        type(v) for v in getattr(request_, "properties", {}).values()
    ]


@pytest.mark.parametrize(
    ("query", "body", "field"),
    [
        ({"limit": "many"}, b"", "limit"),
        ({"colour": "red"}, b"", "colour"),
        ({}, b"[1]", "body"),
        ({}, b"{", "body"),
        ({}, b'{"limit": "5"}', "limit"),
        ({}, b"[" * 100_000, "body"),
    ],
)
def test_bad_requests_name_the_field(query: dict[str, str], body: bytes, field: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        build_request(BY_OPERATION["models.list_models"], {"project": "p"}, query, body)
    assert caught.value.field == field


def test_the_path_wins_over_query_and_body() -> None:
    route = BY_OPERATION["models.list_models"]
    request = build_request(route, {"project": "mine"}, {"project": "yours"}, b'{"project": "theirs"}')
    assert request == ListModels(project="mine")


def test_what_jupyters_own_clients_add_is_left_out() -> None:
    route = BY_OPERATION["models.list_models"]
    assert build_request(route, {}, {"token": "x", "_xsrf": "y", "1700000000000": ""}, b"") == ListModels()


@pytest.mark.parametrize("kind", [kind for kind, _, _ in TABLE])
def test_errors_arrive_as_they_were_raised(kind: type[errors.AipError]) -> None:
    extra = {
        errors.NotFound: {"nearest": ["a", "b"]},
        errors.RateLimited: {"retry_after": 2.5},
        errors.NotSupported: {"capability": "models"},
    }.get(kind, {})
    error = kind("model: do this", field="model", **extra)  # type: ignore[arg-type]
    status, body = encode_error(error)
    back = decode_error(status, msgspec.json.encode(body))
    assert type(back) is kind
    assert (back.message, back.field, back.details()) == (error.message, error.field, error.details())


@pytest.mark.parametrize(
    "details", [{"foo": 1}, {"message": "x"}, {"self": 1}, {"nearest": 5}, {"retry_after": "soon"}, {}]
)
def test_details_of_another_version_or_type_do_no_harm(details: dict[str, object]) -> None:
    for _, status, code in TABLE:
        body = msgspec.json.encode({"error": {"code": code, "message": "a\x1b[31m\nb", "details": details}})
        assert decode_error(status, body).message == "a [31m b"


@pytest.mark.parametrize("name", [".", ".."])
def test_what_would_lead_to_another_route_is_refused(name: str) -> None:
    with pytest.raises(errors.Invalid, match="part of an address"):
        split_request(BY_OPERATION["models.get_model"], GetModel(model=name))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, errors.Unauthenticated), (403, errors.Denied), (404, errors.NotFound), (502, errors.Unavailable)],
)
def test_replies_that_are_not_ours_are_told_by_their_status(status: int, kind: type) -> None:
    for body in (b"<html>\xff", b'{"error": {"code": "invalid", "message": "\xff"}}', b'{"a":' * 100_000):
        error = decode_error(status, body)
        assert type(error) is kind
        assert str(status) in error.message


def test_no_two_routes_collide() -> None:
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    assert len(BY_OPERATION) == len(ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_every_route_fits_its_request(route: Route) -> None:
    assert set(path_fields(route)) <= set(route.request.__struct_fields__)
