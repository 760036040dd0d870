"""What runs are told besides their numbers, and what becomes of those that nobody ends."""

from __future__ import annotations

import math
from typing import Any

import pytest

from aip_jupyter.backends.process import this_process
from aip_jupyter.domain.records import PropertyValue, new_id, now_ms
from aip_jupyter.domain.runs import GetRun, Run, RunBeat
from aip_jupyter.domain.texts import MAX_TEXT, GetText, ListTexts, Text
from aip_jupyter.errors import Invalid, NotFound
from aip_jupyter.services.contact import BEAT, ENDED_BY, MISSED, RESUMED_FROM
from aip_jupyter.services.deletion import DELETED, DELETED_WITH
from aip_jupyter.services.interface import Services
from aip_jupyter.services.rights import BEGAN_IN
from aip_jupyter.services.run_draft import MAX_FACTS
from aip_jupyter.wire.journal import (
    AnyEntry,
    Captured,
    Params,
    Points,
    RunEnded,
    RunGone,
    RunResumed,
    Tags,
    TextLogged,
)

from .services_run_faults import Sender, started

HOLDER = "h|b|1|2"


class RunEntriesContract:
    """A part of `RunsContract`."""

    @pytest.fixture
    def of(self, services: Services) -> Any:
        def run(id: str) -> Run:
            return services.runs.get_run(GetRun(run=id)).run

        return run

    def test_a_run_is_a_part_of_another(self, journal: Sender, of: Any) -> None:
        whole = started(name="whole")
        part = started(name="part", parent=whole.run)
        journal.send(whole, part)
        assert (of(whole.run).parent, of(part.run).parent) == ("", whole.run)
        assert of(part.run).notes == ""
        journal.send(started(part.run, parent=new_id()))
        assert of(part.run).parent == whole.run  # as the first has said

    @pytest.mark.parametrize("parent", ["nobody", "A" * 32, "\0"])
    def test_a_parent_that_cannot_be_is_left_out(self, journal: Sender, of: Any, parent: str) -> None:
        run = started(parent=parent)
        journal.send(run)
        assert (of(run.run).parent, of(run.run).notes[:14]) == ("", "not recorded: ")

    def test_no_run_is_a_part_of_itself(self, journal: Sender, of: Any) -> None:
        id = new_id()
        journal.send(started(id, parent=id))
        assert of(id).parent == ""

    def test_texts_are_kept_and_the_last_of_a_name_stays(self, services: Services, journal: Sender) -> None:
        run, other = started(), started()
        journal.send(run, other, TextLogged(run.run, "notes/prompt.txt", "first"))
        journal.send(
            TextLogged(run.run, "notes/prompt.txt", "second ü"),
            TextLogged(run.run, "source/cell", "x = 1", captured=True),
            TextLogged(other.run, "notes/prompt.txt", "of the other"),
            TextLogged(run.run, "empty", ""),
        )

        def text(id: str, name: str) -> Text:
            return services.runs.get_text(GetText(run=id, name=name))

        assert text(run.run, "notes/prompt.txt").text == "second ü"
        assert text(other.run, "notes/prompt.txt").text == "of the other"
        assert (text(run.run, "source/cell").captured, text(run.run, "empty").text) == (True, "")
        listed = services.runs.list_texts(ListTexts(run=run.run))
        assert [(info.name, info.length, info.captured) for info in listed] == [
            ("empty", 0, False),
            ("notes/prompt.txt", 8, False),
            ("source/cell", 5, True),
        ]
        with pytest.raises(NotFound):
            text(run.run, "notes")

    @pytest.mark.parametrize(
        ("name", "text"),
        [("", "x"), ("a\n", "x"), ("n" * 256, "x"), ("a", "\0"), ("a", "x" * (MAX_TEXT + 1))],
    )
    def test_a_text_that_cannot_be_stored_holds_nothing_up(
        self, services: Services, journal: Sender, of: Any, name: str, text: str
    ) -> None:
        run = started()
        journal.send(run, TextLogged(run.run, name, text), Points(run.run, 0, 0, {"m": 1.0}))
        assert of(run.run).notes.startswith("not recorded: text")
        assert services.runs.list_texts(ListTexts(run=run.run)) == []
        assert services.runs.get_run(GetRun(run=run.run)).metrics[0].count == 1

    def test_facts_are_properties(self, journal: Sender, of: Any) -> None:
        run = started()
        journal.send(run, Captured(run.run, {"python": "3.11", "gpus": 1, "git.dirty": True, "memory": 0.5}))
        journal.send(Captured(run.run, {"gpus": 2}))
        assert of(run.run).properties == {"python": "3.11", "gpus": 2, "git.dirty": True, "memory": 0.5}
        assert of(run.run).notes == ""

    def test_facts_that_cannot_be_are_left_out(self, journal: Sender, of: Any) -> None:
        run = started()
        bad: dict[str, PropertyValue] = {"nan": math.nan, "big": 2**63 - 1, "": 1, "nul": "\0", "good": 1}
        ours: dict[str, PropertyValue] = dict.fromkeys(
            (BEGAN_IN, ENDED_BY, RESUMED_FROM, DELETED, DELETED_WITH), 1
        )
        many: dict[str, PropertyValue] = {f"fact {n}": n for n in range(MAX_FACTS)}
        journal.send(run, Captured(run.run, {**bad, **ours}), Captured(run.run, many))
        properties = of(run.run).properties
        assert len(properties) == MAX_FACTS
        assert {"good", "big", "fact 0"} <= properties.keys()
        assert not properties.keys() & {"nan", "", "nul", *ours}
        assert len(of(run.run).notes.splitlines()) == 3 + 5 + 2

    def test_a_run_goes_on_after_its_end(self, journal: Sender, services: Services, of: Any) -> None:
        run = started(holder=HOLDER)
        journal.send(run, RunEnded(run.run, "failed", run.time + 5, HOLDER))
        again = Sender(services)
        again.send(started(run.run, holder="h|b|3|4"), RunResumed(run.run, run.time + 10, "h|b|3|4"))
        resumed = of(run.run)
        assert (resumed.status, resumed.ended, resumed.holder) == ("running", None, "h|b|3|4")
        assert (resumed.started, resumed.name) == (run.time, run.name)
        journal.send(RunEnded(run.run, "killed", run.time + 20, HOLDER))  # which came late
        assert of(run.run).status == "running"
        again.send(RunEnded(run.run, "completed", run.time + 30, "h|b|3|4"))
        assert (of(run.run).status, of(run.run).ended) == ("completed", run.time + 30)

    def test_none_that_recorded_a_run_before_ends_it(
        self, journal: Sender, services: Services, of: Any
    ) -> None:
        run = started(holder=HOLDER)
        journal.send(run)
        for holder in ("h|b|3|4", "h|b|5|6"):
            Sender(services).send(started(run.run, holder=holder), RunResumed(run.run, run.time + 10, holder))
        journal.send(RunEnded(run.run, "killed", run.time + 20, HOLDER))
        assert of(run.run).status == "running"
        journal.send(RunEnded(run.run, "completed", run.time + 30, "h|b|5|6"))
        assert of(run.run).status == "completed"

    def test_a_run_may_be_ended_by_whoever_logs_to_it(self, journal: Sender, of: Any) -> None:
        """As long as it was not resumed, such as a forked child."""
        run = started(holder=HOLDER)
        journal.send(run, RunEnded(run.run, "completed", 9, "h|b|7|8"))
        assert of(run.run).status == "completed"

    def test_a_run_whose_process_is_gone_has_failed(
        self, services: Services, journal: Sender, of: Any
    ) -> None:
        run = started(holder=HOLDER)
        journal.send(run)
        Sender(services).send(RunGone(run.run, run.time + 7, HOLDER, "why"))
        gone = of(run.run)
        assert (gone.status, gone.ended, gone.properties) == ("failed", run.time + 7, {ENDED_BY: "why"})

    def test_only_a_running_run_can_be_gone_and_only_its_own_process(
        self, services: Services, journal: Sender, of: Any
    ) -> None:
        running, ended = started(holder=HOLDER), started(holder=HOLDER)
        journal.send(running, ended, RunEnded(ended.run, "completed", 5))
        Sender(services).send(RunGone(running.run, 7, "h|b|9|9", "why"), RunGone(ended.run, 7, HOLDER, "why"))
        assert (of(running.run).status, of(ended.run).status) == ("running", "completed")
        assert of(running.run).properties == of(ended.run).properties == {}

    @pytest.mark.parametrize(
        "entry",
        [
            lambda run: Points(run, 0, 0, {"m": 1.0}),
            lambda run: Tags(run, {"a": "b"}),
            lambda run: Params(run, {"lr": 0.1}),
            lambda run: started(run),
            lambda run: TextLogged(run, "a", "b"),
        ],
    )
    def test_what_is_stored_later_takes_it_back(
        self, services: Services, journal: Sender, of: Any, entry: Any
    ) -> None:
        run = started(holder=HOLDER)
        journal.send(run, Points(run.run, 0, 0, {"m": 0.0}))
        Sender(services).send(RunGone(run.run, 7, HOLDER, "why"))
        later: AnyEntry = entry(run.run)
        journal.send(later)
        assert (of(run.run).status, of(run.run).ended, of(run.run).properties) == ("running", None, {})
        journal.send(RunEnded(run.run, "killed", 9))
        assert (of(run.run).status, of(run.run).ended) == ("killed", 9)

    def test_the_end_that_comes_later_counts(self, services: Services, journal: Sender, of: Any) -> None:
        run = started(holder=HOLDER)
        journal.send(run)
        Sender(services).send(RunGone(run.run, 7, HOLDER, "why"))
        journal.send(RunEnded(run.run, "completed", 9))
        assert (of(run.run).status, of(run.run).ended, of(run.run).properties) == ("completed", 9, {})

    def test_a_run_is_lost_until_its_process_is_heard_of(self, services: Services, journal: Sender) -> None:
        long_ago = now_ms() - 2 * MISSED * BEAT
        dead = "|".join([*this_process().split("|")[:3], "1"])  # what it left is stored by somebody else
        run, ended = started(time=long_ago, holder=dead), started(time=long_ago, holder=dead)
        new = started(time=now_ms(), holder=dead)
        journal.send(run, ended, RunEnded(ended.run, "completed", long_ago), new)

        def lost(id: str) -> bool:
            return services.runs.get_run(GetRun(run=id)).is_lost

        assert [lost(each.run) for each in (run, ended, new)] == [True, False, False]
        before = services.runs.get_run(GetRun(run=run.run)).run
        services.runs.beat(RunBeat(runs=[run.run, new_id()]))
        after = services.runs.get_run(GetRun(run=run.run))
        assert not after.is_lost
        assert abs(after.run.beat - now_ms()) < 60_000
        assert (after.run.revision, after.run.updated) == (before.revision, before.updated)
        services.runs.beat(RunBeat(runs=[]))

    def test_what_is_stored_of_a_run_is_a_sign_of_life(self, services: Services, journal: Sender) -> None:
        run = started(time=now_ms() - 2 * MISSED * BEAT, holder=HOLDER)
        journal.send(run)
        first = services.runs.get_run(GetRun(run=run.run))
        assert not first.is_lost
        assert abs(first.run.beat - now_ms()) < 60_000
        journal.send(Points(run.run, 0, 0, {"m": 1.0}))
        again = services.runs.get_run(GetRun(run=run.run)).run
        assert (again.beat, again.revision) == (first.run.beat, first.run.revision)

    def test_a_beat_takes_back_that_its_process_is_gone(
        self, services: Services, journal: Sender, of: Any
    ) -> None:
        run, ended = started(holder=HOLDER), started(holder=HOLDER)
        journal.send(run, ended, RunEnded(ended.run, "failed", 7))
        Sender(services).send(RunGone(run.run, run.time + 7, HOLDER, "why"))
        services.runs.beat(RunBeat(runs=[run.run, ended.run]))
        assert (of(run.run).status, of(run.run).ended, of(run.run).properties) == ("running", None, {})
        assert of(run.run).beat > run.time
        assert (of(ended.run).status, of(ended.run).ended) == ("failed", 7)

    @pytest.mark.parametrize("runs", [["no id"], [f"{n:032x}" for n in range(1001)]])
    def test_a_beat_that_cannot_be(self, services: Services, runs: list[str]) -> None:
        with pytest.raises(Invalid) as caught:
            services.runs.beat(RunBeat(runs=runs))
        assert caught.value.field == "runs"
