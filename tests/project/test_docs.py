"""Everything a user can name is documented."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

import aip_jupyter
from aip_jupyter.notebook.arguments import options
from aip_jupyter.notebook.gpu_commands import SUBCOMMANDS, GpuCommands
from aip_jupyter.notebook.gpu_magics import GpuMagics
from aip_jupyter.notebook.magics import CLASSES
from aip_jupyter.server.app import AipApp
from aip_jupyter.services.settings import OF_KERNELS, SETTINGS
from aip_jupyter.wire.routes import PREFIX, ROUTES

ROOT = Path(__file__).parents[2]
DOCS = {path.name: path.read_text() for path in (ROOT / "docs").glob("*.md")}
ALL = "\n".join([*DOCS.values(), (ROOT / "README.md").read_text()])


def test_every_setting_is_documented() -> None:
    for setting in SETTINGS:
        row = re.search(rf"^\|.*`{setting.variable}`.*$", DOCS["configuration.md"], re.MULTILINE)
        assert row, setting.variable
        assert setting.help in row[0], setting.variable


def test_every_setting_of_the_server_is_a_trait() -> None:
    traits = set(AipApp.class_own_traits(config=True))
    assert traits == {setting.name for setting in SETTINGS} - set(OF_KERNELS)
    for name in traits:
        assert f"c.AipApp.{name}" in DOCS["configuration.md"]


def test_every_route_is_documented() -> None:
    for route in ROUTES:
        assert f"`{route.method} {PREFIX}{route.path}`" in DOCS["api.md"]


def test_every_magic_is_documented_and_has_an_example() -> None:
    for magics in CLASSES:
        for kind in ("line", "cell"):
            for name, method in magics.magics[kind].items():
                magic = f"{'%' * (1 if kind == 'line' else 2)}{name}"
                assert f"`{magic}" in ALL, magic
                function = getattr(magics, method if isinstance(method, str) else method.__name__)
                assert magic in (function.__doc__ or ""), f"{magic} has no example in its help"


@pytest.mark.parametrize("magic", [GpuMagics.gpu_cell, GpuCommands.gpu])
def test_every_option_of_the_gpu_magics_is_in_the_help_and_documented(magic: Any) -> None:
    page = DOCS["gpu-sessions.md"]
    for option in options(magic):
        if option.startswith("--"):
            assert option in magic.__doc__, option
            assert option in page, option


def test_every_command_of_gpu_is_in_the_help_and_documented() -> None:
    for command in SUBCOMMANDS:
        assert command in str(GpuCommands.gpu.__doc__), command
        assert f"%gpu {command}" in DOCS["gpu-sessions.md"], command


def test_every_entry_point_is_documented() -> None:
    for seam in ("registry", "storage", "tracking", "datasets", "gpus", "access"):
        for point in entry_points(group=f"aip_jupyter.{seam}"):
            assert f"`{point.name}`" in DOCS["configuration.md"], point
        assert f"aip_jupyter.{seam}" in DOCS["writing-a-backend.md"]


def test_every_public_name_has_a_docstring_and_is_documented() -> None:
    for name in aip_jupyter.__all__:
        if not name.startswith("__"):
            assert getattr(aip_jupyter, name).__doc__, name
            assert f"aip.{name}" in ALL, name


def test_the_changelog_begins_with_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    assert versions[0] == aip_jupyter.__version__


def test_the_readme_names_the_commands() -> None:
    readme = (ROOT / "README.md").read_text()
    for command in ("make lab", "make demo", "make test"):
        assert command in readme
