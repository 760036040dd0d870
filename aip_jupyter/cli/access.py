"""`aip project`, `aip role`, `aip token`: projects, who may what in them, and access tokens."""

from __future__ import annotations

import argparse
import sys
from typing import get_args

from ..client.connect import Connection
from ..client.projects import all_projects
from ..domain.access import (
    CreateProject,
    CreateToken,
    GetProject,
    GetToken,
    ListTokens,
    Project,
    ProjectDetail,
    RemoveRole,
    Role,
    Scope,
    SetRole,
)
from ..domain.durations import as_field, parse_duration
from ..domain.names import harmless
from ..errors import Invalid
from .commands import Commands, add_group, add_project, print_table, time_text


def add_commands(commands: Commands) -> None:
    """Declare them."""
    _add_projects(add_group(commands, "project", "make, list, archive and restore projects"))
    _add_roles(add_group(commands, "role", "say who may do what in a project"))
    _add_tokens(add_group(commands, "token", "make, list and revoke access tokens"))


def _add_projects(commands: Commands) -> None:
    listing = commands.add_parser("list", help="the projects in which you have a part")
    listing.add_argument("--archived", action="store_true", help="those that are archived, too")
    listing.set_defaults(run=_list_projects)
    new = commands.add_parser("new", help="make a project")
    new.add_argument("name", metavar="NAME")
    new.add_argument("--description", default="", help="what it is about")
    new.set_defaults(run=_new_project)
    show = commands.add_parser("show", help="a project, who may what in it, and what you may")
    show.add_argument("name", metavar="NAME", nargs="?", help="the one in use when left out")
    show.set_defaults(run=_show_project)
    for name, help in (("archive", "close a project to changes"), ("restore", "open it again")):
        state = commands.add_parser(name, help=help)
        state.add_argument("name", metavar="NAME")
        state.set_defaults(run=_set_state, operation=f"{name}_project")


def _add_roles(commands: Commands) -> None:
    listing = commands.add_parser("list", help="who has which role")
    listing.set_defaults(run=_list_roles)
    give = commands.add_parser("set", help="make somebody a viewer, a member or an admin")
    give.add_argument("user", metavar="USER", help="* is everybody who may log in")
    give.add_argument("role", choices=get_args(Role))
    give.set_defaults(run=_set_role)
    remove = commands.add_parser("remove", help="take somebody's role away")
    remove.add_argument("user", metavar="USER")
    remove.set_defaults(run=_remove_role)
    for parser in (listing, give, remove):
        add_project(parser)


def _add_tokens(commands: Commands) -> None:
    new = commands.add_parser(
        "new",
        help="make an access token; it alone is written to standard output",
        description="Make an access token. It alone goes to standard output, this once: > FILE keeps it.",
    )
    new.add_argument("name", metavar="NAME")
    new.add_argument("--scope", choices=get_args(Scope), default="read", help="what it may at most (read)")
    new.add_argument("--expires", default="30d", metavar="TIME", help="such as 12h or 90d (30d)")
    new.set_defaults(run=_new_token)
    listing = commands.add_parser("list", help="your tokens; all of the project when you administer it")
    listing.set_defaults(run=_list_tokens)
    revoke = commands.add_parser("revoke", help="end a token at once")
    revoke.add_argument("name", metavar="NAME", help="its name or its id")
    revoke.set_defaults(run=_revoke_token)
    for parser in (new, listing, revoke):
        add_project(parser)


def _list_projects(connection: Connection, arguments: argparse.Namespace) -> int:
    found = all_projects(connection.services.projects, archived=arguments.archived)
    rows = [(each.name, each.state.lower(), time_text(each.created), each.description) for each in found]
    print_table(("name", "state", "made", "description"), rows)
    return 0


def _new_project(connection: Connection, arguments: argparse.Namespace) -> int:
    request = CreateProject(name=arguments.name, description=arguments.description, author=connection.author)
    return _show(connection.services.projects.create_project(request))


def _show_project(connection: Connection, arguments: argparse.Namespace) -> int:
    request = GetProject(project=arguments.name or connection.project)
    return _show(connection.services.projects.get_project(request))


def _set_state(connection: Connection, arguments: argparse.Namespace) -> int:
    change = getattr(connection.services.projects, arguments.operation)
    return _show(change(GetProject(project=arguments.name)))


def _list_roles(connection: Connection, arguments: argparse.Namespace) -> int:
    request = GetProject(project=_project(connection, arguments))
    return _show_roles(connection.services.projects.get_project(request).project)


def _set_role(connection: Connection, arguments: argparse.Namespace) -> int:
    request = SetRole(project=_project(connection, arguments), user=arguments.user, role=arguments.role)
    return _show_roles(connection.services.projects.set_role(request).project)


def _remove_role(connection: Connection, arguments: argparse.Namespace) -> int:
    request = RemoveRole(project=_project(connection, arguments), user=arguments.user)
    return _show_roles(connection.services.projects.remove_role(request).project)


def _new_token(connection: Connection, arguments: argparse.Namespace) -> int:
    request = CreateToken(
        project=_project(connection, arguments),
        name=arguments.name,
        scope=arguments.scope,
        lifetime=parse_duration(arguments.expires, "expires"),
        author=connection.author,
    )
    try:
        token = connection.services.tokens.create_token(request)
    except Invalid as error:
        raise as_field(error, "expires") from None
    info = token.info
    about = f"access token {info.name} of project {info.project}, scope {info.scope}"
    print(f"{about}, until {time_text(info.expires)}; it is shown this once:", file=sys.stderr)
    print(token.text)
    return 0


def _list_tokens(connection: Connection, arguments: argparse.Namespace) -> int:
    tokens = connection.services.tokens.list_tokens(ListTokens(project=_project(connection, arguments)))
    rows = [
        (
            token.name,
            token.scope,
            token.author,
            time_text(token.last_used),
            "expired" if token.is_expired else time_text(token.expires),
        )
        for token in tokens
    ]
    print_table(("name", "scope", "author", "last used", "expires"), rows)
    return 0


def _revoke_token(connection: Connection, arguments: argparse.Namespace) -> int:
    project = _project(connection, arguments)
    connection.services.tokens.revoke_token(GetToken(project=project, token=arguments.name))
    print(f"access token {arguments.name} of project {project} is revoked", file=sys.stderr)
    return 0


def _project(connection: Connection, arguments: argparse.Namespace) -> str:
    return arguments.project or connection.project


def _show(detail: ProjectDetail) -> int:
    project = detail.project
    print(f"project      {project.name}")
    print(f"state        {project.state.lower()}")
    print(f"description  {harmless(' '.join(project.description.split()))}".rstrip())
    print(f"your rights  {', '.join(detail.rights)}")
    return _show_roles(project) if project.roles else 0


def _show_roles(project: Project) -> int:
    print_table(("user", "role"), sorted(project.roles.items()))
    return 0
