"""What was chosen, and how a library is met."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

FRAMEWORKS = ("sklearn", "lightning")
"""What they are called."""


class Options(NamedTuple):
    """What `aip.autolog` was told."""

    training_score: bool = True
    child_runs: int = 5


class Patch(NamedTuple):
    """What is done to a module, once it is imported; to do it again changes nothing."""

    module: str
    install: Callable[[ModuleType], None]
    uninstall: Callable[[ModuleType], None]


_chosen: dict[str, Options] = {}


def choose(framework: str, options: Options) -> None:
    """From now on."""
    _chosen[framework] = options


def options_of(framework: str) -> Options:
    """What was chosen last."""
    return _chosen.get(framework, Options())
