"""What the Interrupt button does to a cell that runs on a GPU session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import AipError
from ..wire.agent import Order

if TYPE_CHECKING:
    from .gpu_front import Front
    from .gpu_sessions import OpenSession

PATIENCE = 0.9
"""Seconds that a cell has to end after an interrupt, before the notebook is given back."""


class Stopping:
    """The interrupts of one run. All of it belongs to the links' event loop."""

    def __init__(self, front: Front, give_back: Callable[[], bool]) -> None:
        self._front = front
        self._give_back = give_back
        self._works = set[asyncio.Task[None]]()
        self.presses = 0

    def pressed(self, session: OpenSession | None, work: asyncio.Task[None] | None) -> None:
        """The user wants it to stop; the second time, to be let go at once.

        `session` is the one that the cell runs on, `work` what is to be given up while it waits for one.
        """
        self.presses += 1
        if session is not None:
            interrupting = asyncio.ensure_future(self._interrupt(session))
            self._works.add(interrupting)
            interrupting.add_done_callback(self._works.discard)
            if self.presses == 1:
                asyncio.get_running_loop().call_later(PATIENCE, self._let_go, session)
                return
        elif work is not None:
            work.cancel()
        self._let_go(session)

    async def _interrupt(self, session: OpenSession) -> None:
        try:
            await session.relay.order(Order(do="interrupt"))
        except AipError:  # it has just ended, which the cell itself tells
            return

    def _let_go(self, session: OpenSession | None) -> None:
        """Give the notebook back; what the session still prints will yet appear."""
        if self._give_back() and session is not None:
            name = session.session.name
            text = f"GPU session {name!r} has not stopped yet and goes on; `%gpu stop {name}` ends it."
            self._front.notice(text, "left")
