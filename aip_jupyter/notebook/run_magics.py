"""The magics for runs."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, magics_class

from .arguments import argument, line_magic, parse, text


@magics_class
class RunMagics(Magics):
    """What one does with runs, besides logging to them."""

    @line_magic(
        argument("name", nargs="?", type=text, metavar="NAME", help="the run's name; made up when left out"),
        argument("--experiment", type=text, help="the group of runs that it belongs to (default)"),
        argument(
            "--tag", action="append", default=[], type=text, metavar="K[=V]", help="a tag; repeat for more"
        ),
        argument("--notes", type=text, default="", help="what it is about"),
        argument("--project", type=text, help="the project; the one in use when left out"),
    )
    def start_run(self, line: str) -> Any:
        """Start a run: what is logged from now on goes to it, also from `%%gpu` cells, until `%end_run`.

        Examples::

            %start_run baseline --experiment digits
            %start_run baseline --tag demo --tag team=vision --notes "with dropout"
        """
        from . import runs

        arguments = parse(self.start_run, line)
        return runs.start_run(
            arguments.name,
            experiment=arguments.experiment,
            tags=arguments.tag,
            notes=arguments.notes,
            project=arguments.project,
        )

    @line_magic(
        argument("--status", type=text, default="completed", help="completed, failed or killed (completed)"),
    )
    def end_run(self, line: str) -> Any:
        """End the active run.

        Examples::

            %end_run
            %end_run --status failed
        """
        from . import runs

        return runs.end_run(parse(self.end_run, line).status)

    @line_magic(
        argument("search", nargs="?", default="", type=text, metavar="SEARCH", help="part of the name"),
        argument("--experiment", type=text, default="", help="only runs of this experiment"),
        argument("--status", type=text, default="", help="only running, completed, failed or killed ones"),
        argument("--author", type=text, default="", help="only runs by this author"),
        argument("--limit", type=int, default=100, help="how many at most (100)"),
        argument("--project", type=text, help="the project; the one in use when left out"),
    )
    def runs(self, line: str) -> Any:
        """List runs with their last metrics and params, the last started first. The result is also a list.

        Examples::

            %runs
            %runs base --experiment digits --limit 10
        """
        from . import runs

        arguments = vars(parse(self.runs, line))
        return runs.list_runs(arguments.pop("search"), **arguments)

    @line_magic(
        argument(
            "run",
            nargs="?",
            default="",
            type=text,
            metavar="RUN",
            help="name or id; the active run when left out",
        ),
        argument("--project", type=text, help="the project; the one in use when left out"),
    )
    def run_info(self, line: str) -> Any:
        """Show a run: its params, its metrics, what it ran on.

        Examples::

            %run_info
            %run_info baseline
        """
        from . import runs

        arguments = parse(self.run_info, line)
        return runs.get_run(arguments.run, project=arguments.project)
