"""What each version of a model came out of: its run, and the data that this used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..backends.tracking.protocol import TrackingBackend
from ..domain.datasets import Dataset
from ..domain.lineage import (
    GetModelLineage,
    Link,
    ModelLineage,
    VersionData,
    VersionLineage,
    reference_to,
    split_reference,
)
from ..domain.models import GetModel, Version
from ..domain.runs import Run
from .callers import Caller
from .finding import records_by_id
from .lineage_walk import Walk, links_at
from .models import LocalModels

if TYPE_CHECKING:
    from .local import Platform


def model_lineage(platform: Platform, request: GetModelLineage) -> ModelLineage:
    """The newest versions, each with its run and with the data of that run, of its whole and of its parts."""
    project, tracking = request.project, platform.tracking
    asked = GetModel(project=project, model=request.model, limit=request.limit)
    page = LocalModels(platform, Caller()).get_model(asked).versions
    refs = [reference_to("version", version.id) for version in page.items]
    run_of = {link.target: _id(link.source) for link in links_at(tracking, project, "target", refs)}
    runs = list(dict.fromkeys(run_of.values()))
    related = _related(tracking, project, runs)
    used: dict[str, list[Link]] = {}
    ends = [reference_to("run", id) for id in {id for ids in related.values() for id in ids}]
    for link in links_at(tracking, project, "target", ends):
        if link.source.startswith("dataset:"):
            used.setdefault(_id(link.target), []).append(link)
    datasets = records_by_id(
        platform.datasets, Dataset, project, [_id(link.source) for links in used.values() for link in links]
    )
    named = records_by_id(tracking, Run, project, runs)
    versions = []
    for version, ref in zip(page.items, refs, strict=True):
        run = run_of.get(ref, "")
        links = [link for id in related.get(run, ()) for link in used.get(id, ())]
        name = named[run].name if run in named else ""
        versions.append(_lineage(version, run, name, _data(links, datasets)))
    return ModelLineage(model=request.model, versions=versions, more=bool(page.next_page_token))


def _lineage(version: Version, run: str, name: str, data: list[VersionData]) -> VersionLineage:
    return VersionLineage(
        version_id=version.id,
        number=version.number,
        name=version.name,
        stage=version.stage,
        run_id=run,
        run=name,
        datasets=data,
    )


def _data(links: Iterable[Link], datasets: dict[str, Dataset]) -> list[VersionData]:
    """Each use once, the first logged first."""
    found = []
    for link in {(link.source, link.context): link for link in links}.values():
        dataset = datasets.get(_id(link.source))
        found.append(
            (
                link.created,
                VersionData(
                    dataset_id=_id(link.source),
                    name=dataset.name if dataset else "",
                    digest=dataset.digest if dataset else "",
                    context=link.context,
                ),
            )
        )
    found.sort(key=lambda each: (each[0], each[1].dataset_id, each[1].context))
    return [data for _, data in found]


def _related(tracking: TrackingBackend, project: str, runs: list[str]) -> dict[str, list[str]]:
    """Of each of the runs itself, the runs that it is a part of, and its parts."""
    parents, parts = dict[str, str](), dict[str, list[str]]()
    walk = Walk(tracking, project, [reference_to("run", id) for id in runs], only_parts=True)
    while list(walk.level()):
        pass
    for run in walk.runs.values():
        if run.parent:
            parents[run.id] = run.parent
            parts.setdefault(run.parent, []).append(run.id)
    return {run: list(dict.fromkeys([*_above(run, parents), *_below(run, parts)])) for run in runs}


def _above(run: str, parents: dict[str, str]) -> list[str]:
    found = {run: None}
    while (run := parents.get(run, "")) and run not in found:
        found[run] = None
    return list(found)


def _below(run: str, parts: dict[str, list[str]]) -> list[str]:
    found = {run: None}
    for each in (waiting := [run]):
        new = [id for id in parts.get(each, ()) if id not in found]
        found.update(dict.fromkeys(new))
        waiting += new
    return list(found)


def _id(ref: str) -> str:
    return (split_reference(ref) or ("run", ""))[1]
