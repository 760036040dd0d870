"""How data becomes a record: what is asked for, what is found out about it, and what is stored of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec.structs import replace

from ..domain.datasets import LogDataset, dataset_of
from ..domain.lineage import Use
from ..domain.records import new_id
from ..errors import Unavailable
from ..services.checks import check_dataset
from .active_run import ActiveRun
from .capture import Captured, capture
from .capture_options import Options
from .connection import connect
from .dataset_tables import DatasetCard
from .progress import Progress
from .run_projects import active_run_in, other_run_note
from .run_state import active_run

DEFAULT_CONTEXT = "training"
"""What a run uses data for that says nothing else."""
_SPLITS = {"train": "training", "val": "validation", "valid": "validation"}
"""Contexts of splits that are called otherwise."""

JOURNAL_COLUMNS = 1000
"""How many an entry of the journal has room for."""


class Said(NamedTuple):
    """What the user says of the data, and of what it is for."""

    context: str | None = None
    split: str = ""
    source_type: str = ""
    tags: dict[str, str] = {}  # noqa: RUF012  # never changed
    output: bool = False

    @property
    def purpose(self) -> str:
        """The context of the link to the run."""
        if self.context is not None or self.output:
            return self.context or ""
        return _SPLITS.get(self.split.lower(), self.split or DEFAULT_CONTEXT)


class Asked(NamedTuple):
    """What is to be recorded, before the data is read."""

    request: LogDataset
    said: Said
    run: ActiveRun | None
    """The run that uses it, or made it."""
    project: str | None
    """The one that was named; None for the one in use."""


def record(
    name: str, data: Any, *, source: str, said: Said, how: Options, project: str | None = None
) -> DatasetCard:
    """`log_dataset`, with words for what is in memory."""
    asked = ask(name, said, project)
    with Progress(f"reading {name}") as progress:
        found = capture(data, source, progress, how)
    return store(asked, found)


def ask(name: str, said: Said, project: str | None) -> Asked:
    """Everything that can be checked before the data is read: Invalid, naming the field."""
    run = active_run_in(project)
    request = LogDataset(
        project=project or "-",
        id=new_id(),
        name=name,
        source_type=said.source_type or "file",
        tags={**said.tags, **({"split": said.split} if said.split else {})},
        run=run.id if run else "",
        context=said.purpose,
        output=said.output,
    )
    return Asked(check_dataset(request), said, run, project)


def store(asked: Asked, found: Captured) -> DatasetCard:
    """Record what was found. With a run, what the server does not take now waits in the run's journal."""
    said, run, project = asked.said, asked.run, asked.project
    notes = [*found.notes, *other_run_note(project)]
    if (said.context or said.output) and active_run() is None:
        what = "made it" if said.output else f"uses it for {said.context!r}"
        notes.append(f"No run is active, so that none {what} yet: %start_run NAME, then log it again.")
    request = check_dataset(_described(asked.request, found, said))
    try:
        connection = connect()
        request = replace(request, project=project or connection.project, author=connection.author)
        detail = connection.services.datasets.log_dataset(request)
    except Unavailable as error:
        if run is None or project is not None:
            raise
        run.append_dataset(_for_journal(request))
        notes.append(f"Not recorded yet: {error.message}. It is kept, and sent as soon as somebody answers.")
        return DatasetCard(dataset_of(request, request.author or ""), notes=notes)
    if detail.dataset.id != request.id:
        notes.append("This content is already recorded; it is the same dataset.")
    uses, makers = _with_name(detail.uses, run), _with_name(detail.makers, run)
    return DatasetCard(detail.dataset, uses, makers=makers, notes=notes)


def _with_name(uses: list[Use], run: ActiveRun | None) -> list[Use]:
    """The active run may not be stored yet, but its name is known here."""
    return [replace(use, run=run.name) if run and use.run_id == run.id else use for use in uses]


def _described(request: LogDataset, found: Captured, said: Said) -> LogDataset:
    return replace(
        request,
        digest=found.digest,
        source=found.source,
        source_type=said.source_type or found.source_type,
        size=found.size,
        rows=found.rows,
        columns=found.columns,
        tags={**({"split": found.split} if found.split else {}), **request.tags},
    )


def _for_journal(request: LogDataset) -> LogDataset:
    """Without what is too much for one entry; it is added when the data is logged again."""
    return request if len(request.columns) <= JOURNAL_COLUMNS else replace(request, columns=[])
