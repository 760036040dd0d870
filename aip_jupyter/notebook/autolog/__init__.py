"""Runs of what is trained, without a line of logging: scikit-learn and PyTorch Lightning.

aip.autolog()
LogisticRegression(C=0.5).fit(x, y)     # a run with its params, its score and how long it took
"""

from __future__ import annotations

import importlib.util
import sys

from ...errors import Invalid, NotFound
from ...sessions.imports import AfterImport
from . import lightning_trainers, sklearn_classes
from .options import FRAMEWORKS, Options, Patch, choose

_SKLEARN, _LIGHTNING = FRAMEWORKS
_PATCHES: dict[str, tuple[Patch, ...]] = {
    _SKLEARN: (Patch("sklearn.base", sklearn_classes.install, sklearn_classes.uninstall),),
    _LIGHTNING: tuple(
        Patch(name, lightning_trainers.install, lightning_trainers.uninstall)
        for name in ("lightning.pytorch", "pytorch_lightning")
    ),
}
_OTHER_NAMES = {"scikit-learn": _SKLEARN, "pytorch_lightning": _LIGHTNING, "pytorch-lightning": _LIGHTNING}
_TO_INSTALL = {_SKLEARN: "scikit-learn", _LIGHTNING: "lightning"}
_waiting: dict[str, AfterImport] = {}
"""By module: those that nobody has imported yet."""


def autolog(
    framework: str | None = None,
    *,
    disable: bool = False,
    training_score: bool = True,
    child_runs: int = 5,
) -> None:
    """Let trainings log by themselves: into the active run, else into one of their own.

    `framework` is `sklearn` or `lightning`; both when left out. What is not imported yet is met when it is;
    what is not installed is skipped, unless it is named. To say it twice changes nothing but the options;
    `disable` takes all of it back. `training_score` is for scikit-learn: the score on the training data, of
    which at most 10,000 rows are taken; `child_runs` of its searches: so many of the best candidates become
    parts of the run. Raises Invalid, and NotFound for a framework that is named and not installed.

        aip.autolog()
        aip.autolog("sklearn", training_score=False)
    """
    if child_runs < 0:
        raise Invalid(f"child_runs: {child_runs} is not a number of runs; give 0 or more", field="child_runs")
    chosen = _chosen(framework)
    for name in chosen:
        if disable:
            _disable(name)
        elif _is_there(name):
            choose(name, Options(training_score=training_score, child_runs=child_runs))
            _enable(name)
        elif framework is not None:
            message = f"framework: {name} is not installed; install it with: pip install {_TO_INSTALL[name]}"
            raise NotFound(message, field="framework")


def _chosen(framework: str | None) -> list[str]:
    if framework is None:
        return list(_PATCHES)
    name = _OTHER_NAMES.get(framework, framework)
    if name not in _PATCHES:
        raise Invalid(f"framework: {framework!r} is not one of {', '.join(_PATCHES)}", field="framework")
    return [name]


def _is_there(name: str) -> bool:
    """Whether one of its packages is imported, or can be."""
    return any(_can_import(patch.module.partition(".")[0]) for patch in _PATCHES[name])


def _can_import(package: str) -> bool:
    if package in sys.modules:
        return True
    try:
        return importlib.util.find_spec(package) is not None
    except ValueError:
        return False


def _enable(name: str) -> None:
    for patch in _PATCHES[name]:
        module = sys.modules.get(patch.module)
        if module is not None:
            patch.install(module)
        elif patch.module not in _waiting:
            _waiting[patch.module] = AfterImport(patch.module, patch.install)
            _waiting[patch.module].wait()


def _disable(name: str) -> None:
    for patch in _PATCHES[name]:
        if (waiting := _waiting.pop(patch.module, None)) is not None:
            waiting.cancel()
        module = sys.modules.get(patch.module)
        if module is not None:
            patch.uninstall(module)
