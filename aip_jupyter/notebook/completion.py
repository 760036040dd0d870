"""Tab completion on the magics' lines: options, models, runs, variables, categories, GPU types, sessions.

It never raises and never waits long: what the server knows is fetched by a thread and kept for some seconds.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

PATIENCE = 0.4
"""Seconds that a press of Tab may wait for the server."""
FRESH = 5.0
"""Seconds for which an answer is used again."""

T = TypeVar("T")

_log = logging.getLogger(__name__)
_LINE = re.compile(r"^\s*(?:[\w.]+\s*=\s*)?(?P<sign>%%?)(?P<magic>\w+)\s+(?P<rest>.*)$")
_MATCHER = f"{__name__}.matcher"
# Words with their quotes; the last one may still be open.
_WORD = re.compile(r"""(?:[^\s"']|"[^"]*(?:"|$)|'[^']*(?:'|$))+""")


class Remembered(Generic[T]):
    """A list that a thread fetches: at once when that is quick, else at the next press of Tab."""

    def __init__(self, fetch: Callable[[], list[T]]) -> None:
        self._fetch = fetch
        self._values: list[T] = []
        self._since = float("-inf")
        self._thread: threading.Thread | None = None

    def __call__(self) -> list[T]:
        """What is known; after at most PATIENCE."""
        if time.monotonic() - self._since > FRESH:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="aip-completion", daemon=True)
                self._thread.start()
            self._thread.join(PATIENCE)
        return self._values

    def _run(self) -> None:
        try:
            self._values = self._fetch()
        except Exception:  # noqa: BLE001  # the outermost guard of a thread: nobody asked for an error here
            _log.debug("no completions", exc_info=True)
        self._since = time.monotonic()


def _fetch_models() -> list[str]:
    from .api import list_models
    from .arguments import is_expanded

    return [model.name for model in list_models(limit=1000) if not is_expanded(model.name)]


def _fetch_categories() -> list[str]:
    from .connection import connect, what_is_in_use

    return what_is_in_use(connect()).categories


def _fetch_gpus() -> list[str]:
    from ..domain.sessions import CPU, GPU_TYPES
    from .gpu_api import list_gpus

    return list(dict.fromkeys((*(offer.type for offer in list_gpus()), *GPU_TYPES, CPU)))


def _fetch_sessions() -> list[str]:
    from .arguments import is_expanded
    from .gpu_api import list_sessions

    return [session.name for session in list_sessions() if not is_expanded(session.name)]


def _fetch_runs() -> list[tuple[str, str]]:
    """The name and the experiment of each."""
    from .arguments import is_expanded
    from .runs import list_runs

    found = ((detail.run.name, detail.run.experiment) for detail in list_runs(limit=1000))
    return [names for names in found if not any(map(is_expanded, names))]


def _fetch_datasets() -> list[str]:
    from .arguments import is_expanded
    from .datasets import list_datasets

    names = dict.fromkeys(dataset.name for dataset in list_datasets(limit=1000))
    return [name for name in names if not is_expanded(name)]


class Completions:
    """The matcher of one shell."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._models = Remembered(_fetch_models)
        self._categories = Remembered(_fetch_categories)
        self._gpus = Remembered(_fetch_gpus)
        self._sessions = Remembered(_fetch_sessions)
        self._runs = Remembered(_fetch_runs)
        self._datasets = Remembered(_fetch_datasets)

    def complete(self, line: str) -> tuple[str, list[str]]:
        """The last word of the line up to the cursor, and what could stand there instead."""
        from .magics import our_magics

        match = _LINE.match(line)
        function = dict(our_magics(self._shell)).get(match["sign"] + match["magic"]) if match else None
        if match is None or function is None:
            return "", []
        words = _WORD.findall(match["rest"])
        fragment = words.pop() if (words and not line[-1:].isspace()) or _is_open(words) else ""
        start = fragment.lstrip("\"'").lower()
        candidates = self._candidates(match["sign"] + match["magic"], function, words, fragment)
        return fragment, [_as_word(c) for c in candidates if c.lower().startswith(start)]

    def _candidates(self, magic: str, function: Any, words: list[str], fragment: str) -> list[str]:
        from .arguments import options, options_with_value

        with_value = options_with_value(function)
        if words and words[-1] in with_value:
            return self._values_of(words[-1], fragment)
        if fragment.startswith("-"):
            return options(function)
        options_before = sum(word in with_value for word in words)
        position = sum(not word.startswith("-") for word in words) - options_before
        return self._positional(magic, words, position, fragment)

    def _values_of(self, option: str, fragment: str) -> list[str]:
        if option == "--category":
            return self._categories()
        if option == "--session":
            return self._sessions()
        if option == "--experiment":
            return list(dict.fromkeys(experiment for _, experiment in self._runs()))
        if option in ("--in", "--out"):
            before, comma, _ = fragment.rpartition(",")
            return [before + comma + name for name in self._variables()]
        return self._variables() if option == "--as" else []

    def _positional(self, magic: str, words: list[str], position: int, fragment: str) -> list[str]:
        from . import gpu_commands, magics

        if magic == "%aip":
            return list(magics.SUBCOMMANDS) if position == 0 else []
        if magic == "%%gpu":
            return self._gpus() if position == 0 else []
        if magic == "%gpu":
            named = position == 1 and words[0] in gpu_commands.WITH_NAME
            return self._sessions() if named else list(gpu_commands.SUBCOMMANDS) if position == 0 else []
        if magic in ("%runs", "%run_info"):
            return list(dict.fromkeys(name for name, _ in self._runs())) if position == 0 else []
        if magic in ("%datasets", "%log_dataset") and position == 0:
            return self._datasets()
        if magic in ("%start_run", "%end_run"):
            return []
        if position == 0:
            name, at, _ = fragment.partition("@")
            return [f"{name}@latest"] if at and magic == "%load_model" else self._models()
        with_variable = magic in ("%register_model", "%log_dataset")
        return self._variables() if with_variable and position == 1 else []

    def _variables(self) -> list[str]:
        from .namespace import estimators, variables

        names = variables(self._shell.user_ns, self._shell.user_ns_hidden)
        first = estimators(self._shell.user_ns, self._shell.user_ns_hidden)
        return [*first, *(name for name in names if name not in first)]


def install(shell: Any) -> None:
    """Let the shell's completer ask us first."""
    uninstall(shell)
    completions = Completions(shell)

    @context_matcher(priority=100, identifier=_MATCHER)  # type: ignore[untyped-decorator]
    def matcher(context: CompletionContext) -> dict[str, Any]:
        fragment, found = completions.complete(context.text_until_cursor)
        return {
            "completions": [SimpleCompletion(text, type="aip") for text in found],
            "matched_fragment": fragment,
            "suppress": bool(found),
            "ordered": True,
        }

    shell.Completer.custom_matchers.append(matcher)


def uninstall(shell: Any) -> None:
    """Take the matcher away again."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [m for m in matchers if getattr(m, "matcher_identifier", "") != _MATCHER]


def _is_open(words: list[str]) -> bool:
    """Whether the last word's quotation is still open, so that a space does not end it."""
    last = words[-1] if words else ""
    return last[:1] in ("'", '"') and (len(last) == 1 or last[-1] != last[0])


def _as_word(value: str) -> str:
    """The value as one word of the line."""
    return f'"{value}"' if re.search(r"\s", value) else value
