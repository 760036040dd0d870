"""What can go wrong, in the words of the domain: no HTTP, no SQL.

    AipError
    ├── Invalid          an input breaks a rule; `field` names the input
    ├── NotFound         no such record; `nearest` offers similar names
    ├── Conflict         somebody else was faster, or the name is taken
    ├── Unauthenticated  no valid credentials
    ├── Denied           valid credentials without the right
    ├── RateLimited      too much at once; `retry_after` in seconds
    ├── GpuNotAvailable  the pool does not have this GPU, or none free; `offers` says what there is
    ├── Unavailable      a backend or the server does not answer
    │   └── StorageFull  no room for the bytes
    ├── NotSupported     the backend lacks the capability; `capability` names it
    ├── SessionDied      the GPU session ended; its variables are gone
    ├── ExecutionTimeout a cell's time on its GPU session was up; `execution_id` is its request's
    └── Incompatible     the store or the other side is newer than this code

Every message is one line that says what to do next, without the secrets that a backend's own text may hold.
`wire.errors` maps the classes to HTTP and back.
"""

from __future__ import annotations

from collections.abc import Sequence

from .redaction import redact


class AipError(Exception):
    """Base of every error of this package.

    `message` is shown to people as it is; `field` names the input at fault, as its user spelled it.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        self.message = redact(message)
        super().__init__(self.message)
        self.field = field

    def details(self) -> dict[str, object]:
        """What besides message and field has to survive the way over HTTP."""
        return {}


class Invalid(AipError):
    """An input breaks a rule."""


class NotFound(AipError):
    """No such record in this project. `nearest` holds similar names, best first."""

    def __init__(self, message: str, *, field: str | None = None, nearest: Sequence[str] = ()) -> None:
        super().__init__(message, field=field)
        self.nearest = list(nearest)

    def details(self) -> dict[str, object]:
        return {"nearest": self.nearest}


class Conflict(AipError):
    """The record changed meanwhile, or its name is taken."""


class Unauthenticated(AipError):
    """No valid credentials came with the request."""


class Denied(AipError):
    """The caller is known but lacks the right."""


class RateLimited(AipError):
    """Too many requests at once; try again after `retry_after` seconds."""

    def __init__(self, message: str, *, field: str | None = None, retry_after: float = 1.0) -> None:
        super().__init__(message, field=field)
        self.retry_after = retry_after

    def details(self) -> dict[str, object]:
        return {"retry_after": self.retry_after}


class GpuNotAvailable(AipError):
    """The pool does not have this GPU type, or none of it free. `offers` says what there is, in words."""

    def __init__(self, message: str, *, field: str | None = None, offers: Sequence[str] = ()) -> None:
        super().__init__(message, field=field)
        self.offers = list(offers)

    def details(self) -> dict[str, object]:
        return {"offers": self.offers}


class SessionDied(AipError):
    """The session's kernel or its agent ended while a cell ran, or before."""


class ExecutionTimeout(AipError):
    """The time that a cell had on its GPU session was up; `execution_id` is the id of its request."""

    def __init__(self, message: str, *, field: str | None = None, execution_id: str = "") -> None:
        super().__init__(message, field=field)
        self.execution_id = execution_id

    def details(self) -> dict[str, object]:
        return {"execution_id": self.execution_id}


class Unavailable(AipError):
    """A backend or the server does not answer, now."""


class StorageFull(Unavailable):
    """No room for the bytes; nothing was kept of them."""


class NotSupported(AipError):
    """The backend in use does not have this capability."""

    def __init__(self, message: str, *, field: str | None = None, capability: str = "") -> None:
        super().__init__(message, field=field)
        self.capability = capability

    def details(self) -> dict[str, object]:
        return {"capability": self.capability}


class Incompatible(AipError):
    """The store, or the other side, speaks a newer version than this code."""
