"""Datasets from Python: what `import aip_jupyter as aip` offers for data.

    aip.log_dataset("digits", "digits.csv", context="training")
    aip.log_dataset("digits", frame)
    aip.get_dataset("digits")

The data itself stays where it is; what is recorded is what it was.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ..domain.datasets import Dataset, GetDataset, ListDatasets, LogDataset
from ..domain.lineage import Use
from ..domain.pages import MAX_PAGE
from ..domain.records import new_id
from ..errors import Invalid, Unavailable
from ..services.checks import check_dataset
from .active_run import ActiveRun
from .capture import Captured, capture, is_address
from .connection import connect
from .dataset_tables import DatasetCard, DatasetTable
from .progress import Progress
from .run_projects import active_run_in, other_run_note
from .run_reading import store_what_waits
from .run_state import active_run
from .words import Tags, at_least_one, tidy_tags

JOURNAL_COLUMNS = 1000
"""How many an entry of the journal has room for."""


def log_dataset(
    name: str,
    data: Any = None,
    *,
    path: str | os.PathLike[str] | None = None,
    df: Any = None,
    uri: str | None = None,
    context: str = "",
    tags: Tags = None,
    project: str | None = None,
) -> DatasetCard:
    """Record data under a name, and that the active run uses it; `context` says for what, such as training.

    `data` is a file, a folder, a data frame (pandas, polars, Arrow), an array of NumPy, or an address such as
    s3://bucket/key, which is recorded and not read; `path`, `df` and `uri` say which it is. Files and tables
    get their digest, columns, rows, nulls and extremes. The same content under the same name is the same
    dataset.

    Raises NotFound (no such file), Invalid (no data), Unavailable.

        aip.log_dataset("digits", "digits.csv", context="training", tags=["demo"])
    """
    given = [each for each in (data, path, df, uri) if each is not None]
    if len(given) != 1:
        message = "data: give one of a path, a data frame, an array or an address"
        raise Invalid(message, field="data")
    if path is not None:
        given = [Path(path)]
    if df is not None and isinstance(df, (str, os.PathLike)):
        raise Invalid("df: give the data frame itself, or its file as path=…", field="df")
    if uri is not None and not is_address(str(uri)):
        raise Invalid(f"uri: {str(uri)[:80]!r} is not an address such as s3://bucket/key", field="uri")
    source = f"{type(given[0]).__name__} in memory"
    return record(name, given[0], source=source, context=context, tags=tags, project=project)


def record(
    name: str, data: Any, *, source: str, context: str = "", tags: Tags = None, project: str | None = None
) -> DatasetCard:
    """`log_dataset`, with words for what is in memory."""
    run = active_run_in(project)
    request = check_dataset(
        LogDataset(
            project=project or "-",
            id=new_id(),
            name=name,
            tags=tidy_tags(tags),
            run=run.id if run else "",
            context=context,
        )
    )
    with Progress(f"reading {name}") as progress:
        found = capture(data, source, progress)
    notes = [*found.notes, *other_run_note(project)]
    if context and active_run() is None:
        notes.append(
            f"No run is active, so that nothing is {context!r} yet: %start_run NAME, then log it again."
        )
    request = _described(request, found)
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
    return DatasetCard(detail.dataset, _with_name(detail.uses, run), notes=notes)


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
    return DatasetCard(detail.dataset, detail.uses)


def _with_name(uses: list[Use], run: ActiveRun | None) -> list[Use]:
    """The active run may not be stored yet, but its name is known here."""
    return [replace(use, run=run.name) if run and use.run_id == run.id else use for use in uses]


def _described(request: LogDataset, found: Captured) -> LogDataset:
    return replace(
        request,
        digest=found.digest,
        source=found.source,
        source_type=found.source_type,
        size=found.size,
        rows=found.rows,
        columns=found.columns,
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
