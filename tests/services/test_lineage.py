"""Lineage in process: what the ends are called, how far it goes, and how few questions that takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.datasets import GetDataset
from aip_jupyter.domain.lineage import GetLineage, Lineage, Link, link_id
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.services.local import LocalServices, Platform, open_platform
from aip_jupyter.services.settings import Settings

from ..contracts.records import a_model, a_run, a_version
from ..contracts.services import put
from ..contracts.services_dataset_removal import log


@pytest.fixture(params=["memory", "sqlite"])
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    kinds = dict.fromkeys(("registry", "tracking", "datasets"), request.param)
    platform = open_platform(Settings(home=tmp_path / "home", storage="memory", **kinds))
    yield platform
    platform.close()


@pytest.fixture
def services(platform: Platform) -> LocalServices:
    return platform.services()


def a_link(source: str, target: str, context: str = "") -> Link:
    id = link_id(source, target, context)
    return Link(id=id, source=source, target=target, context=context, created=now_ms())


def trace(services: LocalServices, reference: str, limit: int = 200) -> Lineage:
    return services.lineage.get_lineage(GetLineage(reference=reference, limit=limit))


def test_runs_are_called_by_name_experiment_and_status(platform: Platform, services: LocalServices) -> None:
    run = a_run("baseline", experiment="digits", status="failed", started=1)
    platform.tracking.apply([Put(run)])
    detail = log(services, run=run.id, context="training")
    assert [(use.run, use.context) for use in detail.uses] == [("baseline", "training")]
    assert services.datasets.get_dataset(GetDataset(dataset="digits")).uses == detail.uses
    put(services, "clf", run=run.id)
    for reference in ("run:baseline", f"run:{run.id}", "baseline", "clf"):
        nodes = {node.kind: node for node in trace(services, reference).nodes}
        assert (nodes["run"].label, nodes["run"].note) == ("baseline", "digits, failed")
        assert not any(node.missing for node in nodes.values())


def test_ends_that_are_gone_or_of_another_kind_do_no_harm(
    platform: Platform, services: LocalServices
) -> None:
    detail = log(services)
    here = f"dataset:{detail.dataset.id}"
    gone = [f"version:{new_id()}", f"dataset:{new_id()}"]
    links = [a_link(here, gone[0]), a_link(gone[1], here), a_link(here, here)]
    foreign = [a_link(here, "notebook:x"), a_link("far", here), a_link(here, "run:")]
    platform.tracking.apply([Put(link) for link in (*links, *foreign)])
    lineage = trace(services, "digits")
    assert {node.ref: node.missing for node in lineage.nodes} == {here: False, gone[0]: True, gone[1]: True}
    assert len(lineage.edges) == 3


def test_a_circle_ends(platform: Platform, services: LocalServices) -> None:
    runs = [a_run(f"run-{index}") for index in range(3)]
    refs = [f"run:{run.id}" for run in runs]
    links = [a_link(refs[index], refs[(index + 1) % 3]) for index in range(3)]
    platform.tracking.apply([*map(Put, runs), *map(Put, links)])
    lineage = trace(services, "run-0")
    assert {node.label for node in lineage.nodes} == {"run-0", "run-1", "run-2"}
    assert len(lineage.edges) == 3


def test_a_version_whose_model_is_gone_still_has_a_name(platform: Platform, services: LocalServices) -> None:
    version = a_version(a_model())
    platform.registry.apply([Put(version)])
    detail = log(services)
    platform.tracking.apply([Put(a_link(f"dataset:{detail.dataset.id}", f"version:{version.id}"))])
    assert trace(services, "digits").nodes[1].label == f"{version.model_id[:8]}:1"


class _Counting:
    """A backend that counts what it is asked."""

    def __init__(self, backend: object) -> None:
        self._backend = backend
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        if name in ("get", "find"):
            self.asked += 1
        return getattr(self._backend, name)


def test_a_thousand_nodes_take_a_few_questions(platform: Platform, services: LocalServices) -> None:
    model = a_model("clf", latest_id=None)
    detail = log(services)
    here = f"dataset:{detail.dataset.id}"
    runs = [a_run(f"run-{index}", started=index) for index in range(600)]
    versions = [a_version(model, index + 1) for index in range(600)]
    links = [a_link(here, f"run:{run.id}") for run in runs]
    links += [
        a_link(f"run:{run.id}", f"version:{version.id}") for run, version in zip(runs, versions, strict=True)
    ]
    platform.tracking.apply([*map(Put, runs), *map(Put, links)])
    platform.registry.apply([Put(model), *map(Put, versions)])
    counted = {seam: _Counting(getattr(platform, seam)) for seam in ("registry", "tracking", "datasets")}
    wrapped = replace(platform, **counted)  # type: ignore[arg-type]
    lineage = trace(wrapped.services(), f"dataset:{detail.dataset.id}", 2000)
    assert (len(lineage.nodes), len(lineage.edges), lineage.more) == (1201, 1200, False)
    assert not any(node.missing for node in lineage.nodes)
    assert sum(backend.asked for backend in counted.values()) < 40
    cut = trace(wrapped.services(), f"dataset:{detail.dataset.id}", 1000)
    assert (len(cut.nodes), len(cut.edges), cut.more) == (1000, 999, True)
    upstream = trace(wrapped.services(), "clf:7")
    assert [node.label for node in upstream.nodes] == ["clf:7", "run-6", "digits"]
