"""`aip status`, `aip doctor`, `aip check`, `aip flush`.

Exit status: 0 all well, 1 something needs attention, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .._version import __version__
from ..client.connect import Connection, connect, disconnect
from ..client.sender import adopt_left
from ..domain.system import CheckStore, Nothing
from ..errors import AipError


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the command."""
    arguments = _parser().parse_args(argv)
    try:
        connection = connect()
        print(f"aip {__version__}, {connection.mode}: {connection.how} {connection.url}".rstrip())
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
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    status = commands.add_parser("status", help="which server, store, project and backends are in use")
    status.set_defaults(run=_status)
    doctor = commands.add_parser("doctor", help="look at each backend and say what to do")
    doctor.set_defaults(run=_doctor)
    check = commands.add_parser("check", help="find and mend what a crash left behind")
    check.add_argument("--no-mend", dest="mend", action="store_false", help="only tell")
    check.add_argument("--verify", action="store_true", help="also read every stored byte")
    check.set_defaults(run=_check)
    flush = commands.add_parser("flush", help="store what ended processes have logged and could not send")
    flush.set_defaults(run=_flush)
    return parser


def _flush(connection: Connection, arguments: argparse.Namespace) -> int:
    found = adopt_left(connection, connection.settings.home)
    for reason in found.kept:
        print(f"KEPT   {reason}")
    print(f"{found.records:,} records of {found.journals} ended processes stored")
    return 1 if found.kept else 0


def _status(connection: Connection, arguments: argparse.Namespace) -> int:
    description = connection.services.system.describe(Nothing())
    print(f"project   {description.project}")
    print(f"author    {description.author}")
    print(f"home      {description.home}")
    for backend in description.backends:
        print(f"{backend.seam:<9} {backend.name}: {backend.location} ({', '.join(backend.capabilities)})")
    return 0


def _doctor(connection: Connection, arguments: argparse.Namespace) -> int:
    checks = connection.services.system.doctor(Nothing())
    for check in checks:
        print(f"{'ok ' if check.ok else 'NOT'} {check.name}: {check.found}")
        if check.advice:
            print(f"    {check.advice}")
    return 0 if all(check.ok for check in checks) else 1


def _check(connection: Connection, arguments: argparse.Namespace) -> int:
    report = connection.services.system.check_store(CheckStore(mend=arguments.mend, verify=arguments.verify))
    for finding in report.findings:
        print(f"{'mended' if finding.mended else 'FOUND '} {finding.kind}: {finding.what}")
    print(f"{report.named} contents named, {report.blobs} stored, {report.bytes:,} bytes")
    return 0 if all(finding.mended for finding in report.findings) else 1


if __name__ == "__main__":
    sys.exit(main())
