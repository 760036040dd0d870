"""Links of lineage: made before what they name, and taken back when that is not made after all."""

from __future__ import annotations

from collections.abc import Sequence

from ..backends.registry.protocol import RegistryBackend
from ..backends.tracking.protocol import TrackingBackend
from ..domain.changes import Delete, Put
from ..domain.lineage import Link, link_id, reference_to, split_reference
from ..domain.models import RegisterVersion, Version
from ..domain.query import Compare
from ..domain.records import now_ms
from ..domain.runs import Run
from ..errors import Conflict
from .callers import Caller
from .finding import records_by_id, records_of
from .rights import check_run


def new_link(project: str, source: str, target: str, context: str, author: str) -> Link:
    """That `target` came out of `source`."""
    return Link(
        id=link_id(source, target, context),
        project=project,
        author=author,
        created=now_ms(),
        source=source,
        target=target,
        context=context,
    )


def put_link(tracking: TrackingBackend, link: Link) -> None:
    """Keep the link. One that is there already stays as it is."""
    if records_by_id(tracking, Link, link.project, [link.id]):
        return
    try:
        tracking.apply([Put(link)], {link.id: 0})
    except Conflict:
        if not records_by_id(tracking, Link, link.project, [link.id]):
            raise


def run_link(request: RegisterVersion, author: str) -> Link | None:
    """That the version comes out of its run; None when it names none."""
    if not request.run:
        return None
    source, target = reference_to("run", request.run), reference_to("version", request.id)
    return new_link(request.project, source, target, "", author)


def check_linked_run(tracking: TrackingBackend, caller: Caller, project: str, run: str) -> None:
    """Denied where the caller may not add to this run. One that is not stored yet is nobody else's."""
    if run and caller.runs is not None:
        for found in records_by_id(tracking, Run, project, [run]).values():
            check_run(caller, found)


def links_to(tracking: TrackingBackend, project: str, target: str) -> list[Link]:
    """What the target came out of."""
    return list(records_of(tracking, Link, project, Compare("target", "=", target)))


def withdraw_links(registry: RegistryBackend, tracking: TrackingBackend, links: Sequence[Link]) -> None:
    """Take back the links to a version that was not made.

    The same request may make it this very moment. It writes the version, then looks for its link; here the
    link goes, then comes the look for the version. So one of the two puts the link back.
    """
    links = [link for link in links if records_by_id(tracking, Link, link.project, [link.id])]
    tracking.apply([Delete(Link, link.id) for link in links])
    for link in links:
        _, version = split_reference(link.target) or ("version", "")
        if records_by_id(registry, Version, link.project, [version]):
            put_link(tracking, link)
