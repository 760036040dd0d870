"""Whom a change of data concerns: every version and run that used it, as a table."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ..domain.lineage import Affected, GetImpact, GetModelLineage, Impact, Node, VersionLineage
from ..domain.models import STAGES
from ..errors import Invalid
from .connection import connect
from .display import cut, dim, element, frame, html_table, plain, text_table
from .listing import Listing
from .run_reading import store_what_waits
from .words import at_least_one

SHOWN = 100
"""Rows of a table. All others are in the lists."""

_HEADERS = ("kind", "name", "stage or status", "came out of", "links away")
_FIELDS = ("kind", "name", "state", "came_out_of", "links_away", "missing", "ref")
_VERSIONS = ("version", "stage", "run", "data")
_KINDS = ("version", "dataset", "run")
_ORDER = ("production", "staging", *(stage for stage in STAGES if stage not in ("production", "staging")))


def impact(dataset: str, *, limit: int = 20_000, project: str | None = None) -> ImpactTable:
    """Every version, run and dataset that came out of some data, also through data that was made of it.

    `dataset` is a name, which means all contents that had it, or a digest or an id, which mean one. Runs that
    are parts of each other share their data. `.versions`, `.runs` and `.datasets` have what was found, at
    most `limit` together. NotFound with the nearest names.

        aip.impact("customers")
        [each.label for each in aip.impact("customers").versions if each.state == "production"]
    """
    limit = at_least_one(limit, "limit", "things")
    connection = connect()
    store_what_waits(connection)
    request = GetImpact(project=project or connection.project, dataset=dataset, limit=limit)
    return ImpactTable(connection.services.lineage.get_impact(request))


def get_model_lineage(model: str, *, limit: int = 100, project: str | None = None) -> ModelLineageTable:
    """Each version of a model, the newest first, with its run and the data that the run used.

    Returns a list of `VersionLineage` that shows itself as a table. NotFound with the nearest names.

        aip.get_model_lineage("digits-clf")
    """
    limit = at_least_one(limit, "limit", "versions")
    connection = connect()
    store_what_waits(connection)
    request = GetModelLineage(project=project or connection.project, model=model, limit=limit)
    found = connection.services.lineage.get_model_lineage(request)
    return ModelLineageTable(found.versions, model=found.model, more=found.more)


class ImpactTable:
    """What came out of some data, that shows itself as a table: the versions in production first."""

    def __init__(self, found: Impact) -> None:
        self.of = found.of
        """The contents that were asked for."""
        self.affected = sorted(found.affected, key=_urgency)
        self._names = {node.ref: _label(node) for node in self.of}
        self._names.update((each.ref, _label(each)) for each in self.affected)
        self.more = found.more
        """Whether there is more than was asked for."""

    @property
    def versions(self) -> list[Affected]:
        """The versions, those in production first."""
        return [each for each in self.affected if each.kind == "version"]

    @property
    def runs(self) -> list[Affected]:
        """The runs, the nearest first."""
        return [each for each in self.affected if each.kind == "run"]

    @property
    def datasets(self) -> list[Affected]:
        """The data that was made of it."""
        return [each for each in self.affected if each.kind == "dataset"]

    def to_pandas(self) -> Any:
        """All of them as a pandas DataFrame."""
        import pandas

        return pandas.DataFrame(self._records(), columns=list(_FIELDS))

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write all of them into this file, which is replaced. Invalid when it cannot be written."""
        try:
            with open(path, "w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(_FIELDS)
                writer.writerows(self._records())
        except OSError as error:
            message = f"csv: {os.fspath(path)!r} cannot be written ({error.strerror}); name another file"
            raise Invalid(message, field="csv") from error

    def _records(self) -> Iterator[tuple[Any, ...]]:
        for each in self.affected:
            via = self._names.get(each.via, each.via)
            yield each.kind, each.label, each.state, via, each.distance, each.missing, each.ref

    def __len__(self) -> int:
        return len(self.affected)

    def __iter__(self) -> Iterator[Affected]:
        return iter(self.affected)

    def __repr__(self) -> str:
        table = text_table(_HEADERS, self._rows()) if self.affected else ""
        return "\n".join(filter(None, [plain(self._title()), table, self._rest()]))

    def _repr_html_(self) -> str:
        return frame(
            element("div", self._title(), class_="aip-title"),
            html_table(_HEADERS, self._rows()) if self.affected else None,
            dim(self._rest()) if self._rest() else None,
        )

    def _title(self) -> str:
        first = self.of[0]
        contents = f"{len(self.of)} contents" if len(self.of) > 1 else first.note or "no digest"
        what = f"{first.label} ({contents})"
        if not self.affected:
            return f"Nothing is known to have used {what}."
        least = "at least " if self.more else ""
        counts = (("version", self.versions), ("run", self.runs), ("derived dataset", self.datasets))
        told = [f"{len(found):,} {name}{'' if len(found) == 1 else 's'}" for name, found in counts if found]
        return f"{what} is in {least}{', '.join(told)}"

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                each.kind,
                _label(each),
                "missing" if each.missing else each.state,
                self._names.get(each.via, each.via),
                str(each.distance),
            )
            for each in self.affected[:SHOWN]
        ]

    def _rest(self) -> str:
        hidden = len(self.affected) - SHOWN
        if hidden > 0:
            return f"and {hidden:,} more: see .versions, .runs and .datasets" + (
                "; there is more than was asked for: limit=100_000" if self.more else ""
            )
        return "There is more than was asked for: limit=100_000." if self.more else ""


class ModelLineageTable(Listing[VersionLineage]):
    """What the versions of a model came out of, as a list that shows itself as a table."""

    def __init__(self, versions: Sequence[VersionLineage], *, model: str, more: bool) -> None:
        super().__init__(versions)
        self._model = model
        self._more = more

    def __repr__(self) -> str:
        return "\n".join(filter(None, [text_table(_VERSIONS, map(self._cells, self._items)), self._rest()]))

    def _repr_html_(self) -> str:
        rest = self._rest()
        return frame(html_table(_VERSIONS, map(self._cells, self._items)), dim(rest) if rest else None)

    def _cells(self, version: VersionLineage) -> tuple[str, ...]:
        run = version.run or (f"{version.run_id[:8]} (missing)" if version.run_id else "")
        return f"{self._model}:{version.number} ({version.name})", version.stage, run, _data(version)

    def _rest(self) -> str:
        if not self._more:
            return ""
        return f"The newest {len(self)}; there are more: aip.get_model_lineage(…, limit=1000)"


def _data(version: VersionLineage) -> str:
    told = []
    for data in version.datasets:
        name = data.name or f"{data.dataset_id[:8]} (missing)"
        told.append(f"{name} for {data.context}" if data.context else name)
    return ", ".join(told)


def _urgency(each: Affected) -> tuple[int, int, int, list[tuple[int, str]]]:
    stage = _ORDER.index(each.state) if each.state in _ORDER else len(_ORDER)
    return _KINDS.index(each.kind), stage if each.kind == "version" else 0, each.distance, _counting(each)


def _counting(each: Affected) -> list[tuple[int, str]]:
    """The order in which people count: clf:2 before clf:10."""
    return [
        (int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d{1,18})", each.label)
    ]


def _label(node: Node | Affected) -> str:
    return cut(f"{node.label} (missing)" if node.missing else node.label, 48)
