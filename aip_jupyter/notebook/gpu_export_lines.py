"""Lines that only IPython understands, as plain Python: shell commands, line magics, questions."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import AipError
from .gpu_export_text import commented

_NAME = re.compile(r"\$(\w+)")
_OURS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "start_run": (
        "start_run",
        {
            "name": "",
            "experiment": "experiment",
            "tag": "tags",
            "notes": "notes",
            "nested": "nested",
            "resume": "resume",
        },
    ),
    "end_run": ("end_run", {"status": ""}),
    "set_experiment": ("set_experiment", {"name": ""}),
    "log_text": ("log_text", {"text": "", "name": ""}),
    "log_dataset": ("log_dataset", {"name": "", "data": "", "context": "context", "tag": "tags"}),
    "register_model": (
        "register_model",
        {
            "name": "",
            "object": "",
            "version": "version",
            "category": "category",
            "tag": "tags",
            "description": "description",
        },
    ),
    "load_model": ("load_model", {"ref": "", "to": "to", "trust": "trust"}),
    "lineage": ("get_lineage", {"ref": ""}),
    "models": ("list_models", {"search": "", "category": "category", "tag": "tag", "limit": "limit"}),
    "model": ("get_model", {"name": ""}),
    "runs": (
        "list_runs",
        {
            "search": "",
            "experiment": "experiment",
            "status": "status",
            "author": "author",
            "filter": "filter",
            "order_by": "order_by",
            "limit": "limit",
        },
    ),
    "compare_runs": ("compare_runs", {"runs": ""}),
    "run_info": ("get_run", {"run": ""}),
    "datasets": ("list_datasets", {"search": "", "name": "name", "limit": "limit"}),
}
"""Our magics that have a function in the API, and what their arguments are called there; "": by position."""
_VARIABLES = {"log_dataset": "data", "log_text": "text", "register_model": "object"}
"""Those of which an argument may be a variable."""
_GPU = {"stop": "stop_session", "interrupt": "interrupt_session"}


class Lines:
    """Converts code in which IPython has put calls of its own in the place of its syntax."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace

    def convert(self, code: str) -> str:
        """Plain Python; what has no equal is a comment, and its value None."""
        lines = code.rstrip("\n").split("\n")
        for statement in reversed(_statements(ast.parse(code, type_comments=False))):
            calls = [node for node in ast.walk(statement) if _is_call(node)]
            if calls and statement.lineno == statement.end_lineno:
                at = statement.lineno - 1
                lines[at] = self._converted(lines[at], calls)
        return "\n".join(lines)

    def _converted(self, line: str, calls: list[Any]) -> str:
        comments, spelled = [], line.encode()
        for call in sorted(calls, key=lambda each: -int(each.col_offset)):
            words = [ast.literal_eval(argument) for argument in call.args]
            found = self._call(call.func.attr, words)
            if found is None:
                comments.append(_as_typed(call.func.attr, words))
            new = ("None" if found is None else found).encode()
            spelled = spelled[: call.col_offset] + new + spelled[call.end_col_offset :]
        text = spelled.decode()
        if not comments:
            return text
        if text.strip() == "None":  # it is nothing else
            text = text.replace("None", "pass" if text[0] == " " else "")
        return f"{text}  # left out: {'; '.join(comments)}".lstrip(" " if text in ("", "None") else "")

    def _call(self, method: str, words: list[str]) -> str | None:
        if method == "system":
            return f"subprocess.run({self._command(words[0])}, shell=True)"
        if method == "getoutput":
            command = self._command(words[0])
            return f"subprocess.getoutput({command}).splitlines()"
        if method != "run_line_magic":
            return None
        name, line = words
        convert: Callable[[str], str | None] | None = getattr(self, f"_magic_{name}", None)
        if name in _OURS:
            return self.ours(name, line)
        return convert(line) if convert is not None else None

    def _command(self, command: str) -> str:
        """A text; one into which the notebook's variables are put, when it names some."""
        named = _NAME.sub(
            lambda found: "{" + found[1] + "}" if found[1] in self._namespace else found[0], command
        )
        spelled = f"f{named!r}"
        try:
            compile(spelled, "command", "eval")
        except SyntaxError:
            return repr(command)
        return spelled if "{" in named else repr(command)

    def ours(self, name: str, line: str) -> str | None:
        """The call of our function that one of our magics is; None when its line is wrong."""
        from . import magics
        from .arguments import parse

        function = next(
            getattr(each, found if isinstance(found, str) else found.__name__)
            for each in magics.CLASSES
            if (found := each.magics["line"].get(name)) is not None
        )
        try:
            given = vars(parse(function, line))
        except AipError:
            return None
        called, spelled = _OURS[name]
        arguments = []
        for field, keyword in spelled.items():
            value = given[field]
            if value is None or value in ("", [], False) or value == function.parser.get_default(field):
                continue
            shown = repr(value)
            if field == _VARIABLES.get(name) and self._is_variable(value):
                shown = value
            elif name == "log_text" and field == "text":
                shown = f"open({value!r}).read()"
            arguments.append(f"{keyword}={shown}" if keyword else shown)
        if given.get("project"):
            arguments.append(f"project={given['project']!r}")
        call = f"aip.{called}({', '.join(arguments)})"
        return f"{given['variable']} = {call}" if given.get("variable") else call

    def _is_variable(self, word: str) -> bool:
        return word.partition(".")[0] in self._namespace

    def _magic_gpu(self, line: str) -> str | None:
        words = line.split()
        if len(words) == 2 and words[0] in _GPU:
            return f"aip.{_GPU[words[0]]}({words[1]!r})"
        return None

    def _magic_aip(self, line: str) -> str | None:
        words = line.split()
        if words[:1] == ["project"] and len(words) in (2, 3) and words[-2] in ("project", "use"):
            return f"aip.use_project({words[-1]!r})"
        return None

    def _magic_time(self, line: str) -> str | None:
        return line

    def _magic_cd(self, line: str) -> str | None:
        return f"os.chdir(os.path.expanduser({line.strip()!r}))" if line.strip() else None

    def _magic_env(self, line: str) -> str | None:
        name, equals, value = line.partition("=")
        return f"os.environ.update({{{name.strip()!r}: {value.strip()!r}}})" if equals else None

    _magic_set_env = _magic_env


def _statements(tree: ast.Module) -> list[ast.stmt]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Expr | ast.Assign)]


def _is_call(node: ast.AST) -> bool:
    """Whether it is `get_ipython().something("…")`, as IPython writes it."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Call)
        and isinstance(node.func.value.func, ast.Name)
        and node.func.value.func.id == "get_ipython"
        and all(isinstance(argument, ast.Constant) for argument in node.args)
    )


def _as_typed(method: str, words: list[str]) -> str:
    if method == "run_line_magic":
        return commented(f"%{words[0]} {words[1]}".rstrip())[2:]
    return " ".join(words)
