"""A traceback that shows variables (`%xmode Verbose`, `%tb`) shows no token, however a call has failed."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.client.connect import disconnect
from aip_jupyter.errors import AipError

from ..support.live import LiveServer, free_port, live_server
from .conftest import Notebook

TOKEN = "a-wrong-t0ken-for-this-test"
CALLS = (
    "aip.list_models()",
    "aip.get_model('x')",
    "aip.log_dataset('far', uri='s3://bucket/key')",
    "aip.get_run('x')",
)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("live")) as server:
        yield server


@pytest.fixture
def closing() -> Iterator[str]:
    """The address of a server that reads what it is asked and closes without a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.recv(10)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        done.set()
        thread.join()


@pytest.fixture
def verbose(notebook: Notebook) -> Iterator[Notebook]:
    notebook.run("import aip_jupyter as aip\n%xmode Verbose")
    yield notebook
    notebook.run("%xmode Context")
    disconnect()


def shown(notebook: Notebook, cell: str) -> str:
    """The traceback of a cell that fails with an error of ours."""
    result = notebook._run(cell)
    assert isinstance(result.error_in_exec, AipError), notebook.printed
    printed = notebook.printed
    notebook._run("%tb")
    assert printed.split("\n")[-2:] == notebook.printed.split("\n")[-2:]
    return printed + notebook.printed


def check(notebook: Notebook, file: str) -> None:
    for cell in CALLS:
        text = shown(notebook, cell)
        assert file in text, text
        assert re.search(r"^ +\w+ = ", text, re.MULTILINE)  # that it does show variables
        assert TOKEN[:-4] not in text
    for cell in ("%models", "%aip projects"):
        notebook._run(cell)
        assert TOKEN[:-4] not in notebook.printed


def test_of_a_token_that_is_refused(
    verbose: Notebook, live: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIP_URL", live.url)
    monkeypatch.setenv("AIP_TOKEN", TOKEN)
    check(verbose, "transport.py")
    monkeypatch.delenv("AIP_TOKEN")
    monkeypatch.setenv("AIP_URL", f"{live.url}?token={TOKEN}")
    disconnect()
    check(verbose, "transport.py")


def test_of_a_server_that_does_not_answer(
    verbose: Notebook, closing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIP_TOKEN", TOKEN)
    for url in (closing, f"http://127.0.0.1:{free_port()}/"):
        monkeypatch.setenv("AIP_URL", url)
        disconnect()
        check(verbose, "transport.py")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AIP_URL", "ftp://host/"),
        ("AIP_URL", "http://[bad/"),
        ("AIP_URL", "http://host:port/"),
        ("AIP_URL", f"http://me:{TOKEN}@host/"),
        ("AIP_TOKEN", f"{TOKEN}é"),
        ("AIP_WORKERS", "many"),
    ],
)
def test_of_a_setting_that_cannot_be_used(
    verbose: Notebook, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("AIP_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("AIP_TOKEN", TOKEN)
    monkeypatch.setenv(name, value)
    check(verbose, "settings.py" if name == "AIP_WORKERS" else "discovery.py")


def test_of_a_runtime_file_that_is_damaged(
    verbose: Notebook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIP_TOKEN", TOKEN)
    monkeypatch.setenv("JPY_PARENT_PID", str(os.getpid()))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    path = tmp_path / f"aip-{os.getpid()}.json"
    path.write_text(f'{{"url": "http://127.0.0.1:9/", "token": "{TOKEN}"')
    path.chmod(0o600)
    check(verbose, "discovery.py")
