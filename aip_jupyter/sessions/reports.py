"""What a kernel writes to its agent by their pair of sockets: its cells' names, and where its threads are.

The second comes from Python's fault handler, which a signal starts, whatever the interpreter does.
"""

from __future__ import annotations

import asyncio
import linecache
import re
from collections import OrderedDict

import msgspec

from .child import Child
from .frames import DUMP, MAIN, CellFile, Frame, Thread

QUIET = 0.03
"""Seconds without another line after which the fault handler has written all."""
CELLS = 1_000
"""How many cells are remembered."""
_THREAD = re.compile(r"(Current t|T)hread 0x0*([0-9a-f]+)(?: \[(.*)\])? \(most recent call first\):")
_FRAME = re.compile(r'  File "(.*)", line (\d+) in (.*)')


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next line; nothing at the kernel's end."""
    while True:
        try:
            return await reader.readline()
        except ConnectionError:
            return b""
        except ValueError:  # longer than any that we know: left out
            continue


class Reports:
    """Reads them for as long as the kernel lives."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._cells: OrderedDict[str, CellFile] = OrderedDict()
        self._lines: list[str] = []
        self._wrote = asyncio.Event()

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Until the kernel has ended."""
        while line := await _line(reader):
            if line.startswith(b"{"):
                cell = msgspec.json.decode(line, type=CellFile)
                self._cells[cell.file] = cell
                while len(self._cells) > CELLS:
                    self._cells.popitem(last=False)
            else:
                self._lines.append(line.decode(errors="replace").rstrip("\n"))
                self._wrote.set()

    async def threads(self, patience: float) -> list[Thread]:
        """Where the threads are, by signal; [] when nothing came within `patience` seconds."""
        self._lines.clear()
        self._wrote.clear()
        self._child.signal(DUMP)
        try:
            await asyncio.wait_for(self._wrote.wait(), patience)
            while True:
                self._wrote.clear()
                await asyncio.wait_for(self._wrote.wait(), QUIET)
        except asyncio.TimeoutError:
            return self._parsed(self._lines)

    def _parsed(self, lines: list[str]) -> list[Thread]:
        found: list[tuple[str, list[Frame]]] = []
        for line in lines:
            if thread := _THREAD.match(line):
                found.append((MAIN if thread[1] != "T" else thread[3] or thread[2], []))
            elif found and (frame := _FRAME.match(line)):
                found[-1][1].insert(0, self._frame(frame[1], int(frame[2]), frame[3]))
        return [Thread(name, frames) for name, frames in found]

    def _frame(self, file: str, line: int, function: str) -> Frame:
        cell = self._cells.get(file)
        if cell is not None:
            return Frame(file, line, function, cell.cell, cell.line(line))
        return Frame(file, line, function, 0, linecache.getline(file, line).strip())
