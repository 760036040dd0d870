"""What every tracking backend finds by what is measured: `matches` and `order_key` are the meaning."""

from __future__ import annotations

import base64
import math
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from aip_jupyter.backends.tracking.protocol import TrackingBackend
from aip_jupyter.domain.changes import AddPoints, Put
from aip_jupyter.domain.query import (
    And,
    Compare,
    Condition,
    Or,
    Order,
    Query,
    field_value,
    matches,
    order_key,
)
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.runs import MeasuredRun, Run
from aip_jupyter.errors import Invalid

from .pages import all_pages
from .records import a_run

INFINITE = float("inf")

VALUES: dict[str, dict[str, list[float]]] = {
    "plain": {"loss": [0.5, 0.25], "val/loss ü.x": [1.0]},
    "peak": {"loss": [0.1, 9.0, 0.75]},
    "nan": {"loss": [0.3, math.nan]},
    "never": {"loss": [math.nan]},
    "infinite": {"loss": [-INFINITE, INFINITE]},
    "none": {},
}
"""Runs by name, with the points of their metrics."""

FOUND: list[tuple[Condition, str]] = [
    (Compare("metrics.loss", "<", 0.5), "plain"),
    (Compare("metrics.loss", ">=", 0.25), "plain peak infinite"),
    (Compare("metrics.loss", "=", 0.75), "peak"),
    (Compare("metrics.loss", "!=", 0.75), "plain nan never infinite none"),
    (Compare("metrics.loss", "!=", "0.75"), "plain peak nan never infinite none"),
    (Compare("metrics.loss", "<", "0.75"), ""),
    (Compare("metrics.loss", "in", (0.25, 0.75, "x")), "plain peak"),
    (Compare("metrics.loss", "in", ()), ""),
    (Compare("metrics.loss", "contains", "0"), ""),
    (Compare("metrics", "has", "loss"), "plain peak infinite"),
    (Compare("minimum", "has", "loss"), "plain peak nan infinite"),
    (Compare("minimum.loss", "<", 0.2), "peak infinite"),
    (Compare("minimum.loss", "=", 0.3), "nan"),
    (Compare("maximum.loss", ">", 1), "peak infinite"),
    (Compare("metrics.val/loss ü.x", "=", 1), "plain"),
    (Compare("metrics.val/loss ü", "=", 1), ""),
    (Compare("metrics.nothing", "<", 1), ""),
    (And((Compare("metrics.loss", ">", 0), Compare("name", "contains", "l"))), "plain"),
    (Or((Compare("metrics.loss", "<", 0.3), Compare("name", "=", "none"))), "plain none"),
    (Compare("duration", "=", 5), "peak"),
    (Compare("duration", "<", 5), "plain"),
    (Compare("duration", "!=", 5), "plain nan never infinite none"),
]

ORDERED = [
    ("metrics.loss", "plain peak infinite", "nan never none"),
    ("minimum.loss", "infinite peak plain nan", "never none"),
    ("maximum.loss", "nan plain peak infinite", "never none"),
    ("metrics.val/loss ü.x", "plain", "peak nan never infinite none"),
    ("duration", "plain peak", "nan never infinite none"),
]
"""A field; the runs that have a value in its order; the others in the order of their ids."""

REFUSED: list[tuple[str, Query]] = [
    ("metrics", Query(where=Compare("metrics", "=", 1))),
    ("metrics", Query(order=Order("metrics"))),
    ("metrics.", Query(order=Order("metrics."))),
    ("metrics.a", Query(where=Compare("metrics.a", "has", "x"))),
    ("metrics.a", Query(where=Compare("metrics.a", ">", INFINITE))),
    ("duration.a", Query(where=Compare("duration.a", "=", 1))),
    ("duration", Query(where=Compare("duration", "has", "x"))),
]


def put_examples(tracking: TrackingBackend, project: str = "default") -> list[Run]:
    """The runs of VALUES, the first two of which have ended."""
    runs = []
    for n, (name, metrics) in enumerate(VALUES.items()):
        ended = {"plain": 1003, "peak": 1005}.get(name)
        run = a_run(name, id=f"{n:032}", project=project, started=1000, ended=ended)
        runs.append(run)
        tracking.apply([Put(run), _points(run, metrics)])
    return runs


def _points(run: Run, metrics: dict[str, list[float]]) -> AddPoints:
    rows = [(key, step, value) for key, values in metrics.items() for step, value in enumerate(values)]
    return AddPoints(
        project=run.project,
        run_id=run.id,
        keys=[row[0] for row in rows],
        steps=[row[1] for row in rows],
        times=[0] * len(rows),
        values=[row[2] for row in rows],
    )


def measured(run: Run, metrics: dict[str, list[float]]) -> MeasuredRun:
    """The run as queries see it, said once more."""
    numbers = {key: [value for value in values if value == value] for key, values in metrics.items()}
    return MeasuredRun(
        **asdict(run),
        metrics={key: values[-1] for key, values in metrics.items() if values[-1] == values[-1]},
        minimum={key: min(values) for key, values in numbers.items() if values},
        maximum={key: max(values) for key, values in numbers.items() if values},
        duration=None if run.ended is None else run.ended - run.started,
    )


class TrackingQueryContract:
    """A part of `TrackingContract`."""

    @pytest.mark.parametrize(("condition", "expected"), FOUND, ids=str)
    def test_measured_conditions(
        self, tracking: TrackingBackend, condition: Condition, expected: str
    ) -> None:
        runs = put_examples(tracking)
        tracking.apply([_points(replace(runs[-1], project="other"), {"loss": [0.25]})])
        found = tracking.find(Run, "default", Query(where=condition)).items
        assert [run.name for run in found] == expected.split()
        seen = [measured(run, VALUES[run.name]) for run in runs]
        assert [run.name for run in seen if matches(run, condition)] == expected.split()

    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("limit", [1, 2, 5, 100])
    @pytest.mark.parametrize(("field", "valued", "missing"), ORDERED)
    def test_what_is_missing_comes_last_in_either_direction(
        self,
        tracking: TrackingBackend,
        field: str,
        valued: str,
        missing: str,
        limit: int,
        descending: bool,
    ) -> None:
        put_examples(tracking)
        pages = list(all_pages(tracking, Run, "default", Query(order=Order(field, descending), limit=limit)))
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
        turn = -1 if descending else 1
        assert [run.name for page in pages for run in page] == [
            *valued.split()[::turn],
            *missing.split()[::turn],
        ]

    @pytest.mark.parametrize(("field", "query"), REFUSED, ids=lambda value: str(value)[:60])
    def test_what_cannot_be_measured_is_refused(
        self, tracking: TrackingBackend, field: str, query: Query
    ) -> None:
        with pytest.raises(Invalid) as caught:
            tracking.find(Run, "default", query)
        assert caught.value.field == field

    @pytest.mark.parametrize("value", [None, INFINITE, -INFINITE, math.nan, "x", 2**64 - 1, [1]])
    @pytest.mark.parametrize("field", ["metrics.loss", "duration", "started", "params.x"])
    def test_a_forged_token_of_a_measure_does_no_harm(
        self, tracking: TrackingBackend, field: str, value: Any
    ) -> None:
        put_examples(tracking)
        token = base64.urlsafe_b64encode(msgspec.msgpack.encode([field, False, value, "zz"])).decode()
        try:
            tracking.find(Run, "default", Query(order=Order(field), page_token=token))
        except Invalid as error:
            assert error.field == "page_token"  # noqa: PT017

    def test_a_page_by_a_metric_is_of_the_runs_that_are_wanted(self, tracking: TrackingBackend) -> None:
        """Whether few or many have the metric, and whether that or the order leads to them."""
        runs = [a_run(f"run {n}", started=n, experiment="ab"[n % 2]) for n in range(700)]
        changes = [_points(run, {"loss": [run.started / 700], "acc": [-run.started]}) for run in runs]
        tracking.apply([*map(Put, runs), *changes])
        for bound in (3, 650):
            where = And((Compare("metrics.loss", "<", bound / 700), Compare("experiment", "=", "a")))
            expected = [n for n in range(bound) if n % 2 == 0]
            for order in (Order("started"), Order("metrics.acc", descending=True)):
                pages = all_pages(tracking, Run, "default", Query(where=where, order=order, limit=300))
                assert [run.started for page in pages for run in page] == expected

    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @for_all(data=st.data())
    def test_find_by_measures_is_what_matches_says(self, tracking: TrackingBackend, data: Any) -> None:
        project = new_id()
        numbers = st.sampled_from([0.0, -0.0, 1.0, 0.5, -2.5, 1e300, 5e-324])
        series = st.lists(numbers | st.sampled_from([math.nan, INFINITE, -INFINITE]), min_size=1, max_size=3)
        lines = data.draw(st.lists(st.dictionaries(st.sampled_from(["a", "b.c"]), series), max_size=6))
        ends = st.none() | st.integers(0, 3)
        runs = [a_run(project=project, ended=data.draw(ends)) for _ in lines]
        for run, metrics in zip(runs, lines, strict=True):
            tracking.apply([Put(run), _points(run, metrics)])
        fields = st.sampled_from(["metrics.a", "minimum.a", "maximum.a", "metrics.b.c", "duration", "ended"])
        operators = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
        compare = st.builds(Compare, fields, operators, numbers | st.integers(-1, 3) | st.just("x"))
        terms = st.lists(compare, max_size=3).map(tuple)
        where = data.draw(st.builds(And, terms) | st.builds(Or, terms) | compare)
        order, limit = data.draw(st.builds(Order, fields, st.booleans())), data.draw(st.integers(1, 3))
        seen = [
            measured(tracking.get(Run, project, run.id), metrics)
            for run, metrics in zip(runs, lines, strict=True)
        ]
        expected = sorted(
            (run for run in seen if matches(run, where)),
            key=lambda run: order_key(order, field_value(run, order.field), run.id),
            reverse=order.descending,
        )
        query = Query(where=where, order=order, limit=limit)
        found = [run.id for page in all_pages(tracking, Run, project, query) for run in page]
        assert found == [run.id for run in expected]
