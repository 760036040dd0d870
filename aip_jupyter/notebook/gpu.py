"""Running a cell on a GPU session: what `%%gpu` does, in a notebook and in a terminal.

The work is one coroutine in the links' thread. The notebook's own thread only waits for it: awaiting, so that
widgets and other messages are served meanwhile, or blocking, where there is no loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import msgspec
from msgspec import Struct

from ..client.context import RunContext, get_context
from ..errors import AipError, Invalid
from ..sessions.background import background
from ..sessions.messages import Message
from ..sessions.relay import Cell
from .active_run import ActiveRun
from .gpu_context import context_for
from .gpu_data import Arrived, Interrupted, Parcel, fetch, send, stay, unpack
from .gpu_errors import LastError, local_error
from .gpu_front import Front
from .gpu_input import Question, ask
from .gpu_sessions import OpenSession, OpenSessions, open_sessions
from .gpu_stop import Stopping
from .gpu_wait import Errands, wait, wait_async
from .gpu_wishes import Wish
from .progress import Progress
from .run_state import experiment_now, run_context

EXIT = 5.0
"""Seconds that a session has to end by itself, once its cell has asked for it."""
LEFT = {"ename": "KeyboardInterrupt", "evalue": "", "traceback": ["KeyboardInterrupt"]}


class Task(Struct, frozen=True, kw_only=True):
    """What is to be run where, with what, and what is to come back."""

    wish: Wish
    code: str
    count: int
    values: Parcel = Parcel()
    out: Sequence[str] = ()
    timeout: float = 0.0
    """Seconds after which it is ended; 0 for never."""
    run: RunContext | None = msgspec.field(default_factory=run_context)
    """The run that it logs to: the one that is active where it was asked for."""
    own: ActiveRun | None = None
    """The same, when it is the cell's own and ends with it."""
    experiment: str = msgspec.field(default_factory=experiment_now)


class Outcome(Struct, frozen=True, kw_only=True):
    """What has become of it."""

    reply: dict[str, Any]
    values: Arrived | None = None
    left: bool = False
    """The notebook was given back before the cell had ended."""
    fault: AipError | None = None
    """What is to be raised instead: the cell's time was up."""


class Run:
    """One run of a task. Made in the notebook's thread; works in the links'."""

    def __init__(self, task: Task, front: Front) -> None:
        self._task = task
        self._front = front
        self._done: Future[Outcome] = Future()
        self._session: OpenSession | None = None
        self._stopping = Stopping(front, self._give_back)
        self._errors = LastError(front)
        self._work: asyncio.Task[None] | None = None
        self.errands = Errands()
        """What the waiting thread has to do meanwhile: the cell's questions."""

    def start(self) -> Future[Outcome]:
        """Begin; the future of what becomes of it."""
        background().loop.call_soon_threadsafe(self._begin)
        return self._done

    @property
    def session(self) -> OpenSession | None:
        """The one that it runs on; None while it waits for its turn."""
        return self._session

    def interrupt(self) -> None:
        """The user wants it to stop. The second time: to be let go at once."""
        background().loop.call_soon_threadsafe(self._pressed)

    def _begin(self) -> None:
        self._work = asyncio.ensure_future(self._finish())

    async def _finish(self) -> None:
        try:
            try:
                outcome = await self._run()
            finally:
                self._stopping.part = "nothing"
        except BaseException as error:  # noqa: BLE001  # it is raised where somebody waits for it
            if not self._done.done():
                self._done.set_exception(error)
        else:
            if not self._done.done():
                self._done.set_result(outcome)

    async def _run(self) -> Outcome:
        sessions = open_sessions()
        session = sessions.find(self._task.wish)
        if session is None:
            wanted = self._task.wish.gpu or self._task.wish.name or "your session"
            with Progress(f"opening a GPU session ({wanted})", self._front.progress):
                session = await asyncio.shield(self._open(sessions))
        for text, kind in session.notices:
            self._front.notice(text, kind)
        session.notices = []
        if session.turn.locked() or not session.relay.is_free:
            text = f"GPU session {session.session.name!r} still runs another cell; this one waits for it."
            self._front.notice(text, "waits")
        async with session.turn:
            await session.relay.until_free()
            self._session = session
            return await self._run_on(session)

    def _open(self, sessions: OpenSessions) -> asyncio.Future[OpenSession]:
        """Goes on when the user does not wait for it: then the next cell finds the session."""
        opening = asyncio.ensure_future(sessions.open(self._task.wish))
        opening.add_done_callback(lambda done: done.cancelled() or done.exception())
        return opening

    async def _run_on(self, session: OpenSession) -> Outcome:
        task, relay = self._task, session.relay
        try:
            await send(relay, task.values, self._front.notice, self._front.progress)
            context = await context_for(session.session, session.grant, task.run, task.experiment)
            if self._stopping.presses:
                raise Interrupted
            self._front.join(relay)
            if task.own is not None:
                task.own.note_device(session.session.gpu)
            cell = Cell(task.code, task.count, context, id=self._front.cell, stdin=self._front.stdin)
            with self._stopping.running(session, task.timeout):
                reply = await relay.run(cell, self._show)
            self._errors.end(reply)
            if any(payload["source"] == "ask_exit" for payload in reply.get("payload", [])):
                await self._see_the_end(session)
            # A cell may swallow the interrupt and end well: its time was over all the same.
            if reply["status"] != "ok" or self._done.done() or self._stopping.late is not None:
                stay(relay, task.values)
                return Outcome(reply=reply, fault=self._stopping.late)
            values = await fetch(relay, task.out, task.values, self._front.progress)
            return Outcome(reply=reply, values=values)
        except Interrupted:
            return Outcome(reply={}, left=True)

    async def _see_the_end(self, session: OpenSession) -> None:
        """The cell has called `quit()`. The next one is to find the session ended, and not ending."""
        name = session.session.name
        text = f"GPU session {name!r} ends: the cell has asked for it. Its variables are gone; the next cell"
        self._front.notice(f"{text} starts a new session.", "ends")
        await asyncio.wait([session.relay.ended], timeout=EXIT)

    def _show(self, message: Message) -> None:
        if message.type == "input_request":
            question = msgspec.json.decode(message.content, type=Question)
            self.errands.put(lambda: self._answer(ask(question)))
        elif (
            message.type != "error" or self._stopping.late is None
        ):  # one error is enough: that its time is up
            self._errors.show(message)

    def _answer(self, text: str) -> None:
        """In the notebook's thread."""
        if self._session is not None:
            background().submit(self._session.relay.answer(text))

    def _pressed(self) -> None:
        if not self._done.done():
            self._stopping.pressed(self._session, self._work)

    def _give_back(self, fault: AipError | None) -> bool:
        """End the waiting, whatever the session does; False when it has ended before."""
        if self._done.done():
            return False
        self._done.set_result(Outcome(reply={}, left=True, fault=fault))
        return True


def result_of(outcome: Outcome, front: Front, *, interrupted: bool, shown: bool = False) -> dict[str, Any]:
    """The values that came back; raises what the cell has raised. `shown`: which the front has shown."""
    if outcome.fault is not None:
        raise outcome.fault
    if outcome.left:
        raise local_error(LEFT)
    for payload in outcome.reply.get("payload", []):
        front.payload(payload)
    if outcome.reply["status"] != "ok":
        raise local_error(outcome.reply, interrupted=interrupted, shown=shown)
    return unpack(outcome.values, front.notice)


def not_nested() -> None:
    """Refuse inside a session."""
    context = get_context()
    if context is not None:
        what, which = ("the whole notebook", "%%gpu") if context.whole else ("this cell", "the inner %%gpu")
        message = f"{what} runs in GPU session {context.session!r} already; take {which} away"
        raise Invalid(message)


def in_own_run(task: Task, name: str, experiment: str | None) -> Task:
    """The same in a run of its own, which is a part of the active one and ends with the cell."""
    from .run_projects import active_run_in
    from .run_start import Said, begin

    outer = active_run_in(task.wish.project or None)
    project = None if outer is not None else task.wish.project or None
    own = begin(Said(name, experiment, project=project), outer)
    return msgspec.structs.replace(task, own=own, run=run_context(own))


def run(task: Task, front: Front) -> dict[str, Any]:
    """Run it, blocking; the values that came back."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # what the code around it has printed, it has printed before
    work = Run(task, front)
    with task.own or contextlib.nullcontext():
        outcome, interrupted = wait(work.start, work.interrupt, work.errands)
        return result_of(outcome, front, interrupted=interrupted)


async def run_async(task: Task, front: Front) -> dict[str, Any]:
    """Run it, awaiting; the values that came back."""
    work = Run(task, front)
    with task.own or contextlib.nullcontext():
        outcome, interrupted = await wait_async(work.start, work.interrupt, work.errands)
        return result_of(outcome, front, interrupted=interrupted, shown=front.shows_errors)
