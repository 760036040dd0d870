"""The rules of the dataset form, without widgets: what it offers, suggests, foretells and refuses."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ..domain import names
from ..domain.datasets import public_uri
from ..errors import AipError
from .capture import is_address, kind_of, local_path
from .dataset_recording import Said
from .display import size_text
from .files import JUNK
from .form_rules import split_tags, without_field
from .namespace import nearest, variables

LOOKED_THROUGH = 1000
"""So many files of a folder are counted while one types; a folder may have a million."""

_TABLES = {".csv": "CSV", ".tsv": "TSV", ".jsonl": "JSON Lines", ".ndjson": "JSON Lines"}
_TABLES.update({".parquet": "Parquet", ".pq": "Parquet"})


@dataclass(frozen=True)
class Entry:
    """What the fields hold, as typed."""

    variable: str | None
    """The chosen variable; None for a file, a folder or an address."""
    path: str
    name: str
    context: str
    split: str
    tags: str
    output: bool
    profile: str
    """How many rows are looked at: `some`, `all` or `none`."""

    @property
    def said(self) -> Said:
        """What is said of the data."""
        return Said(
            context=self.context.strip() or None,
            split=self.split.strip(),
            tags=split_tags(self.tags),
            output=self.output,
        )


def offered(namespace: Mapping[str, Any], hidden: Iterable[str] = ()) -> list[tuple[str, str]]:
    """The variables that hold data, each with its label. No code of theirs is run for those that do not."""
    found = [name for name in variables(namespace, hidden) if kind_of(namespace[name])]
    return [
        (f"{name} – {type(namespace[name]).__name__}, {shape_text(namespace[name])}", name) for name in found
    ]


def shape_text(data: Any) -> str:
    """`1,797 rows × 65 columns`; of an array all its lengths."""
    shape = tuple(data.shape)
    if kind_of(data) == "array":
        return " × ".join(f"{length:,}" for length in shape) or "one value"
    columns = shape[1] if len(shape) > 1 else 1
    return f"{_counted(shape[0], 'row')} × {_counted(columns, 'column')}"


def suggested_name(entry: Entry) -> str:
    """What the data may be called: as its variable, or as its file without what tells the kind of that."""
    if entry.variable is not None:
        return entry.variable
    path = public_uri(entry.path.strip())  # a name is no place for a password
    last = re.split(r"[/\\]", path.partition("?")[0].rstrip("/\\"))[-1]
    name = Path(last).stem if last.strip(".~") else ""
    try:
        return names.check_store_name(name, "name")
    except AipError:
        return ""


def problems(entry: Entry) -> dict[str, str]:
    """What is wrong, by field; empty when the data can be recorded."""
    found = {}
    checks = {"name": entry.name.strip(), "context": entry.context.strip(), "split": entry.split.strip()}
    for field, text in checks.items():
        try:
            if text or field == "name":
                names.check_store_name(text, field)
        except AipError as error:
            found[field] = without_field(error)
    try:
        names.check_tags(split_tags(entry.tags))
    except AipError as error:
        found["tags"] = without_field(error)
    if entry.variable is None and (wrong := _path_problem(entry.path.strip())):
        found["path"] = wrong
    return found


def outcome(entry: Entry, data: Any) -> list[str]:
    """What is going to be recorded, as far as that is known without reading it. `data` is the variable's."""
    if entry.variable is not None:
        if not (kind := kind_of(data)):
            return [f"{type(data).__name__}, which is no data"]  # it is gone, or another thing by now
        size = f", {size_text(data.nbytes)}" if kind == "array" else ""
        return [kind, f"{shape_text(data)}{size}"]
    path = entry.path.strip()
    if is_address(path):
        return ["an address", "what is there is not read"]
    place = local_path(path)
    if os.path.isdir(place):
        return ["a folder", *_folder_facts(place)]
    return ["a file", *_file_facts(place, entry)]


def _file_facts(path: Path, entry: Entry) -> Iterator[str]:
    yield size_text(path.stat().st_size)
    kind = _TABLES.get(path.suffix.lower())
    if kind and entry.profile != "none":
        yield f"{kind}: rows and columns are described"


def _folder_facts(root: Path) -> Iterator[str]:
    found = list(islice(_files(root), LOOKED_THROUGH + 1))
    if len(found) > LOOKED_THROUGH:
        yield f"more than {LOOKED_THROUGH:,} files"
    else:
        yield f"{_counted(len(found), 'file')}, {size_text(sum(found))}"


def _files(root: Path) -> Iterator[int]:
    """The sizes of the files below it, as far as they can be seen."""
    for folder, inner, files in os.walk(root):
        inner[:] = [name for name in inner if name not in JUNK]
        for name in files:
            if name not in JUNK:
                try:
                    yield os.stat(os.path.join(folder, name)).st_size
                except OSError:  # recording it says what is wrong with it
                    continue


def _path_problem(path: str) -> str:
    if not path:
        return "name a file, a folder or an address"
    if is_address(path):
        return ""
    place = local_path(path)
    if os.path.isfile(place):
        return ""
    if os.path.isdir(place):
        return "" if next(_files(place), None) is not None else "the folder has no files; name one that has"
    if os.path.lexists(place):
        return "it is neither a file nor a folder"
    near = nearest(place.name, _beside(place))
    return f"there is no file {path!r} in {os.getcwd()!r}" + (f"; did you mean {near[0]}?" if near else "")


def _beside(path: Path) -> list[str]:
    try:
        return os.listdir(path.parent)
    except OSError:
        return []


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
