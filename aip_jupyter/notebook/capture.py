"""What data is: a file, a folder, a table in memory or an address, and all that can be found out about it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import GeneratorType
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..domain.datasets import Column, is_uri, public_uri
from ..errors import Invalid, NotFound
from ..redaction import redact
from .capture_arrays import read_array
from .capture_files import Look, read_file, read_folder
from .capture_folders import read_listing
from .capture_frames import arrow_parts, pandas_parts, polars_parts
from .capture_huggingface import no_single_dataset, read_huggingface
from .capture_options import HASTY, Options, bare, merged
from .capture_parquet import read_parquet
from .capture_tables import Part, read_table
from .capture_text import Table, read_delimited, read_json_lines
from .display import cut
from .namespace import files_beside, nearest
from .progress import Progress

_READERS: dict[str, Look] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
}
_PARQUET = (".parquet", ".pq")
_PARTS: dict[tuple[str, str], Callable[[Any], Iterator[Part]]] = {
    ("pandas", "DataFrame"): pandas_parts,
    ("pandas", "Series"): lambda series: pandas_parts(series.to_frame()),
    ("polars", "DataFrame"): polars_parts,
    ("polars", "Series"): lambda series: polars_parts(series.to_frame()),
    ("pyarrow", "RecordBatch"): arrow_parts,
    ("pyarrow", "Table"): arrow_parts,
}
"""The tables that are known, by library and class."""

_MERE_VALUES = (list, tuple, set, dict, GeneratorType)
"""What people have that could be made a table of."""


@dataclass(frozen=True)
class Captured:
    """What is known of some data."""

    source: str
    source_type: str
    digest: str = ""
    size: int | None = None
    rows: int | None = None
    columns: list[Column] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What whoever records it should know, one line each."""
    split: str = ""
    """What part of a whole it says that it is."""


def capture(data: Any, source: str, progress: Progress, how: Options = HASTY) -> Captured:
    """Find out what the data is. `source` names what is in memory; a path or an address names itself.

    Raises NotFound for a path that is not there, Invalid for what is no data, or other than its digest says.
    """
    found = _with_what_is_said(_captured(data, source, progress, how), how)
    shown = redact(found.source)
    if shown == found.source:
        return found
    notes = [*found.notes, "What looks like a secret in its name is not recorded."]
    return replace(found, source=shown, notes=notes)


def _captured(data: Any, source: str, progress: Progress, how: Options) -> Captured:
    if isinstance(data, str) and is_address(data):
        return _address(data)
    if isinstance(data, (str, os.PathLike)):
        return _on_disk(os.fspath(data), progress, how)
    return _in_memory(data, source, progress, how)


def _with_what_is_said(found: Captured, how: Options) -> Captured:
    """What the user says goes before what was found."""
    if how.digest and found.digest not in ("", how.digest):
        message = f"digest: the data has {found.digest}, not {how.digest}; it is not what you think it is"
        raise Invalid(message, field="digest")
    return replace(
        found,
        digest=how.digest or found.digest,
        rows=found.rows if how.rows is None else how.rows,
        size=found.size if how.size is None else how.size,
        columns=merged(found.columns, how.columns) if how.columns else found.columns,
    )


def kind_of(data: Any) -> str:
    """`dataframe`, `array` or `huggingface`, told by the names of its classes; "" for all else."""
    kinds = _kinds(data)
    if ("datasets", "Dataset") in kinds:
        return "huggingface"
    if ("numpy", "ndarray") in kinds:
        return "array"
    return "dataframe" if any(kind in _PARTS for kind in kinds) else ""


def _kinds(data: Any) -> list[tuple[str, str]]:
    return [(kind.__module__.partition(".")[0], kind.__name__) for kind in type(data).__mro__]


def local_path(text: str) -> Path:
    """The path that somebody has written, `~` and `file:` included."""
    is_url = text.lower().startswith("file:")
    return Path(os.path.expanduser(url2pathname(urlsplit(text).path) if is_url else text))


def is_address(text: str) -> bool:
    """Whether it is the address of something far away."""
    return is_uri(text) and not text.lower().startswith("file:")


def _address(text: str) -> Captured:
    shown = public_uri(text)
    notes = ["It is recorded by its address; what is there is not read."]
    if shown.partition("://")[2] != text.partition("://")[2]:
        notes.append("The credentials in the address are not recorded.")
    return Captured(shown, "uri", notes=notes)


def _on_disk(text: object, progress: Progress, how: Options) -> Captured:
    if not isinstance(text, str) or not text.strip():
        raise Invalid("data: name a file, a folder, a variable or an address", field="data")
    if not text.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Invalid(f"data: the name {text!r} is not UTF-8; rename the file", field="data")
    path = local_path(text)
    if os.path.isdir(path):  # unlike Path's own it says no to what cannot be a path
        return _folder(path, text, progress, how)
    if os.path.isfile(path):
        return _file(path, text, progress, how)
    if os.path.lexists(path):
        what = "a link to nothing" if path.is_symlink() else "neither a file nor a folder"
        raise Invalid(f"data: {text!r} is {what}; name what holds the data", field="data")
    near = nearest(str(path), files_beside(path))
    advice = f"did you mean {' or '.join(near)}?" if near else "check the path"
    raise NotFound(f"data: there is no file {cut(text, 200)!r}; {advice}", field="data", nearest=near)


def _folder(path: Path, source: str, progress: Progress, how: Options) -> Captured:
    if not how.hashed:
        listing = read_listing(path)
        return Captured(source, "folder", size=listing.size, notes=[*filter(None, [listing.left_out])])
    content = read_folder(path, progress, how)
    return Captured(source, "folder", content.digest, content.size, notes=[*filter(None, [content.note])])


def _file(path: Path, source: str, progress: Progress, how: Options) -> Captured:
    size = path.stat().st_size
    progress.begin(f"reading {path.name}", size)
    suffix = path.suffix.lower()
    digest, table, notes = "", Table(), list[str]()
    look = _READERS.get(suffix) if how.profile and how.hashed else None
    if how.hashed:
        content, table = read_file(path, progress, look, how)
        digest, size = content.digest, content.size
        notes += filter(None, [content.note])
    if suffix in _PARQUET and how.profile:
        table = read_parquet(path)
    if table.note:
        notes.append(f"{path.name}: {table.note}.")
    return Captured(source, "file", digest, size, table.rows, table.columns, notes)


def _in_memory(data: Any, source: str, progress: Progress, how: Options) -> Captured:
    """A data frame, an array or a dataset of Hugging Face."""
    kind = kind_of(data)
    progress.begin(f"reading {source}")
    if kind == "huggingface":
        faced = read_huggingface(data, source)
        return Captured(
            faced.source,
            "huggingface",
            faced.digest,
            faced.size,
            faced.rows,
            faced.columns,
            split=faced.split,
        )
    if kind == "array":
        content = read_array(data)
        described = Captured(source, "array", size=data.nbytes)
    elif kind == "dataframe":
        parts = next(_PARTS[each] for each in _kinds(data) if each in _PARTS)
        content = read_table(parts(data))
        described = Captured(source, "dataframe")
    else:
        raise _no_data(data)
    notes = [f"{content.note[0].upper()}{content.note[1:]}."] if content.note else []
    columns = content.columns if how.profile else [bare(column) for column in content.columns]
    digest = content.digest if how.hashed else ""
    return replace(described, digest=digest, rows=len(data), columns=columns, notes=notes)


def _no_data(data: Any) -> Invalid:
    name = type(data).__name__
    if faced := no_single_dataset(name):
        return faced
    article = "an" if name[:1].lower() in tuple("aeio") else "a"
    if name == "LazyFrame":
        message = "data: a LazyFrame holds no values yet; give its .collect()"
    elif isinstance(data, _MERE_VALUES):
        message = f"data: {article} {name} is no table; make one of it, such as pandas.DataFrame(…)"
    else:
        kinds = "a data frame, an array, a file, a folder or an address"
        message = f"data: {article} {name} is no data; give {kinds}"
    return Invalid(message, field="data")
