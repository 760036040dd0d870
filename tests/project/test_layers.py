"""The rules of the layout: imports go one way, there are no cycles, files stay small."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "aip_jupyter"
ROOT = PACKAGE.parent

ALLOWED = {
    "_version": set(),
    "redaction": set(),
    "errors": {"redaction"},
    "domain": {"redaction", "errors"},
    "wire": {"redaction", "errors", "domain"},
    "backends": {"redaction", "errors", "domain", "wire"},
    "services": {"redaction", "errors", "domain", "wire", "backends", "_version"},
    "server": {"redaction", "errors", "domain", "wire", "backends", "services", "sessions", "_version"},
    "client": {"redaction", "errors", "domain", "wire", "backends", "services", "_version"},
    "sessions": {"redaction", "errors", "domain", "wire", "backends", "client", "_version"},
    "notebook": {
        "redaction",
        "errors",
        "domain",
        "wire",
        "backends",
        "services",
        "client",
        "sessions",
        "_version",
    },
    "cli": {"redaction", "errors", "domain", "wire", "backends", "services", "client", "_version"},
}
"""Which parts of the package a part may import, besides itself."""

FORBIDDEN = {
    "domain": {"os.path", "httpx", "sqlalchemy", "tornado", "IPython", "jupyter_server"},
    "wire": {"httpx", "sqlalchemy", "tornado", "IPython", "jupyter_server"},
    "backends": {"tornado", "IPython", "jupyter_server"},
    "services": {"tornado", "IPython", "jupyter_server", "httpx"},
    "server": {"IPython"},
    "client": {"tornado", "jupyter_server"},
    "sessions": {"jupyter_server"},
    "notebook": {"tornado", "jupyter_server"},
    "cli": {"tornado", "jupyter_server", "IPython"},
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def _imports(path: Path, *, at_import_time: bool = False) -> set[str]:
    """Absolute names of the modules that a file imports."""
    package = [PACKAGE.name, *path.relative_to(PACKAGE).parent.parts]
    found: set[str] = set()
    tree = ast.parse(path.read_text())
    for node in _nodes(tree, at_import_time):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            found.update({prefix, *(f"{prefix}.{alias.name}" for alias in node.names)})
    return found


def _nodes(tree: ast.AST, at_import_time: bool) -> list[ast.AST]:
    nodes: list[ast.AST] = []
    for child in ast.iter_child_nodes(tree):
        if at_import_time and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        nodes += [child, *_nodes(child, at_import_time)]
    return nodes


def _part(module: str) -> str:
    pieces = module.split(".")
    return pieces[1] if len(pieces) > 1 else ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if part == "__init__":
        return
    ours = {_part(name) for name in _imports(path) if name.startswith("aip_jupyter.")}
    assert ours - {part} <= ALLOWED[part]
    outside = {name for name in _imports(path) if not name.startswith("aip_jupyter")}
    for name in FORBIDDEN.get(part, set()):
        assert not {found for found in outside if found == name or found.startswith(name + ".")}


def _graph() -> dict[str, set[str]]:
    """The modules that each module imports when it is imported itself."""
    names = {_name(path): path for path in MODULES}
    return {
        name: {found for found in _imports(path, at_import_time=True) if found in names} - {name}
        for name, path in names.items()
    }


def test_the_server_never_loads_the_client() -> None:
    """Nor by way of the sessions: they meet over HTTP."""
    graph = _graph()
    reached, left = set[str](), {name for name in graph if _part(name) == "server"}
    while left:
        reached |= left
        left = {found for name in left for found in graph[name]} - reached
    assert not {name for name in reached if _part(name) == "client"}


def test_there_are_no_import_cycles() -> None:
    graph = _graph()
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join([*trail, name])
        if name not in done:
            for following in sorted(graph[name]):
                visit(following, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = [
    *MODULES,
    *(path for path in (ROOT / "labextension" / "src").rglob("*.ts*") if path.name != "api.ts"),
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 40, node.name
