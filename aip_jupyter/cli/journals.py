"""`aip flush`: what ended processes have logged and could not send, and what to do with it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ..client.connect import Connection
from ..client.sender import adopt_left
from ..domain.access import GetProject
from ..errors import AipError, Invalid
from ..services.gone import fail_lost_runs
from ..services.journal_moves import Left, drop, left, move
from ..services.journals import adopt
from .commands import Commands, print_table, time_text


def add_commands(commands: Commands) -> None:
    """Declare it."""
    flush = commands.add_parser(
        "flush",
        help="store what ended processes have logged and could not send",
        description="Store what ended processes have logged: all of it, or only some journals. One that "
        "cannot be stored is kept, and it is said why.",
    )
    flush.add_argument(
        "journals", metavar="JOURNAL", nargs="*", help="only these; how their ids begin is enough"
    )
    flush.add_argument("--list", dest="look", action="store_true", help="only show what is left")
    flush.add_argument("--project", metavar="NAME", help="put these into this project of the store in use")
    flush.add_argument("--drop", action="store_true", help="remove these with all that is in them")
    flush.add_argument("--yes", action="store_true", help="--drop: do not ask")
    flush.set_defaults(run=_flush)


def _flush(connection: Connection, arguments: argparse.Namespace) -> int:
    if (arguments.project or arguments.drop) and not arguments.journals:
        raise Invalid("journal: say which; aip flush --list shows what is left", field="journal")
    home = connection.settings.home
    found = left(home, arguments.journals)
    if arguments.look:
        return _show(found)
    if arguments.drop:
        return _drop(connection, found, sure=arguments.yes)
    if arguments.project:
        return _move(connection, found, arguments.project)
    try:
        stored = adopt_left(connection, home, [each.journal for each in found] if arguments.journals else ())
    except AipError:
        print(f"KEPT   {_total(found)}: aip flush --list shows them")
        raise
    for reason in stored.kept:
        print(f"KEPT   {reason}")
    print(f"{stored.records:,} records of {stored.journals} ended processes stored")
    if ended := fail_lost_runs(home, connection.services.runs, connection.project):
        print(f"{ended} runs have failed: their processes are dead, and have not said how they ended")
    return 1 if stored.kept else 0


def _show(found: Sequence[Left]) -> int:
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
    return 0


def _drop(connection: Connection, found: Sequence[Left], *, sure: bool) -> int:
    _show(found)
    total = _total(found)
    if not sure and not _agrees(f"Remove {total} for good? [y/N] "):
        print("nothing was removed")
        return 1
    for each in found:
        drop(connection.settings.home, each.journal)
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
