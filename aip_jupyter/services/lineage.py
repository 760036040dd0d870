"""Lineage, in process: what a thing came out of, what came out of it, and whom a change of data concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..domain.lineage import (
    Affected,
    Edge,
    GetImpact,
    GetLineage,
    GetModelLineage,
    Impact,
    Lineage,
    ModelLineage,
    reference_to,
)
from ..errors import Invalid
from .dataset_finding import contents_of
from .lineage_models import model_lineage
from .lineage_nodes import described, ends_of, find_subject
from .lineage_walk import Step, Walk, edges_between, part_edge

if TYPE_CHECKING:
    from .local import Platform

MAX_NODES = 5000
MAX_AFFECTED = 100_000
MAX_DEPTH = 1000


class LocalLineage:
    """`services.interface.LineageOf` over the links of a tracking backend."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def get_lineage(self, request: GetLineage) -> Lineage:
        """What the thing came out of, and what came out of it; not what else came out of the former."""
        _check("limit", request.limit, MAX_NODES)
        _check("depth", request.depth, MAX_DEPTH)
        platform, project = self._platform, request.project
        subject = find_subject(platform, project, request.reference)
        walks = [Walk(platform.tracking, project, [subject], backwards=True)]
        walks.append(Walk(platform.tracking, project, [subject]))
        found, parts, more = _around(subject, walks, request)
        return Lineage(
            of=subject,
            nodes=described(platform, project, found, {**walks[0].runs, **walks[1].runs}),
            edges=edges_between(platform.tracking, project, found, parts),
            more=more,
        )

    def get_model_lineage(self, request: GetModelLineage) -> ModelLineage:
        """What each version of a model came out of."""
        return model_lineage(self._platform, request)

    def get_impact(self, request: GetImpact) -> Impact:
        """Every run, version and dataset that came out of the data, the nearest first."""
        _check("limit", request.limit, MAX_AFFECTED)
        platform, project = self._platform, request.project
        contents = contents_of(platform.datasets, project, request.dataset)
        starts = [reference_to("dataset", each.id) for each in contents]
        walk = Walk(platform.tracking, project, starts)
        found: dict[str, tuple[Step, int]] = {}
        distance, more = 0, False
        while not more and (level := list(walk.level())):
            distance += 1
            for step in level:
                if len(found) == request.limit and step.far not in found:
                    more = True
                    break
                found.setdefault(step.far, (step, distance))
        affected = []
        for end in ends_of(platform, project, list(found), walk.runs):
            step, distance = found[end.ref]
            affected.append(
                Affected(
                    ref=end.ref,
                    kind=end.kind,
                    label=end.label,
                    state=end.state,
                    via=step.near,
                    distance=distance,
                    missing=end.missing,
                )
            )
        return Impact(of=described(platform, project, starts), affected=affected, more=more)


def _around(subject: str, walks: list[Walk], request: GetLineage) -> tuple[list[str], set[Edge], bool]:
    """What can be reached, the nearest first; the edges between runs; and whether there is more."""
    found = {subject: None}
    parts: set[Edge] = set()
    for depth in range(request.depth + 1):
        reached = False
        for index, walk in enumerate(walks):
            for step in walk.level():
                reached = True
                if step.far not in found and (len(found) == request.limit or depth == request.depth):
                    return list(found), parts, True
                found[step.far] = None
                if edge := part_edge(step, backwards=index == 0):
                    parts.add(edge)
        if not reached:
            break
    return list(found), parts, False


def _check(field: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise Invalid(f"{field}: {value} is not between 1 and {most:,}", field=field)
