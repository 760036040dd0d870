"""What the Interrupt button, or the end of its time, does to a cell that runs on a GPU session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from IPython.core.getipython import get_ipython

from ..errors import AipError, ExecutionTimeout
from ..wire.agent import Answer, Order
from .arguments import quoted

if TYPE_CHECKING:
    from .gpu_front import Front
    from .gpu_sessions import OpenSession

PATIENCE = 0.9
"""Seconds after an interrupt, after which the notebook is given back, whatever the session does."""

ENDING = 0.1
"""Seconds in which a kernel that is being restarted or shut down hears of it: Jupyter interrupts it first."""

Part = Literal["values", "cell", "nothing"]
GiveBack = Callable[[AipError | None], bool]
"""Ends the waiting, with the error to raise, or as an interrupt; False when it has ended before."""


class Stopping:
    """The interrupts of one run. All of it belongs to the links' event loop."""

    def __init__(self, front: Front, give_back: GiveBack) -> None:
        self._front = front
        self._give_back = give_back
        self._works = set[asyncio.Task[None]]()
        self._limit = 0.0
        self.presses = 0
        self.part: Part = "values"
        """What runs on the session: its cell, the values that travel before and behind it, or nothing."""
        self.late: ExecutionTimeout | None = None
        """What the cell ends with when its time was up."""

    def pressed(self, session: OpenSession | None, work: asyncio.Task[None] | None) -> None:
        """The user wants it to stop; the second time, to be let go at once.

        `session` is the one that the cell runs on, `work` what is to be given up while it waits for one.
        """
        self.presses += 1
        if session is not None:
            self._start(session)
            if self.presses > 1 and self._let_go(session, None):
                self._front.notice(self._left(session.session.name, None), "left")
        else:
            if work is not None:
                work.cancel()
            self._give_back(None)

    @contextlib.contextmanager
    def running(self, session: OpenSession, limit: float) -> Iterator[None]:
        """The cell itself runs; after so many seconds, unless they are 0, its time is up."""
        self.part, self._limit = "cell", limit
        loop = asyncio.get_running_loop()
        timer = loop.call_later(limit, self._time_is_up, session) if limit else None
        try:
            yield
        finally:
            self.part = "values"
            if timer is not None:
                timer.cancel()

    def _time_is_up(self, session: OpenSession) -> None:
        name = session.session.name
        text = (
            f"timeout: the cell ran for {self._limit:g} s on {name!r} and was interrupted; its variables stay"
        )
        self.late = ExecutionTimeout(text, field="timeout", execution_id=session.relay.asked)
        self._start(session)

    def _start(self, session: OpenSession) -> None:
        work = asyncio.ensure_future(self._stop(session, session.relay.asked))
        self._works.add(work)
        work.add_done_callback(self._works.discard)

    async def _stop(self, session: OpenSession, asked: str) -> None:
        """Interrupt the request of this id, and give the notebook back when that has not helped in time."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        asking = asyncio.ensure_future(self._interrupt(session, asked))
        await asyncio.wait([asking], timeout=PATIENCE)
        answer = asking.result() if asking.done() else None
        if answer is not None and answer.stopped and len(answer.steps) > 1:
            done = "; ".join(answer.steps)
            self._front.notice(f"GPU session {session.session.name!r} has stopped: {done}.", "stopped")
        if asking.done() and (answer is None or not answer.where):
            await asyncio.sleep(max(end - loop.time(), 0.0))  # for its reply to come, by the usual way
        if self._let_go(session, answer):
            # What the agent says late, is told below the cell all the same.
            self._front.notice(self._left(session.session.name, await asking), "left")

    async def _interrupt(self, session: OpenSession, asked: str) -> Answer | None:
        """What the agent says; None when it says nothing, as one that has just ended, or was not asked."""
        if self.late is None:
            await asyncio.sleep(ENDING)
            if _kernel_ends():  # nobody has asked for the session's cell to end: it goes on
                self._give_back(None)
                return None
            if self.part == "values":  # which are several requests
                asked = session.relay.asked
        if not asked:  # it is between two requests, and begins none any more
            return None
        try:
            return await session.relay.order(Order(do="interrupt", cell=asked))
        except AipError:
            return None

    def _let_go(self, session: OpenSession, answer: Answer | None) -> bool:
        """Give the notebook back; what the session yet prints will appear. Whether that is to be told."""
        if self.late is not None:
            self.late = ExecutionTimeout(
                f"timeout: after {self._limit:g} s {self._left(session.session.name, answer)}",
                field="timeout",
                execution_id=self.late.execution_id,
            )
        return self._give_back(self.late) and self.late is None

    def _left(self, name: str, answer: Answer | None) -> str:
        """What the session does that the notebook does not wait for, and what ends it."""
        steps = f" ({'; '.join(answer.steps)})" if answer is not None and answer.steps else ""
        if self.part == "values":
            what = f"values are still on their way to or from GPU session {name!r}{steps}"
        elif answer is None:
            what = f"GPU session {name!r} has not stopped yet and goes on"
        elif answer.where:
            what = f"GPU session {name!r} could not be stopped and goes on{steps}"
        else:
            return f"GPU session {name!r} was interrupted, and is just ending its cell{steps}."
        return f"{what}; `%gpu stop {quoted(name)}` ends it, with its variables."


def _kernel_ends() -> bool:
    """Whether the notebook's kernel has been told to shut down."""
    shell = get_ipython()
    return shell is not None and bool(shell.exit_now)
