"""A new token's secret is in nothing that is kept: a real notebook, its server, and who else could see it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest

from aip_jupyter.domain.access import GetToken, ListTokens
from aip_jupyter.notebook.secrets import SECRET_MIME

from ..support.live import LiveServer, live_server
from ..support.notebooks import run_notebook
from .gpu_cells import end_sessions, running_notebook

FAILS = {"tags": ["raises-exception"]}

CELLS = [
    ("%load_ext aip_jupyter\nimport aip_jupyter as aip, os, pickle, psutil, json", {}),
    ("%aip token new ci --scope publish --expires 12h", {}),
    ("token = _\nprint(token, repr(token), vars(token), [token])\ndisplay(token)\ntoken.text", {}),
    ("path = token.write_to('ci.token')\nprint(oct(path.stat().st_mode)[-4:])", {}),
    ("token.write_to('ci.token')", FAILS),
    ("import ipywidgets\nout = ipywidgets.Output()\nwith out: display(token)\nout", {}),
    ("%whos", {}),
    ("pickle.dumps(token)", FAILS),
    ("%aip token new ci", FAILS),
    ("%aip token new other --scope everything", FAILS),
    ("%tb", {}),
    ("%xmode Verbose", {}),
    ("text = token.text\nmessage = text + 1", FAILS),
    ("%tb", {}),
    ("def use(secret, card):\n    raise ValueError(card)\nuse(token.text, token)", FAILS),
    ("%tb", {}),
    ("aip.init('nope', url=os.environ['AIP_URL'], api_key=token.text)", FAILS),
    ("aip.init(url=os.environ['AIP_URL'], api_key=token.text).project", {}),
    ("aip.create_project('not-mine')", FAILS),
    ("%tb", {}),
    ("aip.init(url='http://127.0.0.1:9/?token=' + token.text)", FAILS),
    ("%tb", {}),
    (
        "commands = [process.info['cmdline'] for process in psutil.process_iter(['cmdline'])]\n"
        "with open('ps.json', 'w') as file: json.dump(commands, file)",
        {},
    ),
    ("%aip token revoke ci", FAILS),  # what the token may not
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("server")
    with live_server(folder, "--ServerApp.log_level=DEBUG", "--debug") as server:
        yield server
        end_sessions(server.home)


def test_no_secret_is_kept_anywhere(
    server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIP_URL", server.url)
    monkeypatch.setenv("AIP_TOKEN", server.token)
    work = server.folder / "work"
    with running_notebook(server.home, tmp_path / "other", "work/other.ipynb") as other:
        other.run("%%gpu cpu\nimport os, pathlib")
        executed = run_notebook(_written(tmp_path / "tokens.ipynb"), server.client_environ, work)
        path = work / "ci.token"
        text = path.read_text()
        assert text.startswith("aip_")
        assert path.stat().st_mode & 0o777 == 0o600
        secret = text.split("_", 2)[2]
        assert len(secret) >= 40

        seen = other.run("%%gpu cpu\nprint(dict(os.environ), pathlib.Path('/proc/self/cmdline').read_text())")
        environments = [process.environ() for process in _of_this_user()]
    kept = {
        "the notebook": (work / "executed.ipynb").read_text(),
        "the server's log": server.log,
        "the process list": (work / "ps.json").read_text(),
        "another notebook's session": seen.text,
        "an environment": json.dumps(environments),
        "the runtime files": "".join(p.read_text() for p in (server.folder / "runtime").glob("*.json")),
    }
    for where, content in kept.items():
        assert content, where
        assert secret not in content, where
    assert "aip_jupyter" in kept["the process list"] + kept["the server's log"]
    _looks_as_it_should(executed)
    services = server.services()
    (info,) = services.tokens.list_tokens(ListTokens())
    assert (info.name, info.last_used > 0) == ("ci", True)
    services.tokens.revoke_token(GetToken(token="ci"))
    services.close()
    for header in (f"Bearer {text}", f"token {text}"):
        with server.http(None) as client:
            reply = client.get("aip/v1/projects/default/models", headers={"Authorization": header})
        assert reply.status_code in (401, 403)
        assert secret not in reply.text
    assert secret not in server.log


def _written(path: Path) -> Path:
    cells = [nbformat.v4.new_code_cell(code, metadata=metadata) for code, metadata in CELLS]  # type: ignore[no-untyped-call]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)  # type: ignore[no-untyped-call]
    return path


def _of_this_user() -> Iterator[psutil.Process]:
    """Those whose environment one may read, besides this one."""
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ():
                yield process
        except psutil.Error:
            continue


def _looks_as_it_should(notebook: nbformat.NotebookNode) -> None:
    """What is shown instead: enough to fetch it, and what to do elsewhere."""
    for index in (1, 2):
        data = next(o.data for o in notebook.cells[index].outputs if SECRET_MIME in o.get("data", {}))
        assert set(data[SECRET_MIME]) == {"project", "token", "name"}
        assert (data[SECRET_MIME]["project"], data[SECRET_MIME]["name"]) == ("default", "ci")
        for shown in (data["text/plain"], data["text/html"]):
            assert ".write_to(path)" in shown
    assert notebook.cells[3].outputs[0].text == "0600\n"
    for cell in notebook.cells:
        failed = [output for output in cell.outputs if output.output_type == "error"]
        assert bool(failed) == (bool(cell.metadata.get("tags")) or cell.source == "%tb"), cell.source
    errors = [o for c in notebook.cells if c.source == "%tb" for o in c.outputs if o.output_type == "error"]
    assert any("Secret(…)" in line for error in errors for line in error.traceback)
