"""`aip status`, `aip doctor`, `aip check`: what is in use, and whether it is well."""

from __future__ import annotations

import argparse

from ..client.connect import Connection
from ..domain.system import CheckStore, Nothing, is_well, totals
from .commands import Commands


def add_commands(commands: Commands) -> None:
    """Declare them."""
    status = commands.add_parser("status", help="which server, store, project and backends are in use")
    status.set_defaults(run=_status)
    doctor = commands.add_parser("doctor", help="look at each backend and say what to do")
    doctor.set_defaults(run=_doctor)
    check = commands.add_parser("check", help="find and mend what a crash left behind")
    check.add_argument(
        "--no-mend", dest="mend", action="store_false", help="only tell what would be removed, and how much"
    )
    check.add_argument("--verify", action="store_true", help="also read every stored byte")
    check.set_defaults(run=_check)


def _status(connection: Connection, arguments: argparse.Namespace) -> int:
    description = connection.services.system.describe(Nothing())
    print(f"project   {connection.project}")
    print(f"author    {description.author}")
    print(f"home      {description.home}")
    for backend in description.backends:
        where = f": {backend.location}" if backend.location else ""
        print(f"{backend.seam:<9} {backend.name}{where} ({', '.join(backend.capabilities)})")
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
    for total in totals(report):
        print(f"{total.kind}: {total.found:,}, {total.mended:,} mended, {_freed(total.size, arguments.mend)}")
    print(f"{report.named} contents named, {report.blobs} stored, {report.bytes:,} bytes")
    print(f"in all {_freed(report.freed, arguments.mend)}")
    return 0 if is_well(report) else 1


def _freed(size: int, mended: bool) -> str:
    return f"{size:,} bytes freed" if mended else f"{size:,} bytes would be freed"
