"""Deleted runs, when their time is over, and when two do different things to one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.changes import Change
from aip_jupyter.domain.query import Query
from aip_jupyter.domain.records import now_ms
from aip_jupyter.domain.runs import GetRun, ListRuns
from aip_jupyter.domain.system import CheckStore
from aip_jupyter.domain.texts import GetText, ListTexts
from aip_jupyter.errors import Conflict, Denied, NotFound
from aip_jupyter.services import deletion
from aip_jupyter.services.callers import Caller
from aip_jupyter.services.deletion import RESTORABLE
from aip_jupyter.services.local import Platform, open_platform
from aip_jupyter.services.purging import purge
from aip_jupyter.services.settings import Settings
from aip_jupyter.wire.journal import Captured, Points, RunEnded, TextLogged

from ..contracts.services_run_faults import Sender, started


@pytest.fixture(params=["memory", "sqlite"])
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    seams = ("registry", "tracking", "datasets", "access")
    chosen = dict.fromkeys(seams, str(request.param))
    platform = open_platform(Settings(home=tmp_path / "home", storage="memory", **chosen))  # type: ignore[arg-type]
    yield platform
    platform.close()


def ended_run(platform: Platform, project: str = "default") -> str:
    """The id of a run that is over, with a point and a text."""
    run = started()
    journal = Sender(platform.services(), project)
    journal.send(run, Points(run.run, 0, 0, {"m": 1.0}), TextLogged(run.run, "a", "x"))
    journal.send(RunEnded(run.run, "completed", run.time))
    return run.run


def test_a_run_is_purged_with_all_that_it_recorded_after_thirty_days(platform: Platform) -> None:
    services = platform.services()
    services.projects.create_project(CreateProject(name="vision"))
    ids = {project: ended_run(platform, project) for project in ("default", "vision")}
    kept = ended_run(platform)
    for project, id in ids.items():
        services.runs.delete_run(GetRun(project=project, run=id))
    assert purge(platform, now_ms() + RESTORABLE - 10_000).runs == 0
    assert purge(platform, now_ms() + RESTORABLE + 10_000).runs == 2
    for project, id in ids.items():
        with pytest.raises(NotFound):
            services.runs.get_run(GetRun(project=project, run=id))
        assert platform.tracking.metrics(project, [id]) == {id: []}
        assert platform.tracking.texts(project, id) == []
    assert services.runs.get_run(GetRun(run=kept)).metrics[0].last == 1.0


def test_texts_that_other_runs_refer_to_are_handed_on(platform: Platform) -> None:
    services = platform.services()
    journal, first = Sender(services), started()
    texts = {"source/train.py": "code", "source/before.py": "early", "source/changes.diff": "+a"}
    texts |= {"environment/requirements.txt": "a==1", "source/resumed/train.py": "later"}
    journal.send(first, *(TextLogged(first.run, name, text, captured=True) for name, text in texts.items()))
    journal.send(TextLogged(first.run, "source/mine.txt", "mine"))
    kinds = ("source", "before", "changes", "environment")
    others = sorted((started() for _ in range(4)), key=lambda each: (each.time, each.run))
    for run, named in zip(others, (("environment",), ("source",), kinds, kinds), strict=True):
        journal.send(run, Captured(run.run, {f"{kind}.run": first.run for kind in named}))
    journal.send(others[1], TextLogged(others[1].run, "source/cells.py", "more", captured=True))
    for run in (first, *others):
        journal.send(RunEnded(run.run, "completed", run.time))
    gone, longer, second, third = (run.run for run in others)
    for id in (first.run, gone):
        services.runs.delete_run(GetRun(run=id))
    assert purge(platform, now_ms() + RESTORABLE + 10_000).runs == 2

    def text(run: str, name: str) -> str:
        return services.runs.get_text(GetText(run=run, name=name)).text

    assert services.runs.get_run(GetRun(run=longer)).run.properties == {}
    assert [info.name for info in services.runs.list_texts(ListTexts(run=longer))] == ["source/cells.py"]
    shared = {name: content for name, content in texts.items() if "resumed" not in name}
    found = [info.name for info in services.runs.list_texts(ListTexts(run=second))]
    assert {name: text(second, name) for name in found} == shared
    assert services.runs.get_run(GetRun(run=second)).run.properties == {}
    assert services.runs.list_texts(ListTexts(run=third)) == []
    assert services.runs.get_run(GetRun(run=third)).run.properties == {
        f"{kind}.run": second for kind in kinds
    }


def test_who_refers_to_runs_that_are_purged_is_looked_for_once(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a large project each look takes long; only who refers to several is looked at again."""
    services, journal = platform.services(), Sender(platform.services())
    gone, heir = [ended_run(platform) for _ in range(20)], started()
    for id in gone:
        journal.send(TextLogged(id, "source/a.py", id, captured=True))
        journal.send(TextLogged(id, "environment/requirements.txt", id, captured=True))
    journal.send(heir, Captured(heir.run, {"source.run": gone[3], "environment.run": gone[7]}))
    for id in gone:
        services.runs.delete_run(GetRun(run=id))
    looks, find = list[Query](), platform.tracking.find

    def counted(kind: Any, project: str, query: Query) -> Any:
        looks.append(query)
        return find(kind, project, query)

    monkeypatch.setattr(platform.tracking, "find", counted)
    assert purge(platform, now_ms() + RESTORABLE + 10_000).runs == 20
    assert len(looks) < 10
    monkeypatch.undo()
    assert services.runs.get_run(GetRun(run=heir.run)).run.properties == {}
    texts = [
        services.runs.get_text(GetText(run=heir.run, name=name)).text
        for name in ("source/a.py", "environment/requirements.txt")
    ]
    assert texts == [gone[3], gone[7]]


def test_the_check_of_the_store_purges(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    services = platform.services()
    services.runs.delete_run(GetRun(run=ended_run(platform)))
    assert services.system.check_store(CheckStore()).findings == []
    monkeypatch.setattr(deletion, "RESTORABLE", -10_000)
    (finding,) = services.system.check_store(CheckStore(mend=False)).findings
    assert (finding.kind, finding.mended) == ("purged", False)
    (finding,) = services.system.check_store(CheckStore()).findings
    assert (finding.kind, finding.mended) == ("purged", True)
    assert services.runs.list_runs(ListRuns(deleted=True)).items == []


def test_who_changes_the_run_meanwhile_is_not_overwritten(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = ended_run(platform)
    services, apply = platform.services(), platform.tracking.apply
    late = [lambda: Sender(services).send(started(id, tags={"late": "1"}))]

    def disturbed(changes: Sequence[Change], expect: Mapping[str, int] | None = None) -> None:
        if late and changes:
            late.pop()()
        apply(changes, expect)

    monkeypatch.setattr(platform.tracking, "apply", disturbed)
    deleted = services.runs.delete_run(GetRun(run=id)).run
    assert (deleted.state, deleted.tags) == ("ARCHIVED", {"late": "1"})


@pytest.mark.parametrize("first", ["delete_run", "restore_run"])
def test_a_part_is_not_restored_while_the_whole_is_deleted(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Whoever comes second: it has seen what the first one has changed."""
    runs, apply = platform.services().runs, platform.tracking.apply
    whole, journal = started(name="whole"), Sender(platform.services())
    part = started(name="part", parent=whole.run)
    journal.send(whole, part, *(RunEnded(run.run, "completed", run.time) for run in (whole, part)))
    runs.delete_run(GetRun(run=part.run))
    slow = {"delete_run": runs.restore_run, "restore_run": runs.delete_run}[first]
    ids = {"delete_run": whole.run, "restore_run": part.run}
    quick = [lambda: getattr(runs, first)(GetRun(run=ids.pop(first)))]

    def disturbed(changes: Sequence[Change], expect: Mapping[str, int] | None = None) -> None:
        if quick:
            quick.pop()()
        apply(changes, expect)

    monkeypatch.setattr(platform.tracking, "apply", disturbed)
    with contextlib.suppress(Conflict):
        slow(GetRun(run=part.run if first == "delete_run" else whole.run))
    states = {run: runs.get_run(GetRun(run=run)).run.state for run in (whole.run, part.run)}
    assert states == {whole.run: "ARCHIVED", part.run: "ARCHIVED"}
    monkeypatch.undo()
    runs.restore_run(GetRun(run=whole.run))
    restored = runs.get_run(GetRun(run=part.run)).run.state
    assert restored == ("ARCHIVED" if first == "delete_run" else "LIVE"), (
        "deleted with the whole, or by itself"
    )


def test_who_may_add_to_some_runs_only_deletes_no_other(platform: Platform) -> None:
    ids = [ended_run(platform), ended_run(platform)]
    caller = Caller(rights=frozenset(("read", "write")), runs=frozenset(ids[:1]), session="s")
    services = platform.services(caller)
    with pytest.raises(Denied):
        services.runs.delete_run(GetRun(run=ids[1]))
    services.runs.delete_run(GetRun(run=ids[0]))
    platform.services().runs.delete_run(GetRun(run=ids[1]))
    with pytest.raises(Denied):
        services.runs.restore_run(GetRun(run=ids[1]))
    assert services.runs.restore_run(GetRun(run=ids[0])).run.state == "LIVE"


def test_a_run_that_never_comes_to_rest_is_given_up(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = ended_run(platform)
    tries = []

    def refuse(changes: Sequence[Change], expect: Mapping[str, int] | None = None) -> None:
        tries.append(changes)
        raise Conflict("somebody else was faster")

    monkeypatch.setattr(platform.tracking, "apply", refuse)
    monkeypatch.setattr("aip_jupyter.services.run_removal.time.sleep", lambda seconds: None)
    with pytest.raises(Conflict, match="faster"):
        platform.services().runs.delete_run(GetRun(run=id))
    assert len(tries) == 30
