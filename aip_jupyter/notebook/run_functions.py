"""`aip.run` and `aip.experiment`: functions that are runs, and blocks that are."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, overload

from ..client.context import get_context
from ..domain.records import PropertyValue
from ..errors import Invalid
from .active_run import ActiveRun, status_after
from .gpu_default import GPU_MARK, RUN_MARK, UNSAID, Choice, block_wish
from .run_start import Said, begin
from .run_state import EXPERIMENTS, RUNS, active_run
from .run_steps import around, check_decorated, is_function
from .run_values import check_name
from .words import Tags

P = ParamSpec("P")
T = TypeVar("T")


class Request:
    """What GPU is asked for, as far as a function that is a run is told."""

    def __init__(self, choice: Choice | None) -> None:
        self.choice = choice

    def params(self) -> dict[str, PropertyValue]:
        """As params of the run; none where no GPU is asked for."""
        choice, block = self.choice, block_wish()
        if block is not None and (choice is None or not (choice.gpu or choice.session)):
            return _gpu_params(block.gpu, block.count, block.fraction)
        if choice is None:
            return {}
        gpu = choice.gpu
        if gpu is None and not choice.session:  # it is the usual one, or what the block in the notebook said
            context = get_context()
            gpu = str(UNSAID) if context is None else context.gpu
        return _gpu_params(gpu, choice.count, choice.fraction)


def _gpu_params(gpu: str | None, count: int | None, fraction: int | None) -> dict[str, PropertyValue]:
    of_type: dict[str, PropertyValue] = {"gpu_type": gpu} if gpu else {}
    return {**of_type, "gpu_count": count or 1, "gpu_fraction": fraction or 100}


class RunScope:
    """One run: of one call of a function, or of one block."""

    def __init__(self, name: str | None, tags: Tags, request: Request | None) -> None:
        said = Said(name, tags=tags, track_gpu=request is not None)
        self.run = begin(said, parent=active_run())
        if request is not None and (asked := request.params()):
            self.run.log_params(asked)

    def inside(self) -> AbstractContextManager[None]:
        """Log calls go to it meanwhile."""
        return RUNS.inside(self.run)

    def end(self, error: BaseException | None) -> None:
        """It is over, unless its own code has ended it."""
        if self.run.is_running:
            self.run.end(status_after(error))


class ExperimentScope:
    """The experiment of the runs of one call, or of one block."""

    def __init__(self, name: str) -> None:
        self._name = name

    def inside(self) -> AbstractContextManager[None]:
        """Runs that start meanwhile are of it."""
        return EXPERIMENTS.inside(self._name)

    def end(self, error: BaseException | None) -> None:
        """Nothing remains to be done."""


class _Blocks:
    """Leaves the `with` blocks of one object, the inner one first."""

    def __init__(self) -> None:
        self._blocks: list[ExitStack] = []

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._blocks.pop().__exit__(kind, error, traceback)


class RunOf(_Blocks):
    """What `aip.run(…)` returns: a decorator, and a context manager."""

    def __init__(self, name: str | None, tags: Tags, *, track_gpu: bool) -> None:
        super().__init__()
        self._name = name if name is None else check_name(name, "name")
        self._tags = tags
        self._track_gpu = track_gpu

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        check_decorated(function, "aip.run")
        request = Request(getattr(function, GPU_MARK, None))
        name = self._name or _name_of(function)
        told = request if self._track_gpu else None
        wrapped = around(function, functools.partial(RunScope, name, self._tags, told))
        setattr(wrapped, RUN_MARK, request)
        return wrapped

    def __enter__(self) -> ActiveRun:
        scope = RunScope(self._name, self._tags, Request(None) if self._track_gpu else None)
        block = ExitStack()
        block.push(lambda kind, error, traceback: scope.end(error))
        block.enter_context(scope.inside())
        self._blocks.append(block)
        return scope.run


class ExperimentOf(_Blocks):
    """What `aip.experiment(…)` returns: a decorator, and a context manager."""

    def __init__(self, name: str | None) -> None:
        super().__init__()
        self._name = name if name is None else check_name(name, "experiment")

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        check_decorated(function, "aip.experiment")
        return around(function, functools.partial(ExperimentScope, self._name or _name_of(function)))

    def __enter__(self) -> str:
        if self._name is None:
            message = "experiment: a block has no name of its own; write aip.experiment(NAME)"
            raise Invalid(message, field="experiment")
        block = ExitStack()
        block.enter_context(ExperimentScope(self._name).inside())
        self._blocks.append(block)
        return self._name


@overload
def run(name: Callable[P, T]) -> Callable[P, T]: ...


@overload
def run(name: str | None = ..., track_gpu: bool = ..., tags: Tags = ...) -> RunOf: ...


def run(name: Any = None, track_gpu: bool = True, tags: Tags = None) -> Any:
    """Make each call of a function a run: completed, failed when it raises, killed when it is interrupted.

    Its name is the function's unless given. `async` functions, generators and methods are fine. Where a run
    is active it is a part of that. With `track_gpu` what `@aip.gpu` asks for, above or below, becomes params.

        @aip.run(tags=["demo"])
        @aip.gpu("L40S")
        def train(lr): ...

    As a context manager it is a run of the block, whatever run is active around it:

        with aip.run("baseline") as run:
            aip.log_metric("loss", 0.5)
    """
    if is_function(name):
        return RunOf(None, tags, track_gpu=track_gpu)(name)
    return RunOf(name, tags, track_gpu=track_gpu)


@overload
def experiment(name: Callable[P, T]) -> Callable[P, T]: ...


@overload
def experiment(name: str | None = ...) -> ExperimentOf: ...


def experiment(name: Any = None) -> Any:
    """Let the runs that a function starts, or a block, be of this experiment, unless they say another.

    A function's name is taken unless one is given. It comes before what `set_experiment` says.

        @aip.experiment("digits")
        def sweep(): ...

        with aip.experiment("digits"):
            train(lr=0.1)
    """
    if is_function(name):
        return ExperimentOf(None)(name)
    return ExperimentOf(name)


def _name_of(function: Any) -> str:
    """A function's name; that of the function within for what has none, such as a partial one."""
    named = getattr(function, "func", function)
    return str(getattr(named, "__name__", type(named).__name__))
