"""What becomes of data that is deleted, the same in process and over HTTP."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest

from aip_jupyter.domain.datasets import (
    Dataset,
    DatasetDetail,
    GetDataset,
    GetRunDatasets,
    ListDatasets,
    LogDataset,
)
from aip_jupyter.domain.lineage import GetImpact, GetLineage, Lineage
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import NotFound
from aip_jupyter.services.interface import Services

from .services_run_faults import Sender, started


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def log(services: Services, name: str = "digits", **fields: Any) -> DatasetDetail:
    given = {"id": new_id(), "digest": digest_of(name), "source": f"{name}.csv", **fields}
    return services.datasets.log_dataset(LogDataset(name=name, **given))


def trace(services: Services, reference: str, **fields: Any) -> Lineage:
    return services.lineage.get_lineage(GetLineage(reference=reference, **fields))


def listed(services: Services, **how: Any) -> list[Dataset]:
    return services.datasets.list_datasets(ListDatasets(**how)).items


class DatasetRemovalContract:
    """A part of `DatasetsContract`."""

    def test_a_deleted_one_is_out_of_sight_until_it_is_restored(self, services: Services) -> None:
        run = new_id()
        old = log(services, digest=digest_of("old"), run=run, context="training").dataset
        new = log(services, digest=digest_of("new")).dataset
        gone = services.datasets.delete_dataset(GetDataset(dataset=new.id))
        assert (gone.dataset.id, gone.dataset.state) == (new.id, "ARCHIVED")
        assert services.datasets.delete_dataset(GetDataset(dataset=new.id)) == gone
        assert [each.id for each in listed(services)] == [old.id]
        assert listed(services, deleted=True) == [gone.dataset]
        assert services.datasets.get_dataset(GetDataset(dataset="digits")).dataset.id == old.id
        assert services.datasets.get_dataset(GetDataset(dataset=new.id)) == gone
        with pytest.raises(NotFound, match=f"restore_dataset {new.id}"):
            services.datasets.get_dataset(GetDataset(dataset=digest_of("new")[:12]))
        back = services.datasets.restore_dataset(GetDataset(dataset=digest_of("new")[:12])).dataset
        assert (back.state, back.properties) == ("LIVE", new.properties)
        assert services.datasets.restore_dataset(GetDataset(dataset=new.id)).dataset == back

    def test_by_its_name_the_one_last_deleted_is_restored(self, services: Services) -> None:
        ids = [log(services, digest=digest_of(text)).dataset.id for text in "abc"]
        for id in (ids[2], ids[0]):
            services.datasets.delete_dataset(GetDataset(dataset=id))
            time.sleep(0.002)
        assert services.datasets.restore_dataset(GetDataset(dataset="digits")).dataset.id == ids[0]
        assert services.datasets.restore_dataset(GetDataset(dataset="digits")).dataset.id == ids[2]
        with pytest.raises(NotFound, match="no dataset 'digits' was deleted"):
            services.datasets.restore_dataset(GetDataset(dataset="digits"))

    def test_logging_it_again_brings_it_back(self, services: Services) -> None:
        first = log(services, tags={"kept": "1"}).dataset
        services.datasets.delete_dataset(GetDataset(dataset=first.id))
        again = log(services).dataset
        assert (again.id, again.state, again.tags) == (first.id, "LIVE", {"kept": "1"})
        assert listed(services, deleted=True) == []

    def test_what_used_it_says_that_it_was_deleted(self, services: Services) -> None:
        start = started()
        Sender(services).send(start)
        dataset = log(services, run=start.run, context="training").dataset
        services.datasets.delete_dataset(GetDataset(dataset=dataset.id))
        (use,) = services.datasets.get_run_datasets(GetRunDatasets(run=start.run))
        assert use.dataset is not None
        assert (use.dataset.id, use.dataset.state) == (dataset.id, "ARCHIVED")
        found = trace(services, f"dataset:{dataset.id}")
        notes = {node.ref: (node.note, node.missing) for node in found.nodes}
        assert notes[f"dataset:{dataset.id}"] == (f"{dataset.digest[:8]}, deleted", False)
        impact = services.lineage.get_impact(GetImpact(dataset=dataset.id))
        assert [each.ref for each in impact.affected] == [f"run:{start.run}"]
        with pytest.raises(NotFound, match="restore_dataset"):
            trace(services, "dataset:digits")
