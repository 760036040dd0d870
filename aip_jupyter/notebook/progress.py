"""Progress of what takes longer than a second; nothing is shown of what is faster.

In a notebook one line of output is replaced again and again, in a terminal one line of stderr.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from .display import Html, element, frame, join, size_text

PATIENCE = 1.0
"""Seconds before anything is shown."""
PACE = 0.25
"""Seconds between two lines."""
NOTICE = {"aip_notice": "progress"}
"""The metadata by which programs know that the output is a line of ours."""

Show = Callable[["Progress"], None]


class Progress:
    """What is being done and how far it is. A thread of its own shows it, so that counting costs nothing.

    with Progress("uploading clf") as progress:
        progress.begin("uploading clf", total=1000)
        progress(400)
    """

    def __init__(self, label: str, show: Show | None = None) -> None:
        self.label = label
        self.total = 0
        self.done = 0
        self.finished = False
        self._show = show
        self._since = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aip-progress", daemon=True)

    def __call__(self, count: int) -> None:
        """So many more bytes are done."""
        self.done += count

    def begin(self, label: str, total: int = 0) -> None:
        """The next step; `total` in bytes, 0 when unknown."""
        self.label, self.total, self.done = label, total, 0
        self._since = time.monotonic()

    @property
    def text(self) -> str:
        """The line for people."""
        if not self.total:
            return f"{self.label} …"
        seconds = max(time.monotonic() - self._since, 0.001)
        rate = f"{size_text(int(self.done / seconds))}/s"
        return f"{self.label}: {size_text(self.done)} of {size_text(self.total)}, {rate}"

    def __enter__(self) -> Progress:
        if self._show is None:
            self._show = default_show()
        if self._show is not None:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.finished = True
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        if self._show is None or self._stop.wait(PATIENCE):
            return
        while True:
            stopped = self._stop.is_set()
            self._show(self)
            if stopped:
                return
            self._stop.wait(PACE)


def default_show() -> Show | None:
    """What shows progress here: the notebook, the terminal, or nothing."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if getattr(shell, "kernel", None) is not None:
        return NotebookLine()
    return terminal_line if sys.stderr.isatty() else None


class NotebookLine:
    """One output of the cell that runs, updated in place and emptied at the end."""

    def __init__(self) -> None:
        self._handle: Any = None

    def __call__(self, progress: Progress) -> None:
        from IPython import display

        show: Any = display.display
        # An output without any content takes no room.
        content = {} if progress.finished else bundle(progress)
        if self._handle is None:
            self._handle = show(content, raw=True, display_id=True, metadata=NOTICE)
        else:
            self._handle.update(content, raw=True, metadata=NOTICE)


def terminal_line(progress: Progress) -> None:
    """One line of stderr, written over and cleared at the end."""
    line = "" if progress.finished else progress.text
    sys.stderr.write(f"\r\x1b[2K{line}")
    sys.stderr.flush()


def progress_html(progress: Progress) -> Html:
    """A bar and the line; an unknown total makes the bar wander."""
    known = {"value": str(progress.done), "max": str(progress.total)} if progress.total else {}
    return join([element("progress", "", **known), " ", element("span", progress.text)])


def bundle(progress: Progress) -> dict[str, str]:
    """The line as an output."""
    return {"text/plain": progress.text, "text/html": frame(progress_html(progress))}
