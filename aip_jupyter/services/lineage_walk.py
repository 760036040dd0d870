"""Links walked level by level: a few queries for each level, however many nodes it has.

Runs that are parts of each other share their data: what a run used, its parts used with it, and the whole
used what its parts did. But one part did not use what another did. So from a run that is reached by a link
the walk goes up to the whole and down to the parts; from there it only goes on in the same direction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from ..backends.tracking.protocol import TrackingBackend
from ..domain.lineage import PART, Edge, Link, reference_to, split_reference
from ..domain.query import Compare, Order, all_of
from ..domain.runs import Run
from .finding import BATCH, records_by_id, records_of

Way = Literal["link", "whole", "part"]
"""How a node was reached: by a link, as the whole of a part, as a part of the whole."""

_NEWEST = Order("created", descending=True)


class Step(NamedTuple):
    """From one node to another."""

    near: str
    far: str
    way: Way


class Walk:
    """All that came out of some nodes; backwards, all that they came out of; or only parts and wholes."""

    def __init__(
        self,
        tracking: TrackingBackend,
        project: str,
        starts: Iterable[str],
        *,
        backwards: bool = False,
        only_parts: bool = False,
    ) -> None:
        self._tracking = tracking
        self._project = project
        self._ends = ("target", "source") if backwards else ("source", "target")
        self._frontier: list[tuple[str, Way]] = [(ref, "link") for ref in starts]
        self._only_parts = only_parts
        self._seen = set(self._frontier)
        self.runs: dict[str, Run] = {}
        """The runs that it has read, by id."""

    def level(self) -> Iterator[Step]:
        """What is one step further; nothing at the end. A node may come again, reached in another way."""
        frontier, self._frontier = self._frontier, []
        for step in self._steps(frontier):
            state = (step.far, step.way)
            if state not in self._seen and (step.far, "link") not in self._seen:
                self._seen.add(state)
                self._frontier.append(state)
                yield step

    def _steps(self, frontier: list[tuple[str, Way]]) -> Iterator[Step]:
        if not self._only_parts:
            yield from self._links(list(dict.fromkeys(ref for ref, _ in frontier)))
        runs = [(id, way) for ref, way in frontier for kind, id in [_split(ref)] if kind == "run"]
        for run in self._parts([id for id, way in runs if way != "whole"]):
            yield Step(reference_to("run", run.parent), reference_to("run", run.id), "part")
        for run in self._read([id for id, way in runs if way != "part"]):
            if run.parent:
                yield Step(reference_to("run", run.id), reference_to("run", run.parent), "whole")

    def _links(self, refs: list[str]) -> Iterator[Step]:
        near, far = self._ends
        for link in links_at(self._tracking, self._project, near, refs):
            if split_reference(getattr(link, far)) is not None:
                yield Step(getattr(link, near), getattr(link, far), "link")

    def _parts(self, ids: list[str]) -> Iterator[Run]:
        for run in parts_of(self._tracking, self._project, ids):
            self.runs[run.id] = run
            yield run

    def _read(self, ids: list[str]) -> list[Run]:
        unknown = [id for id in ids if id not in self.runs]
        self.runs.update(records_by_id(self._tracking, Run, self._project, unknown))
        return [self.runs[id] for id in ids if id in self.runs]


def links_at(tracking: TrackingBackend, project: str, end: str, refs: list[str]) -> Iterator[Link]:
    """The links with one of these at this end, `source` or `target`; the newest of some hundred first."""
    for batch in batches(refs):
        yield from records_of(tracking, Link, project, Compare(end, "in", batch), _NEWEST)


def parts_of(tracking: TrackingBackend, project: str, ids: list[str]) -> Iterator[Run]:
    """The runs that are a part of one of these, also those that are deleted."""
    for batch in batches(ids):
        yield from records_of(tracking, Run, project, Compare("parent", "in", batch))


def edges_between(tracking: TrackingBackend, project: str, refs: list[str], parts: set[Edge]) -> list[Edge]:
    """All links between these, and these edges between runs, in the order of the nodes."""
    place = {ref: index for index, ref in enumerate(refs)}
    ends = Compare("source", "in", tuple(refs))
    edges = [edge for edge in parts if edge.source in place and edge.target in place]
    for batch in batches(refs):
        where = all_of([Compare("target", "in", batch), ends])
        edges += [
            Edge(source=link.source, target=link.target, context=link.context)
            for link in records_of(tracking, Link, project, where)
        ]
    return sorted(edges, key=lambda edge: (place[edge.source], place[edge.target], edge.context))


def part_edge(step: Step, *, backwards: bool) -> Edge | None:
    """The edge of a step between runs."""
    if step.way == "link":
        return None
    source, target = (step.far, step.near) if backwards else (step.near, step.far)
    return Edge(source=source, target=target, context=PART)


def batches(refs: list[str]) -> Iterator[tuple[str, ...]]:
    """Some hundred at a time."""
    return (tuple(refs[start : start + BATCH]) for start in range(0, len(refs), BATCH))


def _split(ref: str) -> tuple[str, str]:
    return split_reference(ref) or ("", "")
