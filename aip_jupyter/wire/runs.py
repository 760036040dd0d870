"""Experiments and runs: the routes."""

from __future__ import annotations

from ..domain import runs
from ..domain.pages import Page
from .route import PROJECT, Route

ROUTES = (
    Route(
        method="GET",
        path=f"{PROJECT}/experiments",
        operation="runs.list_experiments",
        right="read",
        request=runs.ListExperiments,
        reply=Page[runs.Experiment],
        summary="List experiments",
        pool="tracking",
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/runs",
        operation="runs.list_runs",
        right="read",
        request=runs.ListRuns,
        reply=Page[runs.RunDetail],
        summary="List runs, with the state of their metrics",
        pool="tracking",
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/runs/{{run}}",
        operation="runs.get_run",
        right="read",
        request=runs.GetRun,
        reply=runs.RunDetail,
        summary="A run, with the state of its metrics",
        pool="tracking",
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/runs/{{run}}/history",
        operation="runs.get_history",
        right="read",
        request=runs.GetHistory,
        reply=runs.History,
        summary="All points of one key of a run",
        pool="tracking",
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/journals/{{journal}}",
        operation="runs.store_journal",
        right="write",
        request=runs.StoreJournal,
        reply=runs.Stored,
        summary="Store what a process has logged",
        pool="tracking",
        raw="records",
    ),
)
