"""Where threads are, as people read it: the lines of their own cells, without those of the machinery."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Sequence

from msgspec import Struct

MAIN = "MainThread"
"""How Python calls the thread in which cells run."""
DUMP = signal.SIGRTMAX - 2 if hasattr(signal, "SIGRTMAX") else signal.SIGUSR2
"""The signal that makes a kernel's fault handler write its frames: one that nobody else uses, if possible."""
_MACHINERY = re.compile(
    r"(^|/)(ipykernel|IPython|zmq|tornado|traitlets|decorator\.py|aip_jupyter/sessions|asyncio|selectors\.py"
    r"|runpy\.py|threading\.py|concurrent/futures|<frozen |<string>|pydevd|debugpy)"
)
_LIBRARIES = re.compile(r"^.*/(?:site-packages|dist-packages|python3\.\d+)/")


class CellFile(Struct, frozen=True, tag="cell"):
    """By which name Python knows a cell, as a kernel tells its agent in a line of JSON."""

    file: str
    cell: int
    """Its number in the notebook."""
    code: str

    def line(self, number: int) -> str:
        """A line of it; "" when there is none."""
        lines = self.code.splitlines()
        return lines[number - 1].strip() if number <= len(lines) else ""


class Frame(Struct, frozen=True):
    """A line that a thread is in."""

    file: str
    line: int
    function: str
    cell: int = 0
    """The number of the notebook's cell that it is of; 0 when it is of none."""
    source: str = ""

    def __str__(self) -> str:
        place = f"Cell In[{self.cell}]" if self.cell else _LIBRARIES.sub("", self.file)
        function = "" if self.function in ("<module>", "") else f", in {self.function}"
        return f"{place}, line {self.line}{function}" + (f": {self.source}" if self.source else "")


class Thread(Struct, frozen=True):
    """A thread, with its frames, the outermost first."""

    name: str
    frames: Sequence[Frame]

    def own(self) -> list[Frame]:
        """The frames that are somebody's code: what runs and shows the cells is left out."""
        frames = list(self.frames)
        inner = next((index for index, frame in enumerate(frames) if frame.cell), None)
        if self.name == MAIN and inner is not None:
            frames = frames[inner:]
        return [frame for frame in frames if frame.cell or not _MACHINERY.search(frame.file)]


def tell(threads: Iterable[Thread]) -> str:
    """All threads that are in somebody's code, the main one first; each line is called by the one above."""
    parts = []
    for thread in sorted(threads, key=lambda thread: thread.name != MAIN):
        frames = thread.own()
        if thread.name == MAIN:
            title = "The session's own thread:" if frames else "The session's own thread runs no code."
        else:
            title = f"Thread {thread.name}:"
        if frames or thread.name == MAIN:
            parts.append("\n".join([title, *(f"  {frame}" for frame in frames)]))
    return "\n\n".join(parts)


def where(threads: Iterable[Thread]) -> str:
    """The line of the user's cell that runs, and what it is inside of; "" when none of its lines does."""
    frames = next((thread.own() for thread in threads if thread.name == MAIN), [])
    cells = [frame for frame in frames if frame.cell]
    if not cells:
        return ""
    inside = f", inside {frames[-1]}" if frames[-1] is not cells[0] else ""
    return f"{cells[0]}{inside}"
