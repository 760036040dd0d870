"""Projects in process: making, listing, roles, archiving."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ..domain import names
from ..domain.access import (
    EVERYBODY,
    EVERYWHERE,
    CreateProject,
    GetProject,
    ListProjects,
    Project,
    ProjectDetail,
    RemoveRole,
    SetRole,
)
from ..domain.changes import Put
from ..domain.pages import Page
from ..domain.query import Compare, Condition, Or, Order, Query, all_of
from ..domain.records import DEFAULT_PROJECT, State, new_id, now_ms
from ..errors import Conflict, Invalid, NotFound
from .callers import Caller, author_of
from .checks import MAX_TEXT
from .finding import nearest
from .models import check_limit
from .rights import find_project, make_project

if TYPE_CHECKING:
    from .local import Platform


ATTEMPTS = 30
"""How often a change is tried while others change the same project."""


class LocalProjects:
    """`services.interface.Projects` over an access backend."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self._platform = platform
        self._access = platform.access
        self._settings = platform.settings
        self._caller = caller

    def list_projects(self, request: ListProjects) -> Page[Project]:
        """One page of the projects in which the caller has a part."""
        for name in self._always_there():
            self._found(name)
        terms: list[Condition] = [] if request.archived else [Compare("state", "=", "LIVE")]
        if self._caller.project:
            terms.append(Compare("name", "=", self._caller.project))
        elif not self._caller.is_owner:
            users = [user for user in (self._caller.user, EVERYBODY) if user]
            terms.append(Or(tuple(Compare("roles", "has", user) for user in users)))
        query = Query(
            where=all_of(terms),
            order=Order("name"),
            limit=check_limit(request.limit),
            page_token=request.page_token,
        )
        return self._access.find(Project, EVERYWHERE, query)

    def create_project(self, request: CreateProject) -> ProjectDetail:
        """Make a project."""
        names.check_project_name(request.name, "name")
        if len(request.description) > MAX_TEXT:
            raise Invalid(f"description: at most {MAX_TEXT:,} characters", field="description")
        if find_project(self._access, request.name) or request.name in self._always_there():
            raise _taken(request.name)
        user = self._caller.user
        project = Project(
            id=new_id(),
            name=request.name,
            author=author_of(request.author, self._settings.user, self._caller),
            created=now_ms(),
            description=request.description,
            roles={user: "admin"} if user else {},
        )
        try:
            self._access.apply([Put(project)], {project.id: 0})
        except Conflict as error:
            raise _taken(request.name) from error
        return self._detail(self._found(request.name))

    def get_project(self, request: GetProject) -> ProjectDetail:
        """A project, and what the caller may in it."""
        return self._detail(self._found(request.project))

    def archive_project(self, request: GetProject) -> ProjectDetail:
        """Close it to changes."""
        name = request.project
        if name in self._always_there():
            raise Conflict(f"project: {name!r} is the default here and cannot be archived", field="project")
        sessions = self._platform.gpus.sessions()
        living = [each.name for each in sessions if each.project == name and each.state != "dead"]
        if living:
            message = f"project: its GPU session {living[0]!r} runs; end it first with %gpu stop {living[0]}"
            raise Conflict(message, field="project")
        return self._set_state(name, "ARCHIVED")

    def restore_project(self, request: GetProject) -> ProjectDetail:
        """Open it again."""
        return self._set_state(request.project, "LIVE")

    def set_role(self, request: SetRole) -> ProjectDetail:
        """Give somebody a role."""
        names.check_store_name(request.user, "user")

        def changed(project: Project) -> Project:
            return replace(project, roles={**project.roles, request.user: request.role})

        return self._change(request.project, changed)

    def remove_role(self, request: RemoveRole) -> ProjectDetail:
        """Take somebody's role away."""

        def changed(project: Project) -> Project:
            roles = dict(project.roles)
            if roles.pop(request.user, None) is None:
                raise _no_role(request, list(roles))
            return replace(project, roles=roles)

        return self._change(request.project, changed)

    def _set_state(self, name: str, state: State) -> ProjectDetail:
        return self._change(name, lambda project: replace(project, state=state))

    def _change(self, name: str, changed: Callable[[Project], Project]) -> ProjectDetail:
        """Replace the project, read anew as often as somebody else is faster."""
        for attempt in range(ATTEMPTS):
            project = self._found(name)
            new = changed(project)
            if new == project:
                break
            try:
                self._access.apply([Put(new)], {project.id: project.revision})
                break
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0, 0.01 * (attempt + 1)))  # noqa: S311
        return self._detail(self._found(name))

    def _detail(self, project: Project) -> ProjectDetail:
        return ProjectDetail(project=project, rights=sorted(self._caller.rights))

    def _always_there(self) -> set[str]:
        return {DEFAULT_PROJECT, self._settings.project or DEFAULT_PROJECT}

    def _found(self, name: str) -> Project:
        """The project, which the gate has seen; those that are always there are made when they are not."""
        return find_project(self._access, name) or make_project(self._access, name)


def _no_role(request: RemoveRole, known: list[str]) -> NotFound:
    near = nearest(request.user, known) or sorted(known)[:5]
    advice = f"; there is {', '.join(near)}" if near else "; nobody has"
    message = f"user: {request.user[:80]!r} has no role in {request.project!r}{advice}"
    return NotFound(message, field="user", nearest=near)


def _taken(name: str) -> Conflict:
    message = f"name: there is a project {name!r} already; %aip project {name} switches to it"
    return Conflict(message, field="name")
