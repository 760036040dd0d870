"""What the commands share."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..domain.names import storable

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = Any


def add_group(commands: Commands, name: str, help: str) -> Commands:
    """A command that has commands of its own; the first line tells the connection on stderr."""
    group = commands.add_parser(name, help=help, description=help)
    group.set_defaults(result_alone=True)
    return group.add_subparsers(required=True, metavar="COMMAND")


def add_project(parser: argparse.ArgumentParser) -> None:
    """The option that all have that are about one project."""
    parser.add_argument("--project", metavar="NAME", help="the project; the one in use when left out")


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Aligned columns. What has no name has a dash, so that a script can count them."""
    lines = [[storable(cell) or "-" for cell in row] for row in (headers, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def time_text(milliseconds: int) -> str:
    """The time in UTC, to the minute; "never" for 0."""
    if not milliseconds:
        return "never"
    return time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(milliseconds / 1000))
