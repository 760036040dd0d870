"""Artifacts as they show themselves: tables with a badge for the kind, a link to download, and a total."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args
from urllib.parse import quote

from ..domain.artifacts import Artifact
from ..errors import AipError
from .artifact_kinds import Kind, kind_of
from .display import (
    Html,
    age_html,
    age_text,
    cut,
    dim,
    element,
    frame,
    plain,
    size_text,
    text_table,
)
from .listing import Listing

SHOWN = 1000
"""Rows of a table; more make a page slow."""
_COLUMNS = ("path", "type", "size", "time", "")
_WIDEST = 80
"""Characters of a path or an address in a table."""

# White letters on a dark ground: as well to read in the light theme as in the dark one.
_COLOURS: dict[Kind, str] = {
    "model": "#6a1b9a",
    "data": "#1565c0",
    "image": "#2e7d32",
    "text": "#455a64",
    "code": "#8d4b00",
    "notebook": "#b23c17",
    "archive": "#5d4037",
    "other": "#616161",
}
_STYLE = (
    ".aip .aip-kind{color:#fff;border-radius:8px;padding:0 6px;font-size:0.9em;white-space:nowrap}"
    + "".join(f".aip .aip-kind-{kind}{{background:{colour}}}" for kind, colour in _COLOURS.items())
    + ".aip.aip td.aip-number{text-align:right;white-space:nowrap}"
    + ".aip .aip-gone{text-decoration:line-through}"
    + ".aip.aip tfoot td{border-top:1px solid var(--jp-border-color2,#8886);font-weight:600}"
)
assert set(_COLOURS) == set(get_args(Kind))  # noqa: S101

Links = Callable[[], str]
"""Gives the path below which the server's pages are; "" when there is no server."""


def no_links() -> str:
    """There is no server."""
    return ""


class ArtifactTable(Listing[Artifact]):
    """The artifacts of a run, as a list that shows itself as a table."""

    def __init__(
        self,
        artifacts: Sequence[Artifact],
        *,
        run: str,
        path: str = "",
        count: int = 0,
        size: int = 0,
        more: bool = False,
        deleted: bool = False,
        waiting: str = "",
        links: Links = no_links,
    ) -> None:
        super().__init__(artifacts)
        self.run = run
        self.total_count = count
        """How many the whole run has."""
        self.total_size = size
        """Bytes of the whole run."""
        self.waiting = waiting
        """What is not uploaded yet, and why; "" when all is."""
        self._path = path
        self._more = more
        self._deleted = deleted
        self._links = links

    def __repr__(self) -> str:
        if not self._items:
            return "\n".join(filter(None, [self._nothing(), self._waits()]))
        table = text_table(_COLUMNS[:4], [text_cells(each) for each in self._items[:SHOWN]], _WIDEST)
        return "\n".join(filter(None, [table, self._total(), self._rest(), self._waits()]))

    def _repr_html_(self) -> str:
        if not self._items:
            return frame(dim(self._nothing()), element("div", self._waits()) if self._waits() else None)
        table = artifact_html(self._items[:SHOWN], self._total(), self._links)
        rest, waits = self._rest(), self._waits()
        below = (dim(rest) if rest else None, element("div", waits) if waits else None)
        return frame(style(), table, *below, wide=True)

    def _nothing(self) -> str:
        where = f" at {plain(self._path)!r}" if self._path else ""
        if self._deleted:
            return f"The run {plain(self.run)!r} has no deleted artifacts{where}."
        return (
            f"The run {plain(self.run)!r} has no artifacts{where} yet: %log_artifact PATH while it is active."
        )

    def _total(self) -> str:
        whole = total_text(self.total_count, self.total_size)
        if self._deleted:
            return f"{total_text(len(self), _sum(self._items))}, deleted: %restore_artifact takes that back"
        if self._more or len(self) >= self.total_count:
            return whole
        return f"{total_text(len(self), _sum(self._items))} here; {whole} in the run"

    def _rest(self) -> str:
        if self._more or len(self) > SHOWN:
            shown = min(SHOWN, len(self))
            return f"The first {shown:,} are shown; name a folder: %artifacts RUN PATH, or take limit=N."
        return ""

    def _waits(self) -> str:
        return f"{self.waiting}." if self.waiting else ""


class LoggedArtifacts(Listing[Artifact]):
    """What one call has logged, as a list that shows itself."""

    SHOWN = 20

    def __init__(
        self,
        artifacts: Sequence[Artifact],
        *,
        run: str,
        waiting: int = 0,
        notes: Sequence[str] = (),
        links: Links = no_links,
    ) -> None:
        super().__init__(artifacts)
        self.run = run
        """The run's name."""
        self.waiting = waiting
        """How many of them are not uploaded yet: the last ones."""
        self.notes = list(notes)
        self._links = links

    def __repr__(self) -> str:
        rows = [text_cells(each)[:3] for each in self._items[: self.SHOWN]]
        table = text_table(_COLUMNS[:3], rows, _WIDEST)
        return "\n".join([self._title(), table, *filter(None, [self._rest()]), *map(plain, self.notes)])

    def _repr_html_(self) -> str:
        return frame(
            style(),
            element("div", self._title()),
            artifact_html(self._items[: self.SHOWN], self._rest(), self._links),
            *(element("div", note) for note in self.notes),
            wide=True,
        )

    def _title(self) -> str:
        return f"{total_text(len(self), _sum(self._items))} logged to run {plain(self.run)}"

    def _rest(self) -> str:
        more = len(self) - self.SHOWN
        return f"and {more:,} more" if more > 0 else ""


def style() -> Html:
    """What these tables have besides what all have."""
    return element("style", Html(_STYLE))


def artifact_html(artifacts: Sequence[Artifact], total: str, links: Links) -> Html:
    """A table with links, and the total at its foot."""
    try:
        base_url = links()
    except AipError:  # the table is what matters
        base_url = ""
    head = element("tr", *(element("th", column) for column in _COLUMNS))
    body = [_row(artifact, base_url) for artifact in artifacts]
    foot = (
        element("tfoot", element("tr", element("td", total, colspan=str(len(_COLUMNS))))) if total else None
    )
    return element("table", element("thead", head), element("tbody", *body), foot)


def _row(artifact: Artifact, base_url: str) -> Html:
    size = "" if artifact.size is None else size_text(artifact.size)
    gone = {"class_": "aip-gone"} if artifact.state == "ARCHIVED" else {}
    path: list[str | None] = [element("span", artifact.path, **gone)]
    if artifact.uri:
        path += [" ", dim(cut(artifact.uri, _WIDEST))]
    return element(
        "tr",
        element("td", *path),
        element("td", badge(kind_of(artifact))),
        element("td", size, class_="aip-number"),
        element("td", age_html(artifact.updated) if artifact.updated else ""),
        element("td", _mark_or_link(artifact, base_url)),
    )


def badge(kind: Kind) -> Html:
    """The kind, in its colour."""
    return element("span", kind, class_=f"aip-kind aip-kind-{kind}")


def _mark_or_link(artifact: Artifact, base_url: str) -> str:
    if artifact.state == "ARCHIVED" or not is_stored(artifact) or not base_url:
        return _mark(artifact)
    return download_link(artifact, base_url)


def download_link(artifact: Artifact, base_url: str) -> Html:
    """A link that downloads the file, for whoever is logged in to the server."""
    project = quote(artifact.project, safe="")
    name = artifact.path.rpartition("/")[2]
    href = f"{base_url}aip/v1/projects/{project}/artifacts/{artifact.id}/content"
    return element("a", "download", href=href, download=name, title=f"Download {artifact.path}")


def is_stored(artifact: Artifact) -> bool:
    """Whether its bytes are in the store."""
    return artifact.digest is not None and artifact.uri is None


def _mark(artifact: Artifact) -> str:
    if artifact.state == "ARCHIVED":
        return "deleted"
    if artifact.uri is not None:
        return "external"
    return "" if is_stored(artifact) else "waits"


def text_cells(artifact: Artifact) -> tuple[str, str, str, str]:
    """A row for a terminal."""
    size = "" if artifact.size is None else size_text(artifact.size)
    mark = _mark(artifact)
    where = f" ({cut(artifact.uri, _WIDEST)})" if artifact.uri else f" ({mark})" if mark else ""
    age = age_text(artifact.updated) if artifact.updated else ""
    return f"{artifact.path}{where}", kind_of(artifact), size, age


def total_text(count: int, size: int) -> str:
    """`3 files, 1.2 MB`."""
    return f"{count:,} {'file' if count == 1 else 'files'}, {size_text(size)}"


def _sum(artifacts: Sequence[Artifact]) -> int:
    return sum(artifact.size or 0 for artifact in artifacts)


class ArtifactChange:
    """What was deleted, or restored."""

    def __init__(self, count: int, size: int, *, run: str, path: str, deleted: bool) -> None:
        self.count = count
        self.size = size
        """Bytes."""
        what = f"{total_text(count, size)} at {path} of run {run}"
        self._text = plain(
            f"{what} deleted; for 30 days %restore_artifact takes that back"
            if deleted
            else f"{what} restored"
        )

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return frame(element("div", self._text))
