"""Datasets, in process: one record per content, however often and by whomever it is logged."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from ..domain.changes import Put
from ..domain.datasets import (
    Dataset,
    DatasetDetail,
    GetDataset,
    GetRunDatasets,
    ListDatasets,
    LogDataset,
    RunDataset,
    dataset_of,
    public_uri,
)
from ..domain.lineage import Link, Use, reference_to
from ..domain.pages import MAX_PAGE, Page
from ..domain.query import Compare, Condition, Order, Query, all_of
from ..domain.records import now_ms
from ..domain.runs import Run
from ..errors import Conflict, Denied
from .callers import Caller, author_of
from .checks import check_dataset
from .dataset_finding import find_dataset, find_deleted
from .deletion import ARCHIVED, LIVE, brought_back, put_away
from .finding import records_by_id, records_of
from .links import check_linked_run, new_link, put_link
from .models import check_limit, parse_order
from .run_reading import find_run

if TYPE_CHECKING:
    from .local import Platform

ORDERS = ("name", "created", "updated")
PATIENCE = 30.0
"""Seconds of losing against others that log the same data before giving up."""

_DATASET = "dataset:"
_ATTEMPTS = 30


class LocalDatasets:
    """`services.interface.Datasets` over a dataset backend and the links of a tracking backend."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self._datasets = platform.datasets
        self._tracking = platform.tracking
        self._user = platform.settings.user
        self._caller = caller

    def log_dataset(self, request: LogDataset) -> DatasetDetail:
        """The record of this data, made or found, linked to the run that uses it.

        One that was deleted is there again.
        """
        request = check_dataset(replace(request, source=public_uri(request.source)))
        check_linked_run(self._tracking, self._caller, request.project, request.run)
        author = author_of(request.author, self._user, self._caller)
        dataset = self._stored(request, author)
        if request.run:
            self._link(dataset, request, author)
        return self._detail(dataset)

    def list_datasets(self, request: ListDatasets) -> Page[Dataset]:
        """One page of datasets."""
        terms: list[Condition] = [ARCHIVED if request.deleted else LIVE]
        if request.search:
            terms.append(Compare("name", "contains", request.search))
        if request.name:
            terms.append(Compare("name", "=", request.name))
        query = Query(
            where=all_of(terms),
            order=parse_order(request.order_by, ORDERS),
            limit=check_limit(request.limit),
            page_token=request.page_token,
        )
        return self._datasets.find(Dataset, request.project, query)

    def get_dataset(self, request: GetDataset) -> DatasetDetail:
        """A dataset by id, name or digest, and the runs that use it."""
        return self._detail(find_dataset(self._datasets, request.project, request.dataset))

    def delete_dataset(self, request: GetDataset) -> DatasetDetail:
        """Put the record of one content out of sight."""
        now = now_ms()

        def deleted() -> tuple[Dataset, Dataset]:
            found = find_dataset(self._datasets, request.project, request.dataset)
            return found, found if found.state == "ARCHIVED" else put_away(found, now)

        return self._change(deleted)

    def restore_dataset(self, request: GetDataset) -> DatasetDetail:
        """Take that back."""

        def restored() -> tuple[Dataset, Dataset]:
            found = find_deleted(self._datasets, request.project, request.dataset)
            return found, found if found.state == "LIVE" else brought_back(found)

        return self._change(restored)

    def _change(self, changed: Callable[[], tuple[Dataset, Dataset]]) -> DatasetDetail:
        """Store what becomes of a record, found again when somebody else was faster."""
        if self._caller.runs is not None:
            raise Denied("dataset: a GPU session may not delete or restore data; do that in the notebook")
        for attempt in range(_ATTEMPTS):
            before, after = changed()
            try:
                if after != before:
                    self._datasets.apply([Put(after)], {before.id: before.revision})
                return self._detail(self._datasets.get(Dataset, before.project, before.id))
            except Conflict:
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0, 0.01 * attempt))  # noqa: S311
        raise AssertionError  # the last attempt returns or raises

    def get_run_datasets(self, request: GetRunDatasets) -> list[RunDataset]:
        """The datasets that a run used and made, in the order in which they were logged."""
        run = reference_to("run", find_run(self._tracking, request.project, request.run).id)
        links = [
            (link, end)
            for near, end in (("target", "source"), ("source", "target"))
            for link in records_of(self._tracking, Link, request.project, Compare(near, "=", run))
            if getattr(link, end).startswith(_DATASET)
        ]
        links.sort(key=lambda each: (each[0].created, each[0].key))
        ids = [getattr(link, end).removeprefix(_DATASET) for link, end in links]
        found = records_by_id(self._datasets, Dataset, request.project, ids)
        return [
            RunDataset(dataset_id=id, dataset=found.get(id), context=link.context, output=end == "target")
            for id, (link, end) in zip(ids, links, strict=True)
        ]

    def _stored(self, request: LogDataset, author: str) -> Dataset:
        """The record, written only when there is none yet or when the request knows more of it."""
        identity = identity_of(request)
        deadline = time.monotonic() + PATIENCE
        while True:
            found = self._with_identity(request, identity)
            record = _completed(found, request) if found else dataset_of(request, author, now_ms(), identity)
            if record == found:
                return found
            try:
                expected = found.revision if found else 0
                self._datasets.apply([Put(record)], {record.id: expected})
                return self._datasets.get(Dataset, record.project, record.id)
            except Conflict as error:
                if found is None and self._with_identity(request, identity) is None:
                    message = f"id: {record.id} is another dataset's; take a new id"
                    raise Conflict(message, field="id") from error
                if time.monotonic() > deadline:
                    raise
                time.sleep(random.uniform(0, 0.01))  # noqa: S311

    def _with_identity(self, request: LogDataset, identity: str) -> Dataset | None:
        terms = [Compare("name", "=", request.name), Compare("identity", "=", identity)]
        found = self._datasets.find(Dataset, request.project, Query(where=all_of(terms), limit=1)).items
        return found[0] if found else None

    def _link(self, dataset: Dataset, request: LogDataset, author: str) -> None:
        ends = [reference_to("dataset", dataset.id), reference_to("run", request.run)]
        source, target = reversed(ends) if request.output else ends
        put_link(self._tracking, new_link(dataset.project, source, target, request.context, author))

    def _detail(self, dataset: Dataset) -> DatasetDetail:
        """With its newest uses, and the runs that made it."""
        uses = self._runs_at(dataset, "source", "target")
        return DatasetDetail(dataset=dataset, uses=uses, makers=self._runs_at(dataset, "target", "source"))

    def _runs_at(self, dataset: Dataset, near: str, far: str) -> list[Use]:
        where = Compare(near, "=", reference_to("dataset", dataset.id))
        query = Query(where=where, order=Order("created", descending=True), limit=MAX_PAGE)
        found = self._tracking.find(Link, dataset.project, query).items
        links = [link for link in found if getattr(link, far).startswith("run:")]
        by_run = {getattr(link, far).removeprefix("run:"): link for link in links}
        runs = records_by_id(self._tracking, Run, dataset.project, by_run)
        uses = []
        for link in links:
            run_id = getattr(link, far).removeprefix("run:")
            name = runs[run_id].name if run_id in runs else ""
            uses.append(Use(run_id=run_id, run=name, context=link.context, created=link.created))
        return uses


def identity_of(request: LogDataset) -> str:
    """What makes the data of a name one record: its digest, else its source and schema."""
    if request.digest:
        return request.digest
    schema = [(column.name, column.type) for column in request.columns]
    spelled = msgspec.json.encode([request.source_type, request.source, schema])
    return "source:" + hashlib.sha256(spelled).hexdigest()


def _completed(found: Dataset, request: LogDataset) -> Dataset:
    """The record with what it lacked so far; what it says already stays, but that it was deleted."""
    return replace(
        brought_back(found) if found.state == "ARCHIVED" else found,
        size=request.size if found.size is None else found.size,
        rows=request.rows if found.rows is None else found.rows,
        columns=found.columns or request.columns,
        tags={**request.tags, **found.tags},
    )
