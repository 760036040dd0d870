"""What a registration, a file or the record of a dataset must be before anything is written."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from ..domain import names
from ..domain.artifacts import ExternalFile, FileRef, LogArtifacts
from ..domain.datasets import Column, LogDataset, is_uri, public_uri
from ..domain.models import RegisterVersion
from ..domain.records import PropertyValue
from ..domain.runs import spell_number
from ..errors import Invalid

MAX_FILES = 100_000
"""Of a version."""
MAX_LOGGED = 1000
"""Files of a run in one request."""
EXTERNAL_SCHEMES = ("s3", "gs", "https", "http", "hdfs", "abfs", "abfss")
"""What addresses of files that are elsewhere begin with."""
MAX_TEXT = 100_000
"""Characters of a description."""
MAX_COLUMNS = 10_000
MAX_SOURCE = 4096
MAX_CELL = 1000
"""Characters of a column's name, or of a value in its profile."""


def check_registration(request: RegisterVersion, categories: Sequence[str]) -> RegisterVersion:
    """The request with its category in the configured spelling. Invalid names the field and the rule."""
    names.check_store_name(request.project, "project")
    names.check_model_name(request.model)
    names.check_id(request.id, "id")
    if request.version is not None:
        names.check_version_name(request.version)
    if request.external_id is not None:
        names.check_store_name(request.external_id, "external_id")
    names.check_store_name(request.format, "format")
    if request.run:
        names.check_id(request.run, "run")
    if len(request.description) > MAX_TEXT:
        raise Invalid(f"description: at most {MAX_TEXT:,} characters", field="description")
    names.check_tags(request.tags)
    check_properties(request.properties)
    check_files(request.files)
    if not request.category:
        return request
    return replace(request, category=names.check_category(request.category, categories))


def check_properties(properties: dict[str, PropertyValue]) -> None:
    """Keys follow the store's rule; numbers are finite and fit 64 bits."""
    for key, value in properties.items():
        names.check_store_name(key, "properties")
        if isinstance(value, float) and not math.isfinite(value):
            raise Invalid(
                f"properties: {key!r} is {value}; only finite numbers can be kept", field="properties"
            )
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise Invalid(f"properties: {key!r} does not fit 64 bits; give it as text", field="properties")


def check_files(files: Sequence[FileRef]) -> None:
    """At least one; paths relative, different, and none the folder of another."""
    if not 1 <= len(files) <= MAX_FILES:
        raise Invalid(f"files: a version has 1 to {MAX_FILES:,} files, not {len(files):,}", field="files")
    for file in files:
        names.check_digest(file.digest, "files")
    _check_paths([file.path for file in files])


def _check_paths(paths: Sequence[str]) -> None:
    known: set[str] = set()
    for path in paths:
        names.check_path(path, "files")
        if path in known:
            raise Invalid(f"files: {path!r} is given twice", field="files")
        known.add(path)
    for path in paths:
        for folder in folders_of(path):
            if folder in known:
                raise file_and_folder(folder)


def folders_of(path: str) -> Iterator[str]:
    """The folders that a path lies in, the outermost first."""
    parts = path.split("/")
    return ("/".join(parts[:depth]) for depth in range(1, len(parts)))


def file_and_folder(path: str) -> Invalid:
    """The error for a path at which files would lie in a file."""
    return Invalid(f"files: {path!r} cannot be both a file and a folder", field="files")


def check_artifacts(request: LogArtifacts) -> LogArtifacts:
    """The request with addresses that hold no credentials. Invalid names the field and the rule."""
    names.check_store_name(request.project, "project")
    names.check_id(request.run, "run")
    every: list[FileRef | ExternalFile] = [*request.files, *request.external]
    if not 1 <= len(every) <= MAX_LOGGED:
        advice = "name one, or more" if not every else f"send at most {MAX_LOGGED:,} in one request"
        raise Invalid(f"files: {len(every):,} files cannot be logged at once; {advice}", field="files")
    if request.files:
        names.check_id(request.claim, "claim")
    _check_paths([file.path for file in every])
    for file in every:
        if file.digest or isinstance(file, FileRef):
            names.check_digest(file.digest, "files")
        _check_count(file.size, "files")
        if file.media_type:
            names.check_store_name(file.media_type, "media_type")
    return replace(request, external=[_checked_external(file) for file in request.external])


def _checked_external(file: ExternalFile) -> ExternalFile:
    _check_length(file.uri, MAX_SOURCE, "uri")
    uri = public_uri(file.uri)
    scheme = uri.partition("://")[0].lower()
    if not is_uri(uri) or scheme == "file":
        message = f"uri: {file.uri[:80]!r} is on this machine alone; log the file itself"
        raise Invalid(message, field="uri")
    if scheme not in EXTERNAL_SCHEMES or not uri.isprintable() or " " in uri:
        message = f"uri: {uri[:80]!r} is no address of a file; it begins with {', '.join(EXTERNAL_SCHEMES)}"
        raise Invalid(f"{message} and ://", field="uri")
    return replace(file, uri=uri)


def check_dataset(request: LogDataset) -> LogDataset:
    """The request with numbers that can be kept. Invalid names the field and the rule."""
    names.check_store_name(request.project, "project")
    names.check_id(request.id, "id")
    names.check_store_name(request.name, "name")
    if request.digest:
        names.check_digest(request.digest, "digest")
    _check_length(request.source, MAX_SOURCE, "source")
    names.check_store_name(request.source_type, "source_type")
    for field, count in (("size", request.size), ("rows", request.rows)):
        _check_count(count, field)
    names.check_tags(request.tags)
    if request.run:
        names.check_id(request.run, "run")
    if request.context:
        names.check_store_name(request.context, "context")
    if len(request.columns) > MAX_COLUMNS:
        message = f"columns: {len(request.columns):,} are too many; leave out what is behind {MAX_COLUMNS:,}"
        raise Invalid(message, field="columns")
    return replace(request, columns=[_checked_column(column) for column in request.columns])


def _checked_column(column: Column) -> Column:
    _check_length(column.name, MAX_CELL, "columns")
    _check_length(column.type, names.MAX_NAME, "columns")
    _check_count(column.nulls, "columns")
    return replace(column, minimum=_keepable(column.minimum), maximum=_keepable(column.maximum))


def _keepable(value: PropertyValue | None) -> PropertyValue | None:
    """A number as it is when JSON and a database can hold it, else as text."""
    if isinstance(value, str):
        _check_length(value, MAX_CELL, "columns")
    elif isinstance(value, float):
        return spell_number(value)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return value


def _check_length(text: str, most: int, field: str) -> None:
    if len(text) > most:
        raise Invalid(f"{field}: {text[:40]!r}… has more than {most:,} characters", field=field)


def _check_count(count: int | None, field: str) -> None:
    if count is not None and not 0 <= count < 2**63:
        raise Invalid(f"{field}: {count} cannot be a count; give 0 or more", field=field)
