"""The journals of a process: sent beside it, kept while that fails, adopted when it is dead."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import aip_jupyter as aip
from aip_jupyter.backends.process import this_process
from aip_jupyter.cli.main import main
from aip_jupyter.client import sender
from aip_jupyter.client.beats import Beats
from aip_jupyter.client.connect import Destination, connect, destination, disconnect
from aip_jupyter.client.journal import Journal
from aip_jupyter.client.journals import JOURNALS
from aip_jupyter.client.sender import adopt_left
from aip_jupyter.domain.access import CreateProject, GetProject
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.domain.runs import GetHistory, ListRuns, Stored, StoreJournal
from aip_jupyter.errors import AipError, Conflict, Denied, Unauthenticated, Unavailable
from aip_jupyter.server import adoption
from aip_jupyter.services.journal_files import (
    About,
    journal_ids,
    journals_folder,
    left_journals,
    make_journal,
    remove_journal,
    remove_unfinished,
)
from aip_jupyter.services.journals import Adopted, send
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.runs import LocalRuns
from aip_jupyter.services.settings import Settings
from aip_jupyter.wire.journal import Points, RunStarted, encode_entry

from ..support.live import free_port, live_server, start_server


@pytest.fixture(autouse=True)
def closed(home: Path) -> Iterator[None]:
    """No journal of another test, and none left for one."""
    JOURNALS.close()
    yield
    JOURNALS.close()


def start(journal: Journal, count: int = 3) -> str:
    """Record a run with so many points; its id."""
    id = new_id()
    journal.append(encode_entry(RunStarted(id, now_ms(), "baseline", "digits")))
    for step in range(count):
        journal.append(encode_entry(Points(id, step, step, {"m": float(step)})), 1)
    return id


def left_by_a_dead_process(to: Destination, count: int = 3) -> str:
    """The run of a journal that nobody owns any more."""
    journal = Journal(to.home, to.project, to.store, lambda: None, lambda: None)
    id = start(journal, count)
    journal.close()
    return id


def steps_of(id: str) -> list[int]:
    return connect().services.runs.get_history(GetHistory(run=id, key="m")).steps


def test_what_is_logged_is_stored_by_itself(home: Path) -> None:
    id = start(JOURNALS.journal(destination()))
    runs = connect().services.runs
    deadline = time.monotonic() + 60
    while not runs.list_runs(ListRuns()).items and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not JOURNALS.flush(60)
    assert steps_of(id) == [0, 1, 2]
    assert left_journals(home) == []
    JOURNALS.close()
    assert journal_ids(home) == []


def test_what_is_logged_meanwhile_does_not_wait(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = aip.start_run("busy")
    with monkeypatch.context() as patch:
        # behind the last record that a round sends
        patch.setattr(Beats, "send", lambda *_: run.log_metric("later", 1.0))
        assert not JOURNALS.flush(30)
    run.end()


def test_nothing_is_made_before_something_is_logged(home: Path) -> None:
    JOURNALS.journal(destination())
    assert not JOURNALS.flush(10)
    assert not home.exists()


def test_a_home_without_room_is_told_and_tried_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also when not even the journal's folder could be made."""
    home.mkdir(parents=True)
    (home / "journals").write_text("where the folder should be")
    id = start(JOURNALS.journal(destination()))
    waiting = JOURNALS.flush(60)
    assert waiting.records == 4
    assert "no room to log in" in waiting.reason
    assert capsys.readouterr().err.count("no room") == 1
    (home / "journals").unlink()
    assert not JOURNALS.flush(60)
    assert steps_of(id) == [0, 1, 2]


def test_a_thread_tries_again_by_itself(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "journals").write_text("where the folder should be")
    journal = JOURNALS.journal(destination())
    start(journal)
    (home / "journals").unlink()
    deadline = time.monotonic() + 60
    while not journal.stored and time.monotonic() < deadline:
        time.sleep(0.02)
    assert journal.count_unsent() == 0


def test_a_failure_is_told_and_overcome(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "BACKOFF", 0.01)
    with monkeypatch.context() as broken:

        def refuse(*_: object) -> None:
            raise Unavailable("the store is somewhere else")

        broken.setattr(LocalRuns, "store_journal", refuse)
        id = start(JOURNALS.journal(destination()))
        waiting = JOURNALS.flush(60)
        assert (waiting.records, waiting.reason) == (4, "the store is somewhere else")
        assert str(waiting) == "4 records wait in the journal: the store is somewhere else"
    assert not JOURNALS.flush(60)
    assert steps_of(id) == [0, 1, 2]


def test_what_the_store_does_not_take_is_told_once_and_kept(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = JOURNALS.journal(destination())
    journal.append(msgspec.msgpack.encode([4, "no id", 0, 0, {}]))
    for _ in range(3):
        waiting = JOURNALS.flush(60)
        assert waiting.records == 1
    assert capsys.readouterr().err.count("does not take") == 1
    JOURNALS.close()
    assert len(left_journals(home)) == 1


def test_a_project_that_is_not_there_or_archived_is_told_and_waited_for(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sender, "BACKOFF", 0.01)
    projects = connect().services.projects
    id = start(JOURNALS.journal(destination()._replace(project="vision")))
    assert "no project 'vision'" in JOURNALS.flush(60).reason
    projects.create_project(CreateProject(name="vision"))
    assert not JOURNALS.flush(60)
    projects.archive_project(GetProject(project="vision"))
    other = start(JOURNALS.journal(destination()._replace(project="vision")))
    for _ in range(3):
        assert "archived" in JOURNALS.flush(60).reason
    projects.restore_project(GetProject(project="vision"))
    assert not JOURNALS.flush(60)
    runs = connect().services.runs
    assert {each.run.id for each in runs.list_runs(ListRuns(project="vision")).items} == {id, other}
    assert capsys.readouterr().err.count("does not take") == 1


def test_a_key_that_stays_wrong_is_told_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sender, "BACKOFF", 0.01)

    def refuse(*_: object) -> None:
        raise Unauthenticated("token: it is not valid here")

    with monkeypatch.context() as broken:
        broken.setattr(LocalRuns, "store_journal", refuse)
        id = start(JOURNALS.journal(destination()))
        for _ in range(4):
            assert JOURNALS.flush(60).records == 4
    assert not JOURNALS.flush(60)
    assert steps_of(id) == [0, 1, 2]
    assert capsys.readouterr().err.count("not valid here") == 1


def test_an_unexpected_failure_does_not_end_the_sender(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sender, "BACKOFF", 0.01)
    with monkeypatch.context() as broken:
        broken.setattr(LocalRuns, "store_journal", lambda *_: 1 / 0)
        id = start(JOURNALS.journal(destination()))
        assert JOURNALS.flush(60).records == 4
        assert "ZeroDivisionError" in caplog.text
    assert not JOURNALS.flush(60)
    assert steps_of(id) == [0, 1, 2]


def test_a_journal_is_not_sent_to_another_store(home: Path) -> None:
    to = destination()._replace(store="server http://elsewhere/")
    start(JOURNALS.journal(to))
    waiting = JOURNALS.flush(60)
    assert waiting.records == 4
    assert "another store" in waiting.reason
    assert connect().services.runs.list_runs(ListRuns()).items == []
    JOURNALS.close()
    found = adopt_left(connect(), home)
    assert found.journals == 0
    assert "http://elsewhere/" in found.kept[0]
    assert main(["flush"]) == 1
    assert len(journal_ids(home)) == 1


def test_the_journals_of_the_dead_are_adopted_by_whoever_logs_next(home: Path) -> None:
    first = left_by_a_dead_process(destination())
    second = start(JOURNALS.journal(destination()))
    deadline = time.monotonic() + 60
    while left_journals(home) and time.monotonic() < deadline:
        JOURNALS.flush(60)
    assert steps_of(first) == steps_of(second) == [0, 1, 2]


def test_the_journals_of_the_dead_are_flushed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [left_by_a_dead_process(destination(), count) for count in (3, 100_000)]
    assert main(["flush"]) == 0
    assert "100,005 records of 2 ended processes stored" in capsys.readouterr().out
    assert [len(steps_of(id)) for id in ids] == [3, 100_000]
    assert journal_ids(home) == []
    assert main(["flush"]) == 0


def test_what_was_stored_already_is_not_stored_again(home: Path) -> None:
    journal = Journal(home, "", destination().store, lambda: None, lambda: None)
    id = start(journal)
    runs = connect().services.runs
    send(runs, "default", journal.id, 0, journal.read(2**20))
    journal.append(encode_entry(Points(id, 3, 3, {"m": 3.0})))
    journal.close()  # which does not know that the first part is stored
    assert adopt_left(connect(), home).journals == 1
    assert steps_of(id) == [0, 1, 2, 3]


def test_the_project_of_a_journal_stays(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when another is in use by the time that the rest of it is stored."""
    journal = JOURNALS.journal(destination())
    id = start(journal)
    assert not JOURNALS.flush(60)
    sender_of_it = JOURNALS._sender
    assert sender_of_it is not None
    sender_of_it.stop()
    journal.append(encode_entry(Points(id, 3, 3, {"m": 3.0})))
    journal.close()
    monkeypatch.setenv("AIP_PROJECT", "another")
    assert connect(refresh=True).project == "another"
    assert adopt_left(connect(), home).journals == 1
    history = connect().services.runs.get_history(GetHistory(project="default", run=id, key="m"))
    assert history.steps == [0, 1, 2, 3]


def test_a_damaged_journal_is_stored_up_to_the_damage_and_set_aside(home: Path) -> None:
    id = left_by_a_dead_process(destination(), 100)
    [journal] = journal_ids(home)
    [segment] = (journals_folder(home) / journal).glob("*.seg")
    data = bytearray(segment.read_bytes())
    data[5000] ^= 1
    segment.write_bytes(data)
    found = adopt_left(connect(), home)
    assert found.journals == 0
    assert "damaged" in found.kept[0]
    steps = steps_of(id)
    assert steps == list(range(len(steps)))
    assert 40 < len(steps) < 100
    assert journal_ids(home) == []
    assert (journals_folder(home) / f"damaged-{journal}" / segment.name).exists()


@pytest.mark.parametrize("fault", [Conflict, Denied])
def test_one_journal_that_cannot_be_stored_holds_up_no_other(
    home: Path, monkeypatch: pytest.MonkeyPatch, fault: type[AipError]
) -> None:
    ids = [left_by_a_dead_process(destination()) for _ in range(3)]
    store = LocalRuns.store_journal
    refused = journal_ids(home)[0]

    def refuse(self: LocalRuns, request: StoreJournal) -> Stored:
        if request.journal == refused:
            raise fault("records: not this one")
        return store(self, request)

    with monkeypatch.context() as broken:
        broken.setattr(LocalRuns, "store_journal", refuse)
        found = adopt_left(connect(), home)
    assert (found.journals, journal_ids(home)) == (2, [refused])
    assert found.kept == [f"journal {refused} is kept: records: not this one"]
    assert adopt_left(connect(), home).journals == 1
    assert [steps_of(id) for id in ids] == [[0, 1, 2]] * 3


@pytest.mark.parametrize("about", [b"", b"{", b'{"journal":"\xff\xfe"}', b"{}", None])
def test_a_journal_that_does_not_say_whose_it_is_is_kept_and_told(
    home: Path, capsys: pytest.CaptureFixture[str], about: bytes | None
) -> None:
    left_by_a_dead_process(destination())
    [bad] = journal_ids(home)
    path = journals_folder(home) / bad / "journal.json"
    path.unlink()
    if about is not None:
        path.write_bytes(about)
    good = left_by_a_dead_process(destination())
    assert main(["flush"]) == 1
    said = capsys.readouterr().out
    assert "4 records of 1 ended processes stored" in said
    assert f"KEPT   journal {bad} is kept: " in said
    assert str(path) in said
    assert steps_of(good) == [0, 1, 2]
    assert left_journals(home) == [bad]


def test_a_server_goes_on_looking_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found: list[int] = []

    def fail(*_: object) -> Adopted:
        found.append(1)
        if len(found) == 1:
            raise UnicodeDecodeError("utf-8", b"", 0, 1, "no text")
        raise asyncio.CancelledError

    monkeypatch.setattr(adoption, "adopt", fail)
    monkeypatch.setattr(adoption, "INTERVAL", 0.01)
    platform = open_platform(Settings(home=tmp_path))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(adoption.adopt_journals(platform, ["a store"], logging.getLogger("aip")))
    assert len(found) == 2
    assert "UnicodeDecodeError" in caplog.text
    platform.services().close()


def test_a_journal_that_was_being_made_is_removed_after_a_while(home: Path) -> None:
    about = About(journal=new_id(), project="", store="x", holder=this_process(), created=0)
    folder, owner = make_journal(home, about)
    os.close(owner)
    unfinished = folder.with_name(f"new-{new_id()}")
    folder.rename(unfinished)
    remove_unfinished(home)
    assert unfinished.exists()
    os.utime(unfinished, (0, 0))
    remove_unfinished(home)
    assert not unfinished.exists()


def test_who_is_killed_while_a_journal_is_removed_leaves_no_part_of_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = About(journal=new_id(), project="", store="x", holder=this_process(), created=0)
    folder, owner = make_journal(home, about)
    os.close(owner)

    def killed(path: Path, *, ignore_errors: bool) -> None:
        (path / "journal.json").unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr("aip_jupyter.services.journal_files.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            remove_journal(home, about.journal)
    assert journal_ids(home) == []
    remove_unfinished(home)
    assert list(folder.parent.iterdir()) == []


def test_a_server_adopts_what_it_finds_at_its_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIP_HOME", str(tmp_path / "server" / "home"))
    id = left_by_a_dead_process(destination())
    with live_server(tmp_path / "server") as server:
        deadline = time.monotonic() + 60
        while journal_ids(server.home) and time.monotonic() < deadline:
            time.sleep(0.05)
        with server.http() as http:
            reply = http.get(f"aip/v1/projects/default/runs/{id}/history", params={"key": "m"})
            assert reply.json()["steps"] == [0, 1, 2]


KERNEL = """
import sys
import aip_jupyter as aip
from aip_jupyter.client.connect import connect
aip.start_run("orphan")
aip.log_metrics({"m": 0.0})
print(connect().how, flush=True)
sys.stdin.readline()
aip.log_metrics({"m": 1.0})
aip.get_run()
print(connect(refresh=True).how, connect().url, flush=True)
"""


def test_a_kernel_finds_its_server_again_on_another_port(tmp_path: Path) -> None:
    first = start_server(tmp_path)
    environ = {**first.environ, "JPY_PARENT_PID": str(first.process.pid)}
    command = [sys.executable, "-c", KERNEL]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environ, text=True, cwd=tmp_path, **pipes) as kernel:  # type: ignore[call-overload]
        assert kernel.stdout.readline().strip() == "the Jupyter server of this kernel"
        first.kill()
        second = start_server(tmp_path)
        try:
            said, _ = kernel.communicate("go\n", timeout=60)
            assert said.strip() == f"another Jupyter server of the same store {second.url}"
            with second.http() as http:
                reply = http.get("aip/v1/projects/default/runs/orphan").json()
                assert reply["run"]["status"] == "completed"
                assert reply["metrics"][0]["count"] == 2
        finally:
            second.stop()


def test_where_log_calls_go(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert destination() == Destination(home, "", f"sqlite {home}", "")
    monkeypatch.setenv("AIP_TRACKING_URL", "sqlite:////a/secret")
    assert "secret" not in destination().store
    assert destination().store.startswith("sqlite ")
    monkeypatch.setenv("AIP_URL", f"http://127.0.0.1:{free_port()}?token=secret")
    monkeypatch.setenv("AIP_USER", "ada")
    monkeypatch.setenv("AIP_PROJECT", "vision")
    to = destination()
    assert to.store == f"server {os.environ['AIP_URL'].partition('?')[0]}/"
    assert (to.project, to.author) == ("vision", "ada")
    disconnect()


def test_what_waits_is_said_with_the_reason(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `%aip`: also while nobody answers, and of those who have ended."""
    left = left_by_a_dead_process(destination()._replace(store="server http://gone/"))
    assert left
    found = aip.describe().waiting
    assert found.startswith("1 journal of ended processes, see aip flush --list: ")
    assert "belongs to the server at http://gone/" in found
    monkeypatch.setenv("AIP_URL", f"http://127.0.0.1:{free_port()}/")
    start(JOURNALS.journal(destination()))
    with pytest.raises(Unavailable) as caught:
        aip.describe()
    assert "4 records wait in the journal" in caught.value.message
    assert "1 journal of ended processes" in caught.value.message


def test_clocks_may_jump(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times are as they were said; the order of arrival and what is stored do not depend on them."""
    run = aip.start_run("jumping")
    said = []
    for step, jump in enumerate([0, -(10**15), 10**15, -(10**9), 0]):
        with monkeypatch.context() as clock:
            now = time.time_ns() + jump * 1000
            clock.setattr("time.time_ns", lambda now=now: now)
            clock.setattr("time.time", lambda now=now: now / 1e9)
            run.log_metrics({"m": float(step)}, step=step)
            run.log_metrics({"same": float(step)}, step=0)
            said.append(now // 1_000_000)
            assert not JOURNALS.flush(60)
    monkeypatch.setattr("time.time_ns", lambda: 1)
    run.end("completed")
    assert not JOURNALS.flush(60)
    monkeypatch.undo()
    monkeypatch.setenv("AIP_HOME", str(home))
    runs = connect().services.runs
    history = runs.get_history(GetHistory(run=run.id, key="m"))
    assert (history.steps, history.times) == (list(range(5)), said)
    same = runs.get_history(GetHistory(run=run.id, key="same"))
    assert same.times == sorted(said)  # of one step: by time, then by arrival
    stored = runs.list_runs(ListRuns()).items[0].run
    assert (stored.status, stored.ended) == ("completed", 0)
