"""The magic for trainings that log by themselves."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, magics_class

from .arguments import argument, line_magic, parse, text


@magics_class
class AutologMagics(Magics):
    """What logs without being asked each time."""

    @line_magic(
        argument("framework", nargs="?", type=text, metavar="FRAMEWORK", help="sklearn or lightning (both)"),
        argument("--off", action="store_true", help="no more"),
        argument("--no-score", action="store_true", help="without the score on the training data"),
        argument("--children", type=int, default=5, help="how many candidates of a search become runs (5)"),
    )
    def autolog(self, line: str) -> Any:
        """Let what scikit-learn and PyTorch Lightning train log by itself.

        Examples::

            %autolog
            %autolog sklearn --no-score
            %autolog --off
        """
        from .autolog import autolog

        arguments = parse(self.autolog, line)
        autolog(
            arguments.framework,
            disable=arguments.off,
            training_score=not arguments.no_score,
            child_runs=arguments.children,
        )
