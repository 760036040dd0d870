"""However a session ends, nothing is left of it; and whoever asks, nobody gets a GPU that another has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

import aip_jupyter as aip
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.gpus import local
from aip_jupyter.backends.gpus.local import LocalPool
from aip_jupyter.backends.gpus.nvml import Device
from aip_jupyter.backends.process import is_dead
from aip_jupyter.domain.sessions import Session
from aip_jupyter.errors import AipError, SessionDied, Unavailable
from aip_jupyter.wire.agent import RECORD, AgentRecord, Order

from ..contracts.gpus import asking
from ..support.live import start_server
from ..support.sessions import pid_of, record_of, stop_all, threads_of, wait_for

DEVICES = [Device(uuid=f"GPU-{n}", name="NVIDIA L4", memory=23_034) for n in range(16)]
LOOP = "while True: pass"


class Yard:
    """Where sessions are started, used and ended."""

    def __init__(self, home: Path, work: Path) -> None:
        self.home = home
        self.work = work
        self.pool = LocalPool(BackendConfig(home=home), DEVICES)
        self.records: list[AgentRecord] = []

    def start(self, name: str, pool: LocalPool | None = None, **fields: Any) -> Session:
        """A session of this name, with a part of a GPU."""
        request = asking(name, **{"fraction": 50, "folder": str(self.work)} | fields)
        return self.known((pool or self.pool).start(request, "L4").session)

    def known(self, session: Session) -> Session:
        """To be looked for in the end."""
        self.records.append(record_of(self.home, session.id))
        return session

    def begin(self, session: Session, code: str) -> Any:
        """Run a cell; returns its handle once the cell has begun."""
        begun = self.work / f"{session.name}.begun"
        job = aip.run_on_gpu(
            f"open({str(begun)!r}, 'w').close()\n{code}", session=session.name, background=True
        )
        wait_for(lambda: begun.exists() or job.done)
        return job

    def dies(self, session: Session, code: str) -> None:
        """Run a cell that ends its session."""
        with pytest.raises(SessionDied):
            self.begin(session, code).result(60)

    def kill(self, session: Session, *whom: str, number: int = signal.SIGKILL) -> None:
        """A signal to the session's `kernel` or `agent`, and wait for the end of both."""
        record = record_of(self.home, session.id)
        for process in whom:
            os.kill(pid_of(getattr(record, process)), number)
        wait_for(lambda: is_dead(record.agent))
        self.pool.sessions()  # whoever looks first, buries it
        wait_for(lambda: is_dead(record.kernel))


def stop(yard: Yard) -> None:
    yard.pool.stop(yard.start("stop").id)


def stop_busy(yard: Yard) -> None:
    session = yard.start("busy", count=2, fraction=100)
    job = yard.begin(session, LOOP)
    yard.pool.stop(session.id)
    with pytest.raises(SessionDied):
        job.result(60)


def stop_twice(yard: Yard) -> None:
    id = yard.start("twice").id
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(yard.pool.stop, [id, id]))


def stop_while_starting(yard: Yard) -> None:
    request = asking("starting", folder=str(yard.work))

    def start() -> None:
        try:
            yard.pool.start(request, "L4")
        except AipError:
            return  # it was stopped before it was up

    thread = threading.Thread(target=start)
    thread.start()
    wait_for(lambda: request.id in [session.id for session in yard.pool.sessions()])
    yard.pool.stop(request.id)
    thread.join()


def never_up(yard: Yard) -> None:
    with pytest.raises(Unavailable):
        yard.start("never up", python="/bin/false")


def kill_kernel(yard: Yard) -> None:
    yard.kill(yard.start("kernel"), "kernel")


def kill_busy_kernel(yard: Yard) -> None:
    session = yard.start("busy kernel")
    job = yard.begin(session, LOOP)
    yard.kill(session, "kernel")
    with pytest.raises(SessionDied, match="killed"):
        job.result(60)


def kill_agent(yard: Yard) -> None:
    yard.kill(yard.start("agent"), "agent")


def kill_busy_agent(yard: Yard) -> None:
    session = yard.start("busy agent")
    job = yard.begin(session, LOOP)
    yard.kill(session, "agent")
    with pytest.raises(SessionDied):
        job.result(60)


def kill_both(yard: Yard) -> None:
    yard.kill(yard.start("both"), "agent", "kernel")


def end_agent(yard: Yard) -> None:
    yard.kill(yard.start("ended agent"), "agent", number=signal.SIGTERM)


def exit_in_cell(yard: Yard) -> None:
    yard.dies(yard.start("exit"), "import os; os._exit(3)")


def crash_in_cell(yard: Yard) -> None:
    yard.dies(yard.start("crash"), "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")


def out_of_memory(yard: Yard) -> None:
    session = yard.start("memory")
    limit = "import resource, os, signal; resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30,) * 2)"
    with pytest.raises(MemoryError):
        yard.begin(session, f"{limit}\nhuge = bytearray(4 * 2**30)").result(60)
    yard.dies(session, "os.kill(os.getpid(), signal.SIGKILL)")  # as the system does


def values_on_their_way(yard: Yard) -> None:
    session = yard.start("values")
    code = "import numpy\nhuge = numpy.zeros(30_000_000)"
    job = aip.run_on_gpu(code, session="values", outputs=["huge"], background=True)
    wait_for(lambda: job.done or job.state == "running")
    yard.kill(session, "kernel")
    with pytest.raises(SessionDied):
        job.result(60)


def interrupt_then_stop(yard: Yard) -> None:
    session = yard.start("interrupted")
    job = yard.begin(session, LOOP)
    yard.pool.ask(session.id, Order(do="interrupt"))
    with pytest.raises(KeyboardInterrupt):
        job.result(60)
    yard.pool.stop(session.id)


def stubborn(yard: Yard) -> None:
    session = yard.start("stubborn")
    children = (
        "import signal, subprocess, time\n"
        "for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, signal.SIG_IGN)\n"
        "for _ in range(3): subprocess.Popen(['sleep', '600'])\n"
    )
    job = yard.begin(session, f"{children}while True: time.sleep(600)")
    yard.pool.ask(session.id, Order(do="interrupt"))
    yard.pool.stop(session.id)
    with pytest.raises(SessionDied):
        job.result(60)


def idle_end(yard: Yard) -> None:
    hasty = LocalPool(BackendConfig(home=yard.home, session_idle=0.5), DEVICES)
    session = yard.start("idle", hasty)
    wait_for(lambda: is_dead(record_of(yard.home, session.id).agent))


def notebook_killed(yard: Yard) -> None:
    code = "import sys\nimport aip_jupyter as aip\naip.run_on_gpu(sys.argv[1], session='orphan')\n"
    session = yard.start("orphan")
    begun = yard.work / "orphan.begun"
    cell = f"open({str(begun)!r}, 'w').close()\n{LOOP}"
    with subprocess.Popen([sys.executable, "-c", code, cell], stdout=subprocess.DEVNULL) as notebook:
        wait_for(begun.exists)
        notebook.kill()
    assert not is_dead(record_of(yard.home, session.id).kernel)
    yard.pool.stop(session.id)


def server_killed(yard: Yard) -> None:
    server = start_server(yard.work / "server", yard.home)
    services = server.services()
    request = asking("servers", gpu="cpu", folder=str(yard.work))
    session = yard.known(services.sessions.start_session(request).session)
    services.close()
    server.kill()
    assert not is_dead(record_of(yard.home, session.id).kernel)
    yard.pool.stop(session.id)


WAYS: tuple[Callable[[Yard], None], ...] = (
    server_killed,
    notebook_killed,
    values_on_their_way,
    out_of_memory,
    stubborn,
    idle_end,
    stop,
    stop_busy,
    stop_twice,
    stop_while_starting,
    never_up,
    kill_kernel,
    kill_busy_kernel,
    kill_agent,
    kill_busy_agent,
    kill_both,
    end_agent,
    exit_in_cell,
    crash_in_cell,
    interrupt_then_stop,
)


@pytest.fixture
def yard(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Yard]:
    monkeypatch.setattr(local, "list_devices", lambda: DEVICES)
    (tmp_path / "work").mkdir()
    yard = Yard(home, tmp_path / "work")
    yield yard
    stop_all(yard.pool)


def _ports(record: AgentRecord) -> list[int]:
    """Where kernel and agent have listened."""
    ports = [int(port) for name, port in record.connection.items() if name.endswith("_port")]
    return [*ports, int(str(record.control["address"]).rpartition(":")[2])]


def _group_lives(record: AgentRecord) -> bool:
    try:
        os.killpg(pid_of(record.kernel), 0)
    except ProcessLookupError:
        return False
    return True


def _processes_of(home: Path) -> dict[int, str]:
    """All that agents and kernels of this home, and what they have started, have been given its name."""
    found = {}
    for process in psutil.process_iter(["cmdline", "environ"]):
        command = " ".join(process.info["cmdline"] or ())
        ours = str(home) in command or (process.info["environ"] or {}).get("AIP_HOME") == str(home)
        if ours and process.pid != os.getpid():
            found[process.pid] = command
    return found


def _listened_to(ports: set[int], home: Path) -> set[int]:
    """Those at which a process of this home listens; another's may have got one meanwhile."""
    ours = _processes_of(home)
    sockets = psutil.net_connections("tcp")
    listening = [each for each in sockets if each.status == psutil.CONN_LISTEN and each.pid in ours]
    return {getattr(each.laddr, "port", 0) for each in listening} & ports


def _files_of(home: Path) -> set[Path]:
    """Those that sessions may leave: not the leases' files, which only locks make leases, nor the store."""
    parts = (home.rglob(name) for name in ("sessions/**/*", "journals/**/*"))
    return {path for part in parts for path in part}


def _held() -> tuple[int, int]:
    """Threads and files of this process."""
    return threads_of(os.getpid()), len(os.listdir("/proc/self/fd"))


def _use_one(yard: Yard) -> None:
    session = yard.start("one")
    assert aip.run_on_gpu("x = 1", session="one", outputs=["x"], background=True).result(60) == {"x": 1}
    yard.pool.stop(session.id)


@pytest.mark.slow
def test_nothing_is_left_of_twenty_sessions(yard: Yard) -> None:
    assert len(set(WAYS)) == 20
    _use_one(yard)  # what is there from the first one on
    session = yard.start("look")
    assert _listened_to(set(_ports(yard.records.pop())), yard.home), "the test would see one"
    yard.pool.stop(session.id)
    files, held = _files_of(yard.home), _held()
    with ThreadPoolExecutor(4) as threads:
        for outcome in [threads.submit(way, yard) for way in WAYS]:
            outcome.result()
    _use_one(yard)
    assert len(yard.records) == 20  # two never came up, two are those at the beginning and at the end
    for record in yard.records:
        assert len(_ports(record)) == 6
        assert is_dead(record.agent), record.session.name
        assert is_dead(record.kernel), record.session.name
        assert not _group_lives(record), record.session.name
    assert _listened_to({port for record in yard.records for port in _ports(record)}, yard.home) == set()
    assert _processes_of(yard.home) == {}
    assert [offer.free for offer in yard.pool.offers()] == [len(DEVICES)]

    # Those that ended by themselves are told of for a while, without their keys, and then forgotten.
    dead = yard.pool.sessions()
    assert all(session.state == "dead" and session.reason for session in dead)
    for session in dead:
        record = record_of(yard.home, session.id)
        assert record.connection == record.control == {}
        os.utime(yard.home / "sessions" / session.id / RECORD, (0, 0))
    assert yard.pool.sessions() == []
    assert _files_of(yard.home) == files
    wait_for(lambda: _held()[0] <= held[0])
    wait_for(lambda: _held()[1] <= held[1])


PYNVML = """
class NVMLError(Exception): ...
def nvmlInit(): ...
def nvmlShutdown(): ...
def nvmlDeviceGetCount(): return 2
def nvmlDeviceGetHandleByIndex(number): return number
def nvmlDeviceGetName(number): return "NVIDIA L4"
def nvmlDeviceGetUUID(number): return f"GPU-{number}"
def nvmlDeviceGetMaxMigDeviceCount(number): raise NVMLError("not cut")
nvmlDeviceGetMigMode = nvmlDeviceGetMaxMigDeviceCount
class nvmlDeviceGetMemoryInfo:
    def __init__(self, number): self.total = 23034 * 2**20
"""
RACER = """
import functools, sys
import aip_jupyter as aip
from aip_jupyter.errors import GpuNotAvailable
who, wishes = sys.argv[1], [(1, 50), (2, 100), (1, 75), (1, 25)]
input()
run = functools.partial(aip.run_on_gpu, "import os", gpu="L4", background=True)
jobs = [run(count=count, fraction=part, session=f"{who}{n}") for n, (count, part) in enumerate(wishes)]
for job in jobs:
    try:
        job.result(100)
        print("got", flush=True)
    except GpuNotAvailable as error:
        assert "taken by" in error.message, error
        print("refused", flush=True)
"""


def _shares(homes: list[Path]) -> dict[str, int]:
    """Percent of each GPU that living sessions have, as their own kernels see it."""
    shares: dict[str, int] = {}
    for home in homes:
        for session in LocalPool(BackendConfig(home=home), []).sessions():
            record = record_of(home, session.id)
            if session.state not in ("idle", "busy"):
                continue
            seen = psutil.Process(pid_of(record.kernel)).environ()["CUDA_VISIBLE_DEVICES"]
            assert seen.split(",") == session.devices
            for device in session.devices:
                shares[device] = shares.get(device, 0) + session.fraction
    return shares


@pytest.mark.slow
def test_two_kernels_and_a_server_share_a_small_pool(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "pynvml.py").write_text(PYNVML)
    homes = [tmp_path / "one", tmp_path / "two"]
    shared = {"AIP_GPUS_URL": str(tmp_path / "gpus"), "PYTHONPATH": str(tmp_path / "lib")}
    server = start_server(tmp_path / "server", homes[0], environ=shared)
    environs = [
        {**os.environ, **shared, "AIP_HOME": str(homes[0])},
        {**os.environ, **shared, "AIP_HOME": str(homes[1])},
        {**server.client_environ, **shared},
    ]

    def start(number: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", RACER, f"racer{number}-"]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, env=environs[number], cwd=tmp_path, **pipes)

    racers = [start(number) for number in range(3)]
    try:
        with ThreadPoolExecutor(3) as threads:
            outcomes = [threads.submit(_outcomes, racer) for racer in racers]
            shares = dict[str, int]()
            while not all(outcome.done() for outcome in outcomes):
                shares = _shares(homes)
                assert max(shares.values(), default=0) <= 100, shares
        words = [word for outcome in outcomes for word in outcome.result()]
        assert sorted(set(words)) == ["got", "refused"]
        assert len(words) == 12
        sessions = [
            session for home in homes for session in LocalPool(BackendConfig(home=home), []).sessions()
        ]
        assert len(sessions) == words.count("got")
        shares = _shares(homes)
        assert set(shares) == {"GPU-0", "GPU-1"}
        assert max(shares.values()) <= 100, shares
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()
        server.stop()
        for home in homes:
            stop_all(LocalPool(BackendConfig(home=home), []))


def _outcomes(racer: subprocess.Popen[str]) -> list[str]:
    """Let it run, and what became of each of its wishes."""
    assert racer.stdin is not None
    assert racer.stdout is not None
    racer.stdin.write("go\n")
    racer.stdin.flush()
    found = [line.strip() for line in racer.stdout]
    return [word for word in found if word in ("got", "refused")]
