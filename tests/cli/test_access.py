"""`aip project`, `aip role` and `aip token`: what a script sees of them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from aip_jupyter.cli.main import main
from aip_jupyter.services.credentials import Credentials
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import Settings


class Result(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        """The words of each line."""
        return [line.split() for line in self.out.splitlines()]


class Aip:
    """The command, on a fresh home."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str) -> Result:
        status = main(words)
        return Result(status, *self._capsys.readouterr())

    def fails(self, *words: str) -> str:
        """The one line with which it must fail."""
        status, out, err = self(*words)
        assert (status, out) == (1, "")
        line = err.splitlines()[-1]
        assert "Traceback" not in err
        return line


@pytest.fixture
def aip(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Aip:
    monkeypatch.setenv("AIP_USER", "ada")
    monkeypatch.chdir(home.parent)
    return Aip(capsys)


def test_projects(aip: Aip) -> None:
    made = aip("project", "new", "vision", "--description", "all that looks")
    assert made.status == 0
    assert made.rows[0] == ["project", "vision"]
    assert "without a server" in made.err
    assert [row[:2] for row in aip("project", "list").rows] == [
        ["name", "state"],
        ["default", "live"],
        ["vision", "live"],
    ]
    assert aip("project", "archive", "vision").rows[1] == ["state", "archived"]
    assert len(aip("project", "list").rows) == 2
    assert len(aip("project", "list", "--archived").rows) == 3
    assert aip("project", "restore", "vision").rows[1] == ["state", "live"]
    assert aip("project", "show", "vision").rows[3][:3] == ["your", "rights", "admin,"]
    assert aip("project", "show").rows[0] == ["project", "default"]
    assert aip.fails("project", "new", "vision").startswith("Conflict: name: there is a project 'vision'")
    assert aip.fails("project", "show", "nope").startswith("NotFound: project: there is no project 'nope'")


def test_a_description_steers_no_terminal(aip: Aip) -> None:
    """It is another user's, perhaps: an escape sequence may rename windows, or hide what follows."""
    aip("project", "new", "vision", "--description", "all\nthat\x1b]0;gone\x07 looks\x9b2J")
    shown = aip("project", "show", "vision").out
    assert "description  all that\ufffd]0;gone\ufffd looks\ufffd2J\n" in shown


def test_roles(aip: Aip) -> None:
    aip("project", "new", "vision")
    assert aip("role", "set", "bob", "member", "--project", "vision").rows == [
        ["user", "role"],
        ["bob", "member"],
    ]
    aip("role", "set", "*", "viewer", "--project", "vision")
    assert aip("role", "list", "--project", "vision").rows[1:] == [["*", "viewer"], ["bob", "member"]]
    assert aip("role", "remove", "bob", "--project", "vision").rows[1:] == [["*", "viewer"]]
    assert aip("role", "list").rows == [["user", "role"]]


def test_a_new_token_alone_is_on_standard_output(aip: Aip, home: Path) -> None:
    aip("project", "new", "vision")
    made = aip("token", "new", "ci", "--project", "vision", "--scope", "publish", "--expires", "12h")
    secret = made.out.removesuffix("\n")
    assert secret.startswith("aip_")
    assert not set(secret) & set(" \n")
    assert secret not in made.err
    assert "scope publish" in made.err
    platform = open_platform(Settings(home=home))
    credentials = Credentials(platform.access, platform.gpus, platform.settings, platform.signer)
    caller = credentials.check(secret)
    platform.close()
    assert (caller.project, sorted(caller.rights)) == ("vision", ["publish", "read"])

    listed = aip("token", "list", "--project", "vision")
    assert listed.rows[1][:3] == ["ci", "publish", "ada"]
    assert secret.rpartition("_")[2] not in listed.out + listed.err
    assert "is revoked" in aip("token", "revoke", "ci", "--project", "vision").err
    assert "there is none yet" in aip.fails("token", "revoke", "ci", "--project", "vision")
    assert aip.fails("token", "new", "x", "--expires", "ever").startswith("Invalid: expires: 'ever'")
    assert aip.fails("token", "new", "x", "--expires", "1s").startswith("Invalid: expires: must be between")


@pytest.mark.parametrize(
    "words",
    [["token"], ["token", "new"], ["role", "set", "bob", "king"], ["token", "new", "x", "--scope", "all"]],
)
def test_what_it_does_not_understand_ends_with_2(aip: Aip, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        aip(*words)
    assert ended.value.code == 2


def test_no_option_takes_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """A command line is seen by everybody on the machine."""
    for words in (["--help"], ["token", "new", "--help"], ["token", "revoke", "--help"]):
        with pytest.raises(SystemExit):
            main(words)
        shown = capsys.readouterr().out
        assert not [word for word in ("--token", "--secret", "--key", "--api-key") if word in shown]
