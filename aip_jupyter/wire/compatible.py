"""How errors are spelled in the protocols of others, whose clients read them.

Served below `/aip/<protocol>` and `/aip/p/{project}/<protocol>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http.client import responses
from typing import Any

import msgspec
from msgspec import Struct

from ..domain.records import new_id
from ..errors import AipError, Conflict, NotFound, Unauthenticated
from .errors import encode_error


class Asked(Struct, frozen=True):
    """What of a request decides how its error is spelled."""

    path: str
    """Below the protocol's prefix, with the slash."""
    form: str
    """What credential came: "" for none, `basic`, or another."""


class Told(Struct, frozen=True):
    """An answer that tells of an error."""

    status: int
    body: bytes
    content_type: str = "application/json"
    challenge: str = 'Bearer realm="aip"'
    """Sent with 401 (RFC 9110 §11.6.1)."""
    reason: str | None = None
    """The text beside the status; None for the usual one."""


Spelling = Callable[[AipError, int, Asked], Told]


def _kubeflow(error: AipError, status: int, asked: Asked) -> Told:
    """`Error` of the Model Registry API: `code` is the reason phrase. Its tests look for how messages end."""
    message = error.message
    for kind, ending in ((NotFound, "not found"), (Conflict, "conflict")):
        if isinstance(error, kind) and not message.endswith(f": {ending}"):
            message = f"{message}: {ending}"
    body = msgspec.json.encode({"code": _phrase(status), "message": message})
    return Told(status, body, "application/json; charset=UTF-8")


def _clearml(error: AipError, status: int, asked: Asked) -> Told:
    """The envelope of the ClearML API: its result code is the HTTP status, and `data` is there always."""
    name = re.sub(r"^/+(v\d+(\.\d+)?/+)?", "", asked.path)
    subcode = _clearml_subcode(status, asked)
    meta: dict[str, Any] = {
        "id": new_id(),
        "trx": new_id(),
        "endpoint": {"name": name, "requested_version": "2.34", "actual_version": None},
        "result_code": status,
        "result_subcode": subcode,
        "result_msg": error.message,
        "error_stack": None,
        "error_data": {},
    }
    body = msgspec.json.encode({"meta": meta, "data": {}})
    scheme = "Basic" if name == "auth.login" else "Bearer"  # the one call that comes with key and secret
    return Told(status, body, challenge=f'{scheme} realm="aip"')


def _clearml_subcode(status: int, asked: Asked) -> int:
    if status == 401:
        return {"": 20, "basic": 22, "other": 10}.get(asked.form, 30)  # none, invalid pair, type, token
    return 21 if status == 403 else 0  # no permission to write


def _podstack(error: AipError, status: int, asked: Asked) -> Told:
    """`error` is text for all families but the `Client`, which is below `/v1` and needs an object."""
    if re.match(r"/+v1/+(?!api/)", asked.path):
        code = encode_error(error)[1].error.code
        told: Any = {"message": error.message, "code": code, "field": error.field}
    else:
        told = error.message
    return Told(status, msgspec.json.encode({"error": told, "message": error.message}))


def _pypi(error: AipError, status: int, asked: Asked) -> Told:
    """twine shows the reason phrase only, uv title and detail of the problem (RFC 9457)."""
    if isinstance(error, NotFound) and error.field == "project":
        # uv goes on to the next index after a 404, and would take a stranger's package of the same name.
        status = 403
    problem = {"type": "about:blank", "title": _phrase(status), "status": status, "detail": error.message}
    body = msgspec.json.encode(problem)
    # One line of ASCII: tornado would send "Unknown" for anything else.
    reason = "".join(c if c.isprintable() else " " for c in error.message).encode("ascii", "replace").decode()
    return Told(status, body, "application/problem+json", 'Basic realm="aip"', reason[:200])


def _phrase(status: int) -> str:
    return responses.get(status, "Unknown")


_SPELLINGS: dict[str, Spelling] = {
    "kubeflow": _kubeflow,
    "clearml": _clearml,
    "podstack": _podstack,
    "pypi": _pypi,
}
PROTOCOLS = tuple(_SPELLINGS)


def spell_error(protocol: str, error: AipError, status: int, asked: Asked) -> Told:
    """An error in the words of this protocol."""
    if isinstance(error, Unauthenticated):
        status = 401
    return _SPELLINGS[protocol](error, status, asked)
