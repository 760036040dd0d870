"""Lineage as it shows itself: a diagram in the notebook, and a tree everywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..domain.lineage import Edge, GetLineage, Lineage, Node
from ..errors import Invalid
from .connection import connect
from .display import plain
from .lineage_drawing import DRAWN, drawing
from .lineage_mermaid import MERMAID, mermaid
from .run_reading import store_what_waits
from .words import at_least_one

SHOWN = 60
"""How many nodes the text and `.mermaid` have, the nearest first."""
QUICK = 20
"""Of more nodes Mermaid's drawing would hold the page for a second, and of 1,000 for half a minute."""


def get_lineage(ref: str, *, limit: int = 200, depth: int = 100, project: str | None = None) -> LineageGraph:
    """What a version, a run or a dataset came out of, and what came out of it.

    `ref` is `digits-clf@latest`, or `run:NAME`, `dataset:NAME`, `model:REF` where a name means several
    things; without it a model is looked for first, then a run, then a dataset. `.nodes` and `.edges` have all
    that was found: at most `limit` nodes, none of them more than `depth` links away. Raises NotFound with
    what is near.

        aip.get_lineage("digits-clf")
        aip.get_lineage("dataset:digits", limit=1000).nodes
    """
    if not isinstance(ref, str):
        message = f"ref: give a text such as 'digits-clf@latest', not a {type(ref).__name__}"
        raise Invalid(message, field="ref")
    limit, depth = at_least_one(limit, "limit", "nodes"), at_least_one(depth, "depth", "links")
    connection = connect()
    store_what_waits(connection)
    request = GetLineage(project=project or connection.project, reference=ref, limit=limit, depth=depth)
    return LineageGraph(connection.services.lineage.get_lineage(request), project=request.project)


class LineageGraph:
    """A lineage that draws itself."""

    def __init__(self, lineage: Lineage, *, project: str = "") -> None:
        self._project = project
        self.of = next(node for node in lineage.nodes if node.ref == lineage.of)
        """What was asked for."""
        self.nodes = lineage.nodes
        """The nearest first."""
        self.edges = lineage.edges
        self.more = lineage.more
        """Whether there are more nodes than were asked for."""

    @property
    def mermaid(self) -> str:
        """The diagram of the nearest nodes, in Mermaid's language."""
        return mermaid(self.of, self.nodes[:SHOWN], self.edges, self._rest(SHOWN))

    def _rest(self, shown: int) -> str:
        hidden = len(self.nodes) - shown
        if hidden > 0:
            return f"and {'more than ' if self.more else ''}{hidden:,} more: see .nodes"
        return "and more: aip.get_lineage(…, limit=1000, depth=1000)" if self.more else ""

    def __repr__(self) -> str:
        lines = [f"{_words(self.of)}"]
        for title, branches in self._sides():
            lines.append(f"  {title}")
            lines += [f"  {'  ' * depth}{plain(text)}" for depth, text in branches]
        return "\n".join([*lines, *filter(None, [self._rest(SHOWN)])])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """For who draws Mermaid, as JupyterLab does, a small diagram; a large one as HTML; and the text.

        Not both diagrams: JupyterLab would always show the HTML.
        """
        if len(self.nodes) <= QUICK:
            return {MERMAID: self.mermaid, "text/plain": repr(self)}
        page = drawing(self.of, self.nodes, self.edges, self._rest(DRAWN), self._project)
        return {"text/html": page, "text/plain": repr(self)}

    def _sides(self) -> Iterator[tuple[str, list[tuple[int, str]]]]:
        """Both directions as trees: the depth and the words of each line."""
        words = {node.ref: _words(node) for node in self.nodes[:SHOWN]}
        for title, near, far in (("came out of", "target", "source"), ("led to", "source", "target")):
            next_to: dict[str, list[Edge]] = {}
            for edge in self.edges:
                if edge.source in words and edge.target in words:
                    next_to.setdefault(getattr(edge, near), []).append(edge)
            if self.of.ref in next_to:
                yield title, list(_branches(self.of.ref, next_to, far, words))


def _branches(
    root: str, next_to: dict[str, list[Edge]], far: str, words: dict[str, str]
) -> Iterator[tuple[int, str]]:
    """What hangs on the root, depth first. What hangs on a node is said where it is met first."""
    seen = {root}
    waiting = [(1, edge) for edge in reversed(next_to[root])]
    while waiting:
        depth, edge = waiting.pop()
        ref = getattr(edge, far)
        purpose = f", for {edge.context}" if edge.context else ""
        again = ref in seen and ref in next_to
        yield depth, f"{words[ref]}{purpose}{' (see above)' if again else ''}"
        if ref not in seen:
            seen.add(ref)
            waiting += [(depth + 1, following) for following in reversed(next_to.get(ref, []))]


def _words(node: Node) -> str:
    note = "missing" if node.missing else node.note
    return f"{node.kind} {plain(node.label)}" + (f" ({plain(note)})" if note else "")
