"""What a function or a comprehension takes from the names outside of it, found by reading it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from msgspec import Struct

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Free(Struct, frozen=True):
    """Names of the module."""

    reads: set[str]
    writes: set[str]


def free_in_function(node: FunctionNode) -> Free:
    arguments = node.args
    given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    given += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    return _free_in(body, {each.arg for each in given})


def free_in_comprehension(node: ast.AST) -> Free:
    """Its own variables are its own; one that `:=` gives a value is not."""
    own = {
        name.id
        for each in getattr(node, "generators", [])
        for name in ast.walk(each.target)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    }
    named = {each.target.id for each in ast.walk(node) if isinstance(each, ast.NamedExpr)}
    free = _free_in(list(ast.iter_child_nodes(node)), own)
    return Free(free.reads - own - named, named)


def _free_in(body: Iterable[ast.AST], own: set[str]) -> Free:
    """What a body takes from outside: what it reads and gives no value, and what it declares `global`."""
    reads, stores, outer, below = set[str](), set(own), set[str](), Free(set(), set())
    declared = set[str]()
    for node in _scope(body):
        if isinstance(node, ast.Name):
            (stores if isinstance(node.ctx, ast.Store) else reads).add(node.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            reads.add(node.target.id)
        elif isinstance(node, ast.Global):
            declared.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            outer.update(node.names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            stores.update(each.asname or each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            stores.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            stores.add(node.rest)
        inner = _nested(node)
        if inner is not None:
            below = Free(below.reads | inner.reads, below.writes | inner.writes)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            stores.add(node.name)
        if isinstance(node, COMPREHENSIONS):
            stores |= below.writes - declared
    local = stores - declared - outer
    return Free(
        (reads | below.reads) - local | (declared & reads), (stores & declared) | (below.writes - local)
    )


def _nested(node: ast.AST) -> Free | None:
    """What a function, class or comprehension inside takes from outside of itself."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return free_in_function(node)
    if isinstance(node, COMPREHENSIONS):
        return free_in_comprehension(node)
    if isinstance(node, ast.ClassDef):
        free = _free_in(node.body, set())
        nodes = (each for each in _scope(node.body) if isinstance(each, ast.Name))
        names = {each.id for each in nodes if isinstance(each.ctx, ast.Load)}
        return Free(free.reads | names, free.writes)
    return None


def _scope(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of one scope; of a scope inside only what is evaluated outside of it."""
    for node in body:
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _scope([*node.decorator_list, *filter(None, [node.returns]), node.args])
        elif isinstance(node, ast.Lambda):
            yield from _scope([node.args])
        elif isinstance(node, ast.ClassDef):
            yield from _scope([*node.decorator_list, *node.bases, *node.keywords])
        elif isinstance(node, COMPREHENSIONS):
            yield from _scope([node.generators[0].iter])
        else:
            yield from _scope(ast.iter_child_nodes(node))
