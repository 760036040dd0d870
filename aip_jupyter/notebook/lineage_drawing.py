"""A lineage drawn as HTML: a thousand nodes in a moment, with which Mermaid holds the page for half a minute.

Boxes are elements of the page, so that they have its colours and fonts; all lines together are two paths.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from ..domain.lineage import PART, Edge, Node
from .display import Html, cut, dim, element, frame, plain
from .lineage_layout import Place, places

DRAWN = 1000
"""So many nodes are drawn, the nearest first; more make no picture."""
COLOURS = {"dataset": "#3d8bd4", "run": "#d9822b", "version": "#8f63d2"}

_WIDTH, _HEIGHT, _ACROSS, _DOWN, _EDGE = 190, 36, 260, 46, 10
"""Of a box, and from one to the next; and the margin around all. Pixels."""
_LONGEST = 40
_STYLE = (
    """
.aip .aip-lineage{position:relative;overflow:auto;max-height:520px;margin-top:4px;
border:1px solid var(--jp-border-color2,#8886)}
.aip .aip-lineage>div{position:relative}
.aip .aip-lineage svg{position:absolute;left:0;top:0;fill:none;stroke:#8a8a8a}
.aip .aip-node{position:absolute;box-sizing:border-box;width:190px;height:36px;padding:1px 8px;
border:1.5px solid;line-height:16px;font-size:12px;overflow:hidden;white-space:nowrap;
background:var(--jp-layout-color0,var(--vscode-editor-background,transparent))}
.aip .aip-node>*{display:block;overflow:hidden;text-overflow:ellipsis}
.aip .aip-node:hover{outline:2px solid var(--jp-brand-color1,#1976d2)}
.aip .aip-asked{border-width:3.5px;padding:0 6px}
.aip .aip-gone{border-style:dashed}
.aip .aip-gone>:first-child{text-decoration:line-through}
""".replace("\n", "")
    + "".join(
        f".aip .aip-is-{kind}{{border-color:{colour};border-radius:{radius}}}"
        for (kind, colour), radius in zip(COLOURS.items(), ("14px/50%", "18px", "2px"), strict=True)
    )
)


def drawing(of: Node, nodes: Sequence[Node], edges: Sequence[Edge], rest: str = "", project: str = "") -> str:
    """The page with the nearest nodes. `rest` says what is not drawn; in `project` are the runs."""
    shown = nodes[:DRAWN]
    place = places([node.ref for node in shown], [(edge.source, edge.target) for edge in edges], of.ref)
    used: dict[str, list[Edge]] = {}
    for edge in edges:
        used.setdefault(edge.target, []).append(edge)
    names = {node.ref: node.label for node in shown}
    boxes = [_box(node, place[node.ref], used.get(node.ref, ()), names, of, project) for node in shown]
    width = _EDGE + max(each.column for each in place.values()) * _ACROSS + _WIDTH + _EDGE
    height = _EDGE + max(each.row for each in place.values()) * _DOWN + _HEIGHT + _EDGE
    size = {"width": str(width), "height": str(height)}
    lines = element("svg", *_lines(edges, place), **size, aria_hidden="true")
    inner = element("div", lines, *boxes, style=f"width:{width}px;height:{height}px")
    words = f"Lineage of {of.label}: {_counts(shown)}"
    return frame(
        element("style", Html(_STYLE)),
        element("div", words),
        element("div", inner, class_="aip-lineage", tabindex="0", role="group", aria_label=plain(words)),
        dim(rest) if rest else None,
        wide=True,
    )


def gone_word(node: Node) -> str:
    """`missing` or `deleted`; "" for what is there."""
    return "missing" if node.missing else "deleted" if node.deleted else ""


def _box(
    node: Node, at: Place, used: Sequence[Edge], names: Mapping[str, str], of: Node, project: str
) -> Html:
    classes = ["aip-node", f"aip-is-{node.kind}"]
    classes += ["aip-asked"] * (node.ref == of.ref) + ["aip-gone"] * bool(gone_word(node))
    sources = [
        f"came out of {names[edge.source]}"
        + (f", for {edge.context}" if edge.context not in ("", PART) else "")
        for edge in used
        if edge.source in names
    ][:20]
    note = "missing" if node.missing else node.note
    return element(
        "div",
        _label(node, project),
        dim(cut(note, _LONGEST)),
        class_=" ".join(classes),
        style=f"left:{_left(at)}px;top:{_top(at)}px",
        title="\n".join(map(plain, [f"{node.kind} {node.label}", *filter(None, [note]), *sources])),
    )


def _label(node: Node, project: str) -> Html:
    """The name; that of a run opens its page where JupyterLab has our sidebar."""
    text = cut(node.label, _LONGEST)
    if node.kind != "run" or node.missing or not project:
        return element("span", text)
    where = json.dumps({"project": project, "run": node.ref.partition(":")[2], "name": node.label})
    return element("a", text, data_commandlinker_command="aip:open-run", data_commandlinker_args=where)


def _lines(edges: Sequence[Edge], place: Mapping[str, Place]) -> list[Html]:
    """One path for the links, and a dotted one between runs and their parts."""
    found: dict[bool, list[str]] = {}
    for source, target, is_part in {(e.source, e.target, e.context == PART): None for e in edges}:
        if source in place and target in place:
            found.setdefault(is_part, []).append(_line(place[source], place[target]))
    return [
        element("path", d="".join(lines), **({"stroke_dasharray": "2 3"} if is_part else {}))
        for is_part, lines in found.items()
    ]


def _line(near: Place, far: Place) -> str:
    start, y = _left(near) + _WIDTH, _top(near) + _HEIGHT // 2
    end, z = _left(far), _top(far) + _HEIGHT // 2
    bend = max((end - start) // 2, 30)
    return f"M{start} {y}C{start + bend} {y} {end - bend} {z} {end} {z}"


def _left(at: Place) -> int:
    return _EDGE + at.column * _ACROSS


def _top(at: Place) -> int:
    return _EDGE + at.row * _DOWN


def _counts(nodes: Sequence[Node]) -> str:
    count = Counter[str](node.kind for node in nodes)
    kinds = [kind for kind in COLOURS if count[kind]]
    return ", ".join(f"{count[kind]:,} {kind}{'' if count[kind] == 1 else 's'}" for kind in kinds)
