"""What went wrong, as an error of the domain, however it was raised."""

from __future__ import annotations

from ..errors import AipError, Denied, Invalid, NotFound, Unauthenticated


def domain_error(status: int, error: BaseException | None, method: str, known: bool) -> AipError:
    """The error to tell; `known` is whether the caller is."""
    if isinstance(error, AipError):
        return error
    if status in (401, 403) and not known:
        return Unauthenticated("no valid token came with the request; log in to Jupyter again")
    if status == 403:
        return Denied("the request was refused; reload the page and try again")
    if status == 404:
        return NotFound("there is nothing at this address")
    if status == 405:
        return AipError(f"{method} is not possible here; see openapi.json")
    if status == 400:
        return Invalid("the request is damaged; see openapi.json for its form")
    return AipError("the server failed; its log says why")
