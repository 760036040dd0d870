"""Backends that cannot be loaded."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from aip_jupyter.backends import plugins
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.errors import NotSupported

GROUP = "aip_jupyter.gpus"


def load(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint(name="mine", value=value, group=GROUP)
    monkeypatch.setattr(plugins, "_points", lambda path: {"gpus": {"mine": point}})
    plugins.open_backend("gpus", "mine", BackendConfig(home=Path("/nowhere")))


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotSupported, match="needs 'nowhere_to_be_found', which is not installed"):
        load("nowhere_to_be_found:open", monkeypatch)


def test_a_module_of_ours_that_is_missing_is_a_fault_and_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"aip_jupyter\.nowhere"):
        load("aip_jupyter.nowhere:open", monkeypatch)


def test_what_is_installed_meanwhile_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    assert "mine" not in plugins.installed("gpus")
    info = tmp_path / "mine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nmine = mine:open\n")
    assert plugins.installed("gpus")["mine"].value == "mine:open"
    assert plugins.installed("gpus").keys() >= {"local", "memory"}
