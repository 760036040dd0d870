"""The `%aip` magic: where things go from this notebook, and what to do with projects, people and tokens."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from IPython.core.magic import Magics, magics_class

from ..errors import NotFound
from .aip_actions import ACTIONS, GROUPS, find_action, verbs
from .arguments import argument, line_magic, parse, summary, text


@magics_class
class AipCommands(Magics):
    """Looking after the connection, projects, people and tokens."""

    @line_magic(
        argument("command", nargs="?", default="status", type=text, help=f"{', '.join(GROUPS)} (status)"),
        argument("words", nargs="*", type=text, metavar="WORD", help="what to do, and with what"),
        argument("--project", type=text, help="the project; the one in use when left out"),
        argument("--archived", action="store_true", help="project list: those that are archived, too"),
        argument("--description", type=text, help="project new: what it is about"),
        argument("--scope", type=text, help="token new: read, publish, write or admin (read)"),
        argument("--expires", type=text, help="token new: after how long, such as 12h or 90d (30d)"),
        argument("--verify", action="store_true", help="check: also read every byte and compare its digest"),
        argument("--no-mend", action="store_true", help="check: only tell what would be removed"),
    )
    def aip(self, line: str) -> Any:
        """Show where models go from this notebook; look after projects, people and access tokens.

        Examples::

            %aip
            %aip doctor
            %aip check --verify
            %aip project
            %aip project vision
            %aip project list --archived
            %aip project new vision --description "all that looks"
            %aip project archive vision
            %aip role set bob member
            %aip role remove bob --project vision
            %aip token
            %aip token new ci --scope publish --project vision --expires 90d
            %aip token revoke ci
        """
        arguments = parse(self.aip, line)
        action, words = find_action(arguments)
        group, _, verb = action.words.partition(" ")
        match group:
            case "project":
                return _project(verb, words, arguments)
            case "role":
                return _role(verb, words, arguments.project)
            case "token":
                return _token(verb, words, arguments)
            case "help":
                return self._help()
        return _installation(group, arguments)

    def _help(self) -> Any:
        from .magics import our_magics
        from .status import Help

        magics = [(magic, summary(function)) for magic, function in our_magics(self.shell)]
        return Help([*magics, *((action.usage, action.help) for action in ACTIONS)])


def _installation(what: str, arguments: Namespace) -> Any:
    from . import api

    match what:
        case "doctor":
            return api.doctor()
        case "check":
            return api.check_store(mend=not arguments.no_mend, verify=arguments.verify)
    return api.describe()


def _project(verb: str, words: list[str], arguments: Namespace) -> Any:
    from . import projects

    match verb, words:
        case "list", _:
            return projects.list_projects(archived=arguments.archived)
        case "new", [name]:
            return projects.create_project(name, description=arguments.description or "")
        case "archive", [name]:
            return projects.archive_project(name)
        case "restore", [name]:
            return projects.restore_project(name)
        case _, [name]:
            return _use(name)
    return projects.get_project(arguments.project)


def _use(name: str) -> Any:
    from . import projects
    from .namespace import nearest

    try:
        return projects.use_project(name)
    except NotFound as error:
        near = nearest(name, verbs("project"))
        if error.nearest or not near:
            raise
        raise NotFound(f"{error.message}; or is it %aip project {near[0]}?", field="project") from None


def _role(verb: str, words: list[str], project: str | None) -> Any:
    from . import projects

    match verb, words:
        case "set", [user, role]:
            return projects.set_role(user, role, project=project)
        case "remove", [user]:
            return projects.remove_role(user, project=project)
    return projects.get_project(project)


def _token(verb: str, words: list[str], arguments: Namespace) -> Any:
    from . import tokens

    project = arguments.project
    match verb, words:
        case "new", [name]:
            scope, expires = arguments.scope or "read", arguments.expires or "30d"
            return tokens.create_token(name, scope=scope, project=project, expires=expires)
        case "revoke", [name]:
            return tokens.revoke_token(name, project=project)
    return tokens.list_tokens(project=project)
