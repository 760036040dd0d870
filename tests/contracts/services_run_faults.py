"""What becomes of records that cannot be stored, the same in process and over HTTP."""

from __future__ import annotations

import math
import struct
from typing import Any
from zlib import crc32

import msgspec
import pytest

from aip_jupyter.domain.datasets import GetDataset, LogDataset
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.runs import (
    GetRun,
    ListRuns,
    Stored,
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
    RunStarted,
    Tags,
    encode_record,
)


def started(id: str | None = None, **fields: Any) -> RunStarted:
    """The start of a run."""
    given = {"run": id or new_id(), "time": 1_700_000_000_000, "name": "baseline", "experiment": "digits"}
    return RunStarted(**{**given, **fields})


class Sender:
    """A journal that sends as a process does: from its mark on."""

    def __init__(self, services: Services, project: str = "default") -> None:
        self.id = new_id()
        self.mark = 0
        self._services = services
        self._project = project

    def send(self, *entries: AnyEntry) -> int:
        """The mark after these entries."""
        self.mark = self.raw(b"".join(map(encode_record, entries)), self.mark).mark
        return self.mark

    def raw(self, records: bytes, start: int) -> Stored:
        """The reply to these bytes."""
        request = StoreJournal(project=self._project, journal=self.id, start=start, records=records)
        return self._services.runs.store_journal(request)


class RunFaultsContract:
    """A part of `RunsContract`."""

    @pytest.fixture
    def journal(self, services: Services) -> Sender:
        return Sender(services)

    def test_a_dataset_that_cannot_be_recorded_holds_nothing_up(
        self, services: Services, journal: Sender
    ) -> None:
        run = started()
        bad = LogDataset(id=new_id(), name="digits", digest="no digest")
        there = services.datasets.log_dataset(
            LogDataset(id=new_id(), name="letters", digest="ab" * 32)
        ).dataset
        taken = LogDataset(id=there.id, name="words", digest="cd" * 32)
        data = [DatasetUsed(run.run, dataset) for dataset in (bad, taken)]
        journal.send(run, *data, Points(run.run, 0, 0, {"m": 1.0}))
        detail = services.runs.get_run(GetRun(run=run.run))
        assert "dataset digits: not recorded" in detail.run.notes
        assert "dataset words: not recorded (id: " in detail.run.notes
        assert detail.metrics[0].count == 1

    @pytest.mark.parametrize(
        "fields",
        [
            {"name": ""},
            {"name": "a\0"},
            {"experiment": "x" * 256},
            {"author": "a\n"},
            {"tags": {"": ""}},
            {"tags": {"t": "\0"}},
            {"params": {"nan": math.nan}},
            {"params": {"": 1}},
            {"params": {"big": 2**63}},
            {"notes": "\0"},
            {"device": "\0"},
        ],
    )
    def test_what_of_a_run_cannot_be_is_left_out_and_the_notes_tell(
        self, services: Services, journal: Sender, fields: dict[str, Any]
    ) -> None:
        run = started(**{"params": {"lr": 0.1}, **fields})
        journal.send(run, Points(run.run, 0, 0, {"m": 1.0}))
        [detail] = services.runs.list_runs(ListRuns()).items
        assert detail.run.notes.startswith("not recorded: ")
        assert detail.metrics[0].count == 1
        assert "\0" not in f"{detail.run.name}{detail.run.tags}{detail.run.device}"

    def test_one_bad_record_holds_up_none(self, services: Services, journal: Sender) -> None:
        run, other = started(), started(name="other")
        journal.send(run)
        journal.send(
            Tags(run.run, {"bad": "\0", "good": "1"}),
            Params(run.run, {"nan": math.nan, "lr": 0.1}),
            Notes(run.run, "\0"),
            Points(run.run, 0, 0, {"m\0": 1.0, "m": 2.0}),
            DatasetUsed(run.run, LogDataset(id=new_id(), name="d\0", digest="ab" * 32)),
            other,
        )
        detail = services.runs.get_run(GetRun(run=run.run))
        assert (detail.run.tags, detail.run.params) == ({"good": "1"}, {"lr": 0.1})
        assert len(detail.run.notes.splitlines()) == 5
        assert [metric.key for metric in detail.metrics] == ["m"]
        assert services.runs.get_run(GetRun(run="other")).run.id == other.run

    def test_nothing_is_written_when_what_follows_is_refused(
        self, services: Services, journal: Sender
    ) -> None:
        run = started()
        data = LogDataset(id=new_id(), name="digits", digest="ab" * 32)
        with pytest.raises(Invalid):
            journal.send(run, DatasetUsed(run.run, data), Params(new_id(), {"no": "start"}))
        with pytest.raises(NotFound):
            services.datasets.get_dataset(GetDataset(dataset="digits"))

    def test_params_of_many_entries_are_all_kept(self, services: Services, journal: Sender) -> None:
        run = started()
        params = {f"p{n}": n for n in range(2_000)}
        journal.send(run, *(Params(run.run, {key: value}) for key, value in params.items()))
        assert services.runs.get_run(GetRun(run=run.run)).run.params == params

    @pytest.mark.parametrize(
        "payload",
        [
            [99, "a" * 32],
            [1, "a" * 32, -1, "before 1970", "digits"],
            [4, "a" * 32, 2**63, 0, {"m": 1.0}],
            [4, "a" * 32, 0, -1, {"m": 1.0}],
            [4, "a" * 32, 0, 0, {"m": "text"}],
            [4, "a" * 32, 0, 0, {"m": 1.0}, "more"],
            [6, "a" * 32, "sleeping", 0],
            b"\x93\x05\xd9\x20" + b"a" * 32 + b"\xa3\xed\xa0\x80",
            [],
            [99, "x"],
            {"a": "map"},
            "text",
            b"\x90" * 100_000,
        ],
        ids=lambda payload: repr(payload)[:40],
    )
    @pytest.mark.parametrize("begun", [True, False])
    def test_an_entry_that_nobody_can_read_holds_up_none(
        self, services: Services, journal: Sender, payload: object, begun: bool
    ) -> None:
        """Its record is whole: a journal that was refused for it would never be stored. The notes tell."""
        encoded = payload if isinstance(payload, bytes) else msgspec.msgpack.encode(payload)
        other, run = started(), started()
        names_it = b"a" * 32 in encoded
        encoded = encoded.replace(b"a" * 32, run.run.encode())
        record = struct.pack("<II", len(encoded), crc32(encoded)) + encoded
        first = encode_record(other) + (encode_record(run) if begun else b"")
        behind = [Points(other.run, 0, 0, {"m": 1.0})]
        if names_it:
            behind.append(Points(run.run, 0, 0, {"m": 1.0}))
        records = first + record + b"".join(map(encode_record, behind))
        assert journal.raw(records, 0).mark == len(records)
        runs = {detail.run.id: detail for detail in services.runs.list_runs(ListRuns()).items}
        assert runs.keys() == {other.run, *([run.run] if begun or names_it else [])}
        assert (runs[other.run].run.notes, runs[other.run].metrics[0].count) == ("", 1)
        if names_it:
            assert runs[run.run].run.notes.startswith(f"not recorded: the record at {len(first)} (")
            assert runs[run.run].metrics[0].count == 1

    @pytest.mark.parametrize("payload", [[4, "not an id", 0, 0, {}], [2, "a" * 32, {"lr": 0.1}]])
    def test_entries_that_cannot_be_are_refused(
        self, services: Services, journal: Sender, payload: object
    ) -> None:
        run = started()
        encoded = msgspec.msgpack.encode(payload)
        record = struct.pack("<II", len(encoded), crc32(encoded)) + encoded
        with pytest.raises(Invalid) as caught:
            journal.raw(encode_record(run) + record, 0)
        assert caught.value.field in ("records", "key", "run")
        with pytest.raises(NotFound):
            services.runs.get_run(GetRun(run=run.run))
