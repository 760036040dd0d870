"""Tab completion on the magics' lines: what could stand at the cursor."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

from . import completion_lists as lists
from .completion_gpu import GpuCompletions
from .completion_lists import Remembered
from .completion_runs import TEXTS, RunCompletions

_LINE = re.compile(r"^\s*(?:[\w.]+\s*=\s*)?(?P<sign>%%?)(?P<magic>\w+)\s+(?P<rest>.*)$")
_MATCHER = f"{__name__}.matcher"
_OF_ARTIFACTS = ("%artifacts", "%download_artifact", "%delete_artifact", "%restore_artifact")
_WITH_RUN = ("%runs", "%run_info", "%watch_run", "%delete_run", *_OF_ARTIFACTS)
_WITH_MODEL = ("%register_model", "%load_model", "%models", "%model")
# Words with their quotes; the last one may still be open.
_WORD = re.compile(r"""(?:[^\s"']|"[^"]*(?:"|$)|'[^']*(?:'|$))+""")


class Completions:
    """The matcher of one shell."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._models = Remembered(lists.models)
        self._categories = Remembered(lists.categories)
        self._gpu = GpuCompletions()
        self._runs = RunCompletions()
        self._datasets = Remembered(lists.datasets)
        self._deleted_datasets = Remembered(functools.partial(lists.datasets, deleted=True))
        self._projects = Remembered(lists.projects)
        self._users = Remembered(lists.users)
        self._tokens = Remembered(lists.tokens)

    def complete(self, line: str, whole: str = "") -> tuple[str, list[str]]:
        """The last word of the line up to the cursor, and what could stand there instead.

        `whole` is the text of the cell, of which the line is the beginning.
        """
        from .magics import our_magics

        match = _LINE.match(line)
        function = dict(our_magics(self._shell)).get(match["sign"] + match["magic"]) if match else None
        if match is None or function is None:
            return "", []
        words = _WORD.findall(match["rest"])
        fragment = words.pop() if (words and not line[-1:].isspace()) or _is_open(words) else ""
        start = fragment.lstrip("\"'").lower()
        self._gpu.look_at(words, whole.partition("\n")[2])
        candidates = self._candidates(match["sign"] + match["magic"], function, words, fragment)
        if words and words[-1] in TEXTS:
            quote = fragment[0] if fragment[:1] in ("'", '"') else '"'
            return fragment, [quote + text for text in candidates if text.lower().startswith(start)]
        return fragment, [_as_word(c) for c in candidates if c.lower().startswith(start)]

    def _candidates(self, magic: str, function: Any, words: list[str], fragment: str) -> list[str]:
        from .arguments import options, options_with_value

        with_value = options_with_value(function)
        if words and words[-1] in with_value:
            return self._values_of(magic, words[-1], fragment)
        if fragment.startswith("-"):
            return options(function)
        before = zip(words, ["", *words], strict=False)
        words = [word for word, last in before if not word.startswith("-") and last not in with_value]
        return self._positional(magic, words, len(words), fragment)

    def _values_of(self, magic: str, option: str, fragment: str) -> list[str]:
        if option == "--category":
            return self._categories()
        if option == "--session":
            return self._gpu.sessions()
        if option in lists.CHOICES:
            return list(lists.CHOICES[option])
        if option == "--status":
            return lists.statuses(ended=magic == "%end_run")
        if option == "--project":
            return self._projects()
        if option == "--scope":
            return list(lists.words_of("Scope"))
        if (of_runs := self._runs.option(magic, option, fragment)) is not None:
            return of_runs
        if option in ("--in", "--out"):
            before, comma, _ = fragment.rpartition(",")
            names = self._gpu.outputs() if option == "--out" else self._gpu.inputs(self._variables())
            return [before + comma + name for name in names]
        return self._variables() if option == "--as" and magic != "%log_artifact" else []

    def _positional(self, magic: str, words: list[str], position: int, fragment: str) -> list[str]:
        if magic == "%aip":
            return self._aip(words, position)
        if magic == "%%gpu":
            return self._gpu.types() if position == 0 else []
        if magic == "%gpu":
            return self._gpu.command(words, fragment)
        if magic == "%compare_runs" or (magic in _WITH_RUN and position == 0):
            return [name for name in self._runs.names() if name not in words]
        if magic in _OF_ARTIFACTS and position == 1:
            return self._runs.paths(words[0], deleted=magic == "%restore_artifact")
        if magic == "%restore_run" and position == 0:
            return self._runs.deleted()
        if magic == "%set_experiment" and position == 0:
            return self._runs.experiments()
        if magic in ("%datasets", "%impact", "%log_dataset", "%delete_dataset") and position == 0:
            return self._datasets()
        if magic == "%restore_dataset" and position == 0:
            return self._deleted_datasets()
        if magic == "%lineage" and position == 0:
            return self._traceable(fragment)
        if magic == "%autolog" and position == 0:
            return lists.frameworks()
        if magic in _WITH_MODEL and position == 0:
            name, at, _ = fragment.partition("@")
            return [f"{name}@latest"] if at and magic == "%load_model" else self._models()
        with_variable = (("%register_model", 1), ("%log_dataset", 1), ("%log_text", 1), ("%log_artifact", 0))
        return self._variables() if (magic, position) in with_variable else []

    def _traceable(self, fragment: str) -> list[str]:
        """What has a lineage: models, and with the kind in front runs and datasets."""
        kind, colon, _ = fragment.lstrip("\"'").partition(":")
        if colon:
            names: dict[str, Callable[[], list[str]]] = {
                "run": self._runs.names,
                "dataset": self._datasets,
                "model": self._models,
            }
            return [f"{kind}:{name}" for name in names[kind]()] if kind in names else []
        return [*self._models(), "run:", "dataset:", "model:"]

    def _aip(self, words: list[str], position: int) -> list[str]:
        """The commands of `%aip`, and what stands behind them."""
        from .aip_actions import GROUPS, verbs

        if position == 0:
            return list(GROUPS)
        if position == 1:
            return [*verbs(words[0]), *(self._projects() if words[0] == "project" else [])]
        match words[0], words[1], position:
            case "project", "use" | "archive" | "restore", 2:
                return self._projects()
            case "token", "revoke", 2:
                return self._tokens()
            case "role", "set" | "remove", 2:
                return self._users()
            case "role", "set", 3:
                return list(lists.words_of("Role"))
        return []

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
        fragment, found = completions.complete(context.text_until_cursor, context.full_text)
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
