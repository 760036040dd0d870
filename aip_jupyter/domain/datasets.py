"""Datasets: data as a record, one per content."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit, urlunsplit

from msgspec import Struct, field

from .lineage import Use
from .records import DEFAULT_PROJECT, Record, Request

SOURCE_TYPES = ("file", "folder", "dataframe", "array", "huggingface", "uri")
"""What the data is, as far as it was found out; its user may say something else."""


class Column(Struct, frozen=True, kw_only=True):
    """A column: its schema, and its profile as far as the values could be read."""

    name: str
    type: str
    """`int`, `float`, `bool`, `text`, `time`, or the name that the library gives it."""
    nulls: int | None = None
    minimum: bool | int | float | str | None = None
    maximum: bool | int | float | str | None = None


class Dataset(Record, frozen=True, kw_only=True):
    """Data that runs use. One per (project, name, digest); without a digest per (project, name, source,
    schema)."""

    name: str
    digest: str = ""
    """SHA-256 of the bytes, of a folder's files, or of a table's values; "" when the data cannot be read."""
    source: str = ""
    """The path or URI as it was given; `variable <name>` for what was in memory."""
    source_type: str = "file"
    """One of SOURCE_TYPES, or the user's own word."""
    size: int | None = None
    """Bytes."""
    rows: int | None = None
    columns: list[Column] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    identity: str = ""
    """What makes it one record: the digest, or a digest of source and schema. Given by the services."""


class DatasetDetail(Struct, frozen=True, kw_only=True):
    """A dataset, the runs that use it, and those that made it."""

    dataset: Dataset
    uses: list[Use]
    makers: list[Use] = field(default_factory=list)
    """The runs whose output it is, the newest first."""


class LogDataset(Request, frozen=True, kw_only=True):
    """Record data, and that a run uses it. The same content under the same name is the same dataset."""

    project: str = DEFAULT_PROJECT
    id: str
    """The id of the record if there is none yet."""
    name: str
    digest: str = ""
    source: str = ""
    source_type: str = "file"
    size: int | None = None
    rows: int | None = None
    columns: list[Column] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    run: str = ""
    """The id of the run that uses it; "" for none."""
    context: str = ""
    """What the run uses it for, such as training."""
    output: bool = False
    """The run did not use it but made it."""
    author: str | None = None


def dataset_of(request: LogDataset, author: str, created: int = 0, identity: str = "") -> Dataset:
    """The record that comes of the request when there is none yet."""
    return Dataset(
        id=request.id,
        project=request.project,
        author=author,
        created=created,
        name=request.name,
        digest=request.digest,
        source=request.source,
        source_type=request.source_type,
        size=request.size,
        rows=request.rows,
        columns=request.columns,
        tags=request.tags,
        identity=identity,
    )


class ListDatasets(Request, frozen=True, kw_only=True):
    """One page of a project's datasets."""

    project: str = DEFAULT_PROJECT
    search: str = ""
    """Part of the name, in any case."""
    name: str = ""
    """The exact name: all contents that had it."""
    deleted: bool = False
    """Those that were deleted, and can be restored, instead of the others."""
    order_by: str = "updated desc"
    """One of name, created, updated; then `asc` or `desc`."""
    limit: int = 100
    page_token: str = ""


class GetDataset(Request, frozen=True, kw_only=True):
    """A dataset by its id, its digest (or 8 and more digits of it), or the newest of this name."""

    project: str = DEFAULT_PROJECT
    dataset: str


class GetRunDatasets(Request, frozen=True, kw_only=True):
    """The datasets of a run, by its id or its name."""

    project: str = DEFAULT_PROJECT
    run: str


class RunDataset(Struct, frozen=True, kw_only=True):
    """A dataset that a run used, or made."""

    dataset_id: str
    dataset: Dataset | None
    """None when it is not there (any more)."""
    context: str
    output: bool = False
    """The run made it."""


_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_CREDENTIAL = re.compile(
    r"(?i)token|secret|password|passwd|signature|credential|api_?key|access_?key|^(sig|key|auth|jwt|pwd)$|"
    r"^x-(amz|goog)-"
)


def is_uri(text: str) -> bool:
    """Whether it is an address such as s3://bucket/key, not a path."""
    return _URI.match(text) is not None


def public_uri(text: str) -> str:
    """The address without the credentials that it may hold, `gs` for `gcs`; a path as it is."""
    if not is_uri(text):
        return text
    try:
        parts = urlsplit(text)
    except ValueError:  # not an address after all
        return text
    user, _, host = parts.netloc.rpartition("@")
    is_container = parts.scheme in ("abfs", "abfss") and ":" not in user
    netloc = parts.netloc if is_container else host
    scheme = "gs" if parts.scheme == "gcs" else parts.scheme  # both are written of the same bucket
    query, fragment = _public_pairs(parts.query), _public_pairs(parts.fragment)
    return urlunsplit((scheme, netloc, parts.path, query, fragment))


def _public_pairs(text: str) -> str:
    """The `name=value` pairs without those whose name says that they are secret."""
    return "&".join(pair for pair in text.split("&") if not _CREDENTIAL.search(unquote(pair.split("=")[0])))
