"""Lineage, in process: the links walked both ways from what was asked for, level by level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..backends.tracking.protocol import TrackingBackend
from ..domain.lineage import Edge, GetLineage, Lineage, Link, split_reference
from ..domain.query import Compare, Order, all_of
from ..errors import Invalid
from .finding import BATCH, records_of
from .lineage_nodes import described, find_subject

if TYPE_CHECKING:
    from .local import Platform

MAX_NODES = 5000

_NEWEST = Order("created", descending=True)


class LocalLineage:
    """`services.interface.LineageOf` over the links of a tracking backend."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def get_lineage(self, request: GetLineage) -> Lineage:
        """What the thing came out of, and what came out of it; not what else came out of the former."""
        if not 1 <= request.limit <= MAX_NODES:
            message = f"limit: {request.limit} is not between 1 and {MAX_NODES:,}"
            raise Invalid(message, field="limit")
        subject = find_subject(self._platform, request.project, request.reference)
        walk = _Walk(self._platform.tracking, request.project, request.limit)
        refs, more = walk.around(subject)
        return Lineage(
            of=subject,
            nodes=described(self._platform, request.project, refs),
            edges=walk.edges(refs),
            more=more,
        )


class _Walk:
    def __init__(self, tracking: TrackingBackend, project: str, limit: int) -> None:
        self._tracking = tracking
        self._project = project
        self._limit = limit

    def around(self, subject: str) -> tuple[list[str], bool]:
        """What can be reached, the nearest first, and whether there is more."""
        found = {subject: None}
        sides = [("target", "source", [subject], {subject}), ("source", "target", [subject], {subject})]
        while any(frontier for _, _, frontier, _ in sides):
            for index, (near, far, frontier, seen) in enumerate(sides):
                reached = []
                for ref in self._neighbours(near, far, frontier):
                    if ref in seen:
                        continue
                    if ref not in found and len(found) == self._limit:
                        return list(found), True
                    seen.add(ref)
                    found[ref] = None
                    reached.append(ref)
                sides[index] = (near, far, reached, seen)
        return list(found), False

    def _neighbours(self, near: str, far: str, frontier: list[str]) -> Iterator[str]:
        for batch in _batches(frontier):
            for link in records_of(self._tracking, Link, self._project, Compare(near, "in", batch), _NEWEST):
                ref: str = getattr(link, far)
                if split_reference(ref) is not None:
                    yield ref

    def edges(self, refs: list[str]) -> list[Edge]:
        """All links between these, in the order of these."""
        place = {ref: index for index, ref in enumerate(refs)}
        ends = Compare("source", "in", tuple(refs))
        links = [
            link
            for batch in _batches(refs)
            for link in records_of(
                self._tracking, Link, self._project, all_of([Compare("target", "in", batch), ends])
            )
        ]
        links.sort(key=lambda link: (place[link.source], place[link.target], link.context))
        return [Edge(source=each.source, target=each.target, context=each.context) for each in links]


def _batches(refs: list[str]) -> Iterable[tuple[str, ...]]:
    return (tuple(refs[start : start + BATCH]) for start in range(0, len(refs), BATCH))
