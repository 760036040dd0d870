"""What is logged as an artifact: files where they are, objects saved as one, and addresses."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from ..backends.storage.local_disk import disk_errors
from ..client.uploading import LocalFile, media_type_of
from ..domain.artifacts import ExternalFile
from ..domain.datasets import is_uri, public_uri
from ..domain.names import check_path
from ..errors import Invalid
from ..redaction import redact
from .artifact_figures import save_matplotlib, save_plotly
from .artifact_frames import save_arrow, save_pandas, save_polars, table_suffix
from .files import find_files
from .progress import Progress

Save = Callable[[Any, Path], None]
"""Saves an object in the form that the suffix of the path names. Invalid when there is none."""


class Kind(NamedTuple):
    """What a kind of object is saved as."""

    save: Save
    suffix: Callable[[], str]
    """The one that it gets when its name has none."""


class Content(NamedTuple):
    """What is to be logged."""

    files: Callable[[], Iterable[LocalFile]] = tuple
    """Finds them, one by one: there may be many."""
    external: tuple[ExternalFile, ...] = ()
    notes: tuple[str, ...] = ()
    """What whoever logs it should know, one line each."""


@contextmanager
def content_of(
    source: Any, artifact_path: str | None, name: str | None, progress: Progress
) -> Iterator[Content]:
    """The content of a path, an address or an object, under the name that it gets in the run.

    Raises Invalid and NotFound, naming what is wrong.
    """
    if isinstance(source, str) and is_uri(source) and not source.lower().startswith("file:"):
        yield _address(source, artifact_path, name)
        return
    if isinstance(source, (str, os.PathLike)):
        path = _local_path(os.fspath(source))
        yield Content(lambda: _on_disk(path, artifact_path, name))
        return
    with tempfile.TemporaryDirectory(prefix="aip-") as folder:
        progress.begin(f"saving {type(source).__name__}")
        with disk_errors(Path(folder)):
            file = _saved(source, artifact_path, name, Path(folder))
        yield Content(lambda: [file])


def _address(text: str, artifact_path: str | None, name: str | None) -> Content:
    shown = redact(public_uri(text))
    own = unquote(urlsplit(shown).path).rstrip("/").rpartition("/")[2]
    path = path_in_run(artifact_path, name, own)
    file = ExternalFile(path=path, uri=shown, media_type=media_type_of(path))
    notes = ["It is recorded by its address; what is there is not read."]
    if shown.partition("://")[2] != text.partition("://")[2]:
        notes.append("The credentials in the address are not recorded.")
    return Content(external=(file,), notes=tuple(notes))


def _local_path(text: object) -> Path:
    if not isinstance(text, str) or not text.strip():
        raise Invalid("path: name a file, a folder, an address or an object", field="path")
    return Path(url2pathname(urlsplit(text).path) if text.lower().startswith("file:") else text)


def _on_disk(path: Path, artifact_path: str | None, name: str | None) -> Iterator[LocalFile]:
    path = path.expanduser()
    own = path.name or path.resolve().name
    if path.is_dir():
        whole = path_in_run(artifact_path, name, own)
        nothing = True
        for file in find_files(path, "path"):
            nothing = False
            yield file._replace(path=check_path(f"{whole}/{file.path}", "path"))
        if nothing:
            raise Invalid(f"path: the folder {str(path)!r} has no files to log", field="path")
        return
    for file in find_files(path, "path"):
        yield file._replace(path=path_in_run(artifact_path, name, file.path))


def path_in_run(artifact_path: str | None, name: str | None, own: str) -> str:
    """What it is called in the run. `own` is the name that it has by itself; "" when it has none."""
    inside = artifact_path is not None and (name is not None or artifact_path.endswith("/"))
    last = name if name is not None else own
    if artifact_path is not None and not inside:
        return check_path(artifact_path, "artifact_path")
    if not last:
        message = "artifact_path: say what it is called in the run, such as artifact_path='plots/loss.png'"
        raise Invalid(message, field="artifact_path")
    folder = (artifact_path or "").rstrip("/")
    return check_path(f"{folder}/{last}" if folder else last, "artifact_path" if folder else "name")


def _saved(source: Any, artifact_path: str | None, name: str | None, folder: Path) -> LocalFile:
    if isinstance(source, (bytes, bytearray, memoryview)):
        path = path_in_run(artifact_path, name, "")
        target = folder / "content"
        target.write_bytes(source)
    else:
        kind = kind_of(source)
        path = path_in_run(artifact_path, name, "")
        if not Path(path).suffix:
            path += kind.suffix()
        target = folder / f"content{Path(path).suffix.lower()}"
        kind.save(source, target)
    return LocalFile(target, path, target.stat().st_size)


def kind_of(source: Any) -> Kind:
    """How an object is saved, told by the names of its classes: nothing is imported for it. Invalid."""
    classes = [(kind.__module__.partition(".")[0], kind.__name__) for kind in type(source).__mro__]
    found = next((_KINDS[each] for each in classes if each in _KINDS), None)
    if found is None:
        message = (
            f"object: a {type(source).__name__} cannot be logged by itself; give a path, a figure, a table, "
            "a dict, a list or bytes, or register it with %register_model"
        )
        raise Invalid(message, field="object")
    return found


def _save_json(value: Any, target: Path) -> None:
    if target.suffix != ".json":
        raise Invalid(f"artifact_path: a {type(value).__name__} is saved as .json", field="artifact_path")
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False)
        target.write_text(f"{text}\n", encoding="utf-8")
    except (TypeError, ValueError, RecursionError) as error:  # UnicodeEncodeError is a ValueError
        raise Invalid(f"object: it cannot be saved as JSON: {error}", field="object") from error


_JSON = Kind(_save_json, lambda: ".json")
_MATPLOTLIB = Kind(save_matplotlib, lambda: ".png")

_KINDS: dict[tuple[str, str], Kind] = {
    ("builtins", "dict"): _JSON,
    ("builtins", "list"): _JSON,
    ("matplotlib", "Figure"): _MATPLOTLIB,
    ("matplotlib", "Axes"): _MATPLOTLIB,
    ("plotly", "BaseFigure"): Kind(save_plotly, lambda: ".html"),
    ("pandas", "DataFrame"): Kind(save_pandas, table_suffix),
    ("pandas", "Series"): Kind(lambda series, target: save_pandas(series.to_frame(), target), table_suffix),
    ("polars", "DataFrame"): Kind(save_polars, lambda: ".parquet"),
    ("polars", "Series"): Kind(
        lambda series, target: save_polars(series.to_frame(), target), lambda: ".parquet"
    ),
    ("pyarrow", "Table"): Kind(save_arrow, lambda: ".parquet"),
    ("pyarrow", "RecordBatch"): Kind(save_arrow, lambda: ".parquet"),
}
