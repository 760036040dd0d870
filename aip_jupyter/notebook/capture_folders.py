"""All files below a folder and how they are at this moment: one call to the system for each, and no more."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from ..errors import Invalid
from .capture_memory import State
from .files import JUNK

MAX_FILES = 1_000_000
"""More than a folder of data has: whoever names `/` is told at once."""


class Listing(NamedTuple):
    """The regular files of a folder, by path."""

    states: list[State]
    odd: list[str]
    """Sockets, pipes and devices."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(state[1] for state in self.states)

    @property
    def left_out(self) -> str:
        """What of the folder is no data, in words."""
        if not self.odd:
            return ""
        rest = f" and {len(self.odd) - 1:,} more" if len(self.odd) > 1 else ""
        return f"Left out: {self.odd[0]!r}{rest}, which holds no data (a socket, a pipe or a device)."


def read_listing(root: Path) -> Listing:
    """The files below the folder.

    Invalid for what cannot be read, links to folders and links to nothing. Links to files stand for the
    files. Empty folders do not count.
    """
    states: list[State] = []
    odd: list[str] = []
    waiting = [("", str(root))]
    while waiting:
        inside, folder = waiting.pop()
        try:
            _list(inside, folder, states, odd, waiting)
        except OSError as error:
            raise unreadable(Path(error.filename or folder), error) from error
        if len(states) > MAX_FILES:
            message = f"data: more than {MAX_FILES:,} files; name the folder that holds only the data"
            raise Invalid(message, field="data")
    states.sort()
    return Listing(states, sorted(odd))


def _list(
    inside: str, folder: str, states: list[State], odd: list[str], waiting: list[tuple[str, str]]
) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name in JUNK:
                continue
            if entry.is_dir():
                if entry.is_symlink():
                    message = f"data: {inside + name!r} is a link to a folder; put the folder itself there"
                    raise Invalid(message, field="data")
                waiting.append((f"{inside}{name}/", entry.path))
                continue
            status = entry.stat()
            if stat.S_ISREG(status.st_mode):
                states.append(state_of(inside + name, status))
            else:
                odd.append(inside + name)


def state_of(path: str, status: os.stat_result) -> State:
    """How a file is, as `stat` tells it."""
    return path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def unreadable(path: Path, error: OSError) -> Invalid:
    """For a file that nobody can read now."""
    if isinstance(error, FileNotFoundError) and not os.path.islink(path):
        message = f"data: {str(path)!r} vanished while the data was read; repeat when it is complete"
        return Invalid(message, field="data")
    return Invalid(f"data: {str(path)!r} cannot be read ({error.strerror}); check it", field="data")
