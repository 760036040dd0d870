"""Waiting in the notebook's thread for what happens in another, with an ear for the Interrupt button."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, TimeoutError
from typing import Any, TypeVar

T = TypeVar("T")

TICK = 0.1
"""Seconds after which Python looks for a signal that came without waking the loop."""


def wait(start: Callable[[], Future[T]], interrupt: Callable[[], None]) -> tuple[T, bool]:
    """Start something and block for its result; and whether `interrupt` was called for it."""
    with _interrupts(interrupt) as presses:
        future = start()
        while True:
            with contextlib.suppress(TimeoutError):
                return future.result(TICK), bool(presses)


async def wait_async(start: Callable[[], Future[T]], interrupt: Callable[[], None]) -> tuple[T, bool]:
    """The same, while the loop serves others."""
    with _interrupts(interrupt) as presses:
        waiting = asyncio.wrap_future(start())
        while not waiting.done():
            try:
                await asyncio.wait([waiting], timeout=TICK)
            except asyncio.CancelledError:  # a signal that the kernel has heard before us, or a caller's wish
                presses.append(0)
                interrupt()
        return waiting.result(), bool(presses)


@contextlib.contextmanager
def _interrupts(interrupt: Callable[[], None]) -> Iterator[list[int]]:
    """Call this for each SIGINT, instead of what would end the waiting at once."""
    presses: list[int] = []

    def pressed(number: int, frame: Any) -> None:
        presses.append(number)
        interrupt()

    if threading.current_thread() is not threading.main_thread():  # a subshell: signals are not for it
        yield presses
        return
    before = signal.signal(signal.SIGINT, pressed)
    try:
        yield presses
    finally:
        signal.signal(signal.SIGINT, before)
