"""The pool of this machine, with real agents and kernels on GPUs that are only told of."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.gpus.folders import REMEMBERED
from aip_jupyter.backends.gpus.local import LocalPool
from aip_jupyter.backends.gpus.nvml import Device
from aip_jupyter.backends.gpus.spec import new_session, new_spec
from aip_jupyter.backends.process import is_dead, is_running
from aip_jupyter.domain.sessions import CPU, Grant
from aip_jupyter.errors import AipError, Invalid, SessionDied, Unavailable
from aip_jupyter.wire.agent import RECORD, SPEC, Order

from ..contracts.gpus import GpuContract, asking
from ..support.sessions import pid_of, record_of, stop_all, wait_for

DEVICES = [
    Device(uuid="GPU-a", name="NVIDIA L4", memory=23_034),
    Device(uuid="GPU-b", name="NVIDIA L4", memory=23_034),
    Device(uuid="GPU-c", name="NVIDIA A10G", memory=23_028),
]
SECRET = "a-value-that-nobody-may-see"


def local_pool(home: Path) -> LocalPool:
    return LocalPool(BackendConfig(home=home), DEVICES)


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[LocalPool]:
    pool = local_pool(tmp_path)
    yield pool
    stop_all(pool)


class TestLocalPool(GpuContract):
    @pytest.fixture
    def pool(self, tmp_path: Path) -> Iterator[LocalPool]:
        pool = local_pool(tmp_path)
        yield pool
        stop_all(pool)


def _environ(pid: int) -> dict[str, str]:
    words = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(word.split("=", 1) for word in words if "=" in word)


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def test_what_a_session_is_made_of(pool: LocalPool, tmp_path: Path) -> None:
    os.environ["SOMEBODYS_TOKEN"] = SECRET
    try:
        request = asking(environment={**os.environ, "OWN": SECRET, "CUDA_VISIBLE_DEVICES": "3"})
        id = pool.start(request, "L4").session.id
    finally:
        del os.environ["SOMEBODYS_TOKEN"]
    record = record_of(tmp_path, id)
    agent, kernel = pid_of(record.agent), pid_of(record.kernel)
    assert _environ(kernel)["CUDA_VISIBLE_DEVICES"] == record.session.devices[0] == "GPU-a"
    assert _environ(kernel)["OWN"] == SECRET
    assert SECRET not in _environ(agent).values()
    assert SECRET not in _command(agent) + _command(kernel)
    assert os.getsid(agent) != os.getsid(0)
    folder = tmp_path / "sessions" / id
    assert not (folder / SPEC).exists()
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert SECRET not in path.read_text(errors="replace")
    pool.stop(id)
    assert not folder.exists()
    assert not is_running(agent)
    assert not is_running(kernel)
    assert not Path(f"/proc/{agent}").exists(), "not even as a zombie"


@pytest.mark.parametrize(("has_gpus", "seen"), [(False, "3"), (True, "")])
def test_without_a_gpu_none_that_others_have_is_seen(has_gpus: bool, seen: str) -> None:
    request = asking(environment={"CUDA_VISIBLE_DEVICES": "3"})
    spec = new_spec(request, new_session(request, CPU, []), 1.0, has_gpus=has_gpus)
    assert spec.environment["CUDA_VISIBLE_DEVICES"] == seen


@pytest.mark.parametrize(("fields", "told"), [({"fraction": 50}, "50"), ({"count": 2}, None)])
def test_what_a_session_is_told_of_its_gpus(fields: dict[str, Any], told: str | None) -> None:
    request = asking(environment={"AIP_SESSION_FRACTION": "25"}, **fields)
    session = new_session(request, "L4", DEVICES[: request.count])
    spec = new_spec(request, session, 1.0, has_gpus=True)
    assert spec.environment["CUDA_VISIBLE_DEVICES"] == "GPU-a,GPU-b"[: 5 if request.count == 1 else None]
    assert spec.environment.get("AIP_SESSION_FRACTION") == told


_STARTER = """
import sys, time
from pathlib import Path
from typing import Any
from tests.backends.test_gpus_local import asking, local_pool
print(local_pool(Path(sys.argv[1])).start(asking(), "L4").session.id, flush=True)
time.sleep(60)
"""


def test_a_session_outlives_who_started_it_but_not_its_agent(pool: LocalPool, tmp_path: Path) -> None:
    newest, _ = pool.changes_since(-1)
    command = [sys.executable, "-c", _STARTER, str(tmp_path)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as starter:
        assert starter.stdout is not None
        id = starter.stdout.readline().strip()
        starter.kill()
    assert pool.grant(id).session.state == "idle"
    newest, events = pool.changes_since(newest)
    assert [event.action for event in events] == ["created"]

    record = record_of(tmp_path, id)
    os.kill(pid_of(record.agent), signal.SIGKILL)
    wait_for(lambda: pool.changes_since(newest)[1])
    (dead,) = pool.sessions()
    assert (dead.state, dead.reason) == ("dead", "its agent was killed")
    assert is_dead(record.kernel)
    assert [offer.free for offer in pool.offers()] == [2, 1]
    assert record_of(tmp_path, id).connection == record_of(tmp_path, id).control == {}
    with pytest.raises(SessionDied, match="its agent was killed"):
        pool.grant(id)
    with pytest.raises(SessionDied, match="its agent was killed"):
        pool.ask(id, Order(do="state"))
    # After some minutes nobody is told of it any more.
    aged = time.time() - REMEMBERED - 1
    os.utime(tmp_path / "sessions" / id / RECORD, (aged, aged))
    assert local_pool(tmp_path).sessions() == []
    assert not (tmp_path / "sessions" / id).exists()
    assert pool.changes_since(newest)[1][-1].action == "deleted"


def test_a_killed_kernel_ends_the_session(pool: LocalPool, tmp_path: Path) -> None:
    id = pool.start(asking(), "L4").session.id
    record = record_of(tmp_path, id)
    os.kill(pid_of(record.kernel), signal.SIGKILL)
    wait_for(lambda: is_dead(record.agent))
    (dead,) = pool.sessions()
    assert dead.state == "dead"
    assert "killed" in dead.reason
    assert [offer.free for offer in pool.offers()] == [2, 1]
    assert pool.start(asking(), "L4").session.id != id, "its name is free again"


@pytest.mark.parametrize("python", [sys.executable, "/bin/false"])
def test_what_does_not_start_leaves_nothing(pool: LocalPool, tmp_path: Path, python: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "wrong")}
    (tmp_path / "wrong" / "ipykernel").mkdir(parents=True)
    (tmp_path / "wrong" / "ipykernel" / "__init__.py").write_text("raise ImportError('no ipykernel here')")
    with pytest.raises(Unavailable, match="'train' did not start: "):
        pool.start(asking(python=python, environment=environment), "L4")
    assert pool.sessions() == []
    assert [offer.free for offer in pool.offers()] == [2, 1]
    assert [path.name for path in (tmp_path / "sessions").iterdir()] == [".lock"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"host": "elsewhere"}, "host: "),
        ({"folder": "/does/not/exist"}, "folder: "),
        ({"python": "/does/not/exist"}, "python: "),
        ({"python": "python"}, "python: "),
        ({"environment": {"A=B": SECRET}}, "environment: "),
        ({"environment": {"A": f"{SECRET}\0"}}, "environment: "),
        ({"id": "../../x"}, "id: "),
    ],
)
def test_what_this_machine_cannot_serve(
    pool: LocalPool, tmp_path: Path, fields: dict[str, Any], error: str
) -> None:
    with pytest.raises(Invalid, match=error) as caught:
        pool.start(asking(**fields), "L4")
    assert SECRET not in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_is_no_session(pool: LocalPool, tmp_path: Path) -> None:
    sessions = tmp_path / "sessions"
    (sessions / ("0" * 32)).mkdir(parents=True)
    (sessions / ("1" * 32)).mkdir()
    (sessions / ("1" * 32) / RECORD).write_text('{"torn')
    (sessions / "a-file").touch()
    assert pool.changes_since(-1) == (0, [])
    assert pool.sessions() == []
    assert pool.changes_since(0) == (0, [])
    assert [path.name for path in sessions.iterdir()] == ["a-file"]


def test_one_that_is_stopped_while_it_starts(pool: LocalPool, tmp_path: Path) -> None:
    request = asking()

    def start() -> Grant | AipError:
        try:
            return pool.start(request, "L4")
        except AipError as error:
            return error

    with ThreadPoolExecutor(1) as thread:
        starting = thread.submit(start)
        wait_for(pool.sessions)
        pool.stop(request.id)
        starting.result()
    assert pool.sessions() == []
    assert [offer.free for offer in pool.offers()] == [2, 1]
