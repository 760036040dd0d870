"""A real Jupyter server with the extension, in a process of its own."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from aip_jupyter.client.http import HttpServices
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import Settings

from ..contracts.services import put

TOKEN = "a-token-for-tests"
_OTHERS = dict.fromkeys(
    ("jupyterlab", "ipyparallel", "jupyter_lsp", "jupyter_server_terminals", "notebook_shim"), False
)
"""Extensions that these tests do not need, and that take a second to load."""


@dataclass
class LiveServer:
    """A running server; `folder` holds all that it writes."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    environ: dict[str, str] = field(repr=False)
    token: str = TOKEN

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def home(self) -> Path:
        """Its AIP_HOME."""
        return Path(self.environ["AIP_HOME"])

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return (self.folder / "server.log").read_text()

    @property
    def client_environ(self) -> dict[str, str]:
        """The environment of a kernel or script that uses it."""
        return {**self.environ, "AIP_URL": self.url, "AIP_TOKEN": self.token}

    def http(self, token: str | None = TOKEN) -> httpx.Client:
        """A plain HTTP client below its base URL."""
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, verify=False, timeout=30)

    def services(self) -> HttpServices:
        """The use cases, over its API; to be closed."""
        return HttpServices(self.url, self.token)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it as a user would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()


def free_port() -> int:
    """A port that nobody listens on, and that the system gives to nobody who asks it for one meanwhile."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def server_environ(folder: Path, home: Path, extra: Mapping[str, str] = {}) -> dict[str, str]:
    """An environment in which nothing of the user's own set-up is seen."""
    own = {
        "AIP_HOME": home,
        "HOME": folder,
        "IPYTHONDIR": folder / "ipython",
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
    }
    return {**os.environ, **{key: str(value) for key, value in own.items()}, **extra}


def start_server(
    folder: Path,
    home: Path | None = None,
    *arguments: str,
    environ: Mapping[str, str] = {},
    extension: bool = True,
    probe: str = "api/status",
    port: int = 0,
) -> LiveServer:
    """Start one and wait until it answers at `probe`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "work").mkdir(exist_ok=True)
    env = server_environ(folder, home or folder / "home", environ)
    port = port or free_port()
    command = [
        sys.executable,
        "-m",
        "jupyter_server",
        f"--ServerApp.jpserver_extensions={_OTHERS | {'aip_jupyter': extension}}",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--ip=127.0.0.1",
        "--no-browser",
        "--allow-root",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder / 'work'}",
        *arguments,
    ]
    log = (folder / "server.log").open("ab")
    process = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=folder / "work")
    log.close()
    server = LiveServer(folder, port, process, env)
    try:
        _wait(server, probe)
    except BaseException:
        server.kill()
        raise
    return server


@contextlib.contextmanager
def live_server(
    folder: Path, *arguments: str, environ: Mapping[str, str] = {}, probe: str = "api/status"
) -> Iterator[LiveServer]:
    """A server for a `with` block."""
    server = start_server(folder, None, *arguments, environ=environ, probe=probe)
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def live_server_with(folder: Path, home: Path, extension: bool) -> Iterator[LiveServer]:
    """One on a given home, with or without the extension."""
    server = start_server(folder, home, extension=extension)
    try:
        yield server
    finally:
        server.stop()


def _wait(server: LiveServer, probe: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended with {server.process.returncode}:\n{server.log}")
        if _listens(server.port):
            # A look at a port that nobody listens at may meet itself there.
            with contextlib.suppress(httpx.TransportError), server.http() as client:
                client.get(probe).raise_for_status()
                return
        time.sleep(0.02)
    raise RuntimeError(f"the server did not answer in 60 s:\n{server.log}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def put_one(home: Path) -> None:
    """Make a store with one version in this home."""
    services = open_platform(Settings(home=home)).services()
    put(services, "one")
    services.close()
