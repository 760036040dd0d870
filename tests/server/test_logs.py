"""No secret in the server's log, at debug level and when a handler fails; its own banner stays readable."""

from __future__ import annotations

import base64
import io
import json
import logging
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from tornado.log import LogFormatter

from aip_jupyter import redaction
from aip_jupyter.redaction import MARK
from aip_jupyter.server.logs import install

from ..support.live import LiveServer, free_port, server_environ

TOKEN = "aip_0123456789abcdef0123456789abcdef_Ab-Cd_Ef0123456789"
OTHERS = dict.fromkeys(("jupyterlab", "jupyter_lsp", "jupyter_server_terminals", "notebook_shim"), False)
FAILING = """
from jupyter_server.base.handlers import JupyterHandler

class Fail(JupyterHandler):
    def get(self):
        sent = self.request.headers.get("Authorization") or self.request.uri
        raise ValueError(f"cannot use {sent} of {self.request.headers.get_list('Cookie')}")

def _jupyter_server_extension_points():
    return [{"module": "failing"}]

def _load_jupyter_server_extension(app):
    app.web_app.add_handlers(".*$", [("/failing", Fail)])
    app.log.info("failing: loaded")
"""


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger as Jupyter has it, with what its handler has written."""
    monkeypatch.setattr(redaction, "_kept", {"known-secret": None})
    log, out = logging.Logger("for-this-test", logging.DEBUG), io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LogFormatter(color=False))
    log.addHandler(handler)
    remove = install(log)
    yield log, out
    remove()
    assert handler.filters == []


def test_messages_arguments_tracebacks_and_stacks_are_redacted(
    written: tuple[logging.Logger, io.StringIO],
) -> None:
    log, out = written
    log.info("%s and %r", TOKEN, {"a": "known-secret"})
    log.info("a %(b)s", {"b": TOKEN})
    log.error(ValueError(TOKEN))
    try:
        try:
            raise ValueError(TOKEN)
        except ValueError as error:
            raise RuntimeError("known-secret") from error
    except RuntimeError:
        log.exception("failed", stack_info=True)
    log.warning("%d %% of %s", 5, "it")
    shown = out.getvalue()
    assert TOKEN not in shown
    assert "known-secret" not in shown.replace('RuntimeError("known-secret")', "")
    assert shown.count("Traceback (most recent call last)") == 2
    assert f"ValueError: {MARK}\n" in shown
    assert f"RuntimeError: {MARK}\n" in shown
    assert "5 % of it" in shown


def test_a_record_without_a_secret_stays_as_it_is(written: tuple[logging.Logger, io.StringIO]) -> None:
    log, _ = written
    try:
        raise ValueError("plain")
    except ValueError:
        record = log.makeRecord("a", logging.INFO, "a", 1, "%s", ("b",), sys.exc_info())
    before = record.exc_info
    log.handle(record)
    assert (record.msg, record.args) == ("%s", ("b",))
    assert record.exc_info is before


@pytest.mark.parametrize("args", [(TOKEN, 1, {"a": TOKEN}), ({"b": TOKEN},)])
def test_a_wrong_format_is_still_reported(
    written: tuple[logging.Logger, io.StringIO], capsys: pytest.CaptureFixture[str], args: tuple[object, ...]
) -> None:
    log, out = written
    log.handlers[0].setFormatter(logging.Formatter("%(message)s"))
    log.info("wrong %(x)d %s", *args)
    shown = capsys.readouterr().err
    assert "--- Logging error ---" in shown
    assert TOKEN not in shown + out.getvalue()


class Broken:
    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__


def test_a_value_without_a_text_does_not_stop_the_server(
    written: tuple[logging.Logger, io.StringIO], capsys: pytest.CaptureFixture[str]
) -> None:
    log, _ = written
    log.handlers[0].setFormatter(logging.Formatter("%(message)s"))
    log.info("%s", Broken())
    assert "no text" in capsys.readouterr().err


def test_installing_twice_is_installing_once(written: tuple[logging.Logger, io.StringIO]) -> None:
    log, _ = written
    install(log)()
    assert len(log.handlers[0].filters) == 1
    adapter = logging.LoggerAdapter(log, {})
    install(adapter)()
    assert len(log.handlers[0].filters) == 1


@pytest.fixture(scope="module")
def debugged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server at debug level with a token that Jupyter has made up, and an extension whose handler fails."""
    folder = tmp_path_factory.mktemp("debugged")
    (folder / "failing.py").write_text(FAILING)
    env = server_environ(folder, folder / "home", {"PYTHONPATH": str(folder)})
    port = free_port()
    extensions = f"--ServerApp.jpserver_extensions={OTHERS | {'aip_jupyter': True, 'failing': True}}"
    options = ["--no-browser", "--allow-root", "--ServerApp.log_level=DEBUG", "--ServerApp.port_retries=0"]
    command = [sys.executable, "-m", "jupyter_server", extensions, f"--port={port}", *options]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=folder)
    server = LiveServer(folder, port, process, env)
    try:
        _until(lambda: (folder / "runtime" / f"aip-{process.pid}.json").exists(), server)
        yield replace(server, token=_runtime(server, "jpserver")["token"])
    finally:
        server.stop()


def _until(ready: Callable[[], bool], server: LiveServer) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline, server.log
        assert server.process.poll() is None, server.log
        time.sleep(0.02)


def _runtime(server: LiveServer, kind: str) -> dict[str, str]:
    path = server.folder / "runtime" / f"{kind}-{server.process.pid}.json"
    found: dict[str, str] = json.loads(path.read_text())
    return found


def test_the_banner_with_the_token_that_jupyter_made_up_stays_readable(debugged: LiveServer) -> None:
    assert f"http://127.0.0.1:{debugged.port}/?token={debugged.token}" in debugged.log


def _forms(token: str) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Headers and query, for each way in which a client may send it."""
    basic = base64.b64encode(f"__token__:{token}".encode()).decode()
    for value in (f"Bearer {token}", f"token {token}", f"Basic {basic}", token):
        yield {"Authorization": value}, {}
    yield {}, {"token": token}
    yield {"Referer": f"http://127.0.0.1/?token={token}", "Cookie": f"a={token}"}, {}


@pytest.mark.parametrize(
    "path", ["failing", "nowhere", "api/status", "aip/v1/capabilities", "aip/v1/nowhere", "login"]
)
def test_no_token_is_in_the_log_at_debug_level(debugged: LiveServer, path: str) -> None:
    kernel = _runtime(debugged, "aip")["token"]
    begin = len(debugged.log)
    answered = set()
    with debugged.http(token=None) as client:
        for token in (kernel, debugged.token, TOKEN):
            for headers, query in _forms(token):
                answered.add(client.get(path, headers=headers, params=query).status_code)
    logged = debugged.log[begin:]
    assert f"/{path}" in logged or path in ("api/status", "login")
    assert path != "failing" or (500 in answered and f"cannot use Bearer {MARK}" in logged)
    for token in (kernel, debugged.token, TOKEN):
        assert token not in logged
        assert base64.b64encode(f"__token__:{token}".encode()).decode()[:-4] not in logged


def test_a_traceback_in_the_log_says_all_but_the_token(debugged: LiveServer) -> None:
    """Of a handler that fails with what was sent, which Jupyter writes at error level."""
    with debugged.http(token=None) as client:
        client.get("failing", params={"token": TOKEN})
    assert re.search(rf"ValueError: cannot use /failing\?token={re.escape(MARK)}", debugged.log)


def test_a_signal_is_logged_whatever_it_interrupts() -> None:
    """Its handler may come while something is imported: it must need no module that is not there yet."""
    code = (
        "import logging, sys\nfrom aip_jupyter.server.logs import install\ninstall(logging.getLogger())\n"
        "before = set(sys.modules)\nlogging.error('received signal %s, stopping', 15)\n"
        "print(sorted(set(sys.modules) - before))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
    assert "received signal 15, stopping" in told.stderr
