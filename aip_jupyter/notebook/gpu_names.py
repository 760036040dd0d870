"""What a cell reads and writes at module level, found by reading it; nothing of it is run.

Where that depends on what happens, a name counts as read: a variable too many is better than one too few.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from msgspec import Struct

from .gpu_scopes import COMPREHENSIONS, Free, free_in_comprehension, free_in_function

_LEAVES = (ast.Raise, ast.Return, ast.Break, ast.Continue)
_EXPANDED = re.compile(r"(?<!\$)\$(\w+)|\{([^{}]+)\}")
"""What IPython puts into a command: `$name` and `{expression}`."""
_CODE = ("time", "timeit", "prun", "memit", "capture")
"""Magics whose line or cell is Python."""
_OF_IPYTHON = re.compile(r"_+|_i{1,3}|_i?\d+|_[dio]h|In|Out|get_ipython|exit|quit")
"""What IPython gives values in every shell, and remembers of cells."""


def is_of_ipython(name: str) -> bool:
    """Whether IPython itself uses this name: another value would take something from the shell."""
    return _OF_IPYTHON.fullmatch(name) is not None


class CellNames(Struct, frozen=True):
    """The names in the order in which they come."""

    reads: list[str]
    """Those that are, or may be, read before the cell gives them a value."""
    writes: list[str]
    """Those that are, or may be, given a value."""


def names_of(code: str) -> CellNames:
    """The names of a cell in plain Python, as IPython has transformed it. None where it is not Python."""
    reader = _Reader()
    try:
        reader.body(ast.parse(code).body)
    except (SyntaxError, ValueError, RecursionError):  # which the session will tell
        return CellNames([], [])
    return CellNames(list(reader.reads), list(reader.writes))


class _Reader:
    """Goes through statements in the order in which they run."""

    def __init__(self) -> None:
        self.reads: dict[str, None] = {}
        self.writes: dict[str, None] = {}
        self._has: set[str] = set()
        """What has a value for certain."""
        self._bodies: dict[str, Free] = {}
        """What the functions and classes that are defined here use once they are called."""

    def body(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        found = getattr(self, f"_on_{type(node).__name__.lower()}", None)
        if found is not None:
            found(node)
        else:
            self._parts(node)

    def _parts(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self._expression(child)

    def _expression(self, node: ast.AST | None) -> None:
        """Names in the order in which they are evaluated, as far as that matters."""
        if node is None:
            return
        if isinstance(node, ast.Name):
            self._name(node)
        elif isinstance(node, ast.Lambda):
            self._arguments(node.args)
            self._use(free_in_function(node))
        elif isinstance(node, COMPREHENSIONS):
            self._expression(node.generators[0].iter)
            self._use(free_in_comprehension(node))
        elif isinstance(node, ast.NamedExpr):
            self._expression(node.value)
            self._write(node.target.id)
        else:
            if isinstance(node, ast.Call):
                self._magic(node)
            self._parts(node)

    def _name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._write(node.id)
        elif isinstance(node.ctx, ast.Del):
            self._bodies.pop(node.id, None)
            self._read(node.id)
            self._has.discard(node.id)
        else:
            self._read(node.id)

    def _read(self, name: str) -> None:
        if name not in self._has:
            self.reads[name] = None
        if (free := self._bodies.pop(name, None)) is not None:
            self._use(free)

    def _write(self, name: str) -> None:
        self.writes[name] = None
        self._has.add(name)
        self._bodies.pop(name, None)

    def _use(self, free: Free) -> None:
        for name in sorted(free.reads):
            self._read(name)
        self.writes |= dict.fromkeys(sorted(free.writes))

    # Statements that give values in another order than they are written, or that need not come to their end

    def _on_assign(self, node: ast.Assign) -> None:
        self._expression(node.value)
        for target in node.targets:
            self._expression(target)

    def _on_augassign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._read(node.target.id)
        self._expression(node.value)
        self._expression(node.target)

    def _on_annassign(self, node: ast.AnnAssign) -> None:
        self._expression(node.annotation)
        self._expression(node.value)
        if node.value is not None or not isinstance(node.target, ast.Name):
            self._expression(node.target)

    def _on_import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._write(alias.asname or alias.name.partition(".")[0])

    def _on_importfrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name != "*":
                self._write(alias.asname or alias.name)

    def _on_functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self._expression(decorator)
        self._arguments(node.args)
        self._expression(node.returns)
        self._define(node, free_in_function(node))

    _on_asyncfunctiondef = _on_functiondef

    def _on_classdef(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self._expression(part)
        inner = _Reader()
        inner._has = set(self._has)
        inner._bodies = dict(self._bodies)
        inner.body(node.body)
        # What its methods use, they use when they are called.
        methods = Free(set(), set())
        for free in (each for name, each in inner._bodies.items() if name in inner.writes):
            methods = Free(methods.reads | free.reads, methods.writes | free.writes)
        self.reads |= inner.reads
        self._define(node, methods)

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, free: Free) -> None:
        self._write(node.name)
        if node.decorator_list:  # which may call it
            self._use(free)
        else:
            self._bodies[node.name] = free

    def _arguments(self, arguments: ast.arguments) -> None:
        everything = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        everything += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
        for part in (*arguments.defaults, *arguments.kw_defaults, *(each.annotation for each in everything)):
            self._expression(part)

    def _on_if(self, node: ast.If) -> None:
        self._expression(node.test)
        self._branches([node.body, node.orelse])

    def _on_while(self, node: ast.While) -> None:
        self._expression(node.test)
        self._branches([node.body, []])
        self._branches([node.orelse, []])

    def _on_for(self, node: ast.For | ast.AsyncFor) -> None:
        self._expression(node.iter)
        before = set(self._has)
        self._expression(node.target)
        self.body(node.body)
        self._has &= before
        self._branches([node.orelse, []])

    _on_asyncfor = _on_for

    def _on_with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self._expression(item.context_expr)
            self._expression(item.optional_vars)
        self.body(node.body)

    _on_asyncwith = _on_with

    def _on_try(self, node: ast.Try) -> None:
        before = set(self._has)
        self.body([*node.body, *node.orelse])
        ends = [self._has]
        for handler in node.handlers:
            self._has = set(before)
            self._expression(handler.type)
            if handler.name is not None:
                self._has.add(handler.name)  # and loses it again at the end
            self.body(handler.body)
            if not _leaves(handler.body):
                ends.append(self._has - {handler.name or ""})
        certain = set.intersection(*ends)
        self._has = set(before)
        self.body(node.finalbody)
        self._has |= certain

    _on_trystar = _on_try

    def _on_match(self, node: ast.Match) -> None:
        self._expression(node.subject)
        before = set(self._has)
        for case in node.cases:
            self._has = set(before)
            self._pattern(case.pattern)
            self._expression(case.guard)
            self.body(case.body)
        self._has = before

    def _pattern(self, pattern: ast.AST) -> None:
        for part in ast.walk(pattern):
            if isinstance(part, ast.Name):
                self._read(part.id)
            name = getattr(part, "rest", None) if isinstance(part, ast.MatchMapping) else None
            if isinstance(part, (ast.MatchAs, ast.MatchStar)):
                name = part.name
            if name is not None:
                self._write(name)

    def _branches(self, branches: list[list[ast.stmt]]) -> None:
        """Only one of them runs."""
        before, ends = self._has, []
        for branch in branches:
            self._has = set(before)
            self.body(branch)
            if not _leaves(branch):
                ends.append(self._has)
        self._has = set.intersection(*ends) if ends else before

    def _magic(self, call: ast.Call) -> None:
        """`%time f(x)` and `!echo $x` have become calls with texts in which there are names."""
        texts = [
            each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        if not isinstance(call.func, ast.Attribute) or not texts:
            return
        if call.func.attr in ("run_line_magic", "run_cell_magic") and texts[0] in _CODE:
            inner = names_of(texts[-1])
            self._use(Free(set(inner.reads), set(inner.writes)))
        elif call.func.attr in ("run_line_magic", "run_cell_magic", "system", "getoutput"):
            for name, expression in _EXPANDED.findall("\n".join(texts)):
                for read in [name] if name else names_of(expression).reads:
                    self._read(read)


def _leaves(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], _LEAVES)
