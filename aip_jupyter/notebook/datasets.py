"""Datasets from Python: what `import aip_jupyter as aip` offers for data.

    aip.log_dataset("digits", "digits.csv", split="train")
    aip.log_dataset("features", frame, output=True)
    aip.get_run_datasets("baseline")
    aip.get_dataset("digits")

The data itself stays where it is; what is recorded is what it was.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from ..client.connect import destination
from ..domain.datasets import Dataset, GetDataset, GetRunDatasets, ListDatasets, LogDataset
from ..domain.lineage import Use
from ..domain.pages import MAX_PAGE
from ..domain.records import new_id
from ..errors import Invalid, Unavailable
from ..services.checks import check_dataset
from .active_run import ActiveRun
from .capture import Captured, capture, is_address
from .capture_memory import Memory
from .capture_options import Options, options
from .connection import connect
from .dataset_tables import DatasetCard, DatasetTable, RunDatasetTable
from .progress import Progress
from .run_projects import active_run_in, other_run_note
from .run_reading import store_what_waits
from .run_state import active_run
from .words import Tags, at_least_one, tidy_tags

DEFAULT_CONTEXT = "training"
"""What a run uses data for that says nothing else."""
_SPLITS = {"train": "training", "val": "validation", "valid": "validation"}
"""Contexts of splits that are called otherwise."""

JOURNAL_COLUMNS = 1000
"""How many an entry of the journal has room for."""


def log_dataset(
    name: str,
    data: Any = None,
    *,
    path: str | os.PathLike[str] | None = None,
    df: Any = None,
    uri: str | None = None,
    context: str | None = None,
    split: str = "",
    digest: str = "",
    schema: Any = None,
    profile: bool | Mapping[str, Any] | None = None,
    source_type: str = "",
    tags: Tags = None,
    output: bool = False,
    verify: bool = False,
    project: str | None = None,
) -> DatasetCard:
    """Record data under a name, and that the active run uses it, or made it: `output`.

    `data` is a file, a folder, a data frame, an array, a Hugging Face dataset or an address (not read). What
    you know better is taken as it is: `digest` (SHA-256; the data is not read then), `schema` (such as
    frame.dtypes), `profile` (such as {"rows": 9, "age": {"min": 0}}; False: look at no rows, True: at all).
    `context` is left out what `split` says, else training. `verify` reads what is remembered again.
    Raises NotFound (no such file), Invalid (no data, or not what the digest says), Unavailable.

        aip.log_dataset("digits", "digits.csv", split="train", tags=["demo"])
        aip.log_dataset("features", frame, output=True)
        aip.log_dataset("raw", uri="s3://bucket/raw.parquet", schema={"age": "int64"})
    """
    given = _given(data, path, df, uri)
    source = f"{type(given).__name__} in memory"
    how = options(Memory(destination().home), digest=digest, schema=schema, profile=profile, verify=verify)
    said = Said(context, split, source_type, tidy_tags(tags), output)
    return record(name, given, source=source, said=said, how=how, project=project)


def _given(data: Any, path: str | os.PathLike[str] | None, df: Any, uri: str | None) -> Any:
    """The one that was given of these."""
    given = [each for each in (data, path, df, uri) if each is not None]
    if len(given) != 1:
        message = "data: give one of a path, a data frame, an array or an address"
        raise Invalid(message, field="data")
    if df is not None and isinstance(df, (str, os.PathLike)):
        raise Invalid("df: give the data frame itself, or its file as path=…", field="df")
    if uri is not None and not is_address(str(uri)):
        raise Invalid(f"uri: {str(uri)[:80]!r} is not an address such as s3://bucket/key", field="uri")
    return given[0] if path is None else Path(path)


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


def record(
    name: str, data: Any, *, source: str, said: Said, how: Options, project: str | None = None
) -> DatasetCard:
    """`log_dataset`, with words for what is in memory."""
    run = active_run_in(project)
    request = check_dataset(
        LogDataset(
            project=project or "-",
            id=new_id(),
            name=name,
            source_type=said.source_type or "file",
            tags={**said.tags, **({"split": said.split} if said.split else {})},
            run=run.id if run else "",
            context=said.purpose,
            output=said.output,
        )
    )
    with Progress(f"reading {name}") as progress:
        found = capture(data, source, progress, how)
    notes = [*found.notes, *other_run_note(project)]
    if (said.context or said.output) and active_run() is None:
        what = "made it" if said.output else f"uses it for {said.context!r}"
        notes.append(f"No run is active, so that none {what} yet: %start_run NAME, then log it again.")
    request = check_dataset(_described(request, found, said))
    try:
        connection = connect()
        request = replace(request, project=project or connection.project, author=connection.author)
        detail = connection.services.datasets.log_dataset(request)
    except Unavailable as error:
        if run is None or project is not None:
            raise
        run.append_dataset(_for_journal(request))
        notes.append(f"Not recorded yet: {error.message}. It is kept, and sent as soon as somebody answers.")
        return DatasetCard(_as_record(request), notes=notes)
    if detail.dataset.id != request.id:
        notes.append("This content is already recorded; it is the same dataset.")
    uses, makers = _with_name(detail.uses, run), _with_name(detail.makers, run)
    return DatasetCard(detail.dataset, uses, makers=makers, notes=notes)


def get_run_datasets(run: str, *, project: str | None = None) -> RunDatasetTable:
    """The datasets that a run used and made, in the order in which they were logged.

    `run` is its name or its id. Returns a list of `RunDataset` that shows itself as a table. NotFound with
    the nearest names.

        aip.get_run_datasets("baseline")
    """
    connection = connect()
    store_what_waits(connection)
    request = GetRunDatasets(project=project or connection.project, run=run)
    return RunDatasetTable(connection.services.datasets.get_run_datasets(request), run=run)


def list_datasets(
    search: str = "", *, name: str = "", limit: int = 100, project: str | None = None
) -> DatasetTable:
    """Datasets, the last changed first: those whose name contains `search`, or all contents of `name`.

    Returns a list of `Dataset` that shows itself as a table. Raises Invalid, Unavailable.
    """
    limit = at_least_one(limit, "limit", "datasets")
    connection = connect()
    store_what_waits(connection)
    project = project or connection.project
    found: list[Dataset] = []
    token = ""
    while len(found) < limit:
        request = ListDatasets(
            project=project,
            search=search,
            name=name,
            limit=min(limit - len(found), MAX_PAGE),
            page_token=token,
        )
        page = connection.services.datasets.list_datasets(request)
        found += page.items
        token = page.next_page_token
        if not token:
            break
    return DatasetTable(found, project=project, more=bool(token))


def get_dataset(ref: str, *, project: str | None = None) -> DatasetCard:
    """The newest dataset of a name, or the one of a digest (8 and more digits of it) or an id.

    `.dataset` is the record, `.uses` the runs that use it. NotFound with the nearest names.
    """
    connection = connect()
    store_what_waits(connection)
    request = GetDataset(project=project or connection.project, dataset=ref)
    detail = connection.services.datasets.get_dataset(request)
    return DatasetCard(detail.dataset, detail.uses, makers=detail.makers)


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


def _as_record(request: LogDataset) -> Dataset:
    """The record that will come of the request."""
    return Dataset(
        id=request.id,
        project=request.project,
        author=request.author or "",
        name=request.name,
        digest=request.digest,
        source=request.source,
        source_type=request.source_type,
        size=request.size,
        rows=request.rows,
        columns=request.columns,
        tags=request.tags,
    )
