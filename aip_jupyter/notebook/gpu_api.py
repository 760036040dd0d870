"""Looking after GPU sessions from Python: what `%gpu` does."""

from __future__ import annotations

from ..domain.sessions import GetGpus, GetOutput, GetSession, ListSessions
from ..errors import Invalid
from .connection import connect
from .gpu_look import session_meant
from .gpu_tables import GpuTable, SessionNote, SessionTable
from .words import at_least_one


def list_sessions(*, project: str | None = None) -> SessionTable:
    """The project's GPU sessions, the newest first: the living ones, and those that ended a moment ago.

    Returns a list of `Session` that shows itself as a table. Raises Unavailable.
    """
    connection = connect()
    project = project or connection.project
    found = connection.services.sessions.list_sessions(ListSessions(project=project))
    return SessionTable(found, project=project)


def list_gpus() -> GpuTable:
    """The GPU types of the pool, how many there are of each and how many are free; none without any GPU.

    Returns a list of `GpuOffer` that shows itself as a table. Raises Unavailable.
    """
    return GpuTable(connect().services.sessions.list_gpus(GetGpus()))


def stop_session(session: str, *, project: str | None = None) -> SessionNote:
    """End a GPU session, by its name or id: its kernel, its variables, and its hold on the GPU.

    Raises NotFound with the names that there are, Unavailable.
    """
    request, sessions = _request(session, project), connect().services.sessions
    found = sessions.get_session(request)
    steps = sessions.stop_session(GetSession(project=request.project, session=found.id)).steps
    if found.state == "dead":
        return SessionNote(found, "had ended already and is forgotten")
    done = f" ({'; '.join(steps)})" if steps else ""
    return SessionNote(found, f"has ended; its variables are gone and its GPU is free{done}")


def interrupt_session(session: str | None = None, *, project: str | None = None) -> SessionNote:
    """Interrupt the cell that a GPU session runs; its variables stay. Says what was done, step by step.

    Without a name the notebook's only session is meant. Raises NotFound with the names that there are,
    SessionDied, Unavailable.
    """
    found = connect().services.sessions.interrupt_session(session_meant(session, project))
    done = f" ({'; '.join(found.steps)})"
    if not found.steps:
        what = "runs nothing just now"
    elif found.stopped:
        what = f"is interrupted; its variables stay{done}"
    else:
        what = f"could not be stopped and goes on{done}; %gpu stop ends it, with its variables"
    return SessionNote(found.session, what)


def session_log(session: str | None = None, *, lines: int = 100, project: str | None = None) -> str:
    """What a GPU session has printed, for all notebooks: the last `lines` lines, also while it runs a cell.

    Without a name the notebook's only session is meant. Raises NotFound with the names that there are,
    SessionDied, Unavailable.
    """
    from .gpu_log import read_log

    lines = at_least_one(lines, "lines", "lines")
    meant = session_meant(session, project)
    request = GetOutput(project=meant.project, session=meant.session)
    return read_log(connect().services.sessions, request, lines)


def _request(session: str, project: str | None) -> GetSession:
    if not session or not isinstance(session, str):
        raise Invalid("session: name the session to end; %gpu lists them", field="session")
    return GetSession(project=project or connect().project, session=session)
