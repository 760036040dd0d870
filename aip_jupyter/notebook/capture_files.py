"""Reading data from disk: one pass for the digest and for what else is found out, in little memory.

What has not changed since it was read the last time is not read again: see `capture_memory`.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ..domain.artifacts import FileRef
from ..domain.models import content_digest
from ..domain.names import check_path
from ..errors import Invalid
from .capture_folders import Listing, read_listing, state_of, unreadable
from .capture_memory import Known, State, known_of
from .capture_options import HASTY, Options
from .capture_text import Table
from .progress import Progress

BLOCK = 2**20
LOOKED_AT = 2**30
"""Bytes of a file in which a table is looked for, unless all shall be: that takes half a minute."""

_NO_TRACE = "Its bytes had changed without a trace in its times."

Look = Callable[[BinaryIO, Callable[[], bool]], Table]
"""Finds the table in a file as far as it is worth while: until the function says that it was enough."""


class Content(NamedTuple):
    """What some bytes are."""

    digest: str
    size: int
    note: str = ""
    """What whoever records them should know."""


class _HashingReader(io.RawIOBase):
    """A file whose bytes are hashed as they are read, by whomever."""

    def __init__(self, path: Path, shown: str, progress: Progress) -> None:
        self._file = path.open("rb", buffering=0)
        self._hasher = hashlib.sha256()
        self._progress = progress
        self._shown = shown
        self.before = self._state()
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._file.readinto(buffer) or 0
        self._hasher.update(memoryview(buffer)[:count])
        self.size += count
        self._progress(count)
        return count

    def rest(self, scratch: bytearray) -> str:
        """Read to the end; the digest of the whole. Invalid when it changed meanwhile."""
        while self.readinto(scratch):
            pass
        if self._state() != self.before:
            raise _changed(self._shown)
        return self._hasher.hexdigest()

    def _state(self) -> State:
        return state_of("", os.fstat(self._file.fileno()))

    def close(self) -> None:
        self._file.close()
        super().close()


def read_file(
    path: Path, progress: Progress, look: Look | None, how: Options = HASTY
) -> tuple[Content, Table]:
    """The file's digest and size, and the table that `look` found in it."""
    try:
        state = state_of("", path.stat())
        known = how.memory.get(path)
        if known is not None and known.states != [state]:
            known = None
        if known is not None and not how.verify and (look is None or _is_enough(known.table, how)):
            return Content(known.whole, state[1]), known.table or Table()
        since = time.time_ns()
        with closing(_HashingReader(path, str(path), progress)) as reader:
            table = None if look is None else _looked(reader, look, how)
            digest = reader.rest(bytearray(BLOCK))
        how.memory.put(path, known_of([(reader.before, digest)], since, digest, table))
        note = "" if known is None or known.whole == digest else _NO_TRACE
        return Content(digest, reader.size, note), table or Table()
    except OSError as error:
        raise unreadable(path, error) from error


def _is_enough(table: Table | None, how: Options) -> bool:
    return table is not None and (table.complete or not how.whole)


def _looked(reader: _HashingReader, look: Look, how: Options) -> Table:
    buffered = io.BufferedReader(reader, BLOCK)
    table = look(buffered, lambda: not how.whole and reader.size > LOOKED_AT)
    buffered.detach()  # else it would close the file with itself
    return table


def read_folder(root: Path, progress: Progress, how: Options = HASTY) -> Content:
    """The digest over all files of a folder, in the form of a version's, and their size together.

    Only what has changed since the last time is read, unless all shall be verified.
    """
    memory, verify = how.memory, how.verify
    progress.begin(f"looking through {root.name}")
    since = time.time_ns()
    listing = read_listing(root)
    if not listing.states:
        raise Invalid(f"data: the folder {str(root)!r} has no files; name one that has", field="data")
    known = memory.get(root)
    note = listing.left_out
    if known is not None and known.whole and known.states == listing.states and not verify:
        return Content(known.whole, listing.size, note)
    before = {} if known is None else known.by_state()
    digests = dict[State, str]() if verify else {s: before[s] for s in listing.states if s in before}
    try:
        _read(root, [state for state in listing.states if state not in digests], digests, progress)
    finally:  # what was read of a folder is kept, also when somebody interrupts the rest
        memory.put(root, _known(listing, digests, since))
    _refuse_changed(listing, read_listing(root))
    if verify and any(before.get(state, digest) != digest for state, digest in digests.items()):
        note = " ".join(filter(None, [note, _NO_TRACE]))
    return Content(_whole(listing, digests), listing.size, note)


def _read(root: Path, states: list[State], digests: dict[State, str], progress: Progress) -> None:
    """Read these files."""
    progress.begin(f"reading {root.name}", sum(state[1] for state in states))
    scratch = bytearray(BLOCK)
    for state in states:
        check_path(state[0], "data")
        path = root / state[0]
        try:
            with closing(_HashingReader(path, state[0], progress)) as reader:
                if reader.before[1:] != state[1:]:
                    raise _changed(state[0])
                digests[state] = reader.rest(scratch)
        except OSError as error:
            raise unreadable(path, error) from error


def _known(listing: Listing, digests: dict[State, str], since: int) -> Known:
    whole = _whole(listing, digests) if len(digests) == len(listing.states) else ""
    return known_of(((s, digests[s]) for s in listing.states if s in digests), since, whole)


def _whole(listing: Listing, digests: dict[State, str]) -> str:
    return content_digest(
        FileRef(path=state[0], digest=digests[state], size=state[1]) for state in listing.states
    )


def _refuse_changed(before: Listing, after: Listing) -> None:
    """Files that came, went or changed while others were read are no content that there ever was."""
    if different := set(before.states) ^ set(after.states):
        raise _changed(min(different)[0])


def _changed(shown: str) -> Invalid:
    return Invalid(f"data: {shown!r} changed while it was read; repeat when it is complete", field="data")
