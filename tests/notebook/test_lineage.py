"""How lineage shows itself: as a diagram that no name can break, and as text."""

from __future__ import annotations

import re
from typing import Any

import pytest

from aip_jupyter.domain.lineage import Edge, Lineage, Node, NodeKind
from aip_jupyter.errors import NotFound
from aip_jupyter.notebook.lineage import QUICK, SHOWN, LineageGraph
from aip_jupyter.notebook.lineage_drawing import DRAWN
from aip_jupyter.notebook.lineage_layout import places
from aip_jupyter.notebook.lineage_mermaid import MERMAID, mermaid_text

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


def fan(count: int) -> LineageGraph:
    """A dataset that so many runs have used."""
    nodes = [node("dataset:0", "digits", "dataset"), *(node(f"run:{n}", f"run-{n}") for n in range(count))]
    return graph(nodes, [("dataset:0", f"run:{n}", "training") for n in range(count)])


def test_a_large_graph_is_drawn_by_ourselves(notebook: Notebook) -> None:
    # Mermaid would hold the page.
    notebook["shown"] = fan(QUICK)
    data, _ = notebook.shell.display_formatter.format(notebook["shown"])
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/html"].count('class="aip-node') == QUICK + 1
    assert "Lineage of digits: 1 dataset, 20 runs" in data["text/html"]
    assert "came out of digits, for training" in data["text/html"]
    assert "more" not in data["text/html"].partition("</svg>")[2]


def test_of_very_many_nodes_the_nearest_are_drawn() -> None:
    page = fan(DRAWN + 9)._repr_mimebundle_()["text/html"]
    assert page.count('class="aip-node') == DRAWN
    assert "and 10 more: see .nodes" in page
    assert len(page) < 400 * DRAWN


def test_what_is_gone_is_told_in_the_drawing() -> None:
    many = fan(QUICK)
    gone = [
        node("run:0", "99999999", missing=True),
        node("run:1", "bad", note="digits, deleted", deleted=True),
    ]
    many.nodes[1:3] = gone
    for told in (many._repr_mimebundle_()["text/html"], repr(many), many.mermaid):
        assert "missing" in told
        assert "deleted" in told
    assert many._repr_mimebundle_()["text/html"].count("aip-gone") == 2 + 2  # and its style


@pytest.mark.parametrize("text", EVIL)
def test_no_name_can_mean_anything_in_the_drawing(text: str) -> None:
    many = fan(QUICK)
    many.nodes[0] = many.of = node("dataset:0", text, "dataset", note=text)
    page = many._repr_mimebundle_()["text/html"]
    assert "<script" not in page
    assert "<img" not in page
    assert not {"\x1b", "\u202e"} & set(page)


def test_runs_open_their_page_when_their_project_is_known() -> None:
    nodes = [node(f"run:{n}", f'run "{n}"') for n in range(QUICK + 1)]
    lineage = Lineage(of="run:0", nodes=nodes, edges=[])
    assert (
        "commandlinker-command"
        not in LineageGraph(lineage)._repr_mimebundle_()["text/html"].split("</style>")[-1]
    )
    page = LineageGraph(lineage, project="vision")._repr_mimebundle_()["text/html"]
    assert page.count('data-commandlinker-command="aip:open-run"') == QUICK + 1
    assert "&quot;project&quot;: &quot;vision&quot;" in page


def test_each_node_stands_right_of_what_it_came_out_of() -> None:
    edges = [("a", "b"), ("b", "d"), ("a", "d"), ("c", "d"), ("d", "e"), ("far", "e")]
    found = places(["d", "b", "a", "e", "c", "far"], edges, "d")
    assert {name: place.column for name, place in found.items()} == {
        "a": 0, "b": 1, "c": 1, "d": 2, "far": 2, "e": 3,
    }  # fmt: skip
    assert found["d"].row == 0
    assert len(set(found.values())) == len(found)


def test_circles_and_loops_and_ends_that_are_not_drawn_do_no_harm() -> None:
    found = places(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a"), ("a", "gone")], "a")
    assert sorted(found.values()) == [(0, 0), (1, 0), (2, 0)]


def test_lines_that_need_not_cross_do_not() -> None:
    runs = [f"run-{number}" for number in range(30)]
    versions = [f"version-{number}" for number in reversed(range(30))]
    edges = [("data", run) for run in runs] + list(zip(runs, reversed(versions), strict=True))
    found = places(["data", *runs, *versions], edges, "data")
    assert all(found[run].row == found[version].row for run, version in edges[30:])


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
