"""Errors over HTTP: the one table of statuses, and the JSON body, both ways.

{"error": {"code": "invalid", "message": "…", "field": "version", "details": {…}}}
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Struct

from .. import errors


class ErrorInfo(Struct, omit_defaults=True):
    """What is said of an error."""

    code: str
    message: str
    field: str | None = None
    details: dict[str, Any] = {}


class ErrorBody(Struct):
    """The reply of every request that failed."""

    error: ErrorInfo


TABLE: tuple[tuple[type[errors.AipError], int, str], ...] = (
    (errors.Invalid, 400, "invalid"),
    (errors.Unauthenticated, 401, "unauthenticated"),
    (errors.Denied, 403, "denied"),
    (errors.NotFound, 404, "not_found"),
    (errors.Conflict, 409, "conflict"),
    (errors.RateLimited, 429, "rate_limited"),
    (errors.GpuNotAvailable, 409, "gpu_not_available"),
    (errors.SessionDied, 410, "session_died"),
    (errors.ExecutionTimeout, 408, "execution_timeout"),
    (errors.NotSupported, 501, "not_supported"),
    (errors.StorageFull, 507, "storage_full"),
    (errors.Unavailable, 503, "unavailable"),
    (errors.Incompatible, 503, "incompatible"),
)
"""Subclasses stand before their bases."""

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that mean nothing: the latter two where a text in them is no UTF-8, and
where they are nested too deeply."""

_BY_CODE = {code: kind for kind, _, code in TABLE}
_BY_STATUS = {status: kind for kind, status, _ in reversed(TABLE)}


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class _Details(Struct):
    nearest: list[str] = []
    retry_after: float = 1.0
    capability: str = ""
    offers: list[str] = []
    execution_id: str = ""


_TAKEN: dict[type[errors.AipError], str] = {
    errors.NotFound: "nearest",
    errors.RateLimited: "retry_after",
    errors.NotSupported: "capability",
    errors.GpuNotAvailable: "offers",
    errors.ExecutionTimeout: "execution_id",
}


def encode_error(error: errors.AipError) -> tuple[int, ErrorBody]:
    """The status and the body that tell of this error."""
    for kind, status, code in TABLE:
        if isinstance(error, kind):
            info = ErrorInfo(code, error.message, error.field, error.details())
            return status, ErrorBody(info)
    return 500, ErrorBody(ErrorInfo("error", error.message, error.field))


def decode_error(status: int, body: bytes) -> errors.AipError:
    """The error that a reply tells of; also for replies that are not ours (a proxy's, Jupyter's own)."""
    try:
        info = msgspec.json.decode(body, type=ErrorBody).error
    except UNREADABLE:
        return _foreign(status, body)
    kind = _BY_CODE.get(info.code, errors.AipError)
    message = " ".join(_CONTROL.sub(" ", info.message).split())
    return kind(message, field=info.field, **_details_of(kind, info.details))


def _details_of(kind: type[errors.AipError], details: dict[str, Any]) -> dict[str, Any]:
    """Of what the other side says, what this class takes: another version may say more, or other types."""
    try:
        known = msgspec.convert(details, _Details)
    except msgspec.ValidationError:
        known = _Details()
    for base, name in _TAKEN.items():
        if issubclass(kind, base):
            return {name: getattr(known, name)}
    return {}


def _foreign(status: int, body: bytes) -> errors.AipError:
    kind = _BY_STATUS.get(status, errors.Unavailable if status >= 500 else errors.AipError)
    text = body[:200].decode(errors="replace").strip()
    return kind(f"the server answered {status}: {text or 'nothing'}")
