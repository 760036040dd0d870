"""`aip.gpu`: functions that run on a GPU session, and blocks whose cells and functions do."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, overload

from ..client.context import get_context
from ..errors import Invalid
from .gpu_calls import check_function
from .gpu_default import GPU_MARK, RUN_MARK, TIMEOUT, UNSAID, Choice, begin_block, end_block, said

P = ParamSpec("P")
T = TypeVar("T")


class Gpu:
    """What `aip.gpu(…)` returns: a decorator, and a context manager."""

    def __init__(self, choice: Choice, *, remote: bool) -> None:
        self._choice = choice
        self._remote = remote
        self._blocks: list[Any] = []

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        check_function(function)
        return decorated(function, self._choice) if self._remote else function

    def __enter__(self) -> Gpu:
        if not self._remote:
            message = "remote: a block always runs here; remote=False is for functions"
            raise Invalid(message, field="remote")
        wish = self._choice.wish()
        self._blocks.append(begin_block(wish))
        where = f"session {wish.name!r}" if wish.name else wish.gpu
        if get_context() is None:
            print(f"This block runs here; %%gpu cells and functions of @aip.gpu() in it run on {where}.")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        end_block(self._blocks.pop())

    def __repr__(self) -> str:
        return f"aip.gpu({self._choice})"


@overload
def gpu(type: Callable[P, T]) -> Callable[P, T]: ...


@overload
def gpu(
    type: str = ...,
    count: int = ...,
    fraction: int = ...,
    timeout: float | str | None = ...,
    remote: bool = ...,
    *,
    session: str = ...,
    strict: bool = ...,
    project: str | None = ...,
) -> Gpu: ...


def gpu(
    type: Any = UNSAID,
    count: int = 1,
    fraction: int = 100,
    timeout: float | str | None = TIMEOUT,
    remote: bool = True,
    *,
    session: str = "",
    strict: bool = False,
    project: str | None = None,
) -> Any:
    """Let a function run on a GPU session: the notebook's own of this type, or the one named `session`.

    Arguments and result travel by pickle; what it prints and draws appears where it is called; what it raises
    is raised here, with the session's traceback as its cause. An `async` function is awaited here and runs
    there. After `timeout`, in seconds or such as "10m", it ends with ExecutionTimeout (None: never). `count`
    GPUs, or `fraction` percent of one. With `remote=False`, or called in a session, it just runs. `strict`
    refuses to let the CPU stand in where there is no GPU. `project` is the session's: the one in use when it
    is called, if left out.

        @aip.gpu("L40S")
        def train(data, epochs=3): ...

    As a context manager it says where `%%gpu` cells, `@aip.gpu()` and `aip.run_on_gpu` go that name no type.
    The block itself runs here:

        with aip.gpu("A100-80G", count=2):
            model = train_it(data)

    Raises Invalid, GpuNotAvailable, SessionDied, Unavailable, when it is called.
    """
    if callable(type):
        return Gpu(Choice(), remote=True)(type)
    return Gpu(said(type, count, fraction, timeout, session, strict, project), remote=remote)


def decorated(function: Callable[P, T], choice: Choice) -> Callable[P, T]:
    """The function, which runs on a session from now on.

    It names nothing of this module but what can be found again: it may travel itself, in another function.
    """
    if (of_run := getattr(function, RUN_MARK, None)) is not None:
        of_run.choice = choice
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_async(*args: P.args, **kwargs: P.kwargs) -> Any:
            return await _begin(function, args, kwargs, choice)

        setattr(call_async, GPU_MARK, choice)
        return call_async  # type: ignore[return-value]  # its result is what the function's own is

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        value: T = _begin(function, args, kwargs, choice)
        return value

    setattr(call, GPU_MARK, choice)
    return call


def _begin(function: Callable[..., Any], args: Any, kwargs: Any, choice: Choice) -> Any:
    """The result, or what is to be awaited for it."""
    if get_context() is not None:
        return function(*args, **kwargs)
    from .gpu_run import call_function

    return call_function(function, args, kwargs, choice)
