"""The `aip` command: what is in use, and projects, people and access tokens.

Exit status: 0 all well, 1 something needs attention, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .._version import __version__
from ..client.connect import connect, disconnect
from ..errors import AipError
from . import access, installation, journals


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the command."""
    arguments = _parser().parse_args(argv)
    try:
        connection = connect()
        where = f"aip {__version__}, {connection.mode}: {connection.how} {connection.url}".rstrip()
        print(where, file=sys.stderr if arguments.result_alone else sys.stdout)
        result: int = arguments.run(connection, arguments)
    except AipError as error:
        print(f"{type(error).__name__}: {error.message}", file=sys.stderr)
        return 1
    finally:
        disconnect()
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aip", description="The machine-learning platform inside the notebook."
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(result_alone=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    installation.add_commands(commands)
    journals.add_commands(commands)
    access.add_commands(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
