"""How lineage shows itself: as a diagram that no name can break, and as text."""

from __future__ import annotations

import re
from typing import Any

import pytest

from aip_jupyter.domain.lineage import Edge, Lineage, Node, NodeKind
from aip_jupyter.errors import NotFound
from aip_jupyter.notebook.lineage import MERMAID, SHOWN, LineageGraph, mermaid_text

from ..contracts.records import HOSTILE
from .conftest import Notebook

EVIL = [
    *HOSTILE,
    '"]; click n0 "javascript:alert(1)"',
    "%%{init: {'theme':'forest'}}%%",
    "`**markdown**`",
    "1. item",
    "defaultRenderer: elk",
    "ﬂ°°60¶ß",
    "style: x#1;",
]
_CODES = re.compile(r"(?:[A-Za-z0-9 ]|#\d+;)*")


def node(ref: str, label: str, kind: NodeKind = "run", **fields: Any) -> Node:
    return Node(ref=ref, kind=kind, label=label, **fields)


def graph(nodes: list[Node], edges: list[tuple[str, str, str]], **fields: Any) -> LineageGraph:
    links = [Edge(source=source, target=target, context=context) for source, target, context in edges]
    return LineageGraph(Lineage(of=nodes[0].ref, nodes=nodes, edges=links, **fields))


def digits() -> LineageGraph:
    return graph(
        [
            node("version:1", "digits-clf:1", "version", note="development, _v1"),
            node("run:1", "baseline", note="digits, completed"),
            node("dataset:1", "digits", "dataset", note="12345678"),
            node("dataset:2", "99999999", "dataset", missing=True),
        ],
        [
            ("dataset:1", "run:1", "training"),
            ("dataset:1", "run:1", "test"),
            ("dataset:2", "run:1", ""),
            ("run:1", "version:1", ""),
        ],
    )


def test_the_text_is_a_tree_of_both_directions() -> None:
    assert repr(digits()) == (
        "version digits-clf:1 (development, _v1)\n"
        "  came out of\n"
        "    run baseline (digits, completed)\n"
        "      dataset digits (12345678), for training\n"
        "      dataset digits (12345678), for test\n"
        "      dataset 99999999 (missing)"
    )
    middle = digits()
    turned = graph(
        sorted(middle.nodes, key=lambda each: each.kind != "run"),
        [(edge.source, edge.target, edge.context) for edge in middle.edges],
    )
    assert repr(turned).count("came out of") == 1
    assert repr(turned).endswith("  led to\n    version digits-clf:1 (development, _v1)")


def test_what_hangs_on_a_node_is_told_once() -> None:
    diamond = graph(
        [node(f"run:{name}", name) for name in "abcd"],
        [
            ("run:b", "run:a", ""),
            ("run:c", "run:a", ""),
            ("run:d", "run:b", ""),
            ("run:d", "run:c", ""),
            ("run:a", "run:d", ""),
        ],
    )
    assert repr(diamond).split("\n  led to")[0] == (
        "run a\n"
        "  came out of\n"
        "    run b\n"
        "      run d\n"
        "        run a (see above)\n"
        "    run c\n"
        "      run d (see above)"
    )


def test_the_diagram_tells_kinds_apart_and_shows_what_was_asked_for() -> None:
    lines = digits().mermaid.splitlines()
    assert lines[0] == "flowchart LR"
    assert 'n0["digits#45;clf#58;1<br/>development#44; #95;v1"]' in lines
    assert 'n1(["baseline<br/>digits#44; completed"])' in lines
    assert 'n2[("digits<br/>12345678")]' in lines
    assert 'n2 -->|"training"| n1' in lines
    assert "n1 --> n0" in lines
    assert "class n0 asked" in lines
    assert "class n3 missing" in lines
    assert "class n2,n3 dataset" in lines
    # Fills and texts are the theme's, which may be light or dark.
    assert not re.search(r"fill:#|color:", digits().mermaid)


@pytest.mark.parametrize("text", EVIL)
def test_no_name_can_mean_anything_in_the_diagram(text: str) -> None:
    assert _CODES.fullmatch(mermaid_text(text))
    assert mermaid_text(text)
    named = graph(
        [node("run:1", text, note=text), node("dataset:1", text, "dataset", note=text)],
        [("dataset:1", "run:1", text)],
    )
    plain = graph([node("run:1", "a", note="a"), node("dataset:1", "a", "dataset", note="a")], [])
    shape = [re.sub(r'"[^"]*"', '""', line) for line in named.mermaid.splitlines()]
    expected = [re.sub(r'"[^"]*"', '""', line) for line in plain.mermaid.splitlines()]
    assert [line for line in shape if "-->" not in line and "accTitle" not in line] == [
        line for line in expected if "accTitle" not in line
    ]
    assert 'n1 -->|""| n0' in shape
    assert "\x1b" not in repr(named)
    assert "\u202e" not in repr(named)


def test_a_name_is_cut() -> None:
    nodes = [node("run:1", "x" * 255, note="y" * 255), node("run:2", "b")]
    drawn = graph(nodes, [("run:1", "run:2", "z" * 255)]).mermaid.split("\n", 2)[2]
    assert {len(found) for found in re.findall("xx+|yy+|zz+", drawn)} == {39}


def test_of_many_nodes_the_nearest_are_drawn_and_all_are_there() -> None:
    count = SHOWN + 40
    nodes = [node(f"run:{index}", f"run-{index}") for index in range(count)]
    edges = [("run:0", f"run:{index}", "") for index in range(1, count)]
    many = graph(nodes, edges)
    assert many.mermaid.count("-->") == SHOWN - 1
    assert "and 40 more" in many.mermaid
    assert "and 40 more: see .nodes" in repr(many)
    assert (len(many.nodes), len(many.edges)) == (count, count - 1)
    assert "more than 40 more" in repr(graph(nodes, edges, more=True))
    assert "limit=" in repr(graph(nodes[:2], edges[:1], more=True))
    assert "more" not in repr(graph(nodes[:2], edges[:1]))


def test_jupyterlab_draws_it_and_others_print_it(notebook: Notebook) -> None:
    notebook["shown"] = digits()
    data, _ = notebook.shell.display_formatter.format(notebook["shown"])
    # JupyterLab would prefer HTML to the diagram.
    assert data == {MERMAID: digits().mermaid, "text/plain": repr(digits())}


def test_from_the_data_to_the_version(notebook: Notebook, clf: Any, work: Any) -> None:
    (work / "digits.csv").write_text("x,y\n1,2\n")
    notebook.run("%start_run baseline --experiment digits")
    notebook.run("%log_dataset digits digits.csv --context training")
    card = notebook.run("%register_model digits-clf clf")
    assert card.run == "baseline"
    assert "run      baseline" in repr(card)
    notebook.run("%end_run")
    digest = notebook.run("%datasets")[0].digest[:8]
    expected = (
        "version digits-clf:1 (development, _v1)\n"
        "  came out of\n"
        "    run baseline (digits, completed)\n"
        f"      dataset digits ({digest}), for training"
    )
    assert repr(notebook.run("%lineage digits-clf")) == expected
    for reference in ("run:baseline", "dataset:digits", f"dataset:{digest}", 'digits-clf:"_v1"'):
        assert len(notebook.run(f"%lineage {reference}").nodes) == 3
    assert notebook.run("%lineage digits --limit 2").more
    error = notebook.fail("%lineage digit")
    assert isinstance(error, NotFound)
    assert "digits" in error.nearest
    notebook.run("%register_model digits-clf clf")
    assert len(notebook.run("%lineage digits-clf:2").nodes) == 1
