"""A lineage in Mermaid's language, which JupyterLab, GitLab and GitHub draw."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.lineage import Edge, Node
from .display import cut, plain
from .lineage_drawing import COLOURS, gone_word

MERMAID = "text/vnd.mermaid"

_LONGEST = 40
"""Characters of a name."""
_SHAPES = {"dataset": ("[(", ")]"), "run": ("([", "])"), "version": ("[", "]")}
# Only lines have a colour of their own: the rest is the theme's, which may be light or dark.
_STYLES = {
    **{kind: f"stroke:{colour},stroke-width:2px" for kind, colour in COLOURS.items()},
    "missing": "stroke-dasharray:4 4",
    "deleted": "stroke-dasharray:4 4",
    "asked": "stroke-width:5px",
}


def mermaid(of: Node, nodes: Sequence[Node], edges: Sequence[Edge], rest: str = "") -> str:
    """The diagram of these nodes; `rest` says what it leaves out."""
    names = {node.ref: f"n{index}" for index, node in enumerate(nodes)}
    lines = ["flowchart LR", f"accTitle: Lineage of {mermaid_text(of.label)}"]
    lines += [_node(node, names[node.ref]) for node in nodes]
    if rest:
        lines.append(f'rest["{mermaid_text(rest)}"]\nstyle rest stroke-width:0px,fill:none')
    for edge in edges:
        if edge.source in names and edge.target in names:
            label = f'|"{mermaid_text(cut(edge.context, _LONGEST))}"|' if edge.context else ""
            lines.append(f"{names[edge.source]} -->{label} {names[edge.target]}")
    for style, how in _STYLES.items():
        if having := [names[node.ref] for node in nodes if style in _styles_of(node, of)]:
            lines.append(f"classDef {style} {how}\nclass {','.join(having)} {style}")
    return "\n".join(lines)


def _styles_of(node: Node, of: Node) -> set[str]:
    return {node.kind, gone_word(node), "asked" if node.ref == of.ref else ""}


def mermaid_text(text: str) -> str:
    """The text as it may stand between quotes in Mermaid: whatever could mean something is a character code.

    That holds for quotes and brackets, HTML, directives, Markdown, and what Mermaid's own codes look like.
    """
    # Mermaid's inner spelling of a code begins with this ligature, and is not told from a code.
    words = " ".join(plain(text).replace("ﬂ", "fl").split())
    return (
        "".join(c if c == " " or (c.isascii() and c.isalnum()) else f"#{ord(c)};" for c in words) or "#160;"
    )


def _node(node: Node, name: str) -> str:
    opening, closing = _SHAPES[node.kind]
    words = [node.label, "missing" if node.missing else node.note]
    label = "<br/>".join(mermaid_text(cut(word, _LONGEST)) for word in words if word)
    return f'{name}{opening}"{label}"{closing}'
