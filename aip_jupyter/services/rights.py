"""Who may do what: one place decides, whoever asks."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from ..backends.access.protocol import AccessBackend
from ..domain import names
from ..domain.access import ALL_RIGHTS, EVERYBODY, EVERYWHERE, ROLE_RIGHTS, Project, Right
from ..domain.changes import Put
from ..domain.query import Compare, Query
from ..domain.records import DEFAULT_PROJECT, new_id, now_ms
from ..domain.runs import Run
from ..errors import Conflict, Denied, NotFound
from .callers import Caller
from .settings import Settings

OUTSIDE: frozenset[Right] = frozenset(("read", "delegate"))
"""What everybody who may log in may outside of projects."""

BEGAN_IN = "session"
"""The property of a run that began in a GPU session: the session's id."""

_ON_ARCHIVED = frozenset(("read", "delegate", "admin"))
"""What may be done with a project that is archived."""


def is_owner(settings: Settings, user: str) -> bool:
    """Whether this user administers every project: on a single-user server, everybody does."""
    return not settings.admins or user in settings.admins


def find_project(access: AccessBackend, name: str) -> Project | None:
    """The project of this name."""
    query = Query(where=Compare("name", "=", name), limit=1)
    found = access.find(Project, EVERYWHERE, query).items
    return found[0] if found else None


def make_project(access: AccessBackend, name: str) -> Project:
    """The project of this name, which is made when it is not there: for those that always are."""
    new = Project(id=new_id(), name=name, created=now_ms())
    with contextlib.suppress(Conflict):  # somebody else was faster
        access.apply([Put(new)], {new.id: 0})
    return find_project(access, name) or new


def rights_in(access: AccessBackend, settings: Settings, user: str, project: str) -> frozenset[Right]:
    """What the user may in this project; with "", outside of projects."""
    if is_owner(settings, user):
        return ALL_RIGHTS
    if not project:
        return OUTSIDE
    found = find_project(access, project)
    roles = {} if found is None else found.roles
    role = (roles.get(user) if user else None) or roles.get(EVERYBODY)
    return ROLE_RIGHTS[role] if role else frozenset()


def no_project(name: str) -> NotFound:
    """The same for a project that is not there and for one in which the caller has no part."""
    message = (
        f"project: there is no project {name[:80]!r} here, or you have no part in it; "
        "%aip project list shows yours, %aip project new makes one"
    )
    return NotFound(message, field="project")


def denied(right: Right, project: str) -> Denied:
    """Some rights there, but not this one."""
    where = f" in project {project[:80]!r}" if project else ""
    return Denied(f"this needs the right to {right}{where}; ask who administers it")


def check_run(caller: Caller, run: Run) -> None:
    """Denied for who comes from a session, and a run that neither came with its cells nor began there."""
    if caller.runs is None or run.id in caller.runs or run.properties.get(BEGAN_IN) == caller.session:
        return
    raise Denied(f"run: this token may not add to the run {run.id}; what was sent is kept until another may")


class Gate:
    """Admits the calls of a caller, or refuses them, before anything is done."""

    def __init__(self, access: AccessBackend, settings: Settings, caller: Caller) -> None:
        self._access = access
        self._settings = settings
        self._caller = caller

    def admit(self, project: str | None, right: Right) -> None:
        """NotFound, Denied, or Conflict for a change of an archived project. None: it is about no project."""
        caller = self._caller
        if project is not None:
            names.check_store_name(project, "project")
            if not caller.rights or caller.project not in ("", project):
                raise no_project(project)
        if right not in caller.rights:
            raise denied(right, project or "")
        if project in (None, DEFAULT_PROJECT):
            return
        found = find_project(self._access, project)
        if found is None:
            if project != self._settings.project:
                raise no_project(project)
            make_project(self._access, project)
        elif found.state == "ARCHIVED" and right not in _ON_ARCHIVED:
            message = f"project: {project!r} is archived; %aip project restore {project} opens it again"
            raise Conflict(message, field="project")


class Admitted:
    """A feature of the services, every call of which passes the gate."""

    def __init__(self, name: str, feature: object, gate: Gate, rights: Mapping[str, Right]) -> None:
        self._name = name
        self._feature = feature
        self._gate = gate
        self._rights = rights

    def __getattr__(self, method: str) -> Any:
        operation, right = getattr(self._feature, method), self._rights[f"{self._name}.{method}"]

        def call(request: Any, *rest: Any, **named: Any) -> Any:
            self._gate.admit(getattr(request, "project", None), right)
            return operation(request, *rest, **named)

        return call
