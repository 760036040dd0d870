"""A real Ceph gateway for tests, in memory, on loopback: `python -m tests.support.ceph FOLDER` keeps one.

The keeper is the parent of the daemons. Whoever uses the gateway holds the file `users` locked, shared; the
keeper ends everything as soon as nobody does, also when users were killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

PACKAGES = "radosgw ceph-mon ceph-osd ceph-mgr ceph-common"
ACCESS_KEY, SECRET_KEY = "AKALICE", "SKALICE-secret-of-tests"
OTHER_ACCESS_KEY, OTHER_SECRET_KEY = "AKBOB", "SKBOB-secret-of-tests"
_PROGRAMS = ("radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "monmaptool")

_CONFIG = """
[global]
fsid = {fsid}
mon_host = v1:127.0.0.1:{mon}
mon_initial_members = a
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_ipv4 = true
ms_bind_msgr2 = false
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
osd_crush_chooseleaf_type = 0
osd_objectstore = memstore
memstore_device_bytes = 6442450944
mon_data = {folder}/mon
osd_data = {folder}/osd
run_dir = {folder}/run
admin_socket = {folder}/run/$name.asok
pid_file = {folder}/run/$name.pid
log_file = {folder}/log/$name.log
mon_cluster_log_file = {folder}/log/cluster.log
mon_osd_initial_require_min_compat_client = jewel
rgw_thread_pool_size = 64
rgw_override_bucket_index_max_shards = 1
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
mon_tick_interval = 1
[client.rgw.a]
rgw_frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw_data = {folder}/rgw
"""


@dataclass(frozen=True)
class Gateway:
    """A gateway that runs."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self.port}"

    def collect(self) -> None:
        """Give back now what deleted objects took, instead of in two hours."""
        config = str(self.folder / "ceph.conf")
        _call("radosgw-admin", "-c", config, "gc", "process", "--include-all")

    @contextlib.contextmanager
    def second(self) -> Iterator[SecondGateway]:
        """Another way to the same store, for tests that end it."""
        with closing(SecondGateway(self.folder)) as second:
            second.start()
            yield second


class SecondGateway:
    """A gateway of one test; it may be ended and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = _free_ports(1)[0]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its endpoint, whether it runs or not."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Returns when it answers."""
        config = self._folder / "ceph.conf"
        command = ["radosgw", "-c", str(config), "-f", "-n", f"client.rgw.{self._port}"]
        command += [f"--rgw_frontends=beast endpoint=127.0.0.1:{self._port} tcp_nodelay=1"]
        self._process = _popen(command)
        _wait(lambda: _answers(self._port), "the second gateway")

    def close(self) -> None:
        """End it as a crash does."""
        if self._process:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def gateway(folder: Path) -> Iterator[Gateway]:
    """The gateway of a folder, started unless another process has done so."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        raise AssertionError(
            f"{', '.join(missing)} missing: the tests of the S3 storage need a Ceph gateway; "
            f"apt-get install -y --no-install-recommends {PACKAGES}"
        )
    folder.mkdir(exist_ok=True)
    with (folder / "users").open("ab") as users:
        # Blocks only while a keeper ends what nobody used.
        fcntl.flock(users, fcntl.LOCK_SH)
        with (folder / "start").open("ab") as start:
            fcntl.flock(start, fcntl.LOCK_EX)
            ready = folder / "ready"
            if not ready.exists():
                _start_keeper(folder)
        yield Gateway(folder, int(ready.read_text()))


def _start_keeper(folder: Path) -> None:
    with (folder / "keeper.log").open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.support.ceph", str(folder)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _wait(lambda: (folder / "ready").exists() or keeper.poll() is not None, "the Ceph gateway")
    if not (folder / "ready").exists():
        raise AssertionError(
            f"the Ceph gateway did not start:\n{(folder / 'keeper.log').read_text()[-3000:]}"
        )
    keeper.returncode = 0  # it outlives us when others use it, and is no child to wait for


def _wait(until: Callable[[], bool], what: str, seconds: float = 100) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.02)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


class Keeper:
    """Starts the daemons, and ends them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "ceph.conf"
        self.port, self.mon = _free_ports(2)
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}
        self.commands: dict[str, list[str]] = {}

    def start(self) -> None:
        """All of them; returns when the gateway answers and has its users."""
        fsid, osd = str(uuid.uuid4()), str(uuid.uuid4())
        for name in ("mon", "osd", "run", "log"):
            (self.folder / name).mkdir(exist_ok=True)
        values = {"fsid": fsid, "mon": self.mon, "port": self.port, "folder": self.folder}
        self.config.write_text(_CONFIG.format(**values))
        monmap = str(self.folder / "monmap")
        _call("monmaptool", "--create", "--clobber", "--fsid", fsid, "--addv", "a",
              f"v1:127.0.0.1:{self.mon}", monmap)  # fmt: skip
        self._call("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap)
        self._daemon("mon", "ceph-mon", "-i", "a")
        # Refused at first, right after the start.
        self._wait(lambda: self._tried("ceph", "--connect-timeout", "5", "osd", "new", osd, "0"))
        self._call("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._daemon("osd", "ceph-osd", "-i", "0")
        self._daemon("rgw", "radosgw", "-n", "client.rgw.a")
        self._wait(lambda: _answers(self.port))
        for user, key, secret in (
            ("alice", ACCESS_KEY, SECRET_KEY),
            ("bob", OTHER_ACCESS_KEY, OTHER_SECRET_KEY),
        ):
            self._call("radosgw-admin", "user", "create", f"--uid={user}", f"--display-name={user}",
                       f"--access-key={key}", f"--secret-key={secret}")  # fmt: skip

    def keep(self) -> None:
        """Until nobody uses the gateway."""
        with (self.folder / "users").open("ab") as users:
            while not _locked(users.fileno()):
                time.sleep(0.05)
            (self.folder / "ready").unlink()
            self.end()

    def end(self) -> None:
        """End what was started."""
        for daemon in self.daemons.values():
            daemon.kill()
            daemon.wait()
        for name in ("mon", "osd", "run", "log"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def _wait(self, until: Callable[[], bool]) -> None:
        """A daemon gives up when a monitor that has just started refuses it; it is started again."""

        def found() -> bool:
            for name, daemon in self.daemons.items():
                if daemon.poll() is not None:
                    self.daemons[name] = _popen(self.commands[name])
            return until()

        _wait(found, "the daemons", 40)

    def log(self, name: str) -> str:
        """The end of what a daemon has logged."""
        logs = sorted((self.folder / "log").glob(f"*{name}*.log"))
        return logs[0].read_text()[-1000:] if logs else ""

    def _daemon(self, name: str, program: str, *arguments: str) -> None:
        command = [program, "-c", str(self.config), "-f", *arguments]
        self.commands[name] = command
        self.daemons[name] = _popen(command)

    def _call(self, program: str, *arguments: str) -> None:
        _call(program, "-c", str(self.config), *arguments)

    def _tried(self, program: str, *arguments: str) -> bool:
        try:
            self._call(program, *arguments)
        except subprocess.CalledProcessError:
            return False
        return True


def _popen(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _call(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _free_ports(count: int) -> list[int]:
    """Below those that the system gives to outgoing connections: one of those may be taken at any moment."""
    found: list[int] = []
    for port in random.sample(range(12_000, 32_000), 1000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            break
    return found


def _started(folder: Path) -> Keeper:
    """On the second try at the latest, with other ports."""
    for left in (1, 0):
        keeper = Keeper(folder)
        try:
            keeper.start()
        except BaseException as error:
            print(error, *map(keeper.log, keeper.daemons), sep="\n", flush=True)
            keeper.end()
            if not left:
                raise
        else:
            break
    return keeper


def main() -> None:
    """Start, say so, keep."""
    keeper = _started(Path(sys.argv[1]))
    try:
        staged = keeper.folder / "ready.new"
        staged.write_text(str(keeper.port))
        staged.replace(keeper.folder / "ready")
        keeper.keep()
    finally:
        keeper.end()


if __name__ == "__main__":
    main()
