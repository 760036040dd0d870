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
from typing import TYPE_CHECKING, Any

from ..client.connect import destination
from ..domain.datasets import Dataset, GetDataset, GetRunDatasets, ListDatasets
from ..domain.pages import MAX_PAGE
from ..errors import Invalid
from .capture import is_address
from .capture_memory import Memory
from .capture_options import options
from .connection import connect
from .dataset_recording import Said, record
from .dataset_tables import DatasetCard, DatasetTable, RunDatasetTable
from .run_reading import store_what_waits
from .words import Tags, at_least_one, tidy_tags

if TYPE_CHECKING:
    from ..client.connect import Connection

NAMED = 5
"""So many contents of a name are told at most when one of them has to be chosen."""


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
    if not isinstance(split, str):
        raise Invalid(f"split: give a text such as 'train', not {str(split)[:40]}", field="split")
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
    if path is not None and not isinstance(path, (str, os.PathLike)):
        raise Invalid(f"path: {str(path)[:80]} is no path; give data=… what is in memory", field="path")
    return given[0] if path is None else Path(path)


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
    search: str = "",
    *,
    name: str = "",
    deleted: bool = False,
    limit: int = 100,
    project: str | None = None,
) -> DatasetTable:
    """Datasets, the last changed first: those whose name contains `search`, or all contents of `name`.

    `deleted` means those that can be restored, instead of the others.

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
            deleted=deleted,
            limit=min(limit - len(found), MAX_PAGE),
            page_token=token,
        )
        page = connection.services.datasets.list_datasets(request)
        found += page.items
        token = page.next_page_token
        if not token:
            break
    return DatasetTable(found, project=project, more=bool(token), deleted=deleted)


def get_dataset(ref: str, *, project: str | None = None) -> DatasetCard:
    """The newest dataset of a name, or the one of a digest (8 and more digits of it) or an id.

    `.dataset` is the record, `.uses` the runs that use it. NotFound with the nearest names.
    """
    connection = connect()
    store_what_waits(connection)
    request = GetDataset(project=project or connection.project, dataset=ref)
    detail = connection.services.datasets.get_dataset(request)
    return DatasetCard(detail.dataset, detail.uses, makers=detail.makers)


def delete_dataset(ref: str, *, project: str | None = None) -> DatasetCard:
    """Delete the record of one content, by its digest (8 and more digits), its id, or a name that means one.

    The data itself stays where it is. What used it says that it was deleted; `restore_dataset` takes it back
    within 30 days, and so does recording the same content again. Raises NotFound with the nearest names,
    Invalid when the name has several contents, Denied.

        aip.delete_dataset("a mistake")
    """
    connection = connect()
    card = only_content(connection, ref, project)
    request = GetDataset(project=card.dataset.project, dataset=card.dataset.id)
    detail = connection.services.datasets.delete_dataset(request)
    return DatasetCard(detail.dataset, detail.uses, makers=detail.makers)


def restore_dataset(ref: str, *, project: str | None = None) -> DatasetCard:
    """Take back that a dataset was deleted: by its digest or id, or the one last deleted of this name.

    Raises NotFound.

        aip.restore_dataset("a mistake")
    """
    connection = connect()
    request = GetDataset(project=project or connection.project, dataset=ref)
    detail = connection.services.datasets.restore_dataset(request)
    return DatasetCard(detail.dataset, detail.uses, makers=detail.makers)


def only_content(connection: Connection, ref: str, project: str | None) -> DatasetCard:
    """What is to be deleted. Invalid when it is a name with several contents: they are told."""
    card = get_dataset(ref, project=project)
    if card.dataset.name != ref or card.dataset.id == ref:
        return card
    contents = list_datasets(name=ref, limit=NAMED + 1, project=card.dataset.project)
    if len(contents) > 1:
        told = ", ".join(each.digest[:8] or each.id for each in contents[:NAMED])
        rest = " and more" if len(contents) > NAMED else ""
        message = f"dataset: {ref!r} has several contents, {told}{rest} (the newest first); name one of these"
        raise Invalid(message, field="dataset")
    return card
