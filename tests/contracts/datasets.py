"""What every dataset backend does: it keeps datasets, one per name and identity."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec.structs import replace

from aip_jupyter.backends.datasets.protocol import DatasetBackend
from aip_jupyter.domain.changes import Delete, Put
from aip_jupyter.domain.datasets import Column, Dataset
from aip_jupyter.domain.query import Compare, Condition, Order, Query, all_of
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import Conflict, Invalid, NotFound

from .records import DATA_SET, EXTREME, HOSTILE


def a_dataset(name: str = "digits", **fields: Any) -> Dataset:
    return Dataset(**{"id": new_id(), "name": name, "identity": new_id(), **fields})


def found(datasets: DatasetBackend, where: Condition, **how: Any) -> list[str]:
    page = datasets.find(Dataset, how.pop("project", "default"), Query(where=where, **how))
    return [dataset.name for dataset in page.items]


class DatasetContract:
    """Override the fixture `datasets` with an empty backend."""

    def test_a_dataset_comes_back_as_it_was(self, datasets: DatasetBackend) -> None:
        record = DATA_SET[0]
        datasets.apply([Put(record)])
        stored = datasets.get(Dataset, "vision", record.id)
        assert replace(stored, key=0, revision=0, updated=0) == record
        assert [type(column.maximum) for column in stored.columns] == [int, float, str, bool]
        assert (stored.revision, stored.key) == (1, 1)
        with pytest.raises(NotFound):
            datasets.get(Dataset, "other", record.id)

    @pytest.mark.parametrize("value", [*HOSTILE, *EXTREME])
    def test_any_value_comes_back(self, datasets: DatasetBackend, value: Any) -> None:
        column = Column(name=str(value), type="x", minimum=value, maximum=value)
        record = a_dataset(str(value), source=str(value), columns=[column], tags={str(value): str(value)})
        datasets.apply([Put(record)])
        stored = datasets.get(Dataset, "default", record.id)
        assert replace(stored, key=0, revision=0, updated=0) == record
        assert found(datasets, Compare("name", "=", str(value))) == [str(value)]

    def test_an_identity_is_taken_once_per_name_and_project(self, datasets: DatasetBackend) -> None:
        datasets.apply([Put(a_dataset(identity="x"))])
        with pytest.raises(Conflict) as caught:
            datasets.apply([Put(a_dataset(identity="x"))])
        assert caught.value.field == "identity"
        datasets.apply([Put(a_dataset("other", identity="x")), Put(a_dataset(identity="x", project="p"))])
        assert len(found(datasets, Compare("identity", "=", "x"))) == 2

    def test_of_many_at_once_one_gets_the_identity(self, datasets: DatasetBackend) -> None:
        def put(_: int) -> bool:
            record = a_dataset(identity="x")
            try:
                datasets.apply([Put(record)], {record.id: 0})
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(put, range(8))) == 1

    def test_datasets_are_found(self, datasets: DatasetBackend) -> None:
        a, b = "a" * 64, "ab" + "c" * 62
        datasets.apply(
            [
                Put(a_dataset("one", digest=a, rows=1, tags={"split": "train"})),
                Put(a_dataset("two", digest=b, rows=2)),
                Put(a_dataset("three", digest="b" * 64)),
            ]
        )
        by_name = {"order": Order("name")}
        prefix = all_of([Compare("digest", ">=", "a"), Compare("digest", "<", "ag")])
        assert found(datasets, prefix, **by_name) == ["one", "two"]
        assert found(datasets, Compare("name", "contains", "T"), **by_name) == ["three", "two"]
        assert found(datasets, Compare("tags", "has", "split")) == ["one"]
        assert found(datasets, Compare("tags.split", "=", "train")) == ["one"]
        assert found(datasets, Compare("rows", ">", 0), order=Order("rows", descending=True)) == [
            "two",
            "one",
        ]
        with pytest.raises(Invalid):
            found(datasets, Compare("columns", "=", "x"))

    def test_changes_are_told(self, datasets: DatasetBackend) -> None:
        newest, _ = datasets.changes_since(-1)
        record = a_dataset()
        datasets.apply([Put(record)])
        datasets.apply([Put(replace(record, rows=5)), Delete(Dataset, record.id)])
        _, events = datasets.changes_since(newest)
        assert [(event.kind, event.id, event.action) for event in events] == [
            ("dataset", record.id, action) for action in ("created", "updated", "deleted")
        ]

    def test_it_says_what_it_can(self, datasets: DatasetBackend) -> None:
        assert {"datasets", "changes", "transactions"} <= datasets.capabilities
        assert datasets.location
        assert datasets.check()
