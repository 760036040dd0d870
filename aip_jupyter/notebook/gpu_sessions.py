"""Which session a cell runs on: the one it names, the notebook's own of that type, or a new one."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Sequence

from ..client.connect import connect
from ..domain.records import new_id
from ..domain.sessions import GetGpus, GetSession, Grant, ListSessions, Session, StartSession, known_types
from ..errors import Conflict, GpuNotAvailable, Invalid
from ..sessions.background import Background, background
from ..sessions.environment import session_environment
from ..sessions.links import open_link
from ..sessions.relay import Relay
from ..wire.agent import CellMark, Order
from .gpu_context import SessionGrant, notebook_path
from .gpu_wishes import Wish, choose, default_name, fits, misfit, stands_in


class OpenSession:
    """A session to which this process has a link."""

    def __init__(self, session: Session, relay: Relay) -> None:
        self.session = session
        self.relay = relay
        self.turn = asyncio.Lock()
        """Held by the cell that runs."""
        self.grant = SessionGrant()
        self.notices: list[tuple[str, str]] = []
        """Lines to be shown with the next cell, and the kind of each."""


class OpenSessions:
    """The sessions of this process, the last used first. All of it belongs to the links' event loop."""

    def __init__(self) -> None:
        self._open: list[OpenSession] = []
        self._dead: list[OpenSession] = []
        self._opening = asyncio.Lock()

    def find(self, wish: Wish) -> OpenSession | None:
        """One that is open already; without a type the last used. Invalid when several fit alike."""
        dead = [each for each in self._open if each.relay.death is not None]
        for each in dead:
            self._open.remove(each)
        self._dead = [*dead, *self._dead][:10]
        fitting = [each for each in self._open if fits(each.session, wish)]
        if wish.gpu and not wish.name:
            chosen = choose([each.session for each in fitting], wish)
            fitting = [each for each in fitting if each.session is chosen]
        if not fitting:
            return None
        self._open.remove(fitting[0])
        self._open.insert(0, fitting[0])
        return fitting[0]

    @property
    def ids(self) -> frozenset[str]:
        """Those of all that are open. From any thread."""
        return frozenset(each.session.id for each in self._open.copy())

    async def open(self, wish: Wish) -> OpenSession:
        """One that lives already, or a new one. Whoever asks meanwhile gets the same."""
        async with self._opening:
            found = self.find(wish)
            if found is None:
                grant, began = await asyncio.to_thread(grant_for, wish)
                link = await open_link(grant, connect())
                died = self._forget_dead(wish) if began else None
                found = OpenSession(link.session, Relay(link))
                found.notices = notices_of(link.session, began=began, died=died)
                self._open.insert(0, found)
                if not began and link.session.notebook == notebook_path() != "":
                    found.notices += unseen((await found.relay.order(Order(do="cells"))).cells)
            return found

    async def ours(self) -> list[OpenSession]:
        """All of this notebook in the project in use that live, the last used first.

        Opens those of its earlier kernels.
        """
        self.find(Wish())  # forgets the dead
        project, names = await asyncio.to_thread(names_of_notebook)
        for name in names:
            if all((name, project) != (s.name, s.project) for s in (each.session for each in self._open)):
                await self.open(Wish(name=name, project=project))
        return [each for each in self._open if each.session.project == project]

    async def close(self, name: str) -> None:
        """Let go of the session of this name, if there is one."""
        for each in [each for each in self._open if each.session.name == name]:
            self._open.remove(each)
            await each.relay.close()

    def _forget_dead(self, wish: Wish) -> str | None:
        """How the last session ended that was what the user means now; told once."""
        died = [each for each in self._dead if fits(each.session, wish)]
        self._dead = [each for each in self._dead if each not in died]
        return str(died[0].relay.death) if died else None


def notices_of(session: Session, *, began: bool, died: str | None = None) -> list[tuple[str, str]]:
    """What the user has to know of a session that was opened: lines, and the kind of each."""
    notices = []
    if died:
        ended = died.partition(". ")[0].removeprefix("session: ")
        notices.append((f"GPU session {ended}. A new one runs this cell, without its variables.", "died"))
    if not began:
        cells = f"{session.cells} cell{'' if session.cells == 1 else 's'}"
        state = f"goes on after {cells}: its variables are there" if session.cells else "has run no cell yet"
        text = f"GPU session {session.name!r} {state}."
        notices.append((text, "attached"))
    if stands_in(session):
        text = f"There is no GPU here: the CPU stands in for {session.requested} (session {session.name!r})."
        notices.append((text, "cpu"))
    elif began and session.fraction < 100:
        notices.append((_part_text(session), "fraction"))
    return notices


def unseen(marks: Sequence[CellMark]) -> list[tuple[str, str]]:
    """What is said of cells that nobody has watched to their end, as those of a kernel that was killed."""
    count = sum(not mark.seen for mark in marks)
    if not count:
        return []
    cells = "a cell" if count == 1 else f"{count} cells"
    return [(f"Output of {cells} is waiting that nobody has seen: `%gpu attach` shows it.", "unseen")]


def _part_text(session: Session) -> str:
    part = f"{session.fraction} % of the memory of its {session.gpu}"
    return (
        f"GPU session {session.name!r} is to use {part}, which it shares: PyTorch is held to that, "
        "other libraries are not."
    )


_sessions: tuple[Background, OpenSessions] | None = None


def open_sessions() -> OpenSessions:
    """Those of this process; a forked child has none of its parent's."""
    global _sessions
    home = background()
    if _sessions is None or _sessions[0] is not home:
        _sessions = home, OpenSessions()
    return _sessions[1]


def names_of_notebook() -> tuple[str, list[str]]:
    """The project in use, and the names of the notebook's living sessions in it."""
    connection, path = connect(), notebook_path()
    project = connection.project
    if not path:
        return project, []
    living = connection.services.sessions.list_sessions(ListSessions(project=project))
    return project, [each.name for each in living if each.notebook == path and each.state != "dead"]


def grant_for(wish: Wish) -> tuple[Grant, bool]:
    """The keys of the session that is wanted, and whether it is a new one."""
    connection = connect()
    services, project = connection.services.sessions, wish.project or connection.project
    living = [s for s in services.list_sessions(ListSessions(project=project)) if s.state != "dead"]
    found = _named(wish, living) if wish.name else _ours(wish, living)
    if found is not None:
        return services.attach_session(GetSession(project=project, session=found.id)), False
    if not wish.gpu:
        if wish.name:  # NotFound, with the names that there are
            return services.attach_session(GetSession(project=project, session=wish.name)), False
        offers = ", ".join(offer.type for offer in services.list_gpus(GetGpus()))
        there_is = f"; this pool has {offers}" if offers else ""
        message = f"gpu: say which GPU the cell needs, such as %%gpu L40S{there_is}"
        raise Invalid(message, field="gpu")
    taken = {session.name for session in living}
    while True:
        name = wish.name or free_name(wish, taken)
        try:
            return services.start_session(new_request(wish, project, name)), True
        except Conflict as error:
            if wish.name or error.field != "session":  # such as an archived project
                raise
            taken.add(name)  # somebody was faster


def _named(wish: Wish, living: list[Session]) -> Session | None:
    found = next((session for session in living if wish.name in (session.name, session.id)), None)
    if found is None:
        return None
    other = misfit(found, wish)
    if other:
        advice = "leave that out, or give the session another name"
        raise Invalid(f"session: {found.name!r} has {other}; {advice}", field="session")
    if wish.strict and stands_in(found):
        message = f"gpu: session {found.name!r} runs on the CPU; leave out --strict to go on with it"
        raise GpuNotAvailable(message, field="gpu")
    return found


def _ours(wish: Wish, living: list[Session]) -> Session | None:
    """That of this notebook: after a restart of its kernel it finds its variables."""
    path = notebook_path()
    return choose([each for each in living if path and each.notebook == path and fits(each, wish)], wish)


def free_name(wish: Wish, taken: set[str]) -> str:
    """What a new session is called that was given no name."""
    known = known_types().get(wish.gpu.lower(), wish.gpu)
    base, number = default_name(known, wish.count or 1, wish.fraction or 100), 2
    name = base
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name


def new_request(wish: Wish, project: str, name: str) -> StartSession:
    """What is asked for a new session of this notebook."""
    connection = connect()
    return StartSession(
        project=project,
        id=new_id(),
        name=name,
        gpu=wish.gpu,
        strict=wish.strict,
        count=1 if wish.count is None else wish.count,
        fraction=100 if wish.fraction is None else wish.fraction,
        notebook=notebook_path(),
        host=socket.gethostname(),
        python=sys.executable,
        folder=os.getcwd(),
        environment=_environment(embedded=connection.server is None),
        author=connection.author,
    )


def _environment(*, embedded: bool) -> dict[str, str]:
    """The variables for a session. What lies beside a script it can import, as the script can."""
    found = session_environment(os.environ, embedded=embedded)
    main = sys.modules.get("__main__")
    script = getattr(main, "__file__", None)
    if script and getattr(main, "__spec__", None) is None:  # not a module that was run by its name
        paths = [os.path.dirname(os.path.abspath(script)), found.get("PYTHONPATH", "")]
        found["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return found
