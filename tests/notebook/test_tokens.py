"""Access tokens and download links as a notebook sees them."""

from __future__ import annotations

import copy
import os
import pickle
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import aip_jupyter as aip
from aip_jupyter.client.connect import disconnect
from aip_jupyter.domain.access import NewToken, TokenInfo
from aip_jupyter.domain.durations import parse_duration
from aip_jupyter.errors import AipError, Conflict, Invalid, NotFound
from aip_jupyter.notebook.display import until_html, until_text
from aip_jupyter.notebook.secrets import SECRET_MIME, NewTokenCard
from aip_jupyter.notebook.token_tables import TokenTable

from ..support.live import LiveServer, live_server
from .conftest import Notebook

DAY = 86400 * 1000
SECRET = "aip_" + "0" * 32 + "_" + "s3cret" * 8


def card(*, fetched: bool = True) -> NewTokenCard:
    info = TokenInfo(
        id="0" * 32,
        project="<p>",
        name="ci",
        scope="read",
        author="ada",
        created=0,
        expires=round(time.time() * 1000) + 30 * DAY,
        last_used=0,
        is_expired=False,
    )
    return NewTokenCard(NewToken(info=info, text=SECRET), fetched=fetched)


def test_new_list_revoke(notebook: Notebook) -> None:
    notebook.run("%aip project new vision")
    token = notebook.run("%aip token new ci --scope publish --project vision --expires 12h")
    assert (token.info.scope, token.info.project, token.info.author) == ("publish", "vision", "ada")
    assert "in 12 hours" in repr(token)
    assert len(notebook.run("%aip token")) == 0
    assert "%aip token new NAME" in repr(notebook.run("%aip token list"))
    table = notebook.run("%aip token --project vision")
    assert isinstance(table, TokenTable)
    header, row = repr(table).splitlines()
    assert re.split(r"\s{2,}", header) == ["name", "scope", "author", "made", "last used", "expires"]
    assert re.split(r"\s{2,}", row) == ["ci", "publish", "ada", "just now", "never", "in 12 hours"]
    assert "<td>ci</td><td>publish</td>" in table._repr_html_()
    note = notebook.run("%aip token revoke ci --project vision")
    assert "Access token 'ci' of project 'vision' is revoked" in repr(note)
    assert "is revoked" in note._repr_html_()
    assert isinstance(notebook.fail("%aip token revoke ci --project vision"), NotFound)


@pytest.mark.parametrize(
    ("line", "error", "field"),
    [
        ("%aip token new ci --expires tomorrow", Invalid, "expires"),
        ("%aip token new ci --expires 0d", Invalid, "expires"),
        ("%aip token new ci --expires 45s", Invalid, "expires"),
        ("%aip token new ci --expires 400d", Invalid, "expires"),
        ("%aip token new ci --scope wirte", Invalid, "scope"),
        ("%aip token new '#ci'", Invalid, "name"),
        ("%aip token new ci --project nope", NotFound, "project"),
        ("%aip token new", Invalid, "command"),
        ("%aip token nwe ci", Invalid, "command"),
        ("%aip token revoke ci", NotFound, "token"),
    ],
)
def test_what_cannot_be(notebook: Notebook, line: str, error: type[AipError], field: str) -> None:
    failed = notebook.fail(line)
    assert isinstance(failed, error)
    assert failed.field == field
    assert len(notebook.run("%aip token")) == 0


def test_lengths_of_time() -> None:
    assert [parse_duration(text, "x") for text in ("30d", "12h", " 90M ", "45s")] == [
        2592000,
        43200,
        5400,
        45,
    ]
    for text in ("", "30", "d", "-1d", "1.5h", "30 d", "1w", "٣d", "9" * 400 + "d"):
        with pytest.raises(Invalid, match="write 30d, 12h, 90m or 45s"):
            parse_duration(text, "x")


def test_the_time_left() -> None:
    said = {
        30 * DAY - 5: "in 30 days",
        DAY: "in 1 day",
        DAY - 3_600_000: "in 23 hours",
        90_000: "in 2 minutes",
        59_000: "in less than a minute",
        0: "expired",
        -DAY: "expired",
    }
    assert {left: until_text(DAY + left, DAY) for left in said} == said
    assert "aip-bad" in until_html(0)


def everything_shown(token: NewTokenCard) -> list[str]:
    bundle = token._repr_mimebundle_()
    shows: list[Callable[[Any], str]] = [repr, str, "{}".format, "{!r}".format, lambda t: str(vars(t))]
    return [str(bundle), *(show(token) for show in shows), str([token]), str(dir(token))]


def test_nothing_shows_the_secret(notebook: Notebook) -> None:
    token = card()
    notebook["token"] = token
    data, metadata = notebook.shell.display_formatter.format(token)
    assert set(data) == {SECRET_MIME, "text/html", "text/plain"}
    assert data[SECRET_MIME] == {"project": "<p>", "token": "0" * 32, "name": "ci"}
    assert "&lt;p&gt;" in data["text/html"]
    for shown in [*everything_shown(token), str(data), str(metadata)]:
        assert "s3cret" not in shown
    assert token.text == SECRET
    assert "s3cret" not in repr(token.text)
    notebook.run("token")
    assert "s3cret" not in notebook.printed


def test_it_does_not_travel() -> None:
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            take(card())


def test_without_a_server_nobody_can_fetch_it() -> None:
    token = card(fetched=False)
    assert SECRET_MIME not in token._repr_mimebundle_()
    assert "sidebar" not in repr(token)
    assert "sidebar" in repr(card())


def test_write_to(work: Path) -> None:
    old = os.umask(0)
    try:
        path = card().write_to("ci.token")
    finally:
        os.umask(old)
    assert path.read_text() == SECRET
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Conflict, match=r"there is a file 'ci\.token' already"):
        card().write_to("ci.token")
    target = work / "elsewhere"
    (work / "link").symlink_to(target)
    with pytest.raises(Conflict):
        card().write_to(work / "link")
    assert not target.exists()
    with pytest.raises(Invalid, match="cannot be written"):
        card().write_to("no/folder/ci.token")


SCRIPT = """
import os, pty, sys
def read(descriptor):
    return os.read(descriptor, 4096)
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], read, lambda fd: b"")))
"""


def test_a_terminal_shows_it_and_a_pipe_does_not(home: Path, work: Path) -> None:
    script = work / "make.ipy"
    script.write_text(
        "%load_ext aip_jupyter\nt = %aip token new ci\nt.write_to('kept')\n"
        "display(t)\nget_ipython().displayhook(t)\n"
    )
    environ = {**os.environ, "AIP_HOME": str(home), "IPYTHONDIR": str(work), "TERM": "dumb"}
    ipython = [sys.executable, "-m", "IPython", "--colors=NoColor", str(script)]
    shown = subprocess.run(
        [sys.executable, "-c", SCRIPT, *ipython],
        env=environ,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    secret = (work / "kept").read_bytes()
    assert shown.stdout.count(secret) == 2, shown
    (work / "kept").unlink()
    subprocess.run(
        [sys.executable, "-m", "aip_jupyter.cli.main", "token", "revoke", "ci"], env=environ, check=True
    )
    piped = subprocess.run(ipython, env=environ, capture_output=True, check=True)
    assert (work / "kept").read_bytes() not in piped.stdout + piped.stderr
    assert b".write_to(path)" in piped.stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("server"), "--ServerApp.log_level=DEBUG") as server:
        yield server


@pytest.fixture
def served(notebook: Notebook, server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    monkeypatch.setenv("AIP_URL", server.url)
    monkeypatch.setenv("AIP_TOKEN", server.token)
    disconnect()
    return notebook


def test_a_download_link(served: Notebook, server: LiveServer, work: Path) -> None:
    (work / "out").mkdir()
    for name in ("a.bin", "b.bin"):
        (work / "out" / name).write_bytes(name.encode())
    served.run("%register_model one out/a.bin")
    served.run("%register_model two out")
    link = aip.download_link("one", expires="2m")
    signature = link.url.partition("=")[2]
    assert signature
    assert link.url.startswith(server.url + "aip/v1/projects/default/artifacts/")
    assert httpx.get(link.url, trust_env=False).content == b"a.bin"
    assert repr(link) == (
        "download link for a.bin of one:1, ends in 2 minutes; .url is the address, for whoever has it"
    )
    for shown in (repr(link), link._repr_html_(), str(vars(link)), repr(link.url)):
        assert signature not in shown
    assert signature not in server.log
    assert httpx.get(aip.download_link("two", "b.bin").url, trust_env=False).content == b"b.bin"
    with pytest.raises(Invalid, match=r"two:1 has 2 files; name one, such as a\.bin, b\.bin"):
        aip.download_link("two")
    with pytest.raises(NotFound, match=r"there is [ab]\.bin"):
        aip.download_link("two", "c.bin")
    with pytest.raises(Invalid, match="expires: must be between a second and an hour"):
        aip.download_link("one", expires="2h")


def test_without_a_server_there_is_no_link(notebook: Notebook, clf: Any) -> None:
    notebook.run("%register_model digits-clf clf")
    with pytest.raises(Invalid, match="no server here"):
        aip.download_link("digits-clf")


def test_a_token_opens_its_project_alone(served: Notebook, server: LiveServer) -> None:
    served.run("%aip project new mine")
    token = aip.create_token("reader", project="mine")
    status = aip.init(url=server.url, api_key=token.text)
    assert status.project == "mine"
    assert status.url == server.url.rstrip("/") or status.url == server.url
    assert [project.name for project in aip.list_projects()] == ["mine"]
    assert isinstance(served.fail("%aip project default"), NotFound)
    aip.init(url=server.url, api_key=server.token)
    assert [t.last_used > 0 for t in aip.list_tokens(project="mine")] == [True]
    assert "just now" in repr(aip.list_tokens(project="mine")).splitlines()[1]
    aip.revoke_token("reader", project="mine")
    assert token.text.split("_")[2] not in server.log
