"""What nobody takes is kept and sent again: in order, once, by whoever comes; nothing is half kept."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import aip_jupyter as aip
from aip_jupyter.cli.main import main
from aip_jupyter.client import kept, kept_sender
from aip_jupyter.client.connect import connect, disconnect
from aip_jupyter.client.kept import kept_ids, owned, remove_unfinished, waiting
from aip_jupyter.client.kept_sender import KEPT_SENDER, KeptSender, send_kept
from aip_jupyter.errors import Invalid, StorageFull, Unavailable
from aip_jupyter.notebook import artifact_logging

from ..support.live import TOKEN, free_port, start_server
from .conftest import Notebook


@pytest.fixture
def baseline(notebook: Notebook, no_run: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The active run, in this process; nothing is sent in the background."""
    monkeypatch.setattr(KeptSender, "soon", lambda self, home: None)
    return aip.start_run("baseline", system_metrics=False)


@pytest.fixture
def nobody() -> Iterator[pytest.MonkeyPatch]:
    """Nobody takes anything, until `undo`."""
    patch = pytest.MonkeyPatch()

    def fail(*args: Any) -> Any:
        raise Unavailable("the store is gone")

    patch.setattr(artifact_logging, "send_batch", fail)
    patch.setattr(kept_sender, "send_batch", fail)
    yield patch
    patch.undo()


def stored() -> dict[str, str]:
    """The paths of the run's artifacts, and the contents."""
    found = list(aip.list_artifacts("baseline"))
    folder = aip.download_artifact("baseline", to=f"back-{time.monotonic_ns()}") if found else Path()
    return {each.path: (folder / each.path).read_text() for each in found}


@pytest.mark.usefixtures("baseline")
def test_what_is_kept_is_sent_with_the_next_and_in_order(
    notebook: Notebook, home: Path, work: Path, nobody: pytest.MonkeyPatch
) -> None:
    (work / "a").write_text("first")
    logged = notebook.run("%log_artifact a")
    assert "not uploaded yet: the store is gone" in notebook.stderr
    assert (logged.waiting, [each.path for each in logged]) == (1, ["a"])
    assert "waits" in repr(logged)
    (work / "a").write_text("second")
    aip.log_artifact("a")
    (work / "a").write_text("third")
    aip.log_artifact("a", "b")
    assert len(kept_ids(home)) == 3
    for path in (home / "kept").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0
    assert "3 files wait to be uploaded" in repr(aip.describe())
    assert "3 files wait to be uploaded" in repr(aip.list_artifacts())
    nobody.undo()
    aip.log_artifact("a")
    assert kept_ids(home) == []
    assert stored() == {"a": "third", "b": "third"}
    assert "wait" not in aip.describe().waiting


@pytest.mark.usefixtures("baseline")
def test_a_large_folder_is_kept_from_where_it_was_cut(
    home: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact_logging, "BATCH", 2)
    sent: list[int] = []

    def twice(*args: Any) -> Any:
        if len(sent) == 2:
            raise Unavailable("the store is gone")
        sent.append(1)
        return kept_sender.send_batch(*args)

    monkeypatch.setattr(artifact_logging, "send_batch", twice)
    (work / "out").mkdir()
    for number in range(7):
        (work / "out" / f"{number}").write_text(str(number))
    logged = aip.log_artifact("out")
    assert (len(logged), logged.waiting, len(kept_ids(home))) == (7, 3, 2)
    assert len(aip.list_artifacts()) == 4
    send_kept(connect(), home)
    assert stored() == {f"out/{number}": str(number) for number in range(7)}


@pytest.mark.usefixtures("baseline")
def test_what_another_process_sends_is_left_to_that_one(
    home: Path, work: Path, nobody: pytest.MonkeyPatch
) -> None:
    (work / "a").write_text("1")
    aip.log_artifact("a")
    nobody.undo()
    (id,) = kept_ids(home)
    with owned(home, id, wait=False) as ours:
        assert ours is not None
        assert send_kept(connect(), home).uploads == 0
    assert send_kept(connect(), home).uploads == 1
    assert send_kept(connect(), home).uploads == 0


@pytest.mark.usefixtures("baseline")
def test_a_full_disk_is_told_and_nothing_is_half_kept(
    home: Path, work: Path, nobody: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: int, target: int) -> int:
        os.write(target, b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    (work / "a").write_text("1")
    with monkeypatch.context() as patch:
        patch.setattr(kept, "copy", full)
        with pytest.raises(StorageFull):
            aip.log_artifact("a")
    assert os.listdir(home / "kept") == []


def test_what_a_process_was_killed_over_is_removed(home: Path) -> None:
    folder = home / "kept"
    for name in ("new-dead", "new-young", "new-living", "gone-1"):
        (folder / name).mkdir(parents=True)
        (folder / name / "owner").touch()
    for name in ("new-dead", "new-living"):
        os.utime(folder / name, (1, 1))
    with kept._owning(folder / "new-living", 0):
        remove_unfinished(home)
    assert sorted(os.listdir(folder)) == ["new-living", "new-young"]


@pytest.mark.usefixtures("baseline")
def test_flush_sends_shows_and_drops(
    home: Path, work: Path, nobody: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        (work / name).write_text(name)
        aip.log_artifact(name)
    first, second = kept_ids(home)
    nobody.undo()
    capsys.readouterr()
    assert main(["flush", "--list"]) == 0
    shown = capsys.readouterr().out
    assert first in shown
    assert "baseline" in shown
    assert main(["flush", first, "--drop", "--yes"]) == 0
    assert kept_ids(home) == [second]
    capsys.readouterr()
    assert main(["flush"]) == 0
    assert "1 artifacts of 1 uploads sent, 1 bytes" in capsys.readouterr().out
    assert stored() == {"b": "b"}


@pytest.mark.usefixtures("baseline")
def test_what_the_store_refuses_is_kept_and_says_why(
    home: Path, work: Path, nobody: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        (work / name).write_text(name)
        aip.log_artifact(name)
    first, _ = kept_ids(home)
    (home / "kept" / first / "000000").write_text("damaged")
    nobody.undo()
    sent = send_kept(connect(), home)
    assert (sent.uploads, kept_ids(home)) == (1, [first])
    assert "not what was kept" in sent.kept[first]
    assert first in sent.kept[first]
    (home / "kept" / first / "manifest.json").write_text("{")
    assert "cannot be read" in send_kept(connect(), home).kept[first]
    assert waiting(home) == []
    with pytest.raises(Invalid), owned(home, first, wait=False):
        pass
    assert main(["flush", first, "--drop", "--yes"]) == 0
    assert kept_ids(home) == []


@pytest.mark.usefixtures("notebook", "no_run")
def test_the_thread_ends_with_what_waits_and_tries_what_is_refused_once(
    home: Path, work: Path, nobody: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = KeptSender()
    silent = KeptSender()
    monkeypatch.setattr(silent, "soon", lambda home: None)
    monkeypatch.setattr(artifact_logging, "KEPT_SENDER", silent)
    monkeypatch.setattr(kept_sender, "PAUSES", (0.01, 0.01))
    aip.start_run("baseline", system_metrics=False)
    for name in ("a", "b"):
        (work / name).write_text(name)
        aip.log_artifact(name)
    first, _ = kept_ids(home)
    (home / "kept" / first / "000000").write_text("damaged")
    sender.soon(home)
    thread = sender._thread
    assert thread is not None
    nobody.undo()
    thread.join(30)
    assert (kept_ids(home), sender.refused) == ([first], {first})
    assert "not what was kept" in sender.reason
    (home / "kept" / first / "000000").write_text("a")
    sender.soon(home)
    if (thread := sender._thread) is not None:
        thread.join(30)
    assert kept_ids(home) == [first]
    aip.log_artifact("b", "c")
    assert kept_ids(home) == []
    assert stored() == {"a": "a", "b": "b", "c": "b"}


def test_a_killed_kernels_uploads_are_sent_when_the_server_is_there(
    notebook: Notebook, no_run: None, home: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("AIP_URL", f"http://127.0.0.1:{port}/")
    monkeypatch.setenv("AIP_TOKEN", TOKEN)
    disconnect()
    (work / "a").write_text("of the one that was killed")
    code = (
        "import os, signal, aip_jupyter as aip\n"
        "aip.start_run('killed', system_metrics=False)\n"
        "aip.log_artifact('a')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    child = subprocess.run([sys.executable, "-c", code], cwd=work, capture_output=True)
    assert (child.returncode, b"not uploaded yet" in child.stderr) == (-signal.SIGKILL, True)
    aip.start_run("baseline", system_metrics=False)
    (work / "a").write_text("of this one")
    assert aip.log_artifact("a").waiting == 1
    (work / "a").write_text("changed since")
    assert len(kept_ids(home)) == 2
    aip.end_run()
    server = start_server(tmp_path / "server", port=port)
    try:
        KEPT_SENDER.soon(home)
        thread = KEPT_SENDER._thread
        assert thread is not None
        thread.join(60)
        assert kept_ids(home) == []
        assert stored() == {"a": "of this one"}
        killed = aip.download_artifact("killed", "a", to="killed")
        assert killed.read_text() == "of the one that was killed"
        table = aip.list_artifacts("killed")
        assert f"/artifacts/{table[0].id}/content" in table._repr_html_()
        # Then the server goes away again: what was downloaded is there, and nothing else.
        server.kill()
        again = aip.download_artifact("killed", "a", to="offline")
        assert again.read_text() == "of the one that was killed"
        with pytest.raises(Unavailable):
            aip.download_artifact("other")
    finally:
        server.kill()
