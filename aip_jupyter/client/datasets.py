"""Datasets over HTTP."""

from __future__ import annotations

from ..domain.datasets import (
    Dataset,
    DatasetDetail,
    GetDataset,
    GetRunDatasets,
    ListDatasets,
    LogDataset,
    RunDataset,
)
from ..domain.pages import Page
from .transport import Transport


class HttpDatasets:
    """`services.interface.Datasets` over HTTP."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def log_dataset(self, request: LogDataset) -> DatasetDetail:
        reply: DatasetDetail = self._call("datasets.log_dataset", request)
        return reply

    def list_datasets(self, request: ListDatasets) -> Page[Dataset]:
        reply: Page[Dataset] = self._call("datasets.list_datasets", request)
        return reply

    def get_dataset(self, request: GetDataset) -> DatasetDetail:
        reply: DatasetDetail = self._call("datasets.get_dataset", request)
        return reply

    def get_run_datasets(self, request: GetRunDatasets) -> list[RunDataset]:
        reply: list[RunDataset] = self._call("datasets.get_run_datasets", request)
        return reply

    def delete_dataset(self, request: GetDataset) -> DatasetDetail:
        reply: DatasetDetail = self._call("datasets.delete_dataset", request)
        return reply

    def restore_dataset(self, request: GetDataset) -> DatasetDetail:
        reply: DatasetDetail = self._call("datasets.restore_dataset", request)
        return reply
