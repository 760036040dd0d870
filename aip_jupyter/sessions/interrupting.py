"""Interrupting what a kernel runs, step by step; each step is told. Nothing here costs the variables."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace

from .child import Child
from .inquiry import HOLDS, Inquiry, Look
from .works import Works

POKE = 0.05
"""Seconds between a signal and the message that lets a waiting event loop see it (ipykernel#881)."""
GROUP = 0.3
"""Seconds after which the processes that the cell has started are interrupted too."""
LOOK = 0.55
"""Seconds after which it is looked at again where the cell is."""
LOOKING = 0.2
"""Seconds that the interpreter has to say so, before its fault handler does."""
LAST = 0.75
"""Seconds after which there is an answer."""


class Interrupted(Struct):
    """What was done, and what became of it."""

    stopped: bool = True
    steps: list[str] = field(default_factory=list)
    where: str = ""


class Interrupter:
    """Interrupts one kernel, which works on one thing at a time."""

    def __init__(self, child: Child, works: Works, inquiry: Inquiry, poke: Callable[[], None]) -> None:
        self._child = child
        self._works = works
        self._inquiry = inquiry
        self._poke = poke
        self._before = ""
        """The last work that was interrupted."""

    async def interrupt(self, only: str = "") -> Interrupted:
        """Interrupt what runs, or `only` the request of this id: nothing is done while another runs.

        The answer comes once it has stopped, at the latest after `LAST` seconds. Nothing harder
        comes by itself: the variables would be gone. Who wants that stops the session.
        """
        if not self._works.may_be(only):
            return Interrupted()
        if not self._works.current:
            # Native code may hold the interpreter from a cell's first line on, and nothing has told of that.
            await self._signal("", group=False)  # a kernel that runs nothing ignores it
            look = await self._inquiry.look(LOOK)
            if look.native:
                return _not_stopped(Interrupted(steps=["interrupted it"]), look)
        work = self._works.current
        return await self._interrupt(work) if work and self._works.may_be(only) else Interrupted()

    async def _interrupt(self, work: str) -> Interrupted:
        again, self._before = work == self._before, work
        done, begun = Interrupted(), asyncio.get_running_loop().time()

        async def over(seconds: float) -> bool:
            """Whether it has stopped so many seconds after the beginning."""
            left = begun + seconds - asyncio.get_running_loop().time()
            return await self._works.over(work, max(left, 0.0))

        done.steps.append(f"interrupted it{' and all processes that it has started' * again}")
        await self._signal(work, group=again)
        if await over(GROUP):
            return done
        look = await self._inquiry.look(LOOKING)
        if not again and not look.has_ended and self._works.current == work:
            done.steps.append("interrupted the processes that it has started")
            self._child.interrupt_others()
            await asyncio.sleep(POKE)
            self._poke()
        if not await over(LOOK):
            if not look.native:
                look = await self._inquiry.look(LOOKING)
            if not await over(LAST):
                return _not_stopped(done, look)
        return done

    async def _signal(self, work: str, *, group: bool) -> None:
        """SIGINT, then a message that wakes the kernel."""
        ignored = self._child.ignores_interrupts()
        # While `os.system` waits, only the command hears a signal: the cell has to be told in another way.
        heard = bool(ignored and work) and await self._inquiry.interrupt(POKE)
        if self._works.current != work:  # it has ended meanwhile; what runs now is another's
            return
        self._child.interrupt(group=group or ignored)
        await asyncio.sleep(POKE)
        if ignored and not heard and work and self._works.current == work:  # it came before the first line
            self._child.interrupt()
        self._poke()


def _not_stopped(done: Interrupted, look: Look) -> Interrupted:
    """The same, with where it is."""
    if look.has_ended:
        place = "its code has ended, and its traceback is being made"
    elif look.where:
        place = f"it is at {look.where}" + f"; {HOLDS}" * look.native
    else:
        place = "it does not say"
    step = f"looked where it is: {place}"
    return replace(done, stopped=False, steps=[*done.steps, step], where=look.where)
