"""The magics that record runs; `run_listing` has those that look at them."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, magics_class

from ..errors import Invalid
from .arguments import argument, cell_magic, line_magic, parse, text

if TYPE_CHECKING:
    from .active_run import ActiveRun

EXPERIMENT = argument("--experiment", type=text, metavar="E", help="the group of runs that it belongs to")
TAG = argument(
    "--tag", action="append", default=[], type=text, metavar="K[=V]", help="a tag; may be repeated"
)
NOTES = argument("--notes", type=text, default="", help="what it is about")
NESTED = argument("--nested", action="store_true", help="as a part of the active run")
PROJECT = argument("--project", type=text, help="the project; the one in use when left out")
RUN = argument("run", type=text, metavar="RUN", help="the run's name or id")
RUN_OR_ACTIVE = argument(
    "run", nargs="?", default="", type=text, metavar="RUN", help="name or id; the active run when left out"
)


def start_with(arguments: Namespace, resume: str | None = None) -> ActiveRun:
    """Start the run that the arguments of a magic describe."""
    from . import runs

    return runs.start_run(
        arguments.name,
        experiment=arguments.experiment,
        tags=arguments.tag,
        notes=arguments.notes,
        nested=arguments.nested,
        resume=resume,
        project=arguments.project,
    )


def _content(path: Path) -> str:
    """The file's text. Invalid."""
    from ..domain.texts import MAX_TEXT

    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read(MAX_TEXT + 1)  # one more is too many, as is told then
    except (OSError, UnicodeError) as error:
        message = f"text: {str(path)!r} cannot be read as a text in UTF-8; name another file or a variable"
        raise Invalid(message, field="text") from error


@magics_class
class RunMagics(Magics):
    """What one does with runs, besides logging to them."""

    @property
    def _shell(self) -> Any:
        return self.shell

    @line_magic(
        argument("name", nargs="?", type=text, metavar="NAME", help="the run's name; made up when left out"),
        EXPERIMENT,
        TAG,
        NOTES,
        NESTED,
        argument("--resume", type=text, metavar="RUN", help="go on with the run of this name or id"),
        PROJECT,
    )
    def start_run(self, line: str) -> Any:
        """Start a run: what is logged from now on goes to it, also from `%%gpu` cells, until `%end_run`.

        Examples::

            %start_run baseline --experiment digits
            %start_run baseline --tag demo --tag team=vision --notes "with dropout"
            %start_run trial-1 --nested
            %start_run --resume baseline
        """
        arguments = parse(self.start_run, line)
        return start_with(arguments, resume=arguments.resume)

    @line_magic(
        argument("--status", type=text, default="completed", help="completed, failed or killed (completed)"),
    )
    def end_run(self, line: str) -> Any:
        """End the active run; the one that it is a part of is active again.

        Examples::

            %end_run
            %end_run --status failed
        """
        from . import runs

        return runs.end_run(parse(self.end_run, line).status)

    @line_magic(argument("name", type=text, metavar="NAME", help="the experiment's name"))
    def set_experiment(self, line: str) -> Any:
        """Let the runs that follow be of this experiment, in this notebook.

        Example::

            %set_experiment digits
        """
        from . import run_state

        return run_state.set_experiment(parse(self.set_experiment, line).name)

    @line_magic(
        argument("name", type=text, metavar="NAME", help="what the text is called, like a path"),
        argument("text", type=text, metavar="TEXT", help="a variable that holds it, or a file"),
    )
    def log_text(self, line: str) -> None:
        """Record a text with the active run: that of a variable, or of a file. `%run_info` lists them.

        Examples::

            %log_text report.txt report
            %log_text prompts/system.md prompt.md
        """
        from . import runs
        from .namespace import find_object

        arguments = parse(self.log_text, line)
        found = find_object(arguments.text, self._shell.user_ns, field="text")
        runs.log_text(_content(found) if isinstance(found, Path) else found, arguments.name)

    @cell_magic(
        "run",
        argument("name", nargs="?", type=text, metavar="NAME", help="the run's name; made up when left out"),
        EXPERIMENT,
        TAG,
        NOTES,
        NESTED,
        PROJECT,
    )
    def run_cell(self, line: str, cell: str) -> Any:
        """Let the cell be a run: completed, failed when it raises, killed when it is interrupted.

        The line magic `%run file.py` is IPython's own, as ever.

        Examples::

            %%run baseline --experiment digits
            %%run trial-1 --nested --tag demo
        """
        from .run_cell import run_cell

        run_cell(self._shell, line, cell)
