"""The one thread of this process in which links live, with an event loop of its own."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """A loop that runs in a daemon thread for as long as the process lives."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="aip-sessions", daemon=True).start()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run it there."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)


_background: Background | None = None


def background() -> Background:
    """The thread of this process; a forked child has one of its own."""
    global _background
    if _background is None or _background.pid != os.getpid():
        _background = Background()
    return _background
