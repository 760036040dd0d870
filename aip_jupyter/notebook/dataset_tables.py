"""Datasets as they show themselves: a table, and a card. Both stay usable as records."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.datasets import Column, Dataset, RunDataset
from ..domain.lineage import Use
from ..domain.records import PropertyValue
from .display import (
    age_html,
    age_text,
    cut,
    digest_text,
    dim,
    element,
    frame,
    html_facts,
    html_table,
    plain,
    size_text,
    tag_labels,
    tags_html,
    text_facts,
    text_table,
)
from .listing import Listing

SHOWN_COLUMNS = 20
SHOWN_USES = 5

_DATASETS = ("name", "digest", "rows", "columns", "size", "source", "tags", "author", "updated")
_OF_RUN = ("dataset", "role", "digest", "rows", "columns", "size", "source")
_COLUMNS = ("column", "type", "nulls", "min", "max")
_WIDEST = 40
"""Characters of a source or a value in a table."""


class DatasetTable(Listing[Dataset]):
    """Datasets, as a list that shows itself as a table."""

    def __init__(
        self, datasets: Sequence[Dataset], *, project: str, more: bool = False, deleted: bool = False
    ) -> None:
        super().__init__(datasets)
        self._project = project
        self._more = more
        self._deleted = deleted

    def __repr__(self) -> str:
        if not self._items:
            return self._nothing()
        rows = [
            (*_cells(each), " ".join(tag_labels(each.tags)), each.author, age_text(each.updated))
            for each in self._items
        ]
        return "\n".join(filter(None, [text_table(_DATASETS, rows), self._rest()]))

    def _repr_html_(self) -> str:
        if not self._items:
            return frame(dim(self._nothing()))
        rows = [
            (*_cells(each), tags_html(each.tags), each.author, age_html(each.updated)) for each in self._items
        ]
        return frame(html_table(_DATASETS, rows), dim(self._rest()) if self._rest() else None)

    def _nothing(self) -> str:
        if self._deleted:
            return f"No dataset in project {self._project!r} that can be restored, or none that matches."
        return f"No datasets in project {self._project!r} yet, or none that match."

    def _rest(self) -> str:
        which, how = (" --deleted", "%restore_dataset DIGEST takes it back.") if self._deleted else ("", "")
        limit = f"%datasets{which} --limit {10 * len(self)}"
        more = f"The first {len(self)}; there are more: {limit}, or search by name."
        return " ".join(filter(None, [more if self._more else "", how]))


class RunDatasetTable(Listing[RunDataset]):
    """The datasets of a run, as a list that shows itself as a table."""

    def __init__(self, datasets: Sequence[RunDataset], *, run: str) -> None:
        super().__init__(datasets)
        self._run = run

    def __repr__(self) -> str:
        if not self._items:
            return self._nothing()
        return text_table(_OF_RUN, map(_of_run_cells, self._items))

    def _repr_html_(self) -> str:
        if not self._items:
            return frame(dim(self._nothing()))
        return frame(html_table(_OF_RUN, map(_of_run_cells, self._items)))

    def _nothing(self) -> str:
        return f"The run {plain(self._run)!r} has no datasets: %log_dataset NAME DATA while it is active."


class DatasetCard:
    """A dataset with its columns and the runs that use it."""

    def __init__(
        self,
        dataset: Dataset,
        uses: Sequence[Use] = (),
        *,
        makers: Sequence[Use] = (),
        notes: Sequence[str] = (),
    ) -> None:
        self.dataset = dataset
        self.makers = list(makers)
        """The runs that made it, the newest first."""
        self.uses = list(uses)
        """The runs that use it, the newest first."""
        self.notes = list(notes)
        if dataset.state == "ARCHIVED":
            self.notes.append(f"It is deleted; %restore_dataset {dataset.id} takes that back.")

    @property
    def reference(self) -> str:
        """What means this very content for ever: its digest, or its id when it has none."""
        return self.dataset.digest or self.dataset.id

    def __repr__(self) -> str:
        dataset = self.dataset
        tags = " ".join(tag_labels(dataset.tags))
        facts = [("dataset", dataset.name), *self._facts(), ("tags", tags), *self._used()]
        parts = [text_facts(facts), "\n".join(map(plain, self.notes))]
        if dataset.columns:
            parts.append("\n".join(filter(None, [text_table(_COLUMNS, self._rows()), self._rest()])))
        return "\n\n".join(filter(None, parts))

    def _repr_html_(self) -> str:
        dataset = self.dataset
        return frame(
            element("div", dataset.name, class_="aip-title"),
            html_facts([*self._facts(), ("tags", tags_html(dataset.tags)), *self._used()]),
            *(element("div", note) for note in self.notes),
            html_table(_COLUMNS, self._rows()) if dataset.columns else None,
            dim(self._rest()) if self._rest() else None,
        )

    def _facts(self) -> list[tuple[str, str]]:
        dataset = self.dataset
        rows = "" if dataset.rows is None else f"{dataset.rows:,}"
        return [
            ("id", dataset.id),
            ("project", dataset.project),
            ("sha256", dataset.digest),
            ("source", dataset.source),
            ("kind", dataset.source_type),
            ("size", "" if dataset.size is None else size_text(dataset.size)),
            ("rows", rows),
            ("author", dataset.author),
        ]

    def _used(self) -> list[tuple[str, str]]:
        sides = (("used by", self.uses, ".uses"), ("made by", self.makers, ".makers"))
        found = []
        for title, runs, where in sides:
            shown = [_use_text(use) for use in runs[:SHOWN_USES]]
            if len(runs) > SHOWN_USES:
                shown.append(f"and {len(runs) - SHOWN_USES} more, see {where}")
            found.append((title, ", ".join(shown)))
        return found

    def _rows(self) -> list[tuple[str, str, str, str, str]]:
        return [_column_cells(column) for column in self.dataset.columns[:SHOWN_COLUMNS]]

    def _rest(self) -> str:
        count = len(self.dataset.columns)
        return f"The first {SHOWN_COLUMNS} of {count:,} columns." if count > SHOWN_COLUMNS else ""


def _cells(dataset: Dataset) -> tuple[str, ...]:
    return (
        dataset.name,
        digest_text(dataset.digest),
        "" if dataset.rows is None else f"{dataset.rows:,}",
        f"{len(dataset.columns):,}" if dataset.columns else "",
        "" if dataset.size is None else size_text(dataset.size),
        cut(dataset.source, _WIDEST),
    )


def _of_run_cells(use: RunDataset) -> tuple[str, ...]:
    role = " for ".join(filter(None, ["output" if use.output else "input", use.context]))
    if use.dataset is None:
        return use.dataset_id[:8], role, "", "", "", "", "missing"
    name, *rest = _cells(use.dataset)
    return f"{name} (deleted)" if use.dataset.state == "ARCHIVED" else name, role, *rest


def _column_cells(column: Column) -> tuple[str, str, str, str, str]:
    nulls = "" if column.nulls is None else f"{column.nulls:,}"
    return column.name, column.type, nulls, _value_text(column.minimum), _value_text(column.maximum)


def _value_text(value: PropertyValue | None) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else cut(str(value), _WIDEST)


def _use_text(use: Use) -> str:
    name = use.run or f"run {use.run_id[:8]}"
    return f"{name} for {use.context}" if use.context else name
