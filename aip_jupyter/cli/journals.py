"""`aip flush`: what was logged and could not be sent, and what to do with it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ..client.connect import Connection
from ..client.kept_sender import drop_kept
from ..client.sender import adopt_left
from ..domain.access import GetProject
from ..errors import AipError, Invalid
from ..services.gone import fail_lost_runs
from ..services.journal_moves import Left, drop, left, move
from ..services.journals import adopt
from .commands import Commands, print_table, time_text
from .uploads import kept_named, send_uploads, show_uploads


def add_commands(commands: Commands) -> None:
    """Declare it."""
    flush = commands.add_parser(
        "flush",
        help="store what ended processes have logged, and send the uploads that wait",
        description="Store what ended processes have logged, and send the uploads that wait: all, or only "
        "some. What cannot be stored is kept, and it is said why.",
    )
    flush.add_argument("journals", metavar="ID", nargs="*", help="only these; how their ids begin is enough")
    flush.add_argument("--list", dest="look", action="store_true", help="only show what is left")
    flush.add_argument("--project", metavar="NAME", help="put these into this project of the store in use")
    flush.add_argument("--drop", action="store_true", help="remove these with all that is in them")
    flush.add_argument("--yes", action="store_true", help="--drop: do not ask")
    flush.set_defaults(run=_flush)


def _flush(connection: Connection, arguments: argparse.Namespace) -> int:
    if (arguments.project or arguments.drop) and not arguments.journals:
        raise Invalid("journal: say which; aip flush --list shows what is left", field="journal")
    home, words = connection.settings.home, arguments.journals
    uploads = kept_named(home, words)
    others = [word for word in words if not any(id.startswith(word) for id in uploads)]
    found = left(home, others) if others or not words else []
    if arguments.look:
        _show(found)
        if uploads or not words:
            show_uploads(home, uploads)
        return 0
    if arguments.drop:
        return _drop(connection, found, uploads, sure=arguments.yes)
    if arguments.project:
        if uploads:
            raise Invalid("project: an upload belongs to its run; log the files again there", field="project")
        return _move(connection, found, arguments.project)
    done = _store(connection, found, everything=not words) if found or not words else True
    sent = send_uploads(connection, uploads) if uploads or not words else True
    return 0 if done and sent else 1


def _store(connection: Connection, found: Sequence[Left], *, everything: bool) -> bool:
    """Store these journals, or all; whether none is kept."""
    home = connection.settings.home
    try:
        stored = adopt_left(connection, home, () if everything else [each.journal for each in found])
    except AipError:
        print(f"KEPT   {_total(found)}: aip flush --list shows them")
        raise
    for reason in stored.kept:
        print(f"KEPT   {reason}")
    print(f"{stored.records:,} records of {stored.journals} ended processes stored")
    if ended := fail_lost_runs(home, connection.services.runs, connection.project):
        print(f"{ended} runs have failed: their processes are dead, and have not said how they ended")
    return not stored.kept


def _show(found: Sequence[Left]) -> None:
    rows = [
        (
            each.journal,
            time_text(each.created),
            f"{each.records:,}",
            each.project or "(the one in use)",
            each.store,
            ", ".join(each.runs[:3]) + (" …" if len(each.runs) > 3 else ""),
            each.fault,
        )
        for each in found
    ]
    print_table(("JOURNAL", "BEGUN", "RECORDS", "PROJECT", "STORE", "RUNS", "FAULT"), rows)


def _drop(connection: Connection, found: Sequence[Left], uploads: Sequence[str], *, sure: bool) -> int:
    _show(found)
    if uploads:
        show_uploads(connection.settings.home, uploads)
    total = _total(found) + (f" and {len(uploads)} uploads" if uploads else "")
    if not sure and not _agrees(f"Remove {total} for good? [y/N] "):
        print("nothing was removed")
        return 1
    for each in found:
        drop(connection.settings.home, each.journal)
    for id in uploads:
        drop_kept(connection.settings.home, id)
    print(f"{total} removed")
    return 0


def _total(found: Sequence[Left]) -> str:
    journals = "journal" if len(found) == 1 else "journals"
    return f"{sum(each.records for each in found):,} records in {len(found)} {journals}"


def _agrees(question: str) -> bool:
    if not sys.stdin.isatty():
        raise Invalid("yes: nobody is there to ask; add --yes to remove it for good", field="yes")
    return input(question).strip().lower() in ("y", "yes")


def _move(connection: Connection, found: Sequence[Left], project: str) -> int:
    services, home, stores = connection.services, connection.settings.home, connection.stores
    services.projects.get_project(GetProject(project=project))  # NotFound before anything is sent
    kept = []
    for each in found:
        if each.store in stores and each.project in ("", project):  # that is where it belongs
            kept += adopt(home, stores, services.runs, lambda: project, [each.journal]).kept
            continue
        try:
            count = move(home, each.journal, services.runs, project, stores)
            print(f"{count:,} records of journal {each.journal} stored in project {project}")
        except (AipError, OSError) as error:
            kept.append(f"journal {each.journal} is kept: {error}")
    for reason in kept:
        print(f"KEPT   {reason}")
    return 1 if kept else 0
