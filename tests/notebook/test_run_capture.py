"""What runs record unasked: the code, the commit, the packages and the machine, without secrets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import aip_jupyter as aip
from aip_jupyter.client.connect import connect
from aip_jupyter.client.context import Context, set_context
from aip_jupyter.client.journals import JOURNALS
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.records import PropertyValue
from aip_jupyter.domain.runs import GetRun
from aip_jupyter.domain.texts import GetText, ListTexts
from aip_jupyter.notebook import capture_record, run_capture, run_state
from aip_jupyter.notebook.active_run import ActiveRun
from aip_jupyter.notebook.autolog.training import plain_param
from aip_jupyter.notebook.capture_code import script_arguments
from aip_jupyter.notebook.capture_git import GitState, look_at_git
from aip_jupyter.notebook.capture_packages import list_packages
from aip_jupyter.redaction import MARK

from .conftest import Notebook

TOKEN = "aip_0123456789abcdef0123456789abcdef_Ab-Cd_Ef0123456789"


@pytest.fixture(autouse=True)
def anew(home: Path) -> Iterator[None]:
    """Nothing of another test."""
    capture_record._latest.clear()
    run_capture._looks.clear()
    yield
    run_state.forget_all()
    set_context(None)  # type: ignore[arg-type]  # as before the first cell
    JOURNALS.close()


def _finish() -> None:
    run_capture.RECORDER.finish()
    assert not JOURNALS.flush(30)


def _facts(run: str) -> dict[str, PropertyValue]:
    _finish()
    return aip.get_run(run).run.properties


def _texts(run: str) -> dict[str, str]:
    _finish()
    service = connect().services.runs
    found = service.list_texts(ListTexts(run=run))
    assert all(info.captured for info in found)
    return {info.name: service.get_text(GetText(run=run, name=info.name)).text for info in found}


def _git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit of two files."""
    folder = tmp_path / "repository"
    folder.mkdir()
    _git(folder, "init", "-q", "-b", "main")
    (folder / "train.py").write_text("a = 1\n")
    (folder / "look.ipynb").write_text("{}\n")
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "one")
    return folder


WAIT = """
import threading
for thread in threading.enumerate():
    if thread.name == "aip-capture":
        thread.join()
"""
"""A process that lives for a second longer need not do this."""

SCRIPT = f"""
import aip_jupyter as aip
password = "hunter2hunter2"
aip.start_run("script")
aip.log_metric("m", 1.0)
print("{TOKEN}")
{WAIT}
"""


def test_a_script(repository: Path) -> None:
    _git(repository, "remote", "add", "origin", f"https://ada:{TOKEN}@example.com/team/code.git?x=1")
    commit = _git(repository, "rev-parse", "HEAD")
    (repository / "train.py").write_text(SCRIPT)
    environ = {**os.environ, "USER_TOKEN": "as-hunter3-hunter3"}
    command = [sys.executable, "repository/train.py", "--lr", "0.1", "--token=as-hunter3-hunter3"]
    subprocess.run(command, cwd=repository.parent, check=True, env=environ, capture_output=True)
    facts, texts = _facts("script"), _texts("script")
    assert facts["git.commit"] == commit
    assert (facts["git.branch"], facts["git.dirty"]) == ("main", True)
    assert facts["git.remote"] == "https://example.com/team/code.git?x=1"
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))
    assert facts["arguments"] == f"--lr 0.1 --token={MARK}"
    assert facts["cores"] == len(os.sched_getaffinity(0))
    for key in ("platform", "host", "cpu"):
        assert isinstance(facts[key], str)
    assert isinstance(facts["memory"], float)
    assert sorted(texts) == ["environment/requirements.txt", "source/changes.diff", "source/train.py"]
    assert texts["source/train.py"] == SCRIPT.replace("hunter2hunter2", MARK).replace(TOKEN, MARK)
    assert f'+password = "{MARK}"' in texts["source/changes.diff"]
    packages = texts["environment/requirements.txt"].splitlines()
    assert f"msgspec=={metadata.version('msgspec')}" in packages
    assert facts["packages"] == len(packages) - 1
    everything = json.dumps([facts, texts])
    for secret in (TOKEN, "hunter2", "hunter3"):
        assert secret not in everything


def test_neither_start_nor_end_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, looking = threading.Event(), threading.Event()

    def look(folder: Path) -> GitState:
        looking.set()
        gate.wait(60)
        return GitState({"git.commit": "0" * 40})

    monkeypatch.setattr(run_capture, "look_at_git", look)
    try:
        run = aip.start_run("one")
        assert looking.wait(60)
        aip.log_metric("m", 1.0)
        aip.end_run()
        assert not gate.is_set()
    finally:
        gate.set()
    assert _facts(run.id)["git.commit"] == "0" * 40


@pytest.fixture
def cell(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> Callable[[str], Any]:
    """Run a cell that the history remembers."""

    def run(code: str) -> Any:
        result = notebook.shell.run_cell(code, store_history=True)
        assert result.success
        return result.result

    notebook.shell.history_manager.reset(new_session=False)
    return run


def _active() -> ActiveRun:
    run = aip.active_run()
    assert run is not None
    return run


def test_a_notebook(cell: Callable[[str], Any]) -> None:
    cell("before = 1")
    cell("%start_run one\nfirst = 1")
    run = _active()
    assert _texts(run.id)["source/cells.py"] == "# %%\n%start_run one\nfirst = 1\n\n"
    cell("second = 2")
    cell("import aip_jupyter as aip\npassword = 'hunter2hunter2'")
    cell("fourth = 4\naip.end_run()")
    cell("after = 1")
    texts = _texts(run.id)
    assert texts["source/before.py"] == "# %%\nbefore = 1\n\n"
    cells = texts["source/cells.py"].split("# %%\n")
    assert [text.split("\n")[0] for text in cells] == [
        "", "%start_run one", "second = 2", "import aip_jupyter as aip", "fourth = 4"
    ]  # fmt: skip
    assert f"password = '{MARK}'" in cells[3]


def test_cells_are_recorded_before_the_run_ends(cell: Callable[[str], Any]) -> None:
    """Who kills the kernel loses the last of them, not all."""
    cell("%start_run one")
    run = _active()
    cell("second = 2")
    assert "second = 2" in _texts(run.id)["source/cells.py"]


def test_parts_and_neighbours_do_not_repeat_texts(cell: Callable[[str], Any]) -> None:
    outer = cell("import aip_jupyter as aip\nouter = aip.start_run('outer')\nouter")
    inner, other = cell(
        "with aip.start_run(nested=True) as a: pass\nwith aip.start_run(nested=True) as b: pass\na, b"
    )
    cell("aip.end_run()")
    assert set(_texts(outer.id)) >= {"source/cells.py", "environment/requirements.txt"}
    for run in (inner, other):
        assert _texts(run.id) == {}
        facts = _facts(run.id)
        assert (facts["source.run"], facts["environment.run"]) == (outer.id, outer.id)
        assert facts["environment.digest"] == _facts(outer.id)["environment.digest"]
    first, *more = cell(
        "runs = []\nfor n in range(3):\n    with aip.start_run() as run: runs.append(run)\nruns"
    )
    assert "for n in range(3)" in _texts(first.id)["source/cells.py"]
    for run in more:
        assert _texts(run.id) == {}
        assert _facts(run.id)["source.run"] == first.id
        assert _facts(run.id)["environment.run"] == outer.id


def test_a_text_of_another_project_is_not_meant() -> None:
    connect().services.projects.create_project(CreateProject(name="other"))
    with aip.start_run("one"):
        pass
    _finish()
    with aip.start_run("two", project="other") as run:
        pass
    _finish()
    service = connect().services.runs
    found = service.list_texts(ListTexts(project="other", run=run.id))
    assert "environment/requirements.txt" in [info.name for info in found]
    facts = service.get_run(GetRun(project="other", run=run.id)).run.properties
    assert not [key for key in facts if key.endswith(".run")]


def test_a_text_is_repeated_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_record, "SHARED_FOR", 0.0)
    for _ in range(2):
        with aip.start_run() as run:
            pass
        assert "environment/requirements.txt" in _texts(run.id)


def test_many_runs_share_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, gate = [], threading.Event()

    def look(folder: Path) -> GitState:
        looks.append(folder)
        gate.wait(60)
        return GitState({"git.commit": "0" * 40})

    monkeypatch.setattr(run_capture, "look_at_git", look)
    try:
        runs = []
        for _ in range(20):
            with aip.start_run() as run:
                runs.append(run.id)
    finally:
        gate.set()
    assert all(_facts(run)["git.commit"] == "0" * 40 for run in runs)
    assert len(looks) <= 2


def test_a_run_that_goes_on_keeps_what_it_began_with(cell: Callable[[str], Any]) -> None:
    run = cell("import aip_jupyter as aip\nrun = aip.start_run('one')\nrun")
    cell("aip.end_run()")
    before, texts = _facts(run.id), _texts(run.id)
    cell("aip.start_run(resume='one')")
    cell("aip.end_run()")
    after = _facts(run.id)
    assert {key: after[key] for key in before} == before
    assert after["resumed.python"] == before["python"]
    later = _texts(run.id)
    assert {name: later[name] for name in texts} == texts
    assert "aip.start_run(resume='one')" in later["source/resumed/cells.py"]


def test_nothing_is_recorded_when_that_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIP_CAPTURE", "off")
    with aip.start_run("one") as run:
        pass
    assert (_facts(run.id), _texts(run.id)) == ({}, {})


def test_a_session_tells_what_it_runs_on(notebook: Notebook) -> None:
    with aip.start_run("ours") as run:
        context = run_state.run_context()
        run_state.RUNS.clear()  # the session's kernel is another process
        set_context(Context(project="default", run=context, session="s1", gpu="L40S", request="L40S × 2"))
        aip.log_metric("m", 1.0)
        facts = _facts(run.id)
        assert facts["gpu_request"] == "L40S × 2"
        assert facts["session.s1.python"] == facts["python"]


FORKS = """
import os, threading, time
import aip_jupyter as aip

def wait():
    for thread in threading.enumerate():
        if thread.name == "aip-capture":
            thread.join()

aip.list_runs()  # whoever forks while the store is opened for the first time has troubles of another kind
with aip.start_run("outer"):
    time.sleep(0.01)  # its thread is at work
    children = []
    for n in range(3):
        child = os.fork()
        if child == 0:
            with aip.start_run(f"child {n}"):
                pass
            wait()
            from aip_jupyter.client.journals import JOURNALS
            JOURNALS.close()
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    wait()
"""


def test_forked_children_find_out_by_themselves(tmp_path: Path) -> None:
    path = tmp_path / "forks.py"
    path.write_text(FORKS)
    subprocess.run([sys.executable, "-W", "ignore", path], check=True, timeout=110)
    for n in range(3):
        assert _facts(f"child {n}")["python"] == _facts("outer")["python"]


def _programs(folder: Path, marker: Path) -> None:
    """A repository whose configuration names programs for whatever Git does."""
    program = folder / ".git" / "program"
    program.write_text(f"#!/bin/sh\necho $0 $@ >> {marker}\ncat\n")
    program.chmod(0o755)
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        (folder / ".git" / "hooks" / hook).parent.mkdir(exist_ok=True)
        (folder / ".git" / "hooks" / hook).write_text(program.read_text())
        (folder / ".git" / "hooks" / hook).chmod(0o755)
    names = (
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.askPass",
        "diff.external",
        "core.editor",
    )
    drivers = ("diff.evil.textconv", "diff.evil.command", "filter.evil.clean", "filter.evil.smudge")
    for name in (*names, *drivers, "filter.more.process"):
        _git(folder, "config", name, str(program))
    _git(folder, "config", "filter.evil.required", "true")
    (folder / ".git" / "info" / "attributes").write_text("*.py filter=evil diff=evil\n*.txt filter=more\n")


def test_a_repository_runs_none_of_its_programs(repository: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    (repository / "more.txt").write_text("a\n")
    _git(repository, "add", ".")
    _git(repository, "commit", "-q", "-m", "two")
    _programs(repository, marker)
    (repository / "train.py").write_text("a = 2\n")
    (repository / "more.txt").write_text("b\n")
    subprocess.run(["git", "status"], cwd=repository, capture_output=True)
    assert marker.exists()  # Git itself runs them
    marker.unlink()
    state = look_at_git(repository)
    assert not marker.exists()
    assert state.facts["git.dirty"] is True
    assert "+a = 2" in state.diff
    assert "+b" in state.diff


def test_the_index_is_left_alone(repository: Path) -> None:
    """Else a question that is given up would leave a lock, and the user could not commit any more."""
    (repository / "train.py").write_text("a = 2\n")
    index = repository / ".git" / "index"
    os.utime(repository / "look.ipynb", (1, 1))  # Git would note that it is the same all the same
    (repository / ".git" / "index.lock").touch()
    before = index.read_bytes()
    assert "+a = 2" in look_at_git(repository).diff
    (repository / ".git" / "index.lock").unlink()
    assert "+a = 2" in look_at_git(repository).diff
    assert index.read_bytes() == before


def test_a_filter_that_cannot_be_switched_off_is_not_met(repository: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    _git(repository, "config", "filter.a=b.clean", f"touch {marker}; cat")
    (repository / ".git" / "info" / "attributes").write_text("*.py filter=a=b\n")
    (repository / "train.py").write_text("a = 2\n")
    state = look_at_git(repository)
    assert not marker.exists()
    assert "git.commit" in state.facts
    assert "git.dirty" not in state.facts


def _evil(folder: Path, marker: Path) -> str:
    """What makes Git run a program for a file that has changed."""
    (folder / ".git" / "info" / "attributes").write_text("*.py filter=evil\n")
    (folder / "train.py").write_text("a = 2\n")
    return f'[filter "evil"]\n clean = touch {marker}; cat\n'


def test_a_configuration_that_is_not_known_is_not_met(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is too long to be read, or Git is too old to tell where it is from."""
    marker, path = tmp_path / "marker", repository / ".git" / "config"
    before, evil = path.read_text(), _evil(repository, marker)
    path.write_text(f'{before}[remote "x"]\n{f" note = {chr(97) * 1000}{chr(10)}" * 1100}{evil}')
    assert "git.dirty" not in look_at_git(repository).facts
    path.write_text(before + evil)
    old, git = tmp_path / "bin" / "git", shutil.which("git")
    old.parent.mkdir()
    old.write_text(f'#!/bin/sh\ncase "$*" in *--show-scope*) exit 129;; esac\nexec {git} "$@"\n')
    old.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
        facts = look_at_git(repository).facts
    assert "git.commit" in facts
    assert "git.dirty" not in facts
    assert not marker.exists()
    assert look_at_git(repository).facts["git.dirty"] is True


def test_nothing_is_fetched_that_a_repository_lacks(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "marker"
    for key, value in (
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.url", f"ext::touch {marker}"),
        ("protocol.ext.allow", "always"),
    ):
        _git(repository, "config", key, value)
    old = tmp_path / "bin" / "git"  # which knows no way not to fetch
    old.parent.mkdir()
    old.write_text(f'#!/bin/sh\nexec env -u GIT_NO_LAZY_FETCH {shutil.which("git")} "$@"\n')
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    blob = _git(repository, "rev-parse", "HEAD:train.py")
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    (repository / "train.py").write_text("a = 2\n")
    state = look_at_git(repository)
    assert not marker.exists()
    assert state.facts["git.dirty"] is True
    subprocess.run(["git", "diff", "HEAD"], cwd=repository, capture_output=True)
    assert marker.exists()  # Git itself runs it


def test_half_a_secret_is_none_that_is_known(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "hunter4-hunter4-hunter4")
    for most, text in (
        (1000, lambda long: _argument(monkeypatch, long)),
        (500, plain_param),
        (500, lambda long: plain_param([long])),
        (1000, lambda long: _remote(repository, long)),
    ):
        for room in (10, 20):
            assert "hunter" not in str(text(f"{'a' * (most - room)}hunter4-hunter4-hunter4"))


def _argument(monkeypatch: pytest.MonkeyPatch, text: str) -> str:
    monkeypatch.setattr(sys, "argv", ["train.py", text])
    return script_arguments()


def _remote(repository: Path, text: str) -> PropertyValue:
    _git(repository, "config", "remote.origin.url", f"host:{text}")
    return look_at_git(repository).facts["git.remote"]


def test_a_repository_with_nothing_changed(repository: Path) -> None:
    (repository / "new.py").write_text("not of the repository\n")
    _git(repository, "remote", "add", "other", "git@example.com:team/code.git")
    _git(repository, "checkout", "-q", "--detach")
    state = look_at_git(repository / "..")
    assert state == GitState({})
    state = look_at_git(repository)
    assert state.facts["git.remote"] == "example.com:team/code.git"
    assert state.facts["git.dirty"] is False
    assert "git.branch" not in state.facts
    assert state.diff == ""


def test_notebooks_are_not_in_the_diff_and_long_ones_are_cut(repository: Path) -> None:
    (repository / "look.ipynb").write_text('{"outputs": "secret figures"}\n')
    assert look_at_git(repository) == GitState({**look_at_git(repository).facts, "git.dirty": True}, "")
    (repository / "train.py").write_text("".join(f"line {n}\n" for n in range(50_000)))
    diff = look_at_git(repository).diff
    assert len(diff) < 101_000
    assert diff.endswith("# More follows, which is not recorded.\n")


def test_where_there_is_nothing_to_tell(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty, bare = tmp_path / "empty", tmp_path / "bare"
    for folder, how in ((empty, "--quiet"), (bare, "--bare")):
        folder.mkdir()
        _git(folder, "init", how)
    assert look_at_git(empty) == look_at_git(bare) == look_at_git(tmp_path / "gone") == GitState({})
    _git(tmp_path, "clone", "-q", "--bare", str(repository), "copy")
    assert "git.dirty" not in look_at_git(tmp_path / "copy").facts
    assert "git.commit" in look_at_git(tmp_path / "copy").facts
    monkeypatch.setenv("PATH", str(empty))
    assert look_at_git(repository) == GitState({})


def test_a_git_that_hangs_is_given_up(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nsleep 1000 &\nwait\n")  # a child holds its output open
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("aip_jupyter.notebook.capture_git.PATIENCE", 0.1)
    began = time.monotonic()
    assert look_at_git(repository) == GitState({})
    assert time.monotonic() - began < 500  # it did not wait for the child


def _install(folder: Path, name: str, version: str, origin: Any = None) -> None:
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: other\n"
    )
    if origin is not None:
        (info / "direct_url.json").write_text(json.dumps(origin))


def test_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "gone")])
    _install(tmp_path, "Zope.Thing", "1.0")
    vcs = {"vcs": "git", "commit_id": "abc", "requested_revision": "main"}
    _install(tmp_path, "a-vcs", "2", {"url": f"https://ada:{TOKEN}@host/x.git", "vcs_info": vcs})
    _install(tmp_path, "b-dir", "3", {"url": "file:///home/ada/b", "dir_info": {"editable": True}})
    _install(tmp_path, "c-file", "4", {"url": "file:///home/ada/c.whl", "archive_info": {}})
    _install(tmp_path, "d-web", "5", {"url": "https://host/d.whl?token=hunter2", "archive_info": {}})
    (tmp_path / "broken-1.dist-info").mkdir()
    assert list_packages().splitlines()[1:] == [
        "a-vcs @ git+https://host/x.git@abc",
        "b-dir==3  # editable, file:///home/ada/b",
        "c-file==4  # file:///home/ada/c.whl",
        "d-web @ https://host/d.whl",
        "Zope.Thing==1.0",
    ]
    _install(tmp_path, "e-new", "6")
    os.utime(tmp_path, (1, 1))
    assert "e-new==6" in list_packages()


def _no_thread(self: threading.Thread) -> None:
    """As when the interpreter shuts down, or there are too many."""
    raise RuntimeError("can't create new thread at interpreter shutdown")


def test_all_runs_end_with_a_process_that_can_start_no_thread(
    cell: Callable[[str], Any],
) -> None:
    cell("import aip_jupyter as aip")
    outer = cell("outer = aip.start_run('outer')\nouter")
    inner = cell("inner = aip.start_run('inner', nested=True)\ninner")
    cell("x = 'the last cell'")
    run_capture.RECORDER.finish()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", _no_thread)
        run_state._end_with_process()
        run_capture.finish()
    assert (inner.status, outer.status) == ("killed", "killed")
    assert "the last cell" in _texts(outer.id)["source/cells.py"]


def test_a_run_starts_where_no_thread_can() -> None:
    JOURNALS.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", _no_thread)
        run = aip.start_run("alone")
        aip.log_metric("m", 1.0)
    aip.end_run()
    assert _facts(run.id)["python"]
    assert aip.get_metric_history(run.id, "m").values == [1.0]


def test_one_that_cannot_finish_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(JOURNALS, "_writers", [fail, *JOURNALS._writers])
    run = aip.start_run("one")
    aip.log_metric("m", 1.0)
    run.end()
    JOURNALS.close()
    assert aip.get_metric_history(run.id, "m").values == [1.0]


def test_a_run_starts_in_a_folder_that_was_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with aip.start_run("one") as run:
        aip.log_metric("m", 1.0)
    assert _facts(run.id)["python"]
    assert aip.get_metric_history(run.id, "m").values == [1.0]
