"""Datasets: the routes."""

from __future__ import annotations

from ..domain import datasets
from ..domain.pages import Page
from .route import PROJECT, Route

ROUTES = (
    Route(
        method="GET",
        path=f"{PROJECT}/datasets",
        operation="datasets.list_datasets",
        right="read",
        request=datasets.ListDatasets,
        reply=Page[datasets.Dataset],
        summary="List datasets",
        pool="datasets",
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/datasets",
        operation="datasets.log_dataset",
        right="write",
        request=datasets.LogDataset,
        reply=datasets.DatasetDetail,
        summary="Record data, and that a run uses it",
        pool="datasets",
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/datasets/{{dataset}}",
        operation="datasets.get_dataset",
        right="read",
        request=datasets.GetDataset,
        reply=datasets.DatasetDetail,
        summary="A dataset, and the runs that use it",
        pool="datasets",
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/runs/{{run}}/datasets",
        operation="datasets.get_run_datasets",
        right="read",
        request=datasets.GetRunDatasets,
        reply=list[datasets.RunDataset],
        summary="The datasets that a run used and made",
        pool="datasets",
    ),
    Route(
        method="DELETE",
        path=f"{PROJECT}/datasets/{{dataset}}",
        operation="datasets.delete_dataset",
        right="write",
        request=datasets.GetDataset,
        reply=datasets.DatasetDetail,
        summary="Delete the record of one content; it can be restored for 30 days",
        pool="datasets",
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/datasets/{{dataset}}/restore",
        operation="datasets.restore_dataset",
        right="write",
        request=datasets.GetDataset,
        reply=datasets.DatasetDetail,
        summary="Restore a dataset that was deleted",
        pool="datasets",
    ),
)
