"""`%gpu attach`: shows the output of a session's cells from its journal, and follows the one that runs.

What was printed while nobody looked is read by number, as are the messages of a cell that runs on: so a
kernel that was restarted, a page that was loaded again and a second notebook all see the same, each once.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from ..errors import AipError, SessionDied
from ..sessions.background import background
from ..wire.agent import CellMark, Order
from .arguments import one_line, quoted
from .gpu import LEFT, not_nested
from .gpu_errors import local_error
from .gpu_follow import Follower
from .gpu_front import Front, TerminalFront, front_of
from .gpu_look import session_meant
from .gpu_sessions import OpenSession, open_sessions
from .gpu_wait import Errands, wait, wait_async
from .gpu_wishes import Wish
from .words import at_least_one


def attach_session(
    session: str | None = None, *, last: int | None = None, project: str | None = None
) -> None:
    """Show what a session's cells have printed and drawn while nobody looked, and follow the one that runs.

    Without a name the notebook's only session is meant. When all has been seen, the last cell's output is
    shown again; with `last` that of the last so many. Returns at the end of the cell that runs; an interrupt
    ends the looking on, not the cell.

    Raises NotFound with the names that there are, SessionDied, Unavailable.
    """
    ipython = sys.modules.get("IPython")
    attach(None if ipython is None else ipython.get_ipython(), session, last=last, project=project)


class Attaching:
    """One `%gpu attach`. Made in the notebook's thread; works in the links'."""

    def __init__(self, front: Front, name: str | None, project: str | None, last: int | None) -> None:
        self._front = front
        self._name = name
        self._project = project
        self._last = last
        self._session: OpenSession | None = None
        self._done: Future[bool] = Future()
        self._work: asyncio.Task[None] | None = None

    def start(self) -> Future[bool]:
        """Begin. False comes back when the user has left before the end."""
        background().loop.call_soon_threadsafe(self._begin)
        return self._done

    def interrupt(self) -> None:
        """The user does not want to look on."""
        background().loop.call_soon_threadsafe(self._leave)

    def _begin(self) -> None:
        self._work = asyncio.ensure_future(self._finish())

    async def _finish(self) -> None:
        try:
            await self._attach()
        except BaseException as error:  # noqa: BLE001  # it is raised where somebody waits for it
            if not self._done.done():
                self._done.set_exception(error)
        else:
            if not self._done.done():
                self._done.set_result(True)

    def _leave(self) -> None:
        if self._done.done() or self._work is None:
            return
        if self._session is not None:
            name = quoted(self._session.session.name)
            again = f"`%gpu attach {name}` shows it again, `%gpu interrupt {name}` interrupts it"
            text = f"The cell goes on: {again}."
            self._front.notice(text, "left")
        self._done.set_result(False)
        self._work.cancel()

    async def _attach(self) -> None:
        meant = await asyncio.to_thread(session_meant, self._name, self._project)
        try:
            session = await open_sessions().open(Wish(name=meant.session, project=meant.project))
        except SessionDied as error:
            text = f"{error.message}; `%gpu logs {quoted(meant.session)}` shows what it has printed"
            raise SessionDied(text, field="session") from error
        session.notices = []  # what they say, is seen here
        found = await session.relay.order(Order(do="cells"))
        marks = chosen(found.cells, self._last)
        if not marks:
            self._front.notice(f"GPU session {session.session.name!r} has run no cell yet.", "nothing")
            return
        self._session = session
        await Follower(session.relay, self._front, marks, found.newest).run()


def chosen(marks: Sequence[CellMark], last: int | None) -> Sequence[CellMark]:
    """The last so many; else those whose output nobody has got to its end, else the last one."""
    if last is not None:
        return marks[-last:]
    return [mark for mark in marks if not mark.seen] or marks[-1:]


def attach(
    shell: Any,
    name: str | None = None,
    *,
    last: int | None = None,
    project: str | None = None,
    awaited: bool = False,
) -> Any:
    """Show it, blocking; or, `awaited`, what is to be awaited for it. `shell` is None in a plain script."""
    not_nested()
    if last is not None:
        last = at_least_one(last, "last", "cells")
    front = TerminalFront(1) if shell is None else front_of(shell)
    attaching = Attaching(front, name, project, last)
    if awaited:
        return _attach_async(attaching)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # what the code around it has printed, it has printed before
    _check(wait(attaching.start, attaching.interrupt)[0])
    return None


async def _attach_async(attaching: Attaching) -> None:
    try:
        shown, _ = await wait_async(attaching.start, attaching.interrupt, Errands())
    except AipError as error:
        raise one_line(error) from None
    _check(shown)


def _check(shown: bool) -> None:
    if not shown:
        raise local_error(LEFT)
