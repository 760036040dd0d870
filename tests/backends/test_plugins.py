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
    points = [EntryPoint(name="mine", value=value, group=GROUP)]
    monkeypatch.setattr(plugins, "entry_points", lambda group: points)
    plugins.open_backend("gpus", "mine", BackendConfig(home=Path("/nowhere")))


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotSupported, match="needs 'nowhere_to_be_found', which is not installed"):
        load("nowhere_to_be_found:open", monkeypatch)


def test_a_module_of_ours_that_is_missing_is_a_fault_and_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"aip_jupyter\.nowhere"):
        load("aip_jupyter.nowhere:open", monkeypatch)
