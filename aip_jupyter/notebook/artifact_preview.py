"""Looking at one artifact: a picture, a text, the head of a table. What could run is only downloaded."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import Any

from ..domain.artifacts import Artifact, GetArtifact, ListArtifacts
from ..errors import NotFound
from .active_run import ActiveRun
from .artifact_kinds import kind_of, view_of
from .artifact_tables import badge, download_link, is_stored, style
from .connection import base_url, connect, what_is_in_use
from .display import Html, cut, dim, element, frame, html_table, plain, size_text, text_table
from .run_reading import meant_run, reading

MAX_IMAGE = 5_000_000
"""Bytes: an output is saved with the notebook."""
MAX_WHOLE = 512_000
"""Bytes of what is only shown as a whole."""
MAX_TEXT = 64_000
"""Bytes of a text of which the beginning is shown."""
ROWS, CELL = 20, 80
"""Of a table: so many rows, so many characters of a value."""

_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
"""How pictures begin that cannot run anything, whatever their names say."""


def show_artifact(run: str | ActiveRun, path: str, *, project: str | None = None) -> Preview:
    """Show one artifact of a run: a picture, a text, JSON, the head of a CSV table.

    Markdown is shown as the text that it is; HTML, SVG and what else could run is only offered as a download.
    NotFound with what is near.

        aip.show_artifact("baseline", "plots/loss.png")
    """
    id, project = meant_run(run, project)
    with reading() as (connection, _):
        request = ListArtifacts(project=project or connection.project, run=id, path=path, limit=1)
        found = connection.services.artifacts.list_artifacts(request).items
    if not found or found[0].path != path:
        message = f"path: the run has no file {path!r}; %artifacts lists what there is"
        raise NotFound(message, field="path", nearest=[each.path for each in found])
    return show(found[0])


def show(artifact: Artifact) -> Preview:
    """Read what is needed to show it, and no more."""
    connection = connect()
    link = base_url(connection, what_is_in_use(connection))
    view = view_of(artifact) if is_stored(artifact) else ""
    size = artifact.size or 0
    most = {"image": MAX_IMAGE, "json": MAX_WHOLE, "": 0}.get(view, MAX_TEXT)
    if not most or (view == "image" and size > most):
        return Preview(artifact, b"", "", base_url=link)
    if view == "json" and size > most:
        view, most = "text", MAX_TEXT
    head = connection.services.blobs.read_head(
        GetArtifact(project=artifact.project, artifact=artifact.id), most
    )
    return Preview(artifact, head, view, base_url=link)


class Preview:
    """One artifact, and as much of it as is shown."""

    def __init__(self, artifact: Artifact, head: bytes, view: str, *, base_url: str = "") -> None:
        self.artifact = artifact
        self._head = head
        self._base_url = base_url
        self._type = image_type(head) if view == "image" else ""
        is_text = view not in ("", "image") and b"\0" not in head
        # A letter that is cut at the end is left out.
        self._text = head.decode("utf-8", errors="replace").rstrip("\ufffd") if is_text else ""
        self._rows = _rows(self._text) if view == "table" else []
        if view == "json":
            self._text = _indented(self._text)

    @property
    def is_whole(self) -> bool:
        """Whether all of it is shown."""
        return len(self._head) == self.artifact.size

    def __repr__(self) -> str:
        title = f"{plain(self.artifact.path)} ({self._what()})"
        return "\n".join(filter(None, [title, self._table_text() or _printable(self._text), self._rest()]))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": repr(self), "text/html": self._html()}
        return bundle

    def _html(self) -> str:
        return frame(style(), self._title(), self._body(), dim(self._rest()), wide=True)

    def _title(self) -> Html:
        link = download_link(self.artifact, self._base_url) if self._links() else None
        parts = [badge(kind_of(self.artifact)), " ", self.artifact.path, " ", dim(self._what()), " ", link]
        return element("div", *parts, class_="aip-title")

    def _links(self) -> bool:
        return bool(self._base_url) and is_stored(self.artifact)

    def _body(self) -> Html | None:
        if self._type:
            data = base64.b64encode(self._head).decode()
            return element("img", src=f"data:{self._type};base64,{data}", alt=self.artifact.path)
        if self._rows:
            return html_table(self._rows[0], self._rows[1:])
        return element("pre", Html(_escaped(self._text))) if self._text else None

    def _table_text(self) -> str:
        return text_table(self._rows[0], self._rows[1:], CELL) if self._rows else ""

    def _what(self) -> str:
        return "" if self.artifact.size is None else size_text(self.artifact.size)

    def _rest(self) -> str:
        if self.artifact.uri is not None:
            return f"It is not stored here but at {plain(self.artifact.uri)}."
        if not (self._type or self._rows or self._text):
            return "It is not shown here: %download_artifact brings it to this folder."
        if self._rows:
            return f"The first {len(self._rows) - 1} rows." if len(self._rows) > ROWS else ""
        return "" if self.is_whole else f"The first {size_text(len(self._head))}."


def image_type(head: bytes) -> str:
    """What a picture is, by its first bytes; "" for anything else."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _SIGNATURES.items() if head.startswith(start)), "")


def _rows(text: str) -> list[list[str]]:
    """The first rows of a table, all of the same width."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    found: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            found.append([cut(cell, CELL) for cell in row])
            if len(found) > ROWS:
                break
    except csv.Error:
        return []
    width = max((len(row) for row in found), default=0)
    return [row + [""] * (width - len(row)) for row in found]


def _indented(text: str) -> str:
    """JSON as people read it; what is none stays as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _printable(text: str) -> str:
    """The text without what could move a terminal's cursor, line by line."""
    return "\n".join(plain(line.expandtabs()) for line in text.splitlines())


def _escaped(text: str) -> str:
    return "\n".join(element("span", line) for line in _printable(text).split("\n"))
