"""What travels with each cell into a session: for whom it runs, in which run, and which server to tell.

Only a session's kernel sets it; everywhere else there is none.
"""

from __future__ import annotations

from msgspec import Struct


class RunContext(Struct, frozen=True, kw_only=True):
    """The run in which a cell logs, with what is needed to log before anybody else has told of it."""

    id: str
    name: str
    experiment: str
    started: int
    project: str = ""
    """"" for the one of the context."""


class Context(Struct, frozen=True, kw_only=True):
    """The notebook's side of a cell."""

    project: str
    run: RunContext | None = None
    experiment: str = ""
    """That of runs which name none; "" for the default one."""
    url: str = ""
    """The notebook's server; "" when the notebook works without one."""
    token: str = ""
    session: str = ""
    """The session's name."""
    gpu: str = ""
    """The GPU type that the session has; `cpu` for a stand-in."""
    request: str = ""
    """What was asked for, such as `L40S × 2` or `L40S, 50 %`."""
    notebook: str = ""
    user: str = ""
    """Who works in the notebook, when its environment says so."""
    whole: bool = False
    """Whether the whole notebook runs in the session, and not only some cells."""

    def __repr__(self) -> str:
        """Without the token."""
        return f"Context(project={self.project!r}, run={self.run!r}, session={self.session!r})"


_current: Context | None = None


def set_context(context: Context) -> None:
    """Work for this notebook from now on; also in threads that an earlier cell has started."""
    global _current
    _current = context


def get_context() -> Context | None:
    """The context of the last cell; None outside a session."""
    return _current
