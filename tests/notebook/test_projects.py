"""Projects and people as a notebook sees them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from IPython.core.magic_arguments import MagicArgumentParser

import aip_jupyter as aip
from aip_jupyter.client.choice import Choice, get_choice
from aip_jupyter.client.connect import connect
from aip_jupyter.domain.access import Project, ProjectDetail
from aip_jupyter.domain.datasets import GetDataset
from aip_jupyter.domain.lineage import GetLineage
from aip_jupyter.errors import Conflict, Denied, Invalid, NotFound
from aip_jupyter.notebook.magics import CLASSES, our_magics
from aip_jupyter.notebook.project_tables import ProjectCard, ProjectTable

from .conftest import Notebook
from .test_completion import offered


@pytest.fixture
def vision(notebook: Notebook) -> Notebook:
    """The notebook, with a project that it does not use."""
    notebook.run("%aip project new vision --description 'all that looks'")
    return notebook


def test_a_new_project_is_not_switched_to(notebook: Notebook) -> None:
    card = notebook.run("%aip project new 'my vision' --description \"<b>all</b>\"")
    assert (card.name, card.project.description, card.in_use) == ("my vision", "<b>all</b>", False)
    assert "%aip project 'my vision' switches to it." in repr(card)
    assert "&lt;b&gt;all" in card._repr_html_()
    assert notebook.run("%aip project").name == "default"
    error = notebook.fail("%aip project new 'my vision'")
    assert isinstance(error, Conflict)
    assert error.field == "name"
    assert notebook.run("%aip project 'my vision'").in_use


def test_the_same_name_in_two_projects(vision: Notebook, clf: Any) -> None:
    vision.run("%register_model digits-clf clf --description here")
    vision.run("%aip project vision")
    assert len(vision.run("%models")) == 0
    vision.run("%register_model digits-clf clf --description there")
    assert [m.project for m in vision.run("%models")] == ["vision"]
    assert aip.get_version("digits-clf").version.description == "there"
    assert aip.get_version("digits-clf", project="default").version.description == "here"
    assert vision.run("%aip").project == "vision"
    vision.run("%aip project use default")
    assert aip.get_version("digits-clf").version.description == "here"


def test_a_run_has_ended_before_its_project_is_archived(vision: Notebook) -> None:
    vision.run("%start_run baseline --project vision")
    vision.run("%end_run")
    vision.run("%aip project archive vision")
    assert aip.get_run("baseline", project="vision").run.status == "completed"


def test_no_session_begins_in_an_archived_project(vision: Notebook) -> None:
    vision.run("%aip project archive vision")
    vision.run("%aip project vision")
    for session in (None, "mine"):
        with pytest.raises(Conflict) as caught:
            aip.run_on_gpu("1", gpu="cpu", session=session)
        assert caught.value.field == "project"


def test_what_is_no_text_is_refused_by_name(notebook: Notebook) -> None:
    wrong: Any = 3
    calls: dict[str, Callable[[], object]] = {
        "project_id": lambda: aip.init(wrong),
        "api_key": lambda: aip.init(api_key=wrong),
        "project": lambda: aip.use_project(wrong),
        "expires": lambda: aip.create_token("ci", expires=wrong),
        "scope": lambda: aip.create_token("ci", scope=wrong),
        "role": lambda: aip.set_role("bob", wrong),
    }
    for field, call in calls.items():
        with pytest.raises(Invalid) as caught:
            call()
        assert caught.value.field == field


def test_the_list(vision: Notebook) -> None:
    table = vision.run("%aip project list")
    assert isinstance(table, ProjectTable)
    assert [project.name for project in table] == ["default", "vision"]
    header, default, second = repr(table).splitlines()
    assert re.split(r"\s{2,}", header.strip()) == ["name", "description", "people", "state", "made"]
    assert default.startswith("in use  default")
    assert "all that looks" in second
    assert "<td>vision</td>" in table._repr_html_()


def test_an_archived_project_can_be_read(vision: Notebook, clf: Any) -> None:
    vision.run("%register_model digits-clf clf --project vision")
    archived = vision.run("%aip project archive vision")
    assert "%aip project restore vision opens it again." in repr(archived)
    assert [project.name for project in vision.run("%aip project list")] == ["default"]
    assert [project.state for project in vision.run("%aip project list --archived")] == ["LIVE", "ARCHIVED"]
    card = vision.run("%aip project vision")
    assert "read-only: %aip project restore vision opens it again" in repr(card)
    assert [model.name for model in vision.run("%models")] == ["digits-clf"]
    assert isinstance(vision.fail("%register_model digits-clf clf"), Conflict)
    assert isinstance(vision.fail("%start_run x --project vision"), Conflict)
    assert vision.run("%aip project restore vision").project.state == "LIVE"
    assert vision.run("%register_model digits-clf clf").version.number == 2
    assert isinstance(vision.fail("%aip project archive default"), Conflict)


def test_roles(vision: Notebook) -> None:
    assert vision.run("%aip role set bob member --project vision").roles == {"bob": "member"}
    vision.run("%aip project vision")
    card = vision.run("%aip role set * viewer")
    assert card.roles == {"*": "viewer", "bob": "member"}
    assert "everybody who may log in)  viewer" in repr(card)
    assert "<td>bob</td><td>member</td>" in card._repr_html_()
    assert vision.run("%aip role remove bob").roles == vision.run("%aip role").roles == {"*": "viewer"}
    assert vision.run("%aip role list --project default").roles == {}


@pytest.mark.parametrize(
    ("line", "error", "words"),
    [
        ("%aip project visoin", NotFound, "did you mean vision?"),
        ("%aip project lst", NotFound, "or is it %aip project list?"),
        ("%aip project show --project visoin", Invalid, "takes no --project"),
        ("%aip project --project nope", NotFound, "there is default, vision"),
        ("%aip project ' '", Invalid, "project: give a project's name"),
        ("%aip project new list", Invalid, "'list' is a word of %aip project"),
        ("%aip project new", Invalid, "%aip project new NAME is how it is written"),
        ("%aip project archive nope", NotFound, "there is no project 'nope'"),
        ("%aip projct", Invalid, "did you mean project?"),
        ("%aip role set bob membr", Invalid, "did you mean member?"),
        ("%aip role sett bob member", Invalid, "did you mean set?"),
        ("%aip role set bob", Invalid, "%aip role set USER ROLE"),
        ("%aip role remove bob", NotFound, "'bob' has no role in 'default'; nobody has"),
        ("%aip doctor vision", Invalid, "%aip doctor is how it is written"),
        ("%aip project list --scope read", Invalid, "it is for %aip token new NAME"),
        ("%aip doctor --verify", Invalid, "it is for %aip check"),
    ],
)
def test_what_it_does_not_understand(vision: Notebook, line: str, error: type[Exception], words: str) -> None:
    failed = vision.fail(line)
    assert isinstance(failed, error)
    assert words in failed.message
    assert get_choice() == Choice()


def test_the_project_is_not_switched_under_a_run(vision: Notebook) -> None:
    vision.run("%start_run baseline")
    for line in ("%aip project vision", "aip.init('vision')", "aip.init(url='http://127.0.0.1:9')"):
        result = vision.shell.run_cell(f"import aip_jupyter as aip\n{line}", store_history=False)
        assert isinstance(result.error_in_exec, Conflict), line
        message = "project: run baseline is active in project 'default'; end it first with %end_run"
        assert result.error_in_exec.message == message
    assert get_choice() == Choice()
    assert vision.run("%aip project default").in_use
    vision.run("%end_run")
    vision.run("%aip project vision")
    vision.run("%start_run there")
    assert isinstance(vision.fail("%aip project archive vision"), Conflict)
    vision.run("%end_run")
    assert aip.get_run("there").run.project == "vision"


def test_a_run_of_another_project(vision: Notebook) -> None:
    with aip.start_run("there", project="vision") as run:
        aip.log_metrics({"m": 1.0})
    assert aip.get_run("there", project="vision").run.id == run.id
    with pytest.raises(NotFound):
        aip.get_run("there")
    assert isinstance(vision.fail("%start_run x --project nope"), NotFound)
    assert aip.active_run() is None


def test_who_may_only_read_starts_no_run(vision: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    detail = ProjectDetail(project=Project(id="1" * 32, name="vision"), rights=["read"])
    monkeypatch.setattr("aip_jupyter.notebook.projects._found", lambda *_: detail)
    assert isinstance(vision.fail("%start_run x --project vision"), Denied)


def test_nothing_is_linked_across_projects(vision: Notebook, clf: Any, work: Path) -> None:
    (work / "digits.csv").write_text("x,y\n1,2\n")
    vision.run("%start_run baseline")
    version = vision.run("%register_model digits-clf clf --project vision")
    assert version.run == ""
    assert "Run baseline is of project 'default', so this is not linked to it." in repr(version)
    dataset = vision.run("%log_dataset digits digits.csv --context training --project vision")
    assert dataset.uses == []
    assert "not linked" in repr(dataset)
    ours = vision.run("%register_model digits-clf clf")
    assert (ours.run, ours.notes) == ("baseline", [])
    vision.run("%end_run")
    services = connect().services
    lineage = services.lineage.get_lineage(GetLineage(project="vision", reference="digits-clf"))
    assert [node.kind for node in lineage.nodes] == ["version"]
    assert services.datasets.get_dataset(GetDataset(project="vision", dataset="digits")).uses == []
    lineage = services.lineage.get_lineage(GetLineage(reference="model:digits-clf"))
    assert {node.kind for node in lineage.nodes} == {"version", "run"}


def test_a_run_elsewhere_is_not_linked_to_what_is_made_here(vision: Notebook, clf: Any) -> None:
    vision.run("%start_run there --project vision")
    assert vision.run("%register_model digits-clf clf").run == ""
    assert vision.run("%register_model digits-clf clf --project vision").run == "there"
    vision.run("%end_run")


def test_init(vision: Notebook) -> None:
    assert aip.init().project == "default"
    assert aip.init("vision").project == "vision"
    assert aip.init().project == "vision"
    vision.run("%aip project archive vision")
    status = aip.init("vision")
    assert "read-only" in repr(status)
    assert "read-only" in status._repr_html_()
    with pytest.raises(NotFound, match="did you mean vision"):
        aip.init("visions")
    with pytest.raises(Invalid, match="api_key: say which server it is for"):
        aip.init("default", api_key="aip_" + "s" * 40)
    assert get_choice() == Choice(project="vision")


def test_no_key_is_in_a_traceback(vision: Notebook) -> None:
    key, port = "aip_" + "k" * 40, 9
    vision["key"] = key
    vision.shell.run_line_magic("xmode", "Verbose")
    try:
        for url in (
            f"http://127.0.0.1:{port}/",
            f"http://u:{key}@h/",
            f"http://127.0.0.1:{port}/?token={key}",
        ):
            vision["url"] = url
            cell = "import aip_jupyter as aip\naip.init(url=url, api_key=key)"
            result = vision.shell.run_cell(cell, store_history=False)
            assert not result.success
            vision.shell.run_line_magic("tb", "")
    finally:
        shown = vision._capsys.readouterr()
        vision.shell.run_line_magic("xmode", "Context")
    assert shown.out.count("AIP_URL: give the address alone") == 2  # and by %tb
    assert key not in shown.out + shown.err
    assert get_choice() == Choice()


WITHOUT_PROJECT = {"%end_run", "%set_experiment", "%autolog", "%log_text"}
"""What is about the one run that is active, or about those to come, whatever their project."""


def test_each_magic_takes_a_project(notebook: Notebook) -> None:
    magics = our_magics(notebook.shell)
    assert len(magics) == sum(len(names) for each in CLASSES for names in each.magics.values())
    for magic, function in magics:
        parser: MagicArgumentParser = function.parser
        options = {name for action in parser._actions for name in action.option_strings}
        assert "--project" in options or magic in WITHOUT_PROJECT, magic


@pytest.mark.parametrize(
    ("typed", "offer"),
    [
        ("%aip project vi", ["%aip project vision"]),
        ("%aip project arch", ["%aip project archive"]),
        ("%aip project archive v", ["%aip project archive vision"]),
        ("%models --project v", ["%models --project vision"]),
        ("%aip role set b", ["%aip role set bob"]),
        ("%aip role set bob me", ["%aip role set bob member"]),
        ("%aip token revoke c", ["%aip token revoke ci"]),
        ("%aip --project default token revoke c", ["%aip --project default token revoke ci"]),
        ("%aip token new x --scope pu", ["%aip token new x --scope publish"]),
        ("%aip token n", ["%aip token new"]),
    ],
)
def test_tab(vision: Notebook, typed: str, offer: list[str]) -> None:
    vision.run("%aip role set bob viewer")
    vision.run("%aip token new ci")
    assert offered(vision, typed) == offer


def test_help_names_all(notebook: Notebook) -> None:
    shown = repr(notebook.run("%aip help"))
    for words in ("%aip project NAME", "%aip role set USER ROLE", "%aip token revoke NAME", "%%gpu"):
        assert words in shown


def test_many_people_are_counted() -> None:
    roles: dict[str, Any] = {f"user{number}": "member" for number in range(9)}
    project = Project(id="1" * 32, name="p", roles=roles)
    assert "user3 (member), 5 more" in ProjectTable([project], in_use="")._repr_html_()
    assert repr(ProjectCard(ProjectDetail(project=project, rights=[]))).count("member") == 9
    assert "%aip project new NAME" in repr(ProjectTable([], in_use=""))
