"""Projects from Python: what `import aip_jupyter as aip` offers for them, and for the people in them.

    aip.create_project("vision", description="all that looks")
    aip.use_project("vision")
    aip.set_role("bob", "member")

The choice is the process's: other notebooks go on with theirs.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, get_args

from ..client.choice import Choice, get_choice, set_choice
from ..client.journals import JOURNALS
from ..client.projects import all_projects
from ..domain.access import (
    CreateProject,
    GetProject,
    Project,
    ProjectDetail,
    RemoveRole,
    Role,
    SetRole,
)
from ..errors import AipError, Conflict, Denied, Invalid, NotFound, Unavailable
from .arguments import one_line, quoted
from .connection import connect
from .namespace import nearest
from .project_tables import ProjectCard, ProjectTable
from .run_state import active_run
from .words import one_of

if TYPE_CHECKING:
    from ..client.connect import Connection
    from .status import Status

FLUSH = 10.0
"""Seconds that what was logged has to be stored before a project is archived."""
READ_ONLY = "It is archived, and so read-only: {} opens it again."


def init(project_id: str | None = None, api_key: str | None = None, url: str | None = None) -> Status:
    """Choose project and server for this process; all that is left out stays as it is.

    `url` and `api_key`, an access token, come before AIP_URL and AIP_TOKEN. Nothing changes when it fails.

    A key that is typed into a cell stays in the notebook's file and in IPython's history; what runs record of
    their cells has none. Have it asked for, or set AIP_TOKEN in the environment or in a file `.env`.

    Raises NotFound with the projects that there are, Conflict while a run is active, Unauthenticated,
    Unavailable.

        aip.init("vision")
        aip.init("vision", api_key=getpass.getpass("key: "), url="https://hub.example.org/user/ada/")
    """
    try:
        return _init(_given(project_id, url, api_key))
    except AipError as error:
        # In one line: a traceback may show variables, and one of the caller's holds the key.
        raise one_line(error.with_traceback(None)) from None


def _given(project: str | None, url: str | None, token: str | None) -> Choice:
    for field, value in (("project_id", project), ("url", url), ("api_key", token)):
        if not isinstance(value, str | None):
            raise Invalid(f"{field}: give a text, not a {type(value).__name__}", field=field)
    return Choice(project=project or "", url=url or "", token=token or "")


def _init(given: Choice) -> Status:
    from . import api

    if given.token:
        from ..redaction import keep_secret

        keep_secret(given.token)
    before = get_choice()
    new_server = bool(given.url or given.token)
    if new_server and (run := active_run()) is not None:
        raise _is_active(run.name, run.project or connect().first_project)
    try:
        set_choice(_merged(before, given))
        connection = connect(refresh=True)
        if new_server and not connection.settings.url:
            message = "api_key: say which server it is for, as url=… or in AIP_URL"
            raise Invalid(message, field="api_key")
        notes = use_project(given.project).notes if given.project else []
        status = api.describe()
    except AipError:
        set_choice(before)
        with contextlib.suppress(AipError):
            connect(refresh=True)
        raise
    status.notes += notes
    return status


def _merged(before: Choice, given: Choice) -> Choice:
    """What was chosen before, as far as it still holds: a project is one of its server."""
    if given.url:
        return Choice(url=given.url, token=given.token)
    return Choice(project=before.project, url=before.url, token=given.token or before.token)


def use_project(name: str) -> ProjectCard:
    """Use this project from now on, in this process: whatever has no `project` of its own is in it.

    Raises NotFound with the projects that there are, Conflict while a run of another project is active.
    """
    connection = connect()
    detail = _found(connection, _checked_name(name))
    name = detail.project.name
    if (run := active_run()) is not None and (of := run.project or connection.first_project) != name:
        raise _is_active(run.name, of)
    choice = get_choice()
    set_choice(Choice(project=name, url=choice.url, token=choice.token))
    return ProjectCard(detail, in_use=True, notes=_notes_on(detail.project))


def create_project(name: str, *, description: str = "") -> ProjectCard:
    """Make a project; you administer it. `use_project` then switches to it.

    Raises Invalid, Conflict (there is one of this name), Denied.
    """
    connection = connect()
    request = CreateProject(name=_checked_name(name), description=description, author=connection.author)
    detail = connection.services.projects.create_project(request)
    return _card(connection, detail, f"{_magic(detail.project.name)} switches to it.")


def list_projects(*, archived: bool = False) -> ProjectTable:
    """The projects in which you have a part, by name; `archived` lists those that are archived, too.

    Returns a list of `Project` that shows itself as a table. Raises Unavailable.
    """
    connection = connect()
    return ProjectTable(
        all_projects(connection.services.projects, archived=archived), in_use=connection.project
    )


def get_project(name: str | None = None) -> ProjectCard:
    """A project, who may what in it, and what you may yourself; the one in use when left out.

    Raises NotFound with the projects that there are.
    """
    connection = connect()
    detail = _found(connection, connection.project if name is None else _checked_name(name))
    return _card(connection, detail, *_notes_on(detail.project))


def archive_project(name: str) -> ProjectCard:
    """Close a project to changes; it can still be read, and `restore_project` opens it again.

    Raises NotFound, Denied, Conflict (a run or a GPU session of it is active, or it is the default one).
    """
    connection = connect()
    if (run := active_run()) is not None and (run.project or connection.first_project) == name:
        raise _is_active(run.name, name)
    JOURNALS.flush(FLUSH)  # the end of a run that has just ended must not come too late
    detail = connection.services.projects.archive_project(GetProject(project=_checked_name(name)))
    return _card(connection, detail, f"{_magic('restore', name)} opens it again.")


def restore_project(name: str) -> ProjectCard:
    """Open an archived project again. Raises NotFound, Denied."""
    connection = connect()
    detail = connection.services.projects.restore_project(GetProject(project=_checked_name(name)))
    return _card(connection, detail)


def set_role(user: str, role: str, *, project: str | None = None) -> ProjectCard:
    """Make somebody a viewer, a member or an admin of a project; `*` is everybody who may log in.

    A viewer reads, a member also records and runs code, an admin also decides about the project.
    Raises NotFound, Denied, Invalid.
    """
    connection = connect()
    request = SetRole(
        project=project or connection.project, user=user, role=one_of(role, "role", get_args(Role))
    )
    return _card(connection, connection.services.projects.set_role(request))


def remove_role(user: str, *, project: str | None = None) -> ProjectCard:
    """Take somebody's role in a project away. Raises NotFound (also when there is none to take), Denied."""
    connection = connect()
    request = RemoveRole(project=project or connection.project, user=user)
    return _card(connection, connection.services.projects.remove_role(request))


def check_writable(name: str) -> str:
    """The name of a project in which one may record, as far as somebody is there to ask.

    Raises NotFound with the projects that there are, Denied, Conflict (it is archived).
    """
    try:
        detail = _found(connect(), _checked_name(name))
    except Unavailable:
        return name
    if detail.project.state == "ARCHIVED":
        raise Conflict(f"project: {name!r}: {_notes_on(detail.project)[0]}", field="project")
    if "write" not in detail.rights:
        raise Denied(f"this needs the right to write in project {name!r}; ask who administers it")
    return name


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise Invalid("project: give a project's name; %aip project list shows yours", field="project")
    return name


def _found(connection: Connection, name: str) -> ProjectDetail:
    """The project. NotFound with what there is instead."""
    projects = connection.services.projects
    try:
        return projects.get_project(GetProject(project=name))
    except NotFound as error:
        known = [project.name for project in all_projects(projects, archived=True)]
        near = nearest(name, known)
        advice = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(known[:8])}"
        raise NotFound(f"{error.message}; {advice}", field="project", nearest=near) from error


def _card(connection: Connection, detail: ProjectDetail, *notes: str) -> ProjectCard:
    return ProjectCard(detail, in_use=detail.project.name == connection.project, notes=notes)


def _notes_on(project: Project) -> list[str]:
    return [READ_ONLY.format(_magic("restore", project.name))] if project.state == "ARCHIVED" else []


def _magic(*words: str) -> str:
    return " ".join(["%aip project", *map(quoted, words)])


def _is_active(run: str, project: str) -> AipError:
    message = f"project: run {run} is active in project {project!r}; end it first with %end_run"
    return Conflict(message, field="project")
