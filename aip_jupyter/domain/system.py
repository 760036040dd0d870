"""What an installation says of itself: capabilities, checks, findings."""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import Struct, field

from .access import Right
from .records import Request

Capability = Literal[
    "models",
    "runs",
    "datasets",
    "sessions",
    "projects",
    "changes",
    "transactions",
    "stored_files",
    "reflink",
    "presigned",
]
"""What a backend can do. What it cannot is hidden or refused by name."""


class BackendInfo(Struct, frozen=True, kw_only=True):
    """A backend in use."""

    seam: str
    """`registry`, `storage`, `tracking`, `datasets`, `gpus` or `access`."""
    name: str
    """Its entry point's name, as in the configuration."""
    location: str
    """Where it keeps things; never with credentials. "" for who does not administer them."""
    capabilities: list[str]


class Description(Struct, frozen=True, kw_only=True):
    """What is in use, and what a front end needs to know before it asks for anything else."""

    version: str
    mode: Literal["server", "embedded"]
    home: str
    project: str
    author: str
    categories: list[str]
    backends: list[BackendInfo]
    rights: list[Right] = field(default_factory=list)
    """What the caller may outside of projects: `admin` is to make them."""
    base_url: str = ""
    """The Jupyter server's own base URL path, for links; "" when embedded."""


class DoctorCheck(Struct, frozen=True, kw_only=True):
    """One thing looked at."""

    name: str
    ok: bool
    found: str
    advice: str = ""
    """What to do; empty when all is well."""


class Finding(Struct, frozen=True, kw_only=True):
    """Something that the check of the store found."""

    kind: Literal[
        "missing_bytes", "damaged_bytes", "orphaned_bytes", "cut_registration", "left_over", "purged"
    ]
    what: str
    mended: bool
    size: int = 0
    """Bytes that were freed by it, or would be."""


class CheckStore(Request, frozen=True, kw_only=True):
    """Look for records without bytes, bytes without records, and work that was cut."""

    mend: bool = True
    """Undo what was cut and drop what nothing names; what could be lost data is only told."""
    verify: bool = False
    """Also read every blob and compare its digest."""


class CheckReport(Struct, frozen=True, kw_only=True):
    """What the check saw."""

    named: int
    """Different contents that records name."""
    blobs: int
    """Contents stored."""
    bytes: int
    """Their size together."""
    freed: int = 0
    """Bytes that were freed, or would be: what the findings say together."""
    findings: list[Finding] = field(default_factory=list)


class KindTotal(NamedTuple):
    """The findings of one kind together."""

    kind: str
    found: int
    mended: int
    size: int
    """Bytes that were freed, or would be."""


HARMLESS = frozenset(("orphaned_bytes", "purged"))
"""Kinds of findings that nobody loses by when they are not mended: they wait for their time."""
SHOWN = 20
"""So many findings of a kind are shown one by one."""


def totals(report: CheckReport) -> list[KindTotal]:
    """The findings by kind, in the order in which they came."""
    by_kind: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_kind.setdefault(finding.kind, []).append(finding)
    return [
        KindTotal(kind, len(some), sum(each.mended for each in some), sum(each.size for each in some))
        for kind, some in by_kind.items()
    ]


def is_well(report: CheckReport) -> bool:
    """Whether nothing is damaged or cut any more."""
    return all(finding.mended or finding.kind in HARMLESS for finding in report.findings)


class Nothing(Request, frozen=True, kw_only=True):
    """No parameters."""
