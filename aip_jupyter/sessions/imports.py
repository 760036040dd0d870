"""Something to do when a module is imported by whoever imports it. Nothing is imported for this."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Action = Callable[[ModuleType], None]


class AfterImport(MetaPathFinder):
    """Finds nothing itself, but sees the one import that matters. It is for `sys.meta_path`."""

    def __init__(self, name: str, action: Action) -> None:
        self._name = name
        self._action = action

    def wait(self) -> None:
        """From now on."""
        sys.meta_path.insert(0, self)

    def cancel(self) -> None:
        """No more."""
        with contextlib.suppress(ValueError):  # another thread was faster
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module as the others find it, with the action added to it."""
        if name != self._name:
            return None
        self.cancel()
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        spec.loader = _Loader(spec.loader, self._action)
        return spec


class _Loader(Loader):
    """Loads as the other does, then acts."""

    def __init__(self, loader: Loader, action: Action) -> None:
        self._loader = loader
        self._action = action

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._action(module)
