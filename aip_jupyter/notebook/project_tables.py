"""Projects as they show themselves. All stay usable as records."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.access import EVERYBODY, Project, ProjectDetail
from .display import (
    age_html,
    age_text,
    dim,
    element,
    frame,
    html_facts,
    html_table,
    plain,
    text_facts,
    text_table,
)
from .listing import Listing

_PROJECT_COLUMNS = ("", "name", "description", "people", "state", "made")
_ROLE_COLUMNS = ("user", "role")
_IN_USE = "in use"
SHOWN_PEOPLE = 4
"""How many people a table names; a project's card names all."""


class ProjectTable(Listing[Project]):
    """Projects, as a list that shows itself as a table. `in_use` is the name of the one in use."""

    def __init__(self, projects: Sequence[Project], *, in_use: str) -> None:
        super().__init__(projects)
        self._in_use = in_use

    def __repr__(self) -> str:
        if not self._items:
            return _NONE
        return text_table(_PROJECT_COLUMNS, [(*self._cells(p), age_text(p.created)) for p in self._items])

    def _repr_html_(self) -> str:
        if not self._items:
            return frame(dim(_NONE))
        rows = [(*self._cells(p), age_html(p.created)) for p in self._items]
        return frame(html_table(_PROJECT_COLUMNS, rows))

    def _cells(self, project: Project) -> tuple[str, str, str, str, str]:
        mark = _IN_USE if project.name == self._in_use else ""
        return mark, project.name, project.description, _people(project), _state(project)


class ProjectCard:
    """A project: who may what in it, and what you may yourself."""

    def __init__(self, detail: ProjectDetail, *, in_use: bool = False, notes: Sequence[str] = ()) -> None:
        self.project = detail.project
        self.rights = detail.rights
        """What whoever asked may do in it."""
        self.in_use = in_use
        self.notes = list(notes)

    @property
    def name(self) -> str:
        """The project's name."""
        return self.project.name

    @property
    def roles(self) -> dict[str, str]:
        """By user; `*` is everybody who may log in."""
        return dict(self.project.roles)

    def __repr__(self) -> str:
        facts = text_facts([("project", self._title()), *self._facts()])
        table = text_table(_ROLE_COLUMNS, self._rows()) if self.project.roles else _NO_ROLES
        return "\n\n".join(filter(None, [facts, table, "\n".join(map(plain, self.notes))]))

    def _repr_html_(self) -> str:
        return frame(
            element("div", self._title(), class_="aip-title"),
            html_facts(self._facts()),
            html_table(_ROLE_COLUMNS, self._rows()) if self.project.roles else dim(_NO_ROLES),
            *(element("div", note) for note in self.notes),
        )

    def _title(self) -> str:
        return f"{self.name} ({_IN_USE})" if self.in_use else self.name

    def _facts(self) -> list[tuple[str, str]]:
        project = self.project
        state = "archived: it can be read, but not changed" if project.state == "ARCHIVED" else "open"
        return [
            ("description", project.description),
            ("state", state),
            ("your rights", ", ".join(self.rights)),
            ("made", age_text(project.created) + (f" by {project.author}" if project.author else "")),
        ]

    def _rows(self) -> list[tuple[str, str]]:
        return [(_user_text(user), role) for user, role in sorted(self.project.roles.items())]


_NONE = "You have no part in any project yet: ask who administers one, or make one: %aip project new NAME"
_NO_ROLES = "Nobody has a role in it; who administers the server may do all."


def _user_text(user: str) -> str:
    return "* (everybody who may log in)" if user == EVERYBODY else user


def _people(project: Project) -> str:
    roles = sorted(project.roles.items())
    shown = [f"{user} ({role})" for user, role in roles[:SHOWN_PEOPLE]]
    return ", ".join([*shown, *([f"{len(roles) - SHOWN_PEOPLE} more"] if len(roles) > SHOWN_PEOPLE else [])])


def _state(project: Project) -> str:
    return "archived" if project.state == "ARCHIVED" else ""
