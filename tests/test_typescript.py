"""The sidebar's sources: their types, their style, their own tests, and that they fit this server.

Node is needed, and the first run installs the development tools of `labextension/`.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from aip_jupyter.domain.lineage import split_asked
from aip_jupyter.domain.references import Reference, parse_reference
from aip_jupyter.notebook.arguments import reference, split
from aip_jupyter.server.openapi import openapi

FOLDER = Path(__file__).parents[1] / "labextension"
TIMEOUT = 300


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def node() -> None:
    """The development tools, as the lock file says."""
    if shutil.which("npm") is None:
        pytest.fail("these tests need Node 20.19 or newer with npm on the PATH", pytrace=False)
    installed, lock = FOLDER / "node_modules/.package-lock.json", FOLDER / "package-lock.json"
    complete = (FOLDER / "node_modules/typescript-eslint").exists()
    if not complete or installed.stat().st_mtime < lock.stat().st_mtime:
        _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")


@pytest.mark.timeout(TIMEOUT)
def test_the_types_are_right() -> None:
    _run("npm", "run", "--silent", "check")


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
def test_the_style_is_right() -> None:
    _run("npm", "run", "--silent", "lint")


@pytest.fixture(scope="module")
def compiled(node: None) -> Path:
    """The sources as JavaScript, as `npm test` makes them."""
    shutil.rmtree(FOLDER / "lib", ignore_errors=True)
    _run("npx", "--no-install", "tsc", "--project", "tsconfig.test.json")
    return FOLDER / "lib"


@pytest.mark.timeout(TIMEOUT)
def test_the_pure_functions_do_what_they_say(compiled: Path) -> None:
    tests = sorted(map(str, (compiled / "test").glob("*.test.js")))
    assert len(tests) == len(list((FOLDER / "test").glob("*.test.ts")))
    assert "fail 0" in _run("node", "--test", *tests)


def test_the_description_of_the_api_is_up_to_date() -> None:
    written = json.loads((FOLDER / "openapi.json").read_text())
    assert written == json.loads(json.dumps(openapi())), (
        "run: python -m aip_jupyter.server.openapi > labextension/openapi.json"
    )


def test_the_types_of_the_api_are_up_to_date(tmp_path: Path) -> None:
    _run("npx", "--no-install", "openapi-typescript", "openapi.json", "--output", str(tmp_path / "api.ts"))
    fresh = (tmp_path / "api.ts").read_text()
    assert fresh == (FOLDER / "src/api.ts").read_text(), "run: npm run types (in labextension/)"


NAMES = [
    *(
        "digits-clf",
        "my model",
        " edge ",
        "it's",
        'say "hi"',
        "a:b",
        "a@b",
        "back\\slash",
        'a:"b\\',
        "-x",
        "?",
    ),
    *(
        "{1 + 1}",
        "$HOME",
        "%s",
        "#",
        "!ls",
        "modèle 模型 🙂",
        "<img src=x onerror=alert(1)>",
        "reg::x",
        "a;b",
    ),
]
VERSIONS = [None, 3, "v1.0", "3", "first try", 'a:b@"c"', "²"]

_SPELL = """
const { lineageCode, loadCode, nameOrId, reference } = require(process.argv[1]);
const { loads, names } = JSON.parse(process.argv[2]);
console.log(JSON.stringify({
    loads: loads.map(([name, part]) => loadCode(reference(name, part ?? undefined))),
    lineages: names.map(name => lineageCode("run", nameOrId(name, "AN-ID"))),
}));
"""


def test_what_the_sidebar_inserts_means_the_same_to_python(compiled: Path) -> None:
    cases = [(name, version) for name in NAMES for version in VERSIONS]
    module = str(compiled / "src/reference.js")
    spelled = json.loads(_run("node", "-e", _SPELL, module, json.dumps({"loads": cases, "names": NAMES})))
    for (name, version), code in zip(cases, spelled["loads"], strict=True):
        assert _read(code) == _meant(name, version), code
    for name, code in zip(NAMES, spelled["lineages"], strict=True):
        magic, _, line = code.partition(" ")
        assert magic == "%lineage"
        assert not set("{}$") & set(line), "IPython would put values in"
        (token,) = split(line)
        assert split_asked(reference(token)) in (("run", name), ("run", "AN-ID"))


def _read(code: str) -> Reference:
    """What the inserted cell asks for."""
    if code.startswith("%load_model "):
        assert not set("{}$") & set(code), "IPython would put values in"
        (token,) = split(code.removeprefix("%load_model "))
        return parse_reference(reference(token))
    call = ast.parse(code).body[-1]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    return parse_reference(ast.literal_eval(call.value.args[0]))


def _meant(name: str, version: str | int | None) -> Reference:
    if version is None:
        return Reference(name=name, alias="latest")
    if isinstance(version, int):
        return Reference(name=name, number=version)
    return Reference(name=name, version=version)
