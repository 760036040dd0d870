"""Waiting in the notebook's thread for what happens in another, with an ear for the Interrupt button."""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

TICK = 0.1
"""Seconds after which Python looks for a signal that came without waking the loop."""


class Errands:
    """What the waiting thread is asked to do meanwhile. While it does it, an interrupt ends that first."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.wake: Callable[[], object] = lambda: self._queue.put(lambda: None)
        self.interruptible = False

    def put(self, errand: Callable[[], None]) -> None:
        """Ask. From any thread."""
        self._queue.put(errand)
        self.wake()

    def do(self, patience: float) -> None:
        """Do one, if one comes within so many seconds. KeyboardInterrupt."""
        with contextlib.suppress(Empty):
            errand = self._queue.get(timeout=patience) if patience else self._queue.get_nowait()
            self.interruptible = threading.current_thread() is threading.main_thread()
            try:
                errand()
            finally:
                self.interruptible = False

    def stop(self, future: Future[Any]) -> None:
        """There is nothing to wait for any more."""
        if self.interruptible:
            _thread.interrupt_main()
        self.wake()


def wait(
    start: Callable[[], Future[T]], interrupt: Callable[[], None], errands: Errands | None = None
) -> tuple[T, bool]:
    """Start something and block for its result; and whether `interrupt` was called for it."""
    errands = errands or Errands()
    with _interrupts(interrupt, errands) as presses:
        future = start()
        future.add_done_callback(errands.stop)
        while not future.done():
            try:
                errands.do(TICK)
            except KeyboardInterrupt:
                presses.append(0)
                interrupt()
        return future.result(), bool(presses)


async def wait_async(
    start: Callable[[], Future[T]], interrupt: Callable[[], None], errands: Errands
) -> tuple[T, bool]:
    """The same, while the loop serves others."""
    loop, news = asyncio.get_running_loop(), asyncio.Event()
    errands.wake = lambda: loop.call_soon_threadsafe(news.set)
    with _interrupts(interrupt, errands) as presses:
        future = start()
        future.add_done_callback(errands.stop)
        while not future.done():
            tick = loop.call_later(TICK, news.set)
            try:
                await news.wait()
                news.clear()
                errands.do(0)
            # A signal that the kernel has heard before us, a caller's wish, or an interrupt of an errand.
            except (asyncio.CancelledError, KeyboardInterrupt):
                presses.append(0)
                interrupt()
            finally:
                tick.cancel()
        return future.result(), bool(presses)


@contextlib.contextmanager
def _interrupts(interrupt: Callable[[], None], errands: Errands) -> Iterator[list[int]]:
    """Call this for each SIGINT, instead of what would end the waiting at once."""
    presses: list[int] = []

    def pressed(number: int, frame: Any) -> None:
        if errands.interruptible:
            raise KeyboardInterrupt
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
