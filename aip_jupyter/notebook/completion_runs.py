"""What Tab offers on the lines of the magics for runs."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from . import completion_lists as lists
from .completion_lists import Remembered

TEXTS = ("--filter", "--order-by")
"""Options whose value has several words: its quotation stays open."""
_PLAIN = ("name", "status", "experiment", "author", "started", "ended", "duration")
_LAST_WORD = re.compile(r"[\w./:@+`-]*$")
_BEFORE_FIELD = re.compile(r"(^|\b(and|or|not)\s|\()\s*$", re.IGNORECASE)
_BARE_KEY = re.compile(r"\w[\w/:@+-]*")


class RunCompletions:
    """What could stand on the line that is being typed."""

    def __init__(self) -> None:
        self._runs = Remembered(lists.runs)
        self._deleted = Remembered(functools.partial(lists.runs, deleted=True))
        self._paths: dict[tuple[str, bool], Remembered[str]] = {}
        """Of artifacts, by the run's name, and whether they are deleted."""

    def names(self) -> list[str]:
        """Of runs, the newest first."""
        return _distinct(detail.run.name for detail in self._runs())

    def deleted(self) -> list[str]:
        """Of runs that can be restored."""
        return _distinct(detail.run.name for detail in self._deleted())

    def paths(self, run: str, *, deleted: bool = False) -> list[str]:
        """Of the artifacts of a run, its files and its folders."""
        run = run.strip("\"'")
        if (run, deleted) not in self._paths:
            self._paths[run, deleted] = Remembered(functools.partial(lists.artifacts, run, deleted=deleted))
        return self._paths[run, deleted]()

    def experiments(self) -> list[str]:
        """Their names."""
        return _distinct(detail.run.experiment for detail in self._runs())

    def option(self, magic: str, option: str, fragment: str) -> list[str] | None:
        """What could stand behind this option of a magic; None when it is not one of runs."""
        match option:
            case "--experiment":
                return self.experiments()
            case "--run" if magic == "%%gpu":  # it begins one
                return []
            case "--resume" | "--run":
                return self.names()
            case "--metrics":
                before, comma, _ = fragment.rpartition(",")
                return [before + comma + key for key in self._keys("metrics")]
            case "--filter":
                return self._in_text(fragment.lstrip("\"'"))
            case "--order-by":
                return self._fields()
        return None

    def _in_text(self, text: str) -> list[str]:
        """The filter as far as it is typed, with each field that could come next."""
        before = _LAST_WORD.sub("", text, count=1)
        return [before + field for field in self._fields()] if _BEFORE_FIELD.search(before) else []

    def _fields(self) -> list[str]:
        maps = ("metrics", "params", "tags")
        return [*_PLAIN, *(f"{name}.{_spelled(key)}" for name in maps for key in self._keys(name))]

    def _keys(self, of: str) -> list[str]:
        found: dict[str, None] = {}
        for detail in self._runs():
            keys = [each.key for each in detail.metrics] if of == "metrics" else getattr(detail.run, of)
            found.update(dict.fromkeys(keys))
        return _distinct(found)


def _spelled(key: str) -> str:
    """A key as a filter has it."""
    return key if _BARE_KEY.fullmatch(key) else f"`{key}`"


def _distinct(names: Iterable[str]) -> list[str]:
    from .arguments import is_expanded

    return [name for name in dict.fromkeys(names) if not is_expanded(name)]
