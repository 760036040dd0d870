"""The `%gpu` line magic: what there is, and what to do with it. Cells run by `%%gpu`."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from IPython.core.magic import Magics, magics_class

from ..errors import Invalid
from .arguments import argument, line_magic, parse, text
from .gpu_magics import AWAITED

SUBCOMMANDS = {
    "list": "the GPU sessions of the project",
    "types": "the GPU types of the pool",
    "stop": "end a session",
    "restart": "end a session and start it again, without its variables",
    "interrupt": "interrupt the cell that a session runs",
    "logs": "what a session has printed",
    "stack": "where a session is at this moment, also while it runs a cell",
    "peek": "a value of a session, also while it runs a cell",
    "export": "write a script that does what this notebook's cells did",
    "attach": "show the output that nobody has seen, and follow the cell that runs",
}
WITH_NAME = ("stop", "restart", "interrupt", "logs", "stack")
_NEED_NAME = ("stop", "restart")


@magics_class
class GpuCommands(Magics):
    """Looking after GPU sessions."""

    @line_magic(
        argument(
            "command",
            nargs="?",
            default="",
            type=text,
            help=f"one of {', '.join(SUBCOMMANDS)}",
        ),
        argument(
            "name",
            nargs="?",
            type=text,
            metavar="NAME",
            help="the session's name, the notebook's only one when left out; export: the file; peek: an "
            "expression",
        ),
        argument("--session", type=text, metavar="NAME", help="peek: the session's name"),
        argument("--lines", type=int, default=100, help="logs: how many lines at most (100)"),
        argument("--last", type=int, metavar="N", help="attach: the last N cells, seen or not"),
        argument("--force", action="store_true", help="export: write over a file that is there"),
        argument("--project", type=text, help="the project; the one in use when left out"),
    )
    def gpu(self, line: str) -> Any:
        """Look after GPU sessions. Without a word: the pool, the sessions, and a form that starts one.

        A cell runs on one with %%gpu.

        Examples::

            %gpu
            %gpu types
            %gpu interrupt big
            %gpu stop big
            %gpu restart big
            %gpu logs big --lines 20
            %gpu stack
            %gpu peek losses[-1] --session big
            %gpu attach
            %gpu export train.py
        """
        awaited, line = line.startswith(AWAITED), line.removeprefix(AWAITED)
        first, _, rest = line.strip().partition(" ")
        if first == "peek":  # an expression has quotes and dashes of its own
            from . import gpu_look

            session, project, expression = gpu_look.split_peek(rest)
            return gpu_look.peek_session(expression, session, project=project)
        arguments = parse(self.gpu, line)
        command, name = arguments.command, arguments.name
        if command == "attach":
            from . import gpu_attach

            return gpu_attach.attach(
                self.shell, name, last=arguments.last, project=arguments.project, awaited=awaited
            )
        if command == "export":
            return self._export(name, force=arguments.force)
        if command in _NEED_NAME if name is None else command not in WITH_NAME:
            raise _usage(command, name)
        if not command:
            return self._overview(arguments.project)
        return self._look_after(arguments)

    def _look_after(self, arguments: Namespace) -> Any:
        """What is about sessions as they are."""
        from . import gpu_api, gpu_look

        name, project = arguments.name, arguments.project
        match arguments.command:
            case "list":
                return gpu_api.list_sessions(project=project)
            case "types":
                return gpu_api.list_gpus()
            case "stop":
                return gpu_api.stop_session(name, project=project)
            case "restart":
                return gpu_look.restart_session(name, project=project)
            case "interrupt":
                return gpu_api.interrupt_session(name, project=project)
            case "stack":
                print(gpu_look.session_stack(name, project=project))
                return None
            case "logs":
                print(gpu_api.session_log(name, lines=arguments.lines, project=project))
                return None
        raise _usage(arguments.command, None)

    def _export(self, name: str | None, *, force: bool) -> Any:
        from . import gpu_export, gpu_magics

        if name is None:
            raise Invalid("name: name the script, as in %gpu export train.py", field="name")
        return gpu_export.export(self.shell, name, force=force, failed=gpu_magics.failed_cells())

    def _overview(self, project: str | None) -> Any:
        """The pool, the sessions and, where widgets show, the form that starts them."""
        if getattr(self.shell, "kernel", None) is not None:
            from .gpu_form import GpuForm

            return GpuForm(project=project)
        from . import gpu_api
        from .connection import connect
        from .gpu_tables import Overview

        sessions = gpu_api.list_sessions(project=project)
        return Overview(gpu_api.list_gpus(), sessions, project=project or connect().project)


def _usage(command: str, name: str | None) -> Invalid:
    from ..domain.sessions import known_types

    if command.lower() in known_types():
        message = f"command: {command} is a GPU type; begin the cell with %%gpu {command}, with two signs"
        return Invalid(message, field="command")
    if command not in SUBCOMMANDS:
        message = f"command: {command!r} is not one of {', '.join(SUBCOMMANDS)}; a cell begins with %%gpu"
        return Invalid(message, field="command")
    if name is None:
        return Invalid(f"name: name the session, as in %gpu {command} NAME; %gpu lists them", field="name")
    return Invalid(f"name: %gpu {command} takes no name", field="name")
