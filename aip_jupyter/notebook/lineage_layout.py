"""Where the nodes of a graph are drawn: in columns from left to right, as things came out of each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_SWEEPS = 3
"""So often each column is sorted after its neighbours: more hardly changes the picture."""

Links = Mapping[str, Sequence[str]]


class Place(NamedTuple):
    """Counted from the left and from the top."""

    column: int
    row: int


def places(nodes: Sequence[str], edges: Sequence[tuple[str, str]], first: str) -> dict[str, Place]:
    """A place for each node; `first` stands at the top of its column, where people look."""
    known = set(nodes)
    after: dict[str, list[str]] = {node: [] for node in nodes}
    before: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        if source in known and target in known and source != target:
            after[source].append(target)
            before[target].append(source)
    column_of = _columns(nodes, before, after)
    columns: list[list[str]] = [[] for _ in range(max(column_of.values(), default=-1) + 1)]
    for node in nodes:
        columns[column_of[node]].append(node)
    _sort(columns, before, after, first)
    return {
        node: Place(index, row) for index, column in enumerate(columns) for row, node in enumerate(column)
    }


def _columns(nodes: Sequence[str], before: Links, after: Links) -> dict[str, int]:
    """Each node right of all that it came out of. A circle is cut where it is met first."""
    left = {node: len(before[node]) for node in nodes}
    ready = deque(node for node in nodes if not left[node])
    others = iter(nodes)
    column = dict.fromkeys(nodes, 0)
    done: dict[str, None] = {}
    while len(done) < len(nodes):
        node = ready.popleft() if ready else next(other for other in others if other not in done)
        if node in done:
            continue
        done[node] = None
        for target in after[node]:
            if target not in done:
                column[target] = max(column[target], column[node] + 1)
                left[target] -= 1
                if not left[target]:
                    ready.append(target)
    for node in reversed(done):  # what came out of nothing stands right before what came out of it
        further = [column[target] for target in after[node] if column[target] > column[node]]
        if not before[node] and further:
            column[node] = min(further) - 1
    return column


def _sort(columns: list[list[str]], before: Links, after: Links, first: str) -> None:
    """Each node at the mean height of its neighbours, in turn those on the left and on the right."""
    height = {node: row for column in columns for row, node in enumerate(column)}

    def wanted(node: str, neighbours: Links) -> float:
        beside = neighbours[node]
        return sum(height[each] for each in beside) / len(beside) if beside else height[node]

    for sweep in range(2 * _SWEEPS):
        forwards = sweep % 2 == 0
        neighbours = before if forwards else after
        for column in columns if forwards else reversed(columns):
            wish = {node: wanted(node, neighbours) for node in column}
            column.sort(key=lambda node: (node != first, wish[node]))
            height.update((node, row) for row, node in enumerate(column))
