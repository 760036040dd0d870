"""Cells that run in the background: `%%gpu --background` gives the notebook back at once, with a handle."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import CancelledError, Future
from typing import Any

from ..errors import AipError
from ..sessions.messages import Message
from ..sessions.relay import Relay
from .display import code, dim, element, frame, plain
from .gpu import LEFT, Outcome, Run, Task, result_of
from .gpu_errors import local_error
from .gpu_front import Front
from .gpu_wait import TICK
from .progress import Progress

KEPT = 16 * 1024 * 1024
"""Characters of output that a handle keeps: the last ones."""

Finish = Callable[[dict[str, Any]], Any]


class BackgroundCell:
    """A cell that runs in the background on a GPU session, and what becomes of it.

    Its output appears below the cell that started it. `.done`, `.output`, `.result()` and `.cancel()`, or
    `await` it.
    """

    def __init__(self, task: Task, front: Front, *, name: str = "", finish: Finish | None = None) -> None:
        self._task = task
        self._name = name
        self._finish = finish
        self._cancelled = False
        self._settled: tuple[Any, BaseException | None] | None = None
        self._front = Listening(front)
        self._run = Run(task, self._front)
        self._over: Future[None] = Future()
        """Set once all is said; not the run's own future, which a waiter's end would cancel."""
        self._began = time.monotonic()
        self._ended: float | None = None
        self._future = self._run.start()
        self._future.add_done_callback(self._end)

    @property
    def done(self) -> bool:
        """Whether it has ended, in whichever way."""
        return self._over.done()

    @property
    def output(self) -> str:
        """The text that it has printed so far; of a great deal the last part."""
        return self._front.text

    @property
    def session(self) -> str:
        """The name of its session; "" until it has one."""
        return "" if self._run.session is None else self._run.session.session.name

    @property
    def state(self) -> str:
        """waiting, running, done, failed or cancelled."""
        if not self.done:
            return "waiting" if self._run.session is None else "running"
        if not self._fault():
            return "done"
        return "cancelled" if self._cancelled else "failed"

    @property
    def seconds(self) -> float:
        """For how long it runs, or has run, with the time that it has waited."""
        return (time.monotonic() if self._ended is None else self._ended) - self._began

    def result(self, timeout: float | None = None) -> Any:
        """Wait for its end; the variables that `--out` names, as a dict. None without `--out`.

        Raises what the cell has raised, with the session's traceback; TimeoutError when it has not ended
        within `timeout` seconds, and goes on; CancelledError when it was cancelled.
        """
        try:
            self._over.result(timeout)
        except concurrent.futures.TimeoutError:
            raise TimeoutError(f"the cell has not ended within {timeout:g} s; it goes on") from None
        except KeyboardInterrupt:  # ends the waiting only
            raise local_error(LEFT) from None
        return self._result()

    def cancel(self) -> None:
        """Interrupt it; what has not begun never begins. One that has ended stays as it is."""
        if not self.done:
            self._cancelled = True
            self._run.interrupt()

    def __await__(self) -> Generator[Any, None, Any]:
        return self._wait().__await__()

    async def _wait(self) -> Any:
        waiting = asyncio.wrap_future(self._over)
        while not waiting.done():  # a signal alone does not wake the loop
            await asyncio.wait([waiting], timeout=TICK)
        return self._result()

    def _result(self) -> Any:
        """The same at each call: what has come back is unpacked once."""
        if self._settled is None:
            try:
                self._settled = self._unpacked(), None
            except BaseException as error:  # noqa: BLE001  # it is raised below, now and the next time
                self._settled = None, error
        value, raised = self._settled
        if raised is not None:
            raise raised
        return value

    def _unpacked(self) -> Any:
        if self._cancelled and self._fault():
            raise _cancelled()
        values = result_of(self._future.result(), self._front, interrupted=False)
        if self._finish is not None:
            return self._finish(values)
        return values if self._task.out or self._task.values.automatic else None

    def _end(self, future: Future[Outcome]) -> None:
        """In the links' thread. Its failure is told where it was started: perhaps nobody asks."""
        self._ended = time.monotonic()
        try:
            self._tell_end(self._fault())
        finally:
            self._over.set_result(None)

    def _tell_end(self, fault: str) -> None:
        if fault and not self._cancelled:
            ask = f"`{self._name or 'its handle'}.result()`"
            text = f"The background cell has failed: {plain(fault.splitlines()[0])[:300]}; {ask} shows where."
            self._front.notice(text, "failed")
        run = self._task.own
        if run is not None and run.is_running:
            run.end("killed" if fault and self._cancelled else "failed" if fault else "completed")

    def _fault(self) -> str:
        """Why it has not come to its end as it should; "" when it has."""
        error = self._future.exception()
        if error is not None:
            return error.message if isinstance(error, AipError) else f"{type(error).__name__}: {error}"
        outcome = self._future.result()
        if outcome.fault is not None:
            return outcome.fault.message
        if outcome.left:
            return "it was let go before its end"
        reply = outcome.reply
        return "" if reply["status"] == "ok" else f"{reply['ename']}: {reply['evalue']}"

    def _where(self) -> str:
        wish = self._task.wish
        if not (self.session or wish.name) and wish.gpu:
            return f"type {wish.gpu}"
        return f"session {self.session or wish.name or 'of the notebook'}"

    def _facts(self) -> Sequence[str]:
        return f"GPU cell [{self._task.count}]", self.state, f"{self.seconds:.1f} s", self._where()

    def __repr__(self) -> str:
        what, state, seconds, where = self._facts()
        return f"<{what} {state}, {seconds}, {plain(where)}>"

    def _repr_html_(self) -> str:
        what, state, seconds, where = self._facts()
        mark = {"done": "aip-ok", "failed": "aip-bad"}.get(state, "aip-tag")
        shown = element("span", state, class_=mark)
        name = code(self._name) if self._name else None
        return frame(element("div", what, " ", shown, " ", dim(f"{seconds}, {where}"), " ", name))


def _cancelled() -> CancelledError:
    """Shown in one line, without the frames of ours that have raised it."""
    text = "the cell was cancelled"
    error = CancelledError(text)
    vars(error)["_render_traceback_"] = lambda: [f"CancelledError: {text}"]
    return error


class Listening:
    """A front that keeps the text of what it shows."""

    stdin = False  # who could be asked is busy with other cells
    shows_errors = False  # one line tells of it, and `result()` shows it

    def __init__(self, front: Front) -> None:
        self.cell = front.cell
        self.count = front.count
        self._front = front
        self._texts: deque[str] = deque()
        self._size = 0

    @property
    def text(self) -> str:
        """All of it, or its last part."""
        return "".join(self._texts.copy())

    def join(self, relay: Relay) -> None:
        self._front.join(relay)

    def known(self, relay: Relay) -> frozenset[str]:
        return self._front.known(relay)

    def bring(self, relay: Relay) -> asyncio.Future[None]:
        return self._front.bring(relay)

    def keep(self, text: str) -> None:
        """Keep this; of a great deal the last part."""
        self._texts.append(text)
        self._size += len(text)
        while self._size > KEPT and len(self._texts) > 1:
            self._size -= len(self._texts.popleft())

    def show(self, message: Message) -> None:
        if message.type == "stream":
            self.keep(str(message.read()["text"]))
        self._front.show(message)

    def notice(self, text: str, kind: str) -> None:
        self._front.notice(text, kind)

    def progress(self, progress: Progress) -> None:
        self._front.progress(progress)

    def payload(self, payload: dict[str, Any]) -> None:
        """The cell that asked has ended: below it, as text."""
        if payload["source"] == "page":
            self._front.notice(str(payload["data"].get("text/plain", "")), "page")
