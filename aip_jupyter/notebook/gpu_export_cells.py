"""A cell of a notebook as part of a script."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any

from ..domain.durations import parse_seconds
from ..errors import AipError
from .gpu_export_lines import Lines
from .gpu_export_text import commented, literal

_CODE = (ModuleType, FunctionType, type)
"""What a cell that only uses it does not change."""
_PREFIX = "get_ipython()."


class Exporter:
    """Converts the cells of one notebook, one after the other."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._lines = Lines(namespace)
        self._namespace = namespace
        self._bound = set[str]()
        """What has a value in the script so far."""
        self._last: dict[str, Any] = {}
        """The session of the last `%%gpu` cell: one that names none goes on there."""

    def _auto(self, body: str, inputs: list[str], outputs: list[str]) -> tuple[list[str], list[str]]:
        """What `--auto` finds by reading the cell, as far as the script has it."""
        from .gpu_names import names_of

        cell = names_of(_transformed(body))
        taken = [*inputs, *(name for name in cell.reads if name in self._bound and name not in inputs)]
        changed = [name for name in taken if not isinstance(self._namespace.get(name), _CODE)]
        back = dict.fromkeys([*outputs, *cell.writes, *changed])
        return taken, [name for name in back if name in outputs or name in self._namespace]

    def convert(self, number: int, cell: str) -> str:
        """The cell as plain Python."""
        text = cell.strip("\n")
        first, _, body = text.lstrip().partition("\n")
        if first.startswith("%%"):
            name, _, line = first[2:].partition(" ")
            return self._cell_magic(number, name, line.strip(), body)
        return self._plain(number, text)

    def _cell_magic(self, number: int, name: str, line: str, body: str) -> str:
        if name == "gpu":
            return self._gpu_cell(line, body)
        if name == "run" and (begin := self._lines.ours("start_run", line)) is not None:
            return f"{begin}\n{self.convert(number, body)}\naip.end_run()"
        if name in ("time", "timeit", "capture", "prun"):
            return f"# without %%{name} {line}".rstrip() + f"\n{self.convert(number, body)}"
        if name in ("bash", "sh", "!", "sx", "system"):
            shell = "sh" if name == "sh" else "bash"
            return f'subprocess.run(["{shell}", "-c", {literal(body)}], check=True)'
        if name == "writefile" and line and not line.startswith("-"):
            path = line.strip("\"'")
            return f'with open({path!r}, "w") as _file:\n    _file.write({literal(body)})'
        return (
            f"# left out, since only a notebook understands it:\n{commented(f'%%{name} {line}'.rstrip())}\n"
            + (commented(body))
        )

    def _gpu_cell(self, line: str, body: str) -> str:
        from .arguments import parse
        from .gpu_magics import GpuMagics
        from .gpu_magics import names_of as split_names

        magic: Any = GpuMagics.gpu_cell
        try:
            given = vars(parse(magic, line))
            inputs, outputs = split_names(given["values"], "in"), split_names(given["out"], "out")
        except AipError as error:
            return f"# left out: {error.message}\n{commented(f'%%gpu {line}')}\n{commented(body)}"
        where = {name: given[name] for name in ("gpu", "session", "count", "fraction") if given[name]}
        if "gpu" in where or "session" in where:
            self._last = where
        options = {**self._last, **where}
        options.update({name: given[name] for name in ("strict", "project") if given[name]})
        options["timeout"] = parse_seconds(given["timeout"], "timeout") if given["timeout"] else None
        if given["auto"]:
            inputs, outputs = self._auto(body, inputs, outputs)
        self._bound.update(outputs)
        if inputs:
            options["inputs"] = _Code("{" + ", ".join(f"{name!r}: {name}" for name in inputs) + "}")
        if outputs:
            options["outputs"] = outputs
        if given["background"]:
            options["background"] = True
        call = f"aip.run_on_gpu(\n    {literal(body + chr(10))},\n" + "".join(
            f"    {name}={value!r},\n" for name, value in options.items()
        )
        if given["background"]:
            return _in_run(given, f"{given['handle'] or '_'} = {call})")
        if not outputs:
            return _in_run(given, f"{call}).check()")
        taken = "\n".join(f"{name} = _values[{name!r}]" for name in outputs)
        return _in_run(given, f"_values = {call}).check().values\n{taken}")

    def _plain(self, number: int, text: str) -> str:
        """Verbatim, but for lines that only IPython understands and for a top-level `await`."""
        from .gpu_names import names_of

        code = _transformed(text)
        self._bound.update(names_of(code).writes)
        if _PREFIX in code and _PREFIX not in text:
            text = self._lines.convert(code)
        try:
            tree = compile(text, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except (SyntaxError, ValueError):
            return f"# left out, since it is no Python:\n{commented(text)}"
        try:
            compile(text, "cell", "exec")
        except SyntaxError:
            return _awaited(f"_cell_{number}", text, tree)
        return text


def _in_run(given: Mapping[str, Any], code: str) -> str:
    """The code in the run that `%%gpu --run` names."""
    if given["run"] is None:
        return code
    of = f", experiment={given['experiment']!r}" if given["experiment"] else ""
    return f"aip.start_run({given['run']!r}{of}, nested=True)\n{code}\naip.end_run()"


def _transformed(cell: str) -> str:
    """The cell with calls in the place of what only IPython understands."""
    from IPython.core.inputtransformer2 import TransformerManager

    transformer: Any = TransformerManager
    return str(transformer().transform_cell(cell))


def _awaited(name: str, text: str, tree: ast.Module) -> str:
    """The cell as a function that is awaited; its variables are the script's."""
    names = sorted(_stored(tree) | _defined(tree))
    said = f"    global {', '.join(names)}\n" if names else ""
    head = f"async def {name}():\n{said}"
    whole = head + textwrap.indent(text, "    ")
    # Texts of several lines would change with the indentation.
    inner = ast.parse(whole).body[0].body[bool(names) :]  # type: ignore[attr-defined]  # of a function
    if [ast.dump(node) for node in inner] != [ast.dump(node) for node in tree.body]:
        whole = head + textwrap.indent(ast.unparse(tree), "    ")
    return f"{whole}\n\n\nasyncio.run({name}())"


def _stored(tree: ast.Module) -> set[str]:
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Store)}


def _defined(tree: ast.Module) -> set[str]:
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    return found


class _Code(str):
    """Shows itself as the code that it is."""

    def __repr__(self) -> str:
        return str(self)
