"""The promises of seam two about runs, the same in process and over HTTP."""

from __future__ import annotations

import math
import random
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aip_jupyter.domain.datasets import GetDataset, LogDataset
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.runs import (
    GetHistory,
    GetRun,
    ListExperiments,
    ListRuns,
    Run,
    RunDetail,
    StoreJournal,
)
from aip_jupyter.errors import Invalid, NotFound
from aip_jupyter.services.interface import Services
from aip_jupyter.wire.journal import (
    AnyEntry,
    DatasetUsed,
    Notes,
    Params,
    Points,
    RunEnded,
    Tags,
    encode_record,
)

from .services_run_entries import RunEntriesContract
from .services_run_faults import RunFaultsContract, Sender, started
from .services_run_search import RunSearchContract

INFINITE = float("inf")


class RunsContract(RunFaultsContract, RunEntriesContract, RunSearchContract):
    """Override the fixture `services` as in `ServicesContract`."""

    def test_a_run_from_start_to_end(self, services: Services, journal: Sender) -> None:
        first = started(
            tags={"a": "1", "bare": ""},
            params={"lr": 0.1, "layers": 3, "flag": True, "opt": "adam"},
            notes="two\nlines",
            notebook="a notebook.ipynb",
            holder="h|b|1|2",
            author="ada",
        )
        journal.send(first, Params(first.run, {"depth": 2}), Tags(first.run, {"a": "2"}))
        journal.send(Points(first.run, 0, 1, {"loss": 0.5, "val/acc ü": 0.9}))
        run = services.runs.get_run(GetRun(run=first.run)).run
        assert (run.name, run.experiment, run.status, run.ended) == ("baseline", "digits", "running", None)
        assert (run.started, run.author, run.notebook, run.holder) == (
            first.time,
            "ada",
            "a notebook.ipynb",
            "h|b|1|2",
        )
        journal.send(RunEnded(first.run, "completed", first.time + 5), Notes(first.run, "new"))
        detail = services.runs.get_run(GetRun(run="baseline"))
        run = detail.run
        assert run.params == {"lr": 0.1, "layers": 3, "flag": True, "opt": "adam", "depth": 2}
        assert [type(value) for value in run.params.values()] == [float, int, bool, str, int]
        assert (run.tags, run.notes) == ({"a": "2", "bare": ""}, "new")
        assert (run.status, run.ended) == ("completed", first.time + 5)
        assert [(metric.key, metric.last) for metric in detail.metrics] == [("loss", 0.5), ("val/acc ü", 0.9)]
        [experiment] = services.runs.list_experiments(ListExperiments()).items
        assert (experiment.id, experiment.name) == (run.experiment_id, "digits")

    def test_records_are_stored_once_however_they_are_sent(self, services: Services, journal: Sender) -> None:
        run = started()
        entries: list[AnyEntry] = [
            run,
            *(Points(run.run, step, step, {"m": float(step)}) for step in range(50)),
        ]
        records = [encode_record(entry) for entry in entries]
        whole = b"".join(records)
        dice = random.Random(7)
        mark = 0
        while mark < len(whole):
            begin = dice.choice([place for place in range(mark + 1) if place in _places(records)])
            mark = journal.raw(whole[begin : begin + dice.randint(0, 700)], begin).mark
            assert mark in _places(records)
        assert services.runs.get_history(GetHistory(run=run.run, key="m")).steps == list(range(50))
        assert journal.raw(whole, 0).mark == len(whole)

    def test_a_gap_is_refused(self, services: Services, journal: Sender) -> None:
        run = started()
        mark = journal.send(run)
        record = encode_record(Points(run.run, 0, 0, {"m": 1.0}))
        with pytest.raises(Invalid) as caught:
            journal.raw(record, mark + 1)
        assert caught.value.field == "start"
        with pytest.raises(Invalid):
            journal.raw(encode_record(run)[:-1] + record, 0)
        assert services.runs.get_run(GetRun(run=run.run)).metrics == []

    def test_two_journals_write_one_run(self, services: Services) -> None:
        notebook, session = Sender(services), Sender(services)
        run = started(params={"lr": 0.1}, tags={"who": "notebook"})
        there = started(run.run, device="L40S", tags={"who": "session", "where": "there"})
        session.send(there, Points(run.run, 1, 1, {"m": 1.0}))
        notebook.send(run, Points(run.run, 0, 0, {"m": 0.0}), RunEnded(run.run, "completed", 9))
        session.send(Points(run.run, 2, 2, {"m": 2.0}))
        detail = services.runs.get_run(GetRun(run=run.run))
        assert (detail.run.device, detail.run.params, detail.run.status) == ("L40S", {"lr": 0.1}, "completed")
        assert detail.run.tags == {"who": "session", "where": "there"}
        assert services.runs.get_history(GetHistory(run=run.run, key="m")).values == [0.0, 1.0, 2.0]
        assert len(services.runs.list_runs(ListRuns()).items) == 1

    def test_points_may_come_before_their_run(self, services: Services, journal: Sender) -> None:
        run = started()
        Sender(services).send(Points(run.run, 0, 0, {"m": 1.0}))
        with pytest.raises(NotFound):
            services.runs.get_run(GetRun(run=run.run))
        journal.send(run)
        assert services.runs.get_run(GetRun(run=run.run)).metrics[0].last == 1.0

    def test_many_processes_at_once(self, services: Services) -> None:
        """All make the experiment, and each writes to a run of all besides its own."""
        shared = started(name="shared")

        def work(n: int) -> None:
            journal = Sender(services)
            own = started(name=f"own {n}")
            journal.send(own, shared, Points(shared.run, n, n, {"m": float(n)}))
            for step in range(5):
                journal.send(Tags(shared.run, {f"{n} {step}": ""}))

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(work, range(6)))
        assert len(services.runs.list_experiments(ListExperiments()).items) == 1
        assert len(services.runs.list_runs(ListRuns()).items) == 7
        detail = services.runs.get_run(GetRun(run="shared"))
        assert (len(detail.run.tags), detail.metrics[0].count) == (30, 6)

    def test_the_first_value_of_a_param_stays_and_the_notes_tell(
        self, services: Services, journal: Sender
    ) -> None:
        run = started(params={"lr": 0.1, "flag": True})
        journal.send(run, Params(run.run, {"lr": 0.2, "flag": 1, "new": "x"}))
        stored = services.runs.get_run(GetRun(run=run.run)).run
        assert stored.params == {"lr": 0.1, "flag": True, "new": "x"}
        assert stored.params["flag"] is True
        assert [line.split(":")[0] for line in stored.notes.splitlines()] == ["param lr", "param flag"]

    def test_numbers_and_keys_are_faithful(self, services: Services, journal: Sender) -> None:
        run = started()
        values = [math.nan, INFINITE, -INFINITE, 0.1, 1e300, 3.0]
        key = "train/loss at epoch – 模型"
        journal.send(run, *(Points(run.run, n, 0, {key: value}) for n, value in enumerate(values)))
        history = services.runs.get_history(GetHistory(run=run.run, key=key))
        assert history.values == ["NaN", "Infinity", "-Infinity", 0.1, 1e300, 3.0]
        [metric] = services.runs.get_run(GetRun(run=run.run)).metrics
        assert (metric.last, metric.minimum, metric.maximum) == (3.0, "-Infinity", "Infinity")

    def test_a_key_that_is_not_there(self, services: Services, journal: Sender) -> None:
        run = started()
        journal.send(run, Points(run.run, 0, 0, {"loss": 1.0}))
        with pytest.raises(NotFound) as caught:
            services.runs.get_history(GetHistory(run=run.run, key="los"))
        assert (caught.value.field, caught.value.nearest) == ("key", ["loss"])

    def test_runs_are_searched_ordered_and_paged(self, services: Services, journal: Sender) -> None:
        runs = [
            started(name=f"run-{n}", experiment="ab"[n % 2], time=1000 + n, author=["ada", "bob"][n // 3])
            for n in range(6)
        ]
        journal.send(*runs, *(Points(run.run, 0, 0, {"n": float(run.time)}) for run in runs))
        journal.send(RunEnded(runs[4].run, "failed", 2000))
        seen: list[RunDetail] = []
        token = ""
        while not seen or token:
            page = services.runs.list_runs(ListRuns(limit=4, page_token=token))
            seen += page.items
            token = page.next_page_token
        assert [detail.run.name for detail in seen] == [f"run-{n}" for n in reversed(range(6))]
        assert [detail.metrics[0].last for detail in seen] == [float(detail.run.started) for detail in seen]

        def found(**how: Any) -> list[str]:
            items = services.runs.list_runs(ListRuns(order_by="name", **how)).items
            return [detail.run.name[-1] for detail in items]

        assert found(experiment="a") == ["0", "2", "4"]
        assert found(search="UN-3") == ["3"]
        assert found(search="%") == []
        assert found(author="bob") == ["3", "4", "5"]
        assert found(status="failed") == ["4"]
        for field, how in (("order_by", {"order_by": "params"}), ("limit", {"limit": 0})):
            with pytest.raises(Invalid) as caught:
                services.runs.list_runs(ListRuns(**how))
            assert caught.value.field == field

    def test_experiments_are_listed_by_name(self, services: Services, journal: Sender) -> None:
        journal.send(*(started(experiment=name) for name in ("b", "a", "c", "a")))
        page = services.runs.list_experiments(ListExperiments(limit=2))
        assert [experiment.name for experiment in page.items] == ["a", "b"]
        page = services.runs.list_experiments(ListExperiments(limit=2, page_token=page.next_page_token))
        assert [experiment.name for experiment in page.items] == ["c"]
        assert len(services.runs.list_experiments(ListExperiments(search="B")).items) == 1

    def test_a_run_is_found_by_its_newest_name(self, services: Services, journal: Sender) -> None:
        old, new = started(time=1), started(time=2)
        journal.send(new, old)
        assert services.runs.get_run(GetRun(run="baseline")).run.id == new.run
        assert services.runs.get_run(GetRun(run=old.run)).run.started == 1
        with pytest.raises(NotFound) as caught:
            services.runs.get_run(GetRun(run="base-line"))
        assert (caught.value.field, caught.value.nearest) == ("run", ["baseline"])

    def test_runs_of_projects_do_not_see_each_other(self, services: Services, journal: Sender) -> None:
        run = started()
        journal.send(run, Points(run.run, 0, 0, {"m": 1.0}))
        other = Sender(services, "other")
        for entry in (Points(run.run, 5, 5, {"m": 5.0}), run, Tags(run.run, {"a": "b"})):
            with pytest.raises(Invalid) as caught:
                other.send(entry)
            assert caught.value.field == "records"
        assert services.runs.list_experiments(ListExperiments(project="other")).items == []
        assert services.runs.list_runs(ListRuns(project="other")).items == []
        with pytest.raises(NotFound):
            services.runs.get_run(GetRun(project="other", run=run.run))
        assert services.runs.get_history(GetHistory(run=run.run, key="m")).values == [1.0]

    def test_a_dataset_is_recorded_and_linked(self, services: Services, journal: Sender) -> None:
        run = started()
        data = LogDataset(
            id=new_id(), name="digits", digest="ab" * 32, source="digits.csv", context="training"
        )
        journal.send(run, DatasetUsed(run.run, data))
        journal.raw(encode_record(run) + encode_record(DatasetUsed(run.run, data)), 0)
        detail = services.datasets.get_dataset(GetDataset(dataset="digits"))
        assert [(use.run_id, use.run, use.context) for use in detail.uses] == [
            (run.run, "baseline", "training")
        ]

    @pytest.mark.parametrize("seed", range(20))
    def test_damaged_records_are_refused_and_nothing_of_them_is_kept(
        self, services: Services, journal: Sender, seed: int
    ) -> None:
        dice = random.Random(seed)
        run = started()
        entries: list[AnyEntry] = [run, *_some_points(run.run)]
        records = bytearray(b"".join(map(encode_record, entries)))
        place = dice.randrange(8, len(encode_record(run)))  # in the first record's payload
        records[place] ^= 1 << dice.randrange(8)
        with pytest.raises(Invalid) as caught:
            journal.raw(bytes(records), 0)
        assert caught.value.field == "records"
        assert "record at 0 " in caught.value.message
        assert services.runs.list_runs(ListRuns()).items == []

    @pytest.mark.parametrize("seed", range(20))
    def test_noise_is_refused_or_not_complete(self, journal: Sender, seed: int) -> None:
        noise = random.Random(seed).randbytes(300)
        length, _ = struct.unpack_from("<II", noise)
        if length <= 2**20:
            assert journal.raw(noise, 0).mark == 0
            noise = struct.pack("<I", 100) + noise[4:]
        with pytest.raises(Invalid) as caught:
            journal.raw(noise, 0)
        assert caught.value.field == "records"

    @pytest.mark.parametrize(
        ("field", "request_"),
        [
            ("journal", {"journal": "x"}),
            ("start", {"start": -1}),
            ("start", {"start": 2**62}),
            ("project", {"project": "\n"}),
        ],
    )
    def test_a_request_that_cannot_be(self, services: Services, field: str, request_: dict[str, Any]) -> None:
        given = {"journal": new_id(), "start": 0, "records": b""}
        with pytest.raises(Invalid) as caught:
            services.runs.store_journal(StoreJournal(**{**given, **request_}))
        assert caught.value.field == field

    def test_what_is_not_complete_yet_waits(self, services: Services, journal: Sender) -> None:
        run = started()
        record = encode_record(run)
        for length in (0, 3, 8, len(record) - 1):
            assert journal.raw(record[:length], 0).mark == 0
        assert journal.raw(record + bytes(64), 0).mark == len(record)
        assert isinstance(services.runs.get_run(GetRun(run=run.run)).run, Run)


def _places(records: list[bytes]) -> set[int]:
    places = [0]
    for record in records:
        places.append(places[-1] + len(record))
    return set(places)


def _some_points(run: str) -> list[Points]:
    return [Points(run, step, 0, {"m": 1.0}) for step in range(3)]
