"""What every tracking backend does beyond keeping records (`contracts.registry` has that): points."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from msgspec.structs import replace

from aip_jupyter.backends.tracking.protocol import TrackingBackend
from aip_jupyter.domain.artifacts import Artifact
from aip_jupyter.domain.changes import AddPoints, AnyRecord, Delete, Put
from aip_jupyter.domain.query import Compare, Order, Query
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.runs import Experiment, Journal, Run
from aip_jupyter.domain.texts import Text
from aip_jupyter.errors import Conflict, Invalid, NotFound

from .records import DATA_SET, HOSTILE, TRACKING_SET, a_run
from .tracking_queries import TrackingQueryContract

INFINITE = float("inf")


def points(
    run_id: str, *rows: tuple[str, int, int, float], project: str = "default", **columns: Any
) -> AddPoints:
    """Points as (key, step, time, value)."""
    keys, steps, times, values = (list(column) for column in zip(*rows, strict=True)) if rows else [[]] * 4
    given = {"keys": keys, "steps": steps, "times": times, "values": values, **columns}
    return AddPoints(project=project, run_id=run_id, **given)


def a_file(of: Run, path: str, **fields: Any) -> Artifact:
    """A file of the run."""
    return Artifact(**{"id": new_id(), "owner_id": of.id, "path": path, **fields})


class TrackingContract(TrackingQueryContract):
    """Override the fixture `tracking` with an empty backend."""

    @pytest.mark.parametrize("record", [*TRACKING_SET, DATA_SET[1]], ids=lambda record: type(record).__name__)
    def test_a_record_comes_back_as_it_was(self, tracking: TrackingBackend, record: AnyRecord) -> None:
        tracking.apply([Put(record)])
        stored = tracking.get(type(record), "vision", record.id)
        assert replace(stored, key=0, revision=0, updated=0) == record
        with pytest.raises(NotFound):
            tracking.get(type(record), "default", record.id)

    def test_an_experiment_has_its_name_alone(self, tracking: TrackingBackend) -> None:
        tracking.apply([Put(Experiment(id=new_id(), name="digits"))])
        with pytest.raises(Conflict):
            tracking.apply([Put(Experiment(id=new_id(), name="digits"))])
        tracking.apply([Put(Experiment(id=new_id(), name="digits", project="other"))])
        tracking.apply([Put(a_run("same")), Put(a_run("same"))])

    def test_runs_are_found(self, tracking: TrackingBackend) -> None:
        runs = [a_run(f"run {n}", started=n, experiment="ab"[n % 2]) for n in range(6)]
        tracking.apply([Put(run) for run in runs])
        query = Query(where=Compare("experiment", "=", "b"), order=Order("started", descending=True), limit=2)
        page = tracking.find(Run, "default", query)
        assert [run.name for run in page.items] == ["run 5", "run 3"]
        page = tracking.find(Run, "default", replace(query, page_token=page.next_page_token))
        assert [run.name for run in page.items] == ["run 1"]

    @pytest.mark.parametrize("limit", [4, 5, 10, 37, 100])
    @pytest.mark.parametrize("shape", ["noise", "peaks", "steady", "backwards", "gaps", "never"])
    def test_some_points_look_like_all(self, tracking: TrackingBackend, shape: str, limit: int) -> None:
        id, dice = new_id(), random.Random(limit)
        values = {
            "noise": [dice.random() for _ in range(300)],
            "peaks": [100.0 if n == 77 else -100.0 if n == 78 else 0.5 for n in range(300)],
            "steady": [1.0] * 300,
            "backwards": [dice.random() for _ in range(300)],
            "gaps": [math.nan if 50 < n < 120 or n in (0, 299) else float(n) for n in range(300)],
            "never": [math.nan] * 300,
        }[shape]
        rows = [("m", -n if shape == "backwards" else n, n, value) for n, value in enumerate(values)]
        tracking.apply([points(id, *rows[:100]), points(id, ("other", 0, 0, 1e9)), points(id, *rows[100:])])
        whole, some = tracking.history("default", id, "m"), tracking.history("default", id, "m", limit)
        every = list(zip(whole.steps, whole.times, map(str, whole.values), strict=True))
        kept = list(zip(some.steps, some.times, map(str, some.values), strict=True))
        assert len(every) == 300
        assert len(kept) <= limit
        assert [point for point in every if point in set(kept)] == kept
        assert (kept[0], kept[-1]) == (every[0], every[-1])
        numbers = [value for value in values if not math.isnan(value)]
        if numbers:
            assert {str(min(numbers)), str(max(numbers))} <= {value for _, _, value in kept}
        if shape == "gaps" and limit >= 37:
            assert any(value == "NaN" for _, _, value in kept[1:-1])
        assert tracking.history("default", id, "m", 300) == whole

    def test_no_points(self, tracking: TrackingBackend) -> None:
        run = a_run()
        tracking.apply([Put(run), points(run.id)])
        assert tracking.metrics("default", [run.id, new_id()])[run.id] == []
        history = tracking.history("default", run.id, "loss")
        assert (history.steps, history.times, history.values) == ([], [], [])
        assert tracking.metrics("default", []) == {}

    def test_points_come_back_in_the_order_of_step_time_and_arrival(self, tracking: TrackingBackend) -> None:
        id = new_id()
        rows = [("loss", n % 7, n % 3, float(n)) for n in range(100)]
        tracking.apply([points(id, *rows[:40]), points(id, *rows[40:90])])
        tracking.apply([points(id, *rows[90:])])
        expected = sorted(rows, key=lambda row: row[1:3])
        history = tracking.history("default", id, "loss")
        assert list(zip(history.steps, history.times, history.values, strict=True)) == [
            row[1:] for row in expected
        ]

    @pytest.mark.parametrize("seed", range(5))
    def test_metrics_tell_what_the_points_are(self, tracking: TrackingBackend, seed: int) -> None:
        dice = random.Random(seed)
        id = new_id()
        values = [math.nan, INFINITE, -INFINITE, 0.0, 1.5, -2.5]
        rows = [
            (dice.choice("ab"), dice.randint(-2, 3), dice.randint(0, 2), dice.choice(values))
            for _ in range(60)
        ]
        for start in range(0, 60, 20):
            tracking.apply([points(id, *rows[start : start + 20])])
        found = {metric.key: metric for metric in tracking.metrics("default", [id])[id]}
        assert sorted(found) == ["a", "b"]
        for key, metric in found.items():
            own = [row for row in rows if row[0] == key]
            numbers = [row[3] for row in own if not math.isnan(row[3])]
            last = sorted(own, key=lambda row: row[1:3])[-1]
            assert metric.count == len(own)
            assert (repr(float(metric.last)), metric.last_step) == (repr(last[3]), last[1])
            assert (float(metric.minimum), float(metric.maximum)) == (min(numbers), max(numbers))

    def test_numbers_are_faithful(self, tracking: TrackingBackend) -> None:
        id = new_id()
        values = [math.nan, INFINITE, -INFINITE, 0.0, 0.1, 5e-324, 1.7976931348623157e308, 2.0**53 + 2]
        tracking.apply([points(id, *(("m", n, 0, value) for n, value in enumerate(values)))])
        history = tracking.history("default", id, "m")
        assert [repr(float(value)) for value in history.values] == [repr(value) for value in values]
        assert history.values[:3] == ["NaN", "Infinity", "-Infinity"]

    def test_a_metric_that_is_never_a_number(self, tracking: TrackingBackend) -> None:
        id = new_id()
        for step in range(2):
            tracking.apply([points(id, ("m", step, 0, math.nan))])
        [metric] = tracking.metrics("default", [id])[id]
        assert (metric.last, metric.minimum, metric.maximum, metric.count) == ("NaN", "NaN", "NaN", 2)

    def test_steps_and_times_have_64_bits(self, tracking: TrackingBackend) -> None:
        id = new_id()
        rows = [("m", -(2**63), 0, 1.0), ("m", 2**63 - 1, 2**63 - 1, 2.0)]
        tracking.apply([points(id, *rows)])
        assert tracking.history("default", id, "m").steps == [-(2**63), 2**63 - 1]

    @pytest.mark.parametrize("key", HOSTILE)
    def test_any_key_is_only_a_text(self, tracking: TrackingBackend, key: str) -> None:
        id = new_id()
        tracking.apply([points(id, (key, 0, 0, 1.0), ("other", 0, 0, 2.0))])
        assert tracking.history("default", id, key).values == [1.0]
        assert key in {metric.key for metric in tracking.metrics("default", [id])[id]}

    def test_projects_and_runs_do_not_see_each_other(self, tracking: TrackingBackend) -> None:
        first, second = new_id(), new_id()
        for id, project, value in ((first, "default", 1.0), (second, "default", 2.0), (first, "other", 3.0)):
            tracking.apply([points(id, ("m", 0, 0, value), project=project)])
        assert tracking.history("default", first, "m").values == [1.0]
        assert tracking.history("default", second, "m").values == [2.0]
        assert tracking.history("other", first, "m").values == [3.0]
        assert tracking.metrics("other", [second]) == {second: []}

    @pytest.mark.parametrize(
        "bad",
        [
            {"values": []},
            {"steps": [2**63]},
            {"times": [-(2**63) - 1]},
            {"values": ["x"]},
            {"keys": ["a\0"]},
            {"steps": [1.5]},
        ],
    )
    def test_what_cannot_be_kept_is_refused(self, tracking: TrackingBackend, bad: dict[str, Any]) -> None:
        run = a_run()
        with pytest.raises(Invalid):
            tracking.apply([Put(run), points(run.id, ("m", 0, 0, 1.0), **bad)])
        with pytest.raises(NotFound):
            tracking.get(Run, "default", run.id)

    def test_points_are_of_the_transaction_that_brings_them(self, tracking: TrackingBackend) -> None:
        run, journal = a_run(), Journal(id=new_id(), mark=10)
        added = points(run.id, ("m", 0, 0, 1.0))
        tracking.apply([Put(run), Put(journal), added], expect={journal.id: 0})
        for _ in range(2):
            with pytest.raises(Conflict):
                tracking.apply([added, Put(replace(journal, mark=20)), added], expect={journal.id: 0})
        with pytest.raises(Conflict):
            tracking.apply([added, Put(replace(run, project="other"))])
        assert tracking.history("default", run.id, "m").values == [1.0]
        assert tracking.get(Journal, "default", journal.id).mark == 10

    def test_points_are_told_as_a_change_of_the_run(self, tracking: TrackingBackend) -> None:
        newest, _ = tracking.changes_since(-1)
        run, journal = a_run(), Journal(id=new_id())
        added = points(run.id, ("m", 0, 0, 1.0))
        tracking.apply([Put(run), Put(journal), added])
        tracking.apply([added])
        _, events = tracking.changes_since(newest)
        told = [(event.kind, event.id, event.project, event.action) for event in events]
        assert told == [
            ("run", run.id, "default", "created"),
            *[("run", run.id, "default", "updated")] * 2,
        ]

    def test_many_runs_at_once(self, tracking: TrackingBackend) -> None:
        ids = [new_id() for _ in range(300)]
        tracking.apply([points(id, ("m", 0, 0, float(n))) for n, id in enumerate(ids)])
        found = tracking.metrics("default", ids)
        assert [found[id][0].last for id in ids] == [float(n) for n in range(300)]

    def test_with_a_run_goes_all_that_it_recorded_and_nothing_else(self, tracking: TrackingBackend) -> None:
        kept, gone = a_run(), a_run()
        for run in (kept, gone):
            text = Text(id=new_id(), run_id=run.id, name="a", text="x")
            tracking.apply([Put(run), Put(text), Put(a_file(run, "a")), points(run.id, ("m", 0, 0, 1.0))])
        elsewhere = a_file(gone, "b", project="other")
        tracking.apply([Put(elsewhere), points(gone.id, ("m", 0, 0, 2.0), project="other")])
        tracking.apply([Delete(Run, gone.id)])
        assert tracking.history("default", kept.id, "m").values == [1.0]
        assert [text.name for text in tracking.texts("default", kept.id)] == ["a"]
        assert tracking.history("default", gone.id, "m").values == []
        assert tracking.metrics("default", [gone.id]) == {gone.id: []}
        assert tracking.texts("default", gone.id) == []
        assert tracking.find(Text, "default", Query(where=Compare("run_id", "=", gone.id))).items == []
        assert tracking.history("other", gone.id, "m").values == [2.0]
        left = [tracking.find(Artifact, project, Query()).items for project in ("default", "other")]
        assert [[each.owner_id for each in some] for some in left] == [[kept.id], [gone.id]]

    def test_what_a_run_has_stored_is_what_is_not_deleted(self, tracking: TrackingBackend) -> None:
        run = a_run()
        files = [a_file(run, f"{n}", size=2**40 + n) for n in range(3)]
        files += [a_file(run, "unknown", size=None), a_file(run, "gone", size=7, state="ARCHIVED")]
        files += [a_file(a_run(), "0", size=7), a_file(run, "far", size=7, project="other")]
        tracking.apply([*map(Put, files)])
        assert tracking.stored("default", run.id) == (4, 3 * 2**40 + 3)
        assert tracking.stored("other", run.id) == (1, 7)
        assert tracking.stored("default", "'") == (0, 0)

    def test_the_bytes_of_all_files_are_told_also_of_deleted_ones(self, tracking: TrackingBackend) -> None:
        digests = [f"{n:064x}" for n in range(4)]
        run = a_run()
        tracking.apply(
            [
                Put(a_file(run, "a", digest=digests[0])),
                Put(a_file(run, "b", digest=digests[1], state="ARCHIVED")),
                Put(a_file(run, "c", digest=digests[2], project="other")),
                Put(a_file(run, "elsewhere", digest=digests[3], uri="s3://bucket/key")),
                Put(a_file(run, "not known", uri="s3://bucket/key")),
            ]
        )
        assert set(tracking.digests()) == set(digests[:3])

    def test_a_run_has_one_file_at_a_path(self, tracking: TrackingBackend) -> None:
        run = a_run()
        tracking.apply([Put(a_file(run, "a")), Put(a_file(a_run(), "a"))])
        with pytest.raises(Conflict):
            tracking.apply([Put(a_file(run, "a"))])

    def test_texts_are_told_by_name_and_length(self, tracking: TrackingBackend) -> None:
        run = a_run()
        texts = [("b", "模型!"), ("a/c", ""), ("a", "one\ntwo")]
        records = [Text(id=new_id(), run_id=run.id, name=name, text=text) for name, text in texts]
        tracking.apply([Put(run), *map(Put, records)])
        tracking.apply([Put(replace(records[0], captured=True))])
        found = tracking.texts("default", run.id)
        assert [(text.name, text.length, text.captured) for text in found] == [
            ("a", 7, False),
            ("a/c", 0, False),
            ("b", 3, True),
        ]
        assert found[2].updated == tracking.get(Text, "default", records[0].id).updated
        assert tracking.texts("other", run.id) == []
        with pytest.raises(Conflict):
            tracking.apply([Put(Text(id=new_id(), run_id=run.id, name="a", text="again"))])

    def test_the_parts_of_runs_are_counted(self, tracking: TrackingBackend) -> None:
        first, second = a_run(), a_run()
        parts = [a_run(parent=first.id) for _ in range(3)]
        parts += [a_run(parent=first.id, state="ARCHIVED"), a_run(parent=first.id, project="other")]
        tracking.apply([*map(Put, [first, second, *parts])])
        assert tracking.parts("default", [first.id, second.id]) == {first.id: 3, second.id: 0}
        assert tracking.parts("default", []) == {}

    def test_a_beat_is_no_change(self, tracking: TrackingBackend) -> None:
        run, other = a_run(), a_run(project="other")
        tracking.apply([Put(run), Put(other)])
        before = tracking.get(Run, "default", run.id)
        newest, _ = tracking.changes_since(-1)
        tracking.beat("default", [run.id, other.id, new_id(), "'"], 1_700_000_000_500)
        tracking.beat("default", [], 1)
        assert tracking.get(Run, "default", run.id) == replace(before, beat=1_700_000_000_500)
        assert tracking.get(Run, "other", other.id).beat == 0
        assert tracking.changes_since(newest)[1] == []

    def test_it_says_what_it_can(self, tracking: TrackingBackend) -> None:
        assert {"runs", "changes", "transactions"} <= tracking.capabilities
        assert tracking.check()
