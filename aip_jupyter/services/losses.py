"""Whose files are lost with some bytes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from ..domain.artifacts import Artifact
from ..domain.models import Model, Version
from ..domain.query import Compare
from ..domain.records import DEFAULT_PROJECT
from ..domain.references import Reference
from ..domain.runs import Run
from .finding import BATCH, records_by_id, records_of
from .purging import projects_of

if TYPE_CHECKING:
    from .local import Platform

_TOLD = 5
"""So many files one line names."""


def losers(platform: Platform, digests: Collection[str]) -> dict[str, str]:
    """Of each digest the files with these bytes, each with its version or run, in words."""
    found: dict[str, list[str]] = {digest: [] for digest in digests}
    wanted = sorted(found)
    for project in projects_of(platform) if wanted else ():
        for start in range(0, len(wanted), BATCH):
            files = _files(platform, project, wanted[start : start + BATCH])
            owners = _owners(platform, project, {file.owner_id for file in files})
            where = "" if project == DEFAULT_PROJECT else f" in project {project!r}"
            for file in files:
                owner = owners.get(file.owner_id, f"run {file.owner_id}")
                deleted = ", deleted" if file.state == "ARCHIVED" else ""
                found[file.digest or ""].append(f"{owner} ({file.path}{deleted}){where}")
    return {digest: _listed(sorted(names)) for digest, names in found.items()}


def _files(platform: Platform, project: str, digests: Sequence[str]) -> list[Artifact]:
    """Those with these bytes, once each: both backends may have them in one store."""
    where = Compare("digest", "in", tuple(digests))
    backends = platform.registry, platform.tracking
    every = {each.id: each for backend in backends for each in records_of(backend, Artifact, project, where)}
    return [each for each in every.values() if each.uri is None]


def _owners(platform: Platform, project: str, ids: Collection[str]) -> dict[str, str]:
    versions = records_by_id(platform.registry, Version, project, ids)
    models = records_by_id(platform.registry, Model, project, [each.model_id for each in versions.values()])
    runs = records_by_id(platform.tracking, Run, project, ids)
    return {
        **{id: f"run {run.name}" for id, run in runs.items()},
        **{
            id: str(Reference(name=models[version.model_id].name, number=version.number))
            for id, version in versions.items()
            if version.model_id in models
        },
    }


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _TOLD
    return ", ".join(names[:_TOLD]) + (f" and {more:,} more" if more > 0 else "")
