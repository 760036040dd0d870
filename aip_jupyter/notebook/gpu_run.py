"""`aip.run_on_gpu`, and the calls of functions that run on a GPU session."""

from __future__ import annotations

import atexit
import contextlib
import functools
import inspect
import itertools
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from ..errors import AipError, ExecutionTimeout, Invalid, SessionDied
from .gpu import Run, Task, not_nested, result_of, run, run_async
from .gpu_api import stop_session
from .gpu_background import BackgroundCell, Listening
from .gpu_calls import Call, check_function, unpacked
from .gpu_data import pack
from .gpu_default import TIMEOUT, UNSAID, Choice, said
from .gpu_front import Front, TerminalFront, cell_number, front_of
from .gpu_result import GpuResult
from .gpu_wait import wait
from .gpu_wishes import default_name

_calls = itertools.count(1)
"""Numbers the calls of a script, as a notebook numbers its cells."""
_CALL = "_aip_call"
_OUTCOME = "_aip_outcome"


def run_on_gpu(
    function: str | Callable[..., Any],
    *args: Any,
    gpu: str = UNSAID,
    count: int = 1,
    fraction: int = 100,
    timeout: float | str | None = TIMEOUT,
    session: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    outputs: Sequence[str] = (),
    background: bool = False,
    strict: bool = False,
    project: str | None = None,
    **kwargs: Any,
) -> Any:
    """Run code or call a function on a GPU session.

    A function is called with the arguments and its result returned; what it raises is raised here. Code is a
    text like the cell of `%%gpu`, with `inputs` as its variables. Its errors are shown, but not raised: a
    `GpuResult` is returned (`output`, `success`, `error`, `duration_seconds`, `gpu_type`, and the `values` of
    the variables that `outputs` names). After `timeout`, in seconds or such as "10m", it is ended (None:
    never). `background` returns a handle at once. All else is as in `aip.gpu`.

    Raises GpuNotAvailable, Invalid, NotFound (what `outputs` names is not there), Unavailable.

        aip.run_on_gpu(train, digits, gpu="L40S")
        aip.run_on_gpu("clf = fit(x)", gpu="L40S", inputs={"x": x}, outputs=["clf"]).values["clf"]
    """
    choice = said(gpu, count, fraction, timeout, session or "", strict, project)
    if isinstance(function, str):
        if args or kwargs:
            message = "inputs: code takes no arguments; give its variables as inputs={...}"
            raise Invalid(message, field="inputs")
        return _run_code(function, choice, _values(inputs), _names(outputs), background=background)
    if inputs or outputs:
        message = "inputs: a function takes arguments and returns its result; leave out inputs and outputs"
        raise Invalid(message, field="inputs")
    check_function(function)
    return call_function(function, args, kwargs, choice, background=background)


def _run_code(
    code: str, choice: Choice, inputs: dict[str, Any], out: Sequence[str], *, background: bool
) -> Any:
    if not code.strip():
        raise Invalid("function: there is no code in it to run", field="function")
    task = _task(code, choice, inputs, out)
    return BackgroundCell(task, _front(), finish=lambda values: values) if background else _result(task)


def call_function(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    choice: Choice,
    *,
    background: bool = False,
) -> Any:
    """Its result; a handle for it, in the background; for an `async` function, what is to be awaited."""
    waits = inspect.iscoroutinefunction(function)
    code = f"{_OUTCOME} = {'await ' if waits else ''}{_CALL}{'.wait' if waits else ''}(); del {_CALL}"
    with _in_words_of_the_caller():
        task = _task(code, choice, {_CALL: Call(function, args, kwargs)}, [_OUTCOME])
    if background:
        return BackgroundCell(task, _front(), finish=_returned)
    if waits:
        return _awaited(task)
    with _in_words_of_the_caller():
        return _returned(run(task, _front()))


async def _awaited(task: Task) -> Any:
    with _in_words_of_the_caller():
        return _returned(await run_async(task, _front()))


def _returned(values: Mapping[str, Any]) -> Any:
    return values[_OUTCOME].result()


@contextlib.contextmanager
def _in_words_of_the_caller() -> Any:
    try:
        yield
    except Invalid as error:
        raise unpacked(error) from None


def _result(task: Task) -> GpuResult:
    """Run the code, and say what has become of it."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # what the code around it has printed, it has printed before
    front, began = _Recording(_front()), time.monotonic()
    work, values = Run(task, front), dict[str, Any]()
    raised: BaseException | None = None
    try:
        outcome, interrupted = wait(work.start, work.interrupt, work.errands)
        try:
            values = result_of(outcome, front, interrupted=interrupted)
        except BaseException as error:
            if interrupted or outcome.reply.get("status") != "error" or isinstance(error, AipError):
                raise
            raised = error  # it was shown already
    except (SessionDied, ExecutionTimeout) as error:
        front.notice(f"{type(error).__name__}: {error.message}", "failed")
        raised = error
    return GpuResult(
        output=front.text,
        success=raised is None,
        error="" if raised is None else error_text(raised),
        duration_seconds=time.monotonic() - began,
        gpu_type=work.session.session.gpu if work.session is not None else task.wish.gpu,
        values=values,
        raised=raised,
    )


def error_text(error: BaseException) -> str:
    """`ValueError: why`, or only its name."""
    name, why = type(error).__name__, str(error)
    return f"{name}: {why}" if why else name


class _Recording(Listening):
    """Shows all, the traceback too, and keeps the text, also of the result."""

    shows_errors = True

    def __init__(self, front: Front) -> None:
        super().__init__(front)
        self.stdin = front.stdin

    def show(self, message: Any) -> None:
        if message.type == "execute_result":
            self.keep(str(message.read()["data"].get("text/plain", "")) + "\n")
        super().show(message)

    def payload(self, payload: dict[str, Any]) -> None:
        self._front.payload(payload)


def _task(code: str, choice: Choice, values: dict[str, Any], out: Sequence[str]) -> Task:
    not_nested()
    shell, wish = _shell(), choice.wish()
    if shell is None and wish.gpu and not wish.name:
        name = _script_session(wish.gpu, wish.count or 1, wish.fraction or 100, wish.project)
        wish = msgspec.structs.replace(wish, name=name)
    return Task(
        wish=wish,
        code=code,
        count=next(_calls) if shell is None else cell_number(shell),
        values=pack(list(values), values),
        out=out,
        timeout=choice.timeout or 0,
    )


def _front() -> Front:
    shell = _shell()
    return TerminalFront(1) if shell is None else front_of(shell)


@functools.cache
def _script_session(gpu: str, count: int, fraction: int, project: str) -> str:
    """The name of this script's own session of a type, which ends with it: nobody would find it again."""
    script = os.path.basename(sys.argv[0]).lstrip("-") or "python"
    base = f"{script}-{default_name(gpu, count, fraction)}-{os.getpid()}"
    name = re.sub(r"[^\w.+-]", "-", base.lower())

    def stop(starter: int = os.getpid()) -> None:
        if os.getpid() == starter:  # not a child that it has forked
            with contextlib.suppress(AipError):
                stop_session(name, project=project)

    atexit.register(stop)
    return name


def _shell() -> Any:
    """The shell whose cell this is; None in a plain script."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def _values(inputs: Mapping[str, Any] | None) -> dict[str, Any]:
    if inputs is not None and not isinstance(inputs, Mapping):
        message = f"inputs: give a dict, such as {{'x': x}}, not a {type(inputs).__name__}"
        raise Invalid(message, field="inputs")
    return dict(inputs or {})


def _names(names: Sequence[str]) -> list[str]:
    if isinstance(names, str):
        raise Invalid(f"outputs: give a list, such as [{names!r}]", field="outputs")
    return list(names)
