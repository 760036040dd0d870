"""Projects over HTTP."""

from __future__ import annotations

from ..domain.access import (
    CreateProject,
    GetProject,
    ListProjects,
    Project,
    ProjectDetail,
    RemoveRole,
    SetRole,
)
from ..domain.pages import MAX_PAGE, Page
from ..services.interface import Projects
from .transport import Transport


def all_projects(projects: Projects, *, archived: bool) -> list[Project]:
    """All in which the caller has a part, by name."""
    found: list[Project] = []
    token = ""
    while True:
        page = projects.list_projects(ListProjects(archived=archived, limit=MAX_PAGE, page_token=token))
        found += page.items
        token = page.next_page_token
        if not token:
            return found


class HttpProjects:
    """`Projects` over HTTP."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def list_projects(self, request: ListProjects) -> Page[Project]:
        page: Page[Project] = self._call("projects.list_projects", request)
        return page

    def create_project(self, request: CreateProject) -> ProjectDetail:
        return self._detail("projects.create_project", request)

    def get_project(self, request: GetProject) -> ProjectDetail:
        return self._detail("projects.get_project", request)

    def archive_project(self, request: GetProject) -> ProjectDetail:
        return self._detail("projects.archive_project", request)

    def restore_project(self, request: GetProject) -> ProjectDetail:
        return self._detail("projects.restore_project", request)

    def set_role(self, request: SetRole) -> ProjectDetail:
        return self._detail("projects.set_role", request)

    def remove_role(self, request: RemoveRole) -> ProjectDetail:
        return self._detail("projects.remove_role", request)

    def _detail(
        self, operation: str, request: CreateProject | GetProject | SetRole | RemoveRole
    ) -> ProjectDetail:
        detail: ProjectDetail = self._call(operation, request)
        return detail
