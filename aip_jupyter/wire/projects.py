"""Projects, and who may do what in them: the routes."""

from __future__ import annotations

from ..domain import access
from ..domain.pages import Page
from .route import PROJECT, Route

ROUTES = (
    Route(
        method="GET",
        path="/projects",
        operation="projects.list_projects",
        right="read",
        request=access.ListProjects,
        reply=Page[access.Project],
        summary="List the projects in which the caller has a part",
        pool="access",
    ),
    Route(
        method="POST",
        path="/projects",
        operation="projects.create_project",
        right="admin",
        request=access.CreateProject,
        reply=access.ProjectDetail,
        summary="Make a project",
        pool="access",
        status=201,
    ),
    Route(
        method="GET",
        path=PROJECT,
        operation="projects.get_project",
        right="read",
        request=access.GetProject,
        reply=access.ProjectDetail,
        summary="A project, and what the caller may in it",
        pool="access",
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/archive",
        operation="projects.archive_project",
        right="admin",
        request=access.GetProject,
        reply=access.ProjectDetail,
        summary="Close a project to changes",
        pool="access",
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/restore",
        operation="projects.restore_project",
        right="admin",
        request=access.GetProject,
        reply=access.ProjectDetail,
        summary="Open an archived project again",
        pool="access",
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/roles",
        operation="projects.set_role",
        right="admin",
        request=access.SetRole,
        reply=access.ProjectDetail,
        summary="Give somebody a role in a project",
        pool="access",
    ),
    Route(
        method="DELETE",
        path=f"{PROJECT}/roles/{{user}}",
        operation="projects.remove_role",
        right="admin",
        request=access.RemoveRole,
        reply=access.ProjectDetail,
        summary="Take somebody's role away",
        pool="access",
    ),
)
