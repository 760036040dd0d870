"""Left-over journals: those of processes that died before all was stored. Whoever comes next stores them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ..domain.runs import StoreJournal
from ..errors import (
    AipError,
    Conflict,
    Denied,
    Invalid,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from .gone import fail_runs_of
from .interface import Runs
from .journal_files import (
    About,
    adopted,
    journal_ids,
    journals_folder,
    remove_journal,
    remove_unfinished,
    set_aside,
    unsent,
    write_about,
)

CHUNK = 4 * 2**20
"""Bytes that are sent at once."""

FOR_ALL = (Unavailable, RateLimited, Unauthenticated)
"""What is wrong for every journal alike."""
LATER = (*FOR_ALL, Denied, Conflict)
"""What may be different at the next attempt."""


class Adopted(Struct, kw_only=True):
    """What became of the journals of a home."""

    journals: int = 0
    """Stored and removed."""
    records: int = 0
    kept: list[str] = []
    """Why the others are kept, one line each; nothing of those whose processes live."""


def adopt(
    home: Path, stores: Collection[str], runs: Runs, project: Callable[[], str], only: Collection[str] = ()
) -> Adopted:
    """Store what dead processes of this home have logged for one of these stores, and remove it.

    `project` says which is in use, for journals that do not; `only` these journals, when it names any. Raises
    what is wrong for all of them: FOR_ALL.
    """
    result = Adopted()
    remove_unfinished(home)
    for id in journal_ids(home):
        if only and id not in only:
            continue
        try:
            with adopted(home, id) as about:
                if about is None:
                    continue
                if about.store not in stores:
                    result.kept.append(_belongs_elsewhere(about))
                    continue
                _store(home, about, runs, project, result)
        except FOR_ALL:
            raise
        except (AipError, OSError, ValueError) as error:
            advice = f"; {_instead(id)}" if getattr(error, "field", "") == "project" else ""
            result.kept.append(f"journal {id} is kept: {error}{advice}")
    return result


def _belongs_elsewhere(about: About) -> str:
    """Whose it is, and what to do when that one is gone for good."""
    what, _, where = about.store.partition(" ")
    whose = f"the server at {where}" if what == "server" else f"another store: {about.store}"
    when = f"AIP_URL={where} aip flush stores it there" if what == "server" else "it is stored from there"
    return f"journal {about.journal} belongs to {whose}; {when}; {_instead(about.journal)}"


def _instead(id: str) -> str:
    return f"aip flush {id} --project NAME puts it elsewhere, --drop removes it"


def _store(home: Path, about: About, runs: Runs, project: Callable[[], str], result: Adopted) -> None:
    folder = journals_folder(home) / about.journal
    if not about.project:
        about = replace(about, project=project())
        write_about(folder, about)  # should it be cut, the rest must not go into another
    mark = None
    for segment in unsent(folder):
        if mark is not None and mark < segment.base:
            break
        mark = segment.base if mark is None else mark
        while mark < segment.end:
            place = mark - segment.base
            mark = send(runs, about.project, about.journal, mark, segment.records[place : place + CHUNK])
        result.records += segment.count
        if segment.damaged:
            break
    else:
        fail_runs_of(home, runs, about)
        remove_journal(home, about.journal)
        result.journals += 1
        return
    kept = set_aside(home, about.journal)
    result.kept.append(f"journal {about.journal} is damaged; what follows the damage is kept in {kept}")


def send(runs: Runs, project: str, journal: str, start: int, records: bytes) -> int:
    """Have records stored; the journal's mark afterwards. Invalid when nothing of them can be stored."""
    request = StoreJournal(project=project, journal=journal, start=start, records=records)
    mark = runs.store_journal(request).mark
    if mark <= start:
        raise Invalid(f"records: nothing behind {start} was taken; is the server of this version?")
    return mark
