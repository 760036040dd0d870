"""Lineage as it shows itself: a Mermaid diagram, which JupyterLab draws, and a tree everywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..domain.lineage import Edge, GetLineage, Lineage, Node
from .connection import connect
from .display import cut, plain
from .run_reading import store_what_waits

MERMAID = "text/vnd.mermaid"
SHOWN = 60
"""How many nodes are drawn: more make no picture."""

_LONGEST = 40
"""Characters of a name in the diagram."""
_SHAPES = {"dataset": ("[(", ")]"), "run": ("([", "])"), "version": ("[", "]")}
# Only lines have a colour of their own: the rest is the theme's, which may be light or dark.
_STYLES = {
    "dataset": "stroke:#3d8bd4,stroke-width:2px",
    "run": "stroke:#d9822b,stroke-width:2px",
    "version": "stroke:#8f63d2,stroke-width:2px",
    "missing": "stroke-dasharray:4 4",
    "asked": "stroke-width:5px",
}


def get_lineage(ref: str, *, limit: int = 200, depth: int = 100, project: str | None = None) -> LineageGraph:
    """What a version, a run or a dataset came out of, and what came out of it.

    `ref` is `digits-clf@latest`, or `run:NAME`, `dataset:NAME`, `model:REF` where a name means several
    things; without it a model is looked for first, then a run, then a dataset. `.nodes` and `.edges` have all
    that was found: at most `limit` nodes, none of them more than `depth` links away. Raises NotFound with
    what is near.

        aip.get_lineage("digits-clf")
        aip.get_lineage("dataset:digits", limit=1000).nodes
    """
    connection = connect()
    store_what_waits(connection)
    request = GetLineage(project=project or connection.project, reference=ref, limit=limit, depth=depth)
    return LineageGraph(connection.services.lineage.get_lineage(request))


class LineageGraph:
    """A lineage that draws itself."""

    def __init__(self, lineage: Lineage) -> None:
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
        nodes = self.nodes[:SHOWN]
        names = {node.ref: f"n{index}" for index, node in enumerate(nodes)}
        lines = ["flowchart LR", f"accTitle: Lineage of {mermaid_text(self.of.label)}"]
        lines += [_mermaid_node(node, names[node.ref]) for node in nodes]
        if rest := self._rest():
            lines.append(f'rest["{mermaid_text(rest)}"]\nstyle rest stroke-width:0px,fill:none')
        for edge in self.edges:
            if edge.source in names and edge.target in names:
                label = f'|"{mermaid_text(cut(edge.context, _LONGEST))}"|' if edge.context else ""
                lines.append(f"{names[edge.source]} -->{label} {names[edge.target]}")
        for style, how in _STYLES.items():
            if having := [names[node.ref] for node in nodes if style in self._styles_of(node)]:
                lines.append(f"classDef {style} {how}\nclass {','.join(having)} {style}")
        return "\n".join(lines)

    def _styles_of(self, node: Node) -> set[str]:
        return (
            {node.kind} | ({"missing"} if node.missing else set()) | ({"asked"} if node is self.of else set())
        )

    def _rest(self) -> str:
        hidden = len(self.nodes) - SHOWN
        if hidden > 0:
            return f"and {'more than ' if self.more else ''}{hidden:,} more: see .nodes"
        return "and more: aip.get_lineage(…, limit=1000, depth=1000)" if self.more else ""

    def __repr__(self) -> str:
        lines = [f"{_words(self.of)}"]
        for title, branches in self._sides():
            lines.append(f"  {title}")
            lines += [f"  {'  ' * depth}{plain(text)}" for depth, text in branches]
        return "\n".join([*lines, *filter(None, [self._rest()])])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """The diagram for who draws Mermaid, as JupyterLab does, and the text for all others.

        No HTML: JupyterLab would show that instead of the diagram.
        """
        return {MERMAID: self.mermaid, "text/plain": repr(self)}

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


def mermaid_text(text: str) -> str:
    """The text as it may stand between quotes in Mermaid: whatever could mean something is a character code.

    That holds for quotes and brackets, HTML, directives, Markdown, and what Mermaid's own codes look like.
    """
    # Mermaid's inner spelling of a code begins with this ligature, and is not told from a code.
    words = " ".join(plain(text).replace("ﬂ", "fl").split())
    return (
        "".join(c if c == " " or (c.isascii() and c.isalnum()) else f"#{ord(c)};" for c in words) or "#160;"
    )


def _mermaid_node(node: Node, name: str) -> str:
    opening, closing = _SHAPES[node.kind]
    words = [node.label, "missing" if node.missing else node.note]
    label = "<br/>".join(mermaid_text(cut(word, _LONGEST)) for word in words if word)
    return f'{name}{opening}"{label}"{closing}'


def _words(node: Node) -> str:
    note = "missing" if node.missing else node.note
    return f"{node.kind} {plain(node.label)}" + (f" ({plain(note)})" if note else "")
