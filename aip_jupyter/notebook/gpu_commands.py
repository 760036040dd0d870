"""The `%gpu` line magic: what there is, and what to do with it. Cells run by `%%gpu`."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, magics_class

from ..errors import Invalid
from .arguments import argument, line_magic, parse, text
from .gpu_magics import AWAITED

SUBCOMMANDS = {
    "list": "the GPU sessions of the project",
    "types": "the GPU types of the pool",
    "stop": "end a session",
    "interrupt": "interrupt the cell that a session runs",
    "logs": "what a session has printed",
    "export": "write a script that does what this notebook's cells did",
    "attach": "show the output that nobody has seen, and follow the cell that runs",
}
WITH_NAME = ("stop", "interrupt", "logs")
_BY_ITSELF = ("attach", "export")
"""Those that look at the name themselves."""


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
        argument("name", nargs="?", type=text, metavar="NAME", help="the session's name; export: the file"),
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
            %gpu logs big --lines 20
            %gpu attach
            %gpu export train.py
        """
        from . import gpu_api

        awaited, line = line.startswith(AWAITED), line.removeprefix(AWAITED)
        arguments = parse(self.gpu, line)
        command, project = arguments.command, arguments.project
        if command not in _BY_ITSELF and (command in WITH_NAME) != (arguments.name is not None):
            raise _usage(command, arguments.name)
        match command:
            case "":
                return self._overview(project)
            case "list":
                return gpu_api.list_sessions(project=project)
            case "types":
                return gpu_api.list_gpus()
            case "stop":
                return gpu_api.stop_session(arguments.name, project=project)
            case "interrupt":
                return gpu_api.interrupt_session(arguments.name, project=project)
            case "logs":
                print(gpu_api.session_log(arguments.name, lines=arguments.lines, project=project))
                return None
            case "export":
                from . import gpu_export, gpu_magics

                if arguments.name is None:
                    raise Invalid("name: name the script, as in %gpu export train.py", field="name")
                return gpu_export.export(
                    self.shell, arguments.name, force=arguments.force, failed=gpu_magics.failed_cells()
                )
            case "attach":
                from . import gpu_attach

                return gpu_attach.attach(
                    self.shell, arguments.name, last=arguments.last, project=project, awaited=awaited
                )
        raise _usage(command, None)

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
    if command not in SUBCOMMANDS:
        message = f"command: {command!r} is not one of {', '.join(SUBCOMMANDS)}; a cell begins with %%gpu"
        return Invalid(message, field="command")
    if name is None:
        return Invalid(f"name: name the session, as in %gpu {command} NAME; %gpu lists them", field="name")
    return Invalid(f"name: %gpu {command} takes no name", field="name")
