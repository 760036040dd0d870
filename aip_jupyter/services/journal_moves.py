"""Left-over journals that a person looks at: what is in them, putting them elsewhere, dropping them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ..domain.runs import DEFAULT_EXPERIMENT
from ..errors import Invalid, NotFound
from ..wire.journal import AnyEntry, DatasetUsed, Fault, RunStarted, decode_records, encode_record
from .interface import Runs
from .journal_files import (
    About,
    adopted,
    damaged_journals,
    journals_folder,
    left_journals,
    remove_journal,
    set_aside,
    unsent,
)
from .journals import CHUNK, send


class Left(Struct, frozen=True, kw_only=True):
    """A left-over journal as a person sees it."""

    journal: str
    project: str = ""
    """"" for the one in use where it arrives, and when nobody can tell."""
    store: str = ""
    holder: str = ""
    created: int = 0
    records: int = 0
    bytes: int = 0
    runs: tuple[str, ...] = ()
    """The names of the runs that it begins, as far as they are still in it."""
    fault: str = ""
    """Why it cannot be read, to its end or at all."""


def left(home: Path, words: Collection[str] = ()) -> list[Left]:
    """The left-over journals, the oldest first: all, or those whose ids begin with one of these words.

    NotFound for a word that none begins with.
    """
    ids = [*left_journals(home), *damaged_journals(home)]
    for word in words:
        if not any(id.startswith(word) for id in ids):
            message = f"journal: none that is left begins with {word[:80]!r}; aip flush --list shows them"
            raise NotFound(message, field="journal")
    wanted = [id for id in ids if not words or id.startswith(tuple(words))]
    return [_look(home, id) for id in wanted]


def _look(home: Path, id: str) -> Left:
    found = Left(journal=id)
    if id in damaged_journals(home):
        return replace(found, fault="set aside, because it is damaged: what could be read is stored")
    try:
        with adopted(home, id) as about:
            if about is None:
                return found
            found = replace(
                found, project=about.project, store=about.store, holder=about.holder, created=about.created
            )
            names: dict[str, None] = {}
            for segment in unsent(journals_folder(home) / id):
                entries = decode_records(segment.records, segment.base)
                names |= dict.fromkeys(entry.name for _, entry in entries if isinstance(entry, RunStarted))
                found = replace(
                    found,
                    records=found.records + segment.count,
                    bytes=found.bytes + len(segment.records),
                    runs=tuple(names),
                    fault="damaged" if segment.damaged else found.fault,
                )
    except (Invalid, OSError) as error:
        return replace(found, fault=str(error))
    return found


def move(home: Path, id: str, runs: Runs, project: str, stores: Collection[str]) -> int:
    """Store a left-over journal in this project, wherever it belongs, and remove it; how many records.

    It may be repeated after it was cut: nothing is stored twice there. In another store its runs keep their
    ids. In the same one they, and their datasets, get others, since an id is one project's there. Raises
    AipError.
    """
    folder = journals_folder(home) / id
    with adopted(home, id) as about:
        if about is None:
            raise NotFound(f"journal: {id} is in use, or stored meanwhile", field="journal")
        moved = _Moved(about, project, same_store=about.store in stores)
        journal, base, mark, count, damaged = moved.id(id), 0, 0, 0, False
        for segment in unsent(folder):
            records = moved.records(entry for _, entry in decode_records(segment.records, segment.base))
            while mark < base + len(records):
                place = mark - base
                mark = send(runs, project, journal, mark, records[place : place + CHUNK])
            base += len(records)
            count += segment.count
            damaged = damaged or segment.damaged
        if damaged:
            set_aside(home, id)
        else:
            remove_journal(home, id)
    return count


class _Moved:
    """The records of a journal as they are to be somewhere else: the same however often one asks."""

    def __init__(self, about: About, project: str, *, same_store: bool) -> None:
        self._about = about
        self._project = project
        self._same_store = same_store
        self._begun: set[str] = set()

    def id(self, of: str) -> str:
        """What stands there for this id."""
        return hashlib.sha256(f"{of} in {self._project}".encode()).hexdigest()[:32]

    def records(self, entries: Iterable[AnyEntry | Fault]) -> bytes:
        """The records of these entries; what cannot be read is left out, as wherever it is stored."""
        known = (entry for entry in entries if not isinstance(entry, Fault))
        return b"".join(encode_record(entry) for entry in self._entries(known))

    def _entries(self, entries: Iterable[AnyEntry]) -> Iterator[AnyEntry]:
        for entry in entries:
            run = self._its(entry.run)
            if run not in self._begun and not isinstance(entry, RunStarted):
                yield self._start(run, entry)
            self._begun.add(run)
            if isinstance(entry, RunStarted) and entry.parent:
                entry = replace(entry, parent=self._its(entry.parent))
            elif isinstance(entry, DatasetUsed):
                entry = replace(entry, dataset=replace(entry.dataset, id=self._its(entry.dataset.id)))
            yield replace(entry, run=run)

    def _its(self, id: str) -> str:
        """The id there of a run or a dataset that has this one."""
        return self.id(id) if self._same_store else id

    def _start(self, run: str, entry: AnyEntry) -> RunStarted:
        """For a run whose beginning is not here any more."""
        return RunStarted(
            run,
            getattr(entry, "time", self._about.created),
            f"run-{entry.run[-6:]}",
            DEFAULT_EXPERIMENT,
            notes=f"what came before was stored in project {self._about.project or 'default'!r}",
            holder=self._about.holder,
        )


def drop(home: Path, id: str) -> None:
    """Remove a left-over journal with all that is in it. NotFound when it is in use."""
    try:
        with adopted(home, id) as about:
            if about is None:
                raise NotFound(f"journal: {id} is in use, or stored meanwhile", field="journal")
    except Invalid:  # it does not even say whose it is
        pass
    shutil.rmtree(journals_folder(home) / id)
