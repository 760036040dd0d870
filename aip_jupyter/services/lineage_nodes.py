"""The ends of links: what a reference means, and what each end is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..domain.datasets import Dataset
from ..domain.lineage import Node, NodeKind, reference_to, split_asked, split_reference
from ..domain.models import Model, Version
from ..domain.references import Reference
from ..domain.runs import Run
from ..errors import AipError, Invalid, NotFound
from .callers import Caller
from .dataset_finding import find_dataset
from .finding import nearest, records_by_id
from .models import LocalModels
from .run_reading import find_run

if TYPE_CHECKING:
    from .local import Platform

DELETED = "deleted"
"""The state of what was deleted and can be restored."""
_SHOWN = 8
"""Digits of an id or a digest that tell it from others by eye."""


def find_subject(platform: Platform, project: str, text: str) -> str:
    """The reference of what the text means. NotFound with what is near."""

    def model() -> str:
        _, version = LocalModels(platform, Caller()).find_version(project, name)
        return reference_to("version", version.id)

    def version() -> str:
        return reference_to("version", platform.registry.get(Version, project, name).id)

    def run() -> str:
        return reference_to("run", find_run(platform.tracking, project, name).id)

    def dataset() -> str:
        return reference_to("dataset", find_dataset(platform.datasets, project, name).id)

    finders = {"model": model, "version": version, "run": run, "dataset": dataset}
    kind, name = split_asked(text)
    if kind:
        return finders[kind]()
    return _first(project, name, [model, run, dataset])


def _first(project: str, name: str, finders: Sequence[Callable[[], str]]) -> str:
    """What the first of them finds."""
    refusals: list[AipError] = []
    for find in finders:
        try:
            return find()
        except (NotFound, Invalid) as error:  # what cannot be a model's name may be a run's
            refusals.append(error)
    if isinstance(refusals[0], NotFound) and refusals[0].field == "reference":
        raise refusals[0]  # there is such a model, but not this version of it
    near = nearest(
        name, [near for error in refusals if isinstance(error, NotFound) for near in error.nearest]
    )
    advice = (
        f"did you mean {' or '.join(near)}?" if near else "%models, %runs and %datasets list what there is"
    )
    message = f"reference: there is no model, run or dataset {name[:80]!r} in project {project!r}; {advice}"
    raise NotFound(message, field="reference", nearest=near)


class End(NamedTuple):
    """What people call a node."""

    ref: str
    kind: NodeKind
    label: str
    note: str
    state: str
    """A version's stage, a run's status, `deleted` of a dataset that was."""
    missing: bool


def described(
    platform: Platform, project: str, refs: Sequence[str], runs: Mapping[str, Run] | None = None
) -> list[Node]:
    """What people call these, in their order. `runs` are those that are known already."""
    return [
        Node(
            ref=end.ref,
            kind=end.kind,
            label=end.label,
            note=end.note,
            missing=end.missing,
            deleted=end.state == DELETED,
        )
        for end in ends_of(platform, project, refs, runs)
    ]


def ends_of(
    platform: Platform, project: str, refs: Sequence[str], runs: Mapping[str, Run] | None = None
) -> list[End]:
    """The same with their states."""
    ends = [(ref, *split) for ref in refs if (split := split_reference(ref))]
    known = runs or {}

    def ids(kind: str) -> list[str]:
        return [id for _, its, id in ends if its == kind]

    versions = records_by_id(platform.registry, Version, project, ids("version"))
    models = records_by_id(platform.registry, Model, project, [each.model_id for each in versions.values()])
    unknown = [id for id in ids("run") if id not in known]
    found = {**known, **records_by_id(platform.tracking, Run, project, unknown)}
    datasets = records_by_id(platform.datasets, Dataset, project, ids("dataset"))
    words: dict[str, dict[str, tuple[str, str, str]]] = {
        "version": {id: _version_words(each, models) for id, each in versions.items()},
        "run": {id: _run_words(each) for id, each in found.items()},
        "dataset": {id: _dataset_words(each) for id, each in datasets.items()},
    }
    described = []
    for ref, kind, id in ends:
        label, note, state = words[kind].get(id, (id[:_SHOWN], "", ""))
        described.append(End(ref, kind, label, note, state, missing=id not in words[kind]))
    return described


def _run_words(run: Run) -> tuple[str, str, str]:
    status = DELETED if run.state == "ARCHIVED" else run.status
    return run.name, f"{run.experiment}, {status}", status


def _dataset_words(dataset: Dataset) -> tuple[str, str, str]:
    state = DELETED if dataset.state == "ARCHIVED" else ""
    return dataset.name, ", ".join(filter(None, (dataset.digest[:_SHOWN], state))), state


def _version_words(version: Version, models: dict[str, Model]) -> tuple[str, str, str]:
    name = models[version.model_id].name if version.model_id in models else version.model_id[:_SHOWN]
    label = str(Reference(name=name, number=version.number))
    return label, f"{version.stage}, {version.name}", version.stage
