"""Impact and lineage in generated graphs: exactly what a plain walk over the same links finds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.lineage import GetImpact, GetLineage, GetModelLineage, Link
from aip_jupyter.domain.models import Version
from aip_jupyter.domain.records import Record
from aip_jupyter.domain.runs import Run
from aip_jupyter.services.local import Platform, open_platform
from aip_jupyter.services.settings import Settings

from ..contracts.datasets import a_dataset
from ..contracts.records import a_model, a_run, a_version
from ..support.bulk import store_in_bulk
from .test_lineage import _Counting, a_link

Graph = dict[str, set[str]]


class World:
    """A graph: datasets of few names, runs in runs, versions; and links between them."""

    def __init__(self, seed: int, datasets: int, runs: int, versions: int) -> None:
        dice = random.Random(seed)
        self.datasets = [a_dataset(f"data-{n % (datasets // 2)}") for n in range(datasets)]
        self.runs: list[Run] = []
        for number in range(runs):
            parent = dice.choice(self.runs).id if self.runs and dice.random() < 0.2 else ""
            state = "ARCHIVED" if dice.random() < 0.05 else "LIVE"
            self.runs.append(a_run(f"run-{number}", parent=parent, started=number, state=state))
        self.model = a_model("clf", latest_id=None)
        self.versions = [a_version(self.model, number + 1) for number in range(versions)]
        self.links = list(chain(self._uses(dice), self._outputs(dice), self._versions(dice)))

    def _uses(self, dice: random.Random) -> Iterator[Link]:
        # The last name is used by none.
        usable = [each for each in self.datasets if each.name != self.datasets[-1].name]
        for run in self.runs:
            for dataset in dice.sample(usable, dice.choice((0, 1, 1, 2))):
                yield a_link(f"dataset:{dataset.id}", f"run:{run.id}", dice.choice(("training", "test")))

    def _outputs(self, dice: random.Random) -> Iterator[Link]:
        for dataset in dice.sample(self.datasets[:-1], len(self.datasets) // 3):
            yield a_link(f"run:{dice.choice(self.runs).id}", f"dataset:{dataset.id}")

    def _versions(self, dice: random.Random) -> Iterator[Link]:
        for version in self.versions:
            yield a_link(f"run:{dice.choice(self.runs).id}", f"version:{version.id}")

    def records(self) -> list[Record]:
        return [*self.runs, *self.links, *self.datasets, self.model, *self.versions]

    def store(self, platform: Platform) -> None:
        platform.tracking.apply([*map(Put, self.runs), *map(Put, self.links)])
        platform.datasets.apply([*map(Put, self.datasets)])
        platform.registry.apply([Put(self.model), *map(Put, self.versions)])

    def reached(self, starts: set[str], *, backwards: bool = False) -> set[str]:
        """Depth first over states, each expanded by looking at all: slow and plain."""
        links: Graph = {}
        for link in self.links:
            near, far = (link.target, link.source) if backwards else (link.source, link.target)
            links.setdefault(near, set()).add(far)
        whole = {f"run:{run.id}": f"run:{run.parent}" for run in self.runs if run.parent}
        parts: Graph = {}
        for part, parent in whole.items():
            parts.setdefault(parent, set()).add(part)
        seen: set[tuple[str, str]] = set()
        waiting = [(ref, "link") for ref in starts]
        while waiting:
            ref, way = state = waiting.pop()
            if state in seen:
                continue
            seen.add(state)
            waiting += [(far, "link") for far in links.get(ref, ())]
            if way != "whole":
                waiting += [(part, "part") for part in parts.get(ref, ())]
            if way != "part" and ref in whole:
                waiting.append((whole[ref], "whole"))
        return {ref for ref, _ in seen}


@pytest.fixture(params=["memory", "sqlite"])
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    kinds = dict.fromkeys(("registry", "tracking", "datasets"), request.param)
    platform = open_platform(Settings(home=tmp_path / "home", storage="memory", **kinds))
    yield platform
    platform.close()


@pytest.mark.parametrize("seed", range(3))
def test_impact_and_lineage_are_what_a_plain_walk_finds(platform: Platform, seed: int) -> None:
    world = World(seed, datasets=12, runs=40, versions=30)
    world.store(platform)
    lineage = platform.services().lineage
    for name in {dataset.name for dataset in world.datasets}:
        starts = {f"dataset:{each.id}" for each in world.datasets if each.name == name}
        found = lineage.get_impact(GetImpact(dataset=name))
        got = {each.ref for each in found.affected}
        assert got - starts == world.reached(starts) - starts, name
        assert {node.ref for node in found.of} == starts
    for record, kind in [
        (world.runs[7], "run"),
        (world.versions[3], "version"),
        (world.datasets[2], "dataset"),
    ]:
        ref = f"{kind}:{record.id}"
        graph = lineage.get_lineage(GetLineage(reference=ref, limit=5000))
        expected = world.reached({ref}) | world.reached({ref}, backwards=True)
        assert {node.ref for node in graph.nodes} == expected, ref
    nothing = lineage.get_impact(GetImpact(dataset=world.datasets[-1].name))
    assert nothing.affected == []


def test_five_thousand_versions_take_a_few_questions(tmp_path: Path) -> None:
    platform = open_platform(Settings(home=tmp_path / "home", storage="memory"))
    try:
        world = World(1, datasets=60, runs=2000, versions=5000)
        assert platform.registry.check()  # it makes its tables when it is first asked
        store_in_bulk(tmp_path / "home", world.records())
        seams = ("registry", "tracking", "datasets")
        counted = {seam: _Counting(getattr(platform, seam)) for seam in seams}
        services = replace(platform, **counted).services()  # type: ignore[arg-type]
        starts = {f"dataset:{each.id}" for each in world.datasets if each.name == "data-0"}
        found = services.lineage.get_impact(GetImpact(dataset="data-0"))
        expected = world.reached(starts)
        assert {each.ref for each in found.affected} | starts == expected
        assert len({each.ref for each in found.affected if each.kind == "version"}) > 300
        assert len(found.affected) == len({each.ref for each in found.affected})
        assert not found.more
        assert not any(each.missing for each in found.affected)
        assert sum(backend.asked for backend in counted.values()) < 200
        told = services.lineage.get_model_lineage(GetModelLineage(model="clf", limit=1000))
        assert [version.number for version in told.versions] == list(range(5000, 4000, -1))
        _check_data(world, world.versions[4321], told.versions[5000 - 4322].datasets[0].dataset_id)
    finally:
        platform.close()


def _check_data(world: World, version: Version, dataset: str) -> None:
    assert f"dataset:{dataset}" in world.reached({f"version:{version.id}"}, backwards=True)
