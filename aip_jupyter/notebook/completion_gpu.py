"""What Tab offers on the lines of `%%gpu` and `%gpu`."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from . import completion_lists as lists
from .completion_lists import Remembered

_BEFORE_NAME = re.compile(r"^(.*[^\w.])?(?=(?:[^\W\d]\w*)?$)")
"""What stands before the name that an expression ends with; nothing matches where that is no variable's."""


class GpuCompletions:
    """What could stand on the line that is being typed."""

    def __init__(self) -> None:
        self.types = Remembered(lists.gpus)
        self.sessions = Remembered(lists.sessions)
        self._variables: dict[str, Remembered[str]] = {}
        """Those of a session, by its name."""
        self._session = ""
        self._cell = ""

    def look_at(self, words: Sequence[str], cell: str) -> None:
        """The words before the cursor, and the cell below the line."""
        named = (value for option, value in pairwise(words) if option == "--session")
        self._session = next(named, "")
        self._cell = cell

    def inputs(self, variables: Iterable[str]) -> list[str]:
        """Variables of the notebook, those first that the cell reads."""
        reads, _ = _names(self._cell)
        return sorted(variables, key=lambda name: name not in reads)

    def outputs(self) -> list[str]:
        """What the cell writes, then what the session has."""
        _, writes = _names(self._cell)
        return list(dict.fromkeys((*writes, *self._of(self._session))))

    def command(self, words: Sequence[str], fragment: str) -> list[str]:
        """The commands of `%gpu`, and what stands behind them."""
        from . import gpu_commands

        if not words:
            return list(gpu_commands.SUBCOMMANDS)
        if words[0] == "peek":
            before = _BEFORE_NAME.match(fragment)
            return [before[0] + name for name in self._of(self._session)] if before else []
        named = words[0] in (*gpu_commands.WITH_NAME, "attach")
        return self.sessions() if named and len(words) == 1 else []

    def _of(self, session: str) -> list[str]:
        if session not in self._variables:
            self._variables[session] = Remembered(functools.partial(lists.session_variables, session))
        return self._variables[session]()


def _names(cell: str) -> tuple[list[str], list[str]]:
    """What a cell reads and writes, as far as it is Python already."""
    from .gpu_names import names_of

    found = names_of(cell)
    return list(found.reads), list(found.writes)
