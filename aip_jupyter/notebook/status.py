"""What `%aip`, `%aip doctor` and `%aip check` return: they show themselves, and stay usable as records."""

from __future__ import annotations

from collections.abc import Sequence

from .._version import __version__
from ..domain.system import SHOWN, BackendInfo, CheckReport, Description, DoctorCheck, is_well, totals
from .display import dim, element, frame, html_facts, html_table, plain, size_text, text_facts, text_table
from .listing import Listing

_FINDINGS = {
    "missing_bytes": "files whose bytes are gone",
    "damaged_bytes": "bytes that are not what they were",
    "orphaned_bytes": "bytes that nothing names",
    "cut_registration": "uploads and registrations that were cut",
    "left_over": "left over by a process that died",
    "purged": "deleted, and not restored in time",
}
_TOTALS = ("found", "number", "mended", "bytes freed")
_COLUMNS = ("", "found", "what")


class Status:
    """Where models go from this notebook: the connection and what is behind it."""

    def __init__(
        self, description: Description, *, url: str, how: str, project: str, waiting: str = ""
    ) -> None:
        self.description = description
        self.waiting = waiting
        """What was logged and is not stored yet; empty when all is."""
        self.url = url
        self.how = how
        self.project = project
        self.notes: list[str] = []

    @property
    def mode(self) -> str:
        """`server` or `embedded`."""
        return self.description.mode

    @property
    def categories(self) -> list[str]:
        """The categories that a model may have; empty when all are allowed."""
        return self.description.categories

    @property
    def difference(self) -> str:
        """One line when the kernel and the server run different versions, else empty."""
        theirs = self.description.version
        if theirs == __version__:
            return ""
        return (
            f"The kernel has aip-jupyter {__version__}, the server {theirs}: "
            "install the same version in both and restart them."
        )

    def __repr__(self) -> str:
        lines = [text_facts(self._facts()), *map(plain, [self.difference, *self.notes])]
        return "\n".join(filter(None, lines))

    def _repr_html_(self) -> str:
        warning = element("div", self.difference, class_="aip-bad") if self.difference else None
        return frame(
            element("div", "aip-jupyter", class_="aip-title"),
            html_facts(self._facts()),
            warning,
            *(element("div", note) for note in self.notes),
        )

    def _facts(self) -> list[tuple[str, str]]:
        description = self.description
        versions = __version__ if not self.difference else f"{__version__} here, {description.version} there"
        return [
            ("mode", f"{self.mode} – {self.how}"),
            ("server", self.url),
            ("project", self.project),
            ("author", description.author),
            ("waiting", self.waiting),
            ("home", description.home),
            *((backend.seam, _backend_text(backend)) for backend in description.backends),
            ("categories", ", ".join(description.categories) or "any"),
            ("version", versions),
        ]


class Doctor(Listing[DoctorCheck]):
    """What was looked at, one line each."""

    def __init__(self, checks: Sequence[DoctorCheck]) -> None:
        super().__init__(checks)

    @property
    def ok(self) -> bool:
        """True when all is well."""
        return all(check.ok for check in self._items)

    def __repr__(self) -> str:
        rows = [(_mark(check.ok), check.name, _found(check)) for check in self._items]
        return text_table(("", "check", "found"), rows, width=200)

    def _repr_html_(self) -> str:
        rows = [
            (
                element("span", _mark(check.ok), class_="aip-ok" if check.ok else "aip-bad"),
                check.name,
                _found(check),
            )
            for check in self._items
        ]
        return frame(html_table(("", "check", "found"), rows))


class StoreReport:
    """What the check of the store saw and did."""

    def __init__(self, report: CheckReport, *, mended: bool = True) -> None:
        self.report = report
        self._mended = mended

    @property
    def ok(self) -> bool:
        """True when nothing is damaged or cut any more. What waits for its removal harms nobody."""
        return is_well(self.report)

    def __repr__(self) -> str:
        if not (rows := self._rows()):
            return self._summary()
        kinds = text_table(_TOTALS, self._totals(), width=200)
        return "\n".join([self._summary(), kinds, text_table(_COLUMNS, rows, width=200)])

    def _repr_html_(self) -> str:
        summary = element("div", self._summary(), class_="aip-ok" if self.ok else "aip-bad")
        if not (rows := self._rows()):
            return frame(summary)
        return frame(summary, html_table(_TOTALS, self._totals()), html_table(_COLUMNS, rows))

    def _summary(self) -> str:
        report = self.report
        seen = f"{report.blobs} contents stored, {size_text(report.bytes)}; {report.named} named by records"
        if not report.findings:
            return f"✓ {seen}: all is well"
        mended = sum(finding.mended for finding in report.findings)
        done = f"{mended} mended" if self._mended else "nothing was changed"
        freed = f"{size_text(report.freed)} {'freed' if self._mended else 'would be freed'}"
        return f"{_mark(self.ok)} {seen}: {len(report.findings)} findings, {done}, {freed}"

    def _totals(self) -> list[tuple[str, str, str, str]]:
        return [
            (_FINDINGS[total.kind], f"{total.found:,}", f"{total.mended:,}", size_text(total.size))
            for total in totals(self.report)
        ]

    def _rows(self) -> list[tuple[str, str, str]]:
        rows = []
        for total in totals(self.report):
            some = [finding for finding in self.report.findings if finding.kind == total.kind]
            rows += [
                ("mended" if each.mended else "not mended", _FINDINGS[each.kind], each.what)
                for each in some[:SHOWN]
            ]
            if (more := total.found - SHOWN) > 0:
                rows.append(("", _FINDINGS[total.kind], f"and {more:,} more"))
        return rows


class Help:
    """The magics, one line each."""

    def __init__(self, magics: Sequence[tuple[str, str]]) -> None:
        self._magics = list(magics)

    def __repr__(self) -> str:
        return text_facts(self._magics)

    def _repr_html_(self) -> str:
        return frame(html_facts(self._magics), dim("Put ? behind a magic's name to read all about it."))


def _backend_text(backend: BackendInfo) -> str:
    can = f" ({', '.join(backend.capabilities)})" if backend.capabilities else ""
    where = f" at {backend.location}" if backend.location else ""
    return f"{backend.name}{where}{can}"


def _mark(ok: bool) -> str:
    return "✓" if ok else "✗"


def _found(check: DoctorCheck) -> str:
    return f"{check.found}: {check.advice}" if check.advice else check.found
