"""Looking into GPU sessions that are busy, and which one is meant when nobody names one."""

from __future__ import annotations

import re
import sys
from typing import Any

from msgspec.structs import replace

from ..domain.sessions import GetSession, ListSessions, Peek, PeekSession, Session
from ..errors import Invalid, NotFound
from .connection import connect
from .gpu_context import notebook_path
from .gpu_tables import SessionNote

_OPTION = r"--(session|project)(?:\s*=\s*|\s+)(\S+)"


class PeekedValue:
    """A value of a GPU session as it was at that moment; it shows itself as it does there.

    `type` is the name of its class, `text` its plain text.
    """

    def __init__(self, peek: Peek) -> None:
        self.type = peek.type
        self.text = peek.data.get("text/plain", "")
        self._data = peek.data

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return dict(self._data)


def peek_session(expression: str, session: str | None = None, *, project: str | None = None) -> PeekedValue:
    """A value in a GPU session, most often a variable, also while that runs a cell.

    Without a name the notebook's only session is meant. Raises Invalid when the expression fails, takes long
    or native code holds the session's interpreter; NotFound with the names that there are; SessionDied.

        aip.peek_session("losses[-1]")
    """
    if not isinstance(expression, str):
        message = f"expression: give a text, such as 'losses[-1]', not {expression!r:.80}"
        raise Invalid(message, field="expression")
    meant = session_meant(session, project)
    request = PeekSession(project=meant.project, session=meant.session, expression=expression)
    return PeekedValue(connect().services.sessions.peek_session(request))


def session_stack(session: str | None = None, *, project: str | None = None) -> str:
    """Where the threads of a GPU session are at this moment: the lines of its cells, and what they call.

    Without a name the notebook's only session is meant. Raises NotFound with the names that there are,
    SessionDied, Unavailable.
    """
    return connect().services.sessions.get_stack(session_meant(session, project)).text


def restart_session(session: str, *, project: str | None = None) -> SessionNote:
    """End a GPU session and start it again, with the same name, type and notebook; its variables are gone.

    It gets this kernel's interpreter, folder and environment variables. Raises NotFound with the names that
    there are, GpuNotAvailable when somebody else was faster, Unavailable.
    """
    from .gpu_sessions import new_request
    from .gpu_wishes import Wish

    sessions, meant = connect().services.sessions, session_meant(session, project)
    found = sessions.get_session(meant)
    gpu = found.requested or found.gpu
    wish = Wish(gpu=gpu, name=found.name, count=found.count, fraction=found.fraction)
    request = replace(new_request(wish, meant.project, found.name), notebook=found.notebook)
    steps = sessions.stop_session(GetSession(project=meant.project, session=found.id)).steps
    began = sessions.start_session(request).session
    done = "; ".join([*steps, "started it again"])
    return SessionNote(began, f"has begun again, without its variables ({done})")


def session_meant(name: str | None, project: str | None) -> GetSession:
    """The session of this name or id; without one, the only one of this notebook. NotFound, Invalid."""
    connection = connect()
    project = project or connection.project
    if name:
        return GetSession(project=project, session=name)
    living = connection.services.sessions.list_sessions(ListSessions(project=project))
    living = [session for session in living if session.state != "dead"]
    path, opened = notebook_path(), _opened_here()
    ours = [session for session in living if session.id in opened or (path and session.notebook == path)]
    if len(ours) == 1:
        return GetSession(project=project, session=ours[0].id)
    if ours:
        raise Invalid(f"session: this notebook has {_names(ours)}; name one of them", field="session")
    near = [session.name for session in living]
    advice = f"name one: there is {_names(living)}" if living else "start one with %%gpu"
    raise NotFound(f"session: this notebook has no GPU session; {advice}", field="session", nearest=near)


def split_peek(words: str) -> tuple[str | None, str | None, str]:
    """The session, the project and the expression of `%gpu peek`, whose quotes are the expression's own.

    Options stand before or behind it. A name may stand before it too, where both together are no expression.
    """
    options = dict[str, str]()
    rest = words.strip()
    while found := re.match(rf"{_OPTION}(?:\s+|$)", rest) or re.search(rf"\s{_OPTION}$", rest):
        options[found[1]] = found[2]
        rest = (rest[: found.start()] + rest[found.end() :]).strip()
    first, _, behind = rest.partition(" ")
    if "session" not in options and not _is_expression(rest) and _is_expression(behind.strip()):
        options["session"], rest = first, behind.strip()
    if not rest:
        message = "expression: say what to look at, as in %gpu peek losses[-1]"
        raise Invalid(message, field="expression")
    return options.get("session"), options.get("project"), rest


def _is_expression(text: str) -> bool:
    try:
        compile(text, "<peek>", "eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _opened_here() -> frozenset[str]:
    """The ids of the sessions that this process has a link to. Loads nothing when it never had one."""
    module = sys.modules.get(f"{__package__}.gpu_sessions")
    return module.open_sessions().ids if module is not None else frozenset()


def _names(sessions: list[Session]) -> str:
    names = [session.name for session in sessions]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
