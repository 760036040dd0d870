"""The promises about derived data, parts of runs, and whom a change of data concerns; also over HTTP."""

from __future__ import annotations

import pytest

from aip_jupyter.domain.datasets import GetDataset, GetRunDatasets
from aip_jupyter.domain.lineage import GetImpact, GetModelLineage, Impact
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import Invalid, NotFound
from aip_jupyter.services.interface import Services
from aip_jupyter.wire.journal import RunResumed

from .services import put
from .services_dataset_removal import digest_of, log, trace
from .services_run_faults import Sender
from .services_run_faults import started as start_entry


def started(services: Services, name: str, parent: str = "") -> str:
    """A run that is stored."""
    entry = start_entry(name=name, parent=parent)
    Sender(services).send(entry)
    return entry.run


def impact(services: Services, dataset: str, limit: int = 1000) -> Impact:
    return services.lineage.get_impact(GetImpact(dataset=dataset, limit=limit))


def labels(found: Impact) -> set[str]:
    return {each.label for each in found.affected}


class ImpactContract:
    """Override the fixture `services`, as for DatasetsContract."""

    @pytest.fixture
    def services(self) -> Services:
        raise NotImplementedError

    def test_what_a_run_used_and_made_is_told_in_order(self, services: Services) -> None:
        run = started(services, "prepare")
        raw = log(services, "raw", run=run, context="training").dataset
        made = log(services, "features", run=run, output=True)
        assert [(use.run_id, use.run) for use in made.makers] == [(run, "prepare")]
        assert made.uses == []
        assert services.datasets.get_dataset(GetDataset(dataset="features")) == made
        for asked in (run, "prepare"):
            told = services.datasets.get_run_datasets(GetRunDatasets(run=asked))
            assert [(use.dataset, use.context, use.output) for use in told] == [
                (raw, "training", False),
                (made.dataset, "", True),
            ]
        with pytest.raises(NotFound) as caught:
            services.datasets.get_run_datasets(GetRunDatasets(run="prepar"))
        assert caught.value.nearest == ["prepare"]

    def test_derived_data_passes_the_impact_on(self, services: Services) -> None:
        prepare, train, other = (started(services, name) for name in ("prepare", "train", "other"))
        raw = log(services, "raw", run=prepare).dataset
        features = log(services, "features", run=prepare, output=True).dataset
        log(services, "features", run=train, context="training")
        put(services, "clf", run=train)
        log(services, "else", run=other)
        put(services, "else", b"else", run=other)
        found = impact(services, "raw")
        assert [(each.kind, each.label, each.state, each.distance) for each in found.affected] == [
            ("run", "prepare", "running", 1),
            ("dataset", "features", "", 2),
            ("run", "train", "running", 3),
            ("version", "clf:1", "development", 4),
        ]
        assert [each.via for each in found.affected[:2]] == [f"dataset:{raw.id}", f"run:{prepare}"]
        assert [(node.label, node.note) for node in found.of] == [("raw", raw.digest[:8])]
        assert {node.label for node in trace(services, "clf").nodes} == {
            "clf:1", "train", "features", "prepare", "raw",
        }  # fmt: skip
        assert labels(impact(services, features.id)) == {"train", "clf:1"}

    def test_all_contents_of_a_name_or_one_of_them(self, services: Services) -> None:
        old, new = started(services, "old"), started(services, "new")
        first = log(services, run=old).dataset
        log(services, digest=digest_of("newer"), run=new)
        assert labels(impact(services, "digits")) == {"old", "new"}
        assert len(impact(services, "digits").of) == 2
        for one in (first.id, first.digest, first.digest[:10]):
            assert labels(impact(services, one)) == {"old"}

    def test_a_run_shares_its_data_with_its_parts_and_its_whole_not_with_its_siblings(
        self, services: Services
    ) -> None:
        sweep = started(services, "sweep")
        one, two = (started(services, name, parent=sweep) for name in ("one", "two"))
        inner = started(services, "inner", parent=one)
        log(services, "shared", run=sweep, context="training")
        log(services, "own", run=one, context="test")
        for name, run in {"best": sweep, "clf-1": one, "clf-2": two, "deep": inner}.items():
            put(services, name, name.encode(), run=run)
        everything = {"sweep", "one", "two", "inner", "best:1", "clf-1:1", "clf-2:1", "deep:1"}
        assert labels(impact(services, "shared")) == everything
        assert labels(impact(services, "own")) == everything - {"two", "clf-2:1"}
        data = {name: sorted(_data(services, name)) for name in ("best", "clf-1", "clf-2", "deep")}
        both = ["own", "shared"]
        assert data == {"best": both, "clf-1": both, "clf-2": ["shared"], "deep": both}
        nodes = {node.label for node in trace(services, "clf-2").nodes}
        assert nodes == {"clf-2:1", "two", "sweep", "shared"}
        edges = {(edge.source, edge.target, edge.context) for edge in trace(services, "clf-2").edges}
        assert (f"run:{sweep}", f"run:{two}", "part") in edges

    def test_the_versions_of_a_model_are_told_with_their_data(self, services: Services) -> None:
        run, gone = started(services, "baseline"), new_id()
        dataset = log(services, run=run, context="training").dataset
        log(services, run=gone)
        for number, origin in enumerate((run, gone, "")):
            put(services, "clf", f"{number}".encode(), run=origin)
        found = services.lineage.get_model_lineage(GetModelLineage(model="clf"))
        told = [(v.number, v.stage, v.run_id, v.run) for v in found.versions]
        assert told == [
            (3, "development", "", ""),
            (2, "development", gone, ""),
            (1, "development", run, "baseline"),
        ]
        (data,) = found.versions[2].datasets
        assert (data.dataset_id, data.name, data.digest, data.context) == (
            dataset.id, "digits", dataset.digest, "training",
        )  # fmt: skip
        assert (found.versions[0].datasets, found.more) == ([], False)
        cut = services.lineage.get_model_lineage(GetModelLineage(model="clf", limit=1))
        assert ([v.number for v in cut.versions], cut.more) == ([3], True)
        with pytest.raises(NotFound) as caught:
            services.lineage.get_model_lineage(GetModelLineage(model="clv"))
        assert caught.value.nearest == ["clf"]

    def test_what_is_gone_says_so(self, services: Services) -> None:
        gone = new_id()
        log(services, run=gone)
        (only,) = impact(services, "digits").affected
        assert (only.ref, only.label, only.missing) == (f"run:{gone}", gone[:8], True)

    def test_more_than_was_asked_for_is_told(self, services: Services) -> None:
        for _ in range(3):
            log(services, run=new_id())
        assert not impact(services, "digits", limit=3).more
        cut = impact(services, "digits", limit=2)
        assert (len(cut.affected), cut.more) == (2, True)
        for limit in (0, 100_001):
            with pytest.raises(Invalid) as caught:
                impact(services, "digits", limit=limit)
            assert caught.value.field == "limit"
        with pytest.raises(NotFound) as missing:
            impact(services, "digit")
        assert missing.value.nearest == ["digits"]

    def test_a_chain_is_followed_as_far_as_was_asked(self, services: Services) -> None:
        runs = [new_id() for _ in range(3)]
        for number, run in enumerate(runs):
            log(services, f"step-{number}", run=run)
            log(services, f"step-{number + 1}", run=run, output=True)
        whole = trace(services, "step-0", depth=6)
        assert (len(whole.nodes), whole.more) == (7, False)
        cut = trace(services, "step-0", depth=5)
        assert (len(cut.nodes), cut.more) == (6, True)
        assert trace(services, "step-3", depth=1).nodes[1].ref == f"run:{runs[2]}"
        for depth in (0, 1001):
            with pytest.raises(Invalid) as caught:
                trace(services, "step-0", depth=depth)
            assert caught.value.field == "depth"

    def test_a_run_that_goes_on_is_one_run(self, services: Services) -> None:
        run = started(services, "long")
        log(services, "monday", run=run)
        Sender(services).send(start_entry(run, name="long"), RunResumed(run, 5))
        log(services, "tuesday", run=run)
        put(services, "clf", run=run)
        for name in ("monday", "tuesday"):
            assert labels(impact(services, name)) == {"long", "clf:1"}


def _data(services: Services, model: str) -> list[str]:
    found = services.lineage.get_model_lineage(GetModelLineage(model=model))
    return [data.name for data in found.versions[0].datasets]
