"""The magics that look at runs, and delete them."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, magics_class

from .arguments import argument, line_magic, parse, text
from .asking import agreed
from .run_magics import PROJECT, RUN, RUN_OR_ACTIVE


@magics_class
class RunListing(Magics):
    """What there is of runs."""

    @line_magic(
        argument("search", nargs="?", default="", type=text, metavar="SEARCH", help="part of the name"),
        argument("--experiment", type=text, default="", help="only runs of this experiment"),
        argument("--status", type=text, default="", help="only running, completed, failed or killed ones"),
        argument("--author", type=text, default="", help="only runs by this author"),
        argument("--filter", type=text, default="", metavar="CONDITION", help="only those that it holds for"),
        argument("--order-by", type=text, default="", metavar="FIELD", help="a field, then asc or desc"),
        argument("--deleted", action="store_true", help="those that can be restored"),
        argument("--limit", type=int, default=100, help="how many at most (100)"),
        PROJECT,
    )
    def runs(self, line: str) -> Any:
        """List runs with their last metrics and params, the last started first. The result is also a list.

        Examples::

            %runs
            %runs base --experiment digits --limit 10
            %runs --filter "metrics.loss < 0.3 and params.opt = 'adam'" --order-by "metrics.acc desc"
        """
        from . import run_reading

        arguments = vars(parse(self.runs, line))
        return run_reading.list_runs(arguments.pop("search"), **arguments)

    @line_magic(
        RUN_OR_ACTIVE,
        PROJECT,
    )
    def run_info(self, line: str) -> Any:
        """Show a run: its params, its metrics, what it ran on.

        Examples::

            %run_info
            %run_info baseline
        """
        from . import run_reading

        arguments = parse(self.run_info, line)
        return run_reading.get_run(arguments.run, project=arguments.project)

    @line_magic(
        argument("runs", nargs="+", type=text, metavar="RUN", help="names or ids"),
        argument(
            "--metrics", action="append", default=[], type=text, metavar="A,B", help="the metrics to draw"
        ),
        PROJECT,
    )
    def compare_runs(self, line: str) -> Any:
        """Show runs side by side: params and metrics, what differs, and the curves.

        Examples::

            %compare_runs baseline wider
            %compare_runs baseline wider --metrics loss,val/acc
        """
        from . import run_reading

        arguments = parse(self.compare_runs, line)
        return run_reading.compare_runs(arguments.runs, _keys(arguments.metrics), project=arguments.project)

    @line_magic(
        argument(
            "run", nargs="?", default="", type=text, metavar="RUN", help="name or id; else the active run"
        ),
        argument(
            "--metrics", action="append", default=[], type=text, metavar="A,B", help="the metrics to draw"
        ),
        PROJECT,
    )
    def watch_run(self, line: str) -> Any:
        """Show the curves of a run, and let them grow in this output while it trains.

        Examples::

            %watch_run
            %watch_run baseline --metrics loss,val/acc
        """
        from .run_live import watch_run

        arguments = parse(self.watch_run, line)
        return watch_run(arguments.run, _keys(arguments.metrics), project=arguments.project)

    @line_magic(RUN, argument("--yes", action="store_true", help="do not ask"), PROJECT)
    def delete_run(self, line: str) -> Any:
        """Delete a run and its parts, after a question. For 30 days `%restore_run` takes that back.

        Examples::

            %delete_run baseline
            %delete_run baseline --yes
        """
        from . import run_reading

        arguments = parse(self.delete_run, line)
        card = run_reading.get_run(arguments.run, project=arguments.project)
        if not arguments.yes and not agreed(_question(card), "%delete_run RUN --yes"):
            return None
        return run_reading.delete_run(card.run.id, project=arguments.project)

    @line_magic(RUN, PROJECT)
    def restore_run(self, line: str) -> Any:
        """Take back that a run was deleted: by its id, or the one last deleted of this name.

        Example::

            %restore_run baseline
        """
        from . import run_reading

        arguments = parse(self.restore_run, line)
        return run_reading.restore_run(arguments.run, project=arguments.project)


def _keys(words: list[str]) -> list[str] | None:
    """The metrics that were named, each with commas between; None when none is."""
    return [key.strip() for word in words for key in word.split(",") if key.strip()] or None


def _question(card: Any) -> str:
    count = card.detail.children
    parts = f" and its {count} {'parts' if count > 1 else 'part'}" if count else ""
    return f"Delete run {card.run.name} ({card.run.status}, id {card.run.id}){parts}?"
