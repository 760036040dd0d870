"""The project in use: what was chosen in this process, else configured, else the server's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.client.choice import Choice, get_choice, set_choice
from aip_jupyter.client.connect import connect, destination, disconnect
from aip_jupyter.client.context import Context, set_context
from aip_jupyter.domain.access import CreateProject, GetProject
from aip_jupyter.errors import Conflict, NotFound


@pytest.fixture(autouse=True)
def fresh(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    set_choice(Choice())
    set_context(None)  # type: ignore[arg-type]  # as before any cell


def test_the_choice_comes_before_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (connect().project, destination().project) == ("default", "")
    set_choice(Choice(project="chosen"))
    assert (connect().project, destination().project) == ("chosen", "chosen")
    set_choice(Choice())
    monkeypatch.setenv("AIP_PROJECT", "configured")
    assert connect(refresh=True).project == destination().project == "configured"
    set_choice(Choice(project="chosen"))
    assert connect().project == destination().project == "chosen"
    assert connect().first_project == "configured"


def test_in_a_session_the_notebooks_project_is_in_use_until_another_is_chosen_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIP_PROJECT", "configured")
    set_context(Context(project="of-the-notebook", user="bob"))
    assert connect().project == destination().project == "of-the-notebook"
    assert connect().author == "bob"
    set_choice(Choice(project="chosen"))
    assert connect().project == destination().project == "chosen"
    set_context(Context(project="another"))
    assert connect().first_project == "another"
    assert connect().project == "chosen"


def test_switching_disturbs_nothing_that_is_under_way() -> None:
    connection = connect()
    connection.services.projects.create_project(CreateProject(name="chosen"))
    set_choice(Choice(project="chosen"))
    assert connect() is connection
    assert connect(refresh=True) is connection


def test_a_chosen_project_is_not_taken_for_a_configured_one() -> None:
    """Which is made by itself, and cannot be archived."""
    projects = connect().services.projects
    projects.create_project(CreateProject(name="chosen"))
    set_choice(Choice(project="chosen"))
    projects = connect(refresh=True).services.projects
    assert projects.archive_project(GetProject(project="chosen")).project.state == "ARCHIVED"
    with pytest.raises(Conflict):
        projects.archive_project(GetProject(project="default"))
    set_choice(Choice(project="nope"))
    with pytest.raises(NotFound):
        connect(refresh=True).services.projects.get_project(GetProject(project="nope"))


def test_a_chosen_server_comes_before_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIP_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("AIP_TOKEN", "of-the-environment")
    found = connect()
    assert found.server is not None
    assert found.server.token == "of-the-environment"
    cases = {
        Choice(url="http://127.0.0.1:8/"): ("http://127.0.0.1:8/", "of-the-environment"),
        Choice(url="http://127.0.0.1:8/?token=abc"): ("http://127.0.0.1:8/", "abc"),
        Choice(url="http://127.0.0.1:8/", token="mine"): ("http://127.0.0.1:8/", "mine"),
        Choice(token="mine"): ("http://127.0.0.1:9/", "mine"),
    }
    for choice, expected in cases.items():
        set_choice(choice)
        server = connect(refresh=True).server
        assert server is not None
        assert (server.url, server.token) == expected
        assert destination().store == f"server {expected[0]}"
    set_context(Context(project="p", url="http://127.0.0.1:7/", token="of-the-cell"))
    assert connect().url == "http://127.0.0.1:7/"  # a token alone is for the server of the environment
    set_choice(Choice(url="http://127.0.0.1:8/"))
    assert connect(refresh=True).url == "http://127.0.0.1:8/"
    disconnect()


def test_no_key_is_shown() -> None:
    choice = Choice(url="http://h/?token=s3cret", token="s3cret")
    set_choice(choice)
    assert "s3cret" not in f"{choice}{choice!r}{[get_choice()]}"
