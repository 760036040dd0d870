"""GPU sessions from Python: what `%%gpu` and `%gpu` do, for functions, scripts and programs."""

from __future__ import annotations

import atexit
import contextlib
import functools
import itertools
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar, overload

import msgspec

from ..client.context import get_context
from ..domain.sessions import GetGpus, GetOutput, GetSession, ListSessions
from ..errors import AipError, Invalid
from .connection import connect
from .gpu_calls import Call, check_function, unpacked
from .gpu_default import wish_for
from .gpu_tables import GpuTable, SessionNote, SessionTable

P = ParamSpec("P")
T = TypeVar("T")

_calls = itertools.count(1)
"""Numbers the calls of a script, as a notebook numbers its cells."""
_CALL = "_aip_call"
_OUTCOME = "_aip_outcome"


def list_sessions(*, project: str | None = None) -> SessionTable:
    """The project's GPU sessions, the newest first: the living ones, and those that ended a moment ago.

    Returns a list of `Session` that shows itself as a table. Raises Unavailable.
    """
    connection = connect()
    project = project or connection.project
    found = connection.services.sessions.list_sessions(ListSessions(project=project))
    return SessionTable(found, project=project)


def list_gpus() -> GpuTable:
    """The GPU types of the pool, how many there are of each and how many are free; none without any GPU.

    Returns a list of `GpuOffer` that shows itself as a table. Raises Unavailable.
    """
    return GpuTable(connect().services.sessions.list_gpus(GetGpus()))


def stop_session(session: str, *, project: str | None = None) -> SessionNote:
    """End a GPU session, by its name or id: its kernel, its variables, and its hold on the GPU.

    Raises NotFound with the names that there are, Unavailable.
    """
    request, sessions = _request(session, project), connect().services.sessions
    found = sessions.get_session(request)
    sessions.stop_session(GetSession(project=request.project, session=found.id))
    if found.state == "dead":
        return SessionNote(found, "had ended already and is forgotten")
    return SessionNote(found, "has ended; its variables are gone and its GPU is free")


def interrupt_session(session: str, *, project: str | None = None) -> SessionNote:
    """Interrupt the cell that a GPU session runs; its variables stay.

    Raises NotFound with the names that there are, SessionDied, Unavailable.
    """
    request, sessions = _request(session, project), connect().services.sessions
    found = sessions.interrupt_session(request)
    what = "is interrupted; its variables stay" if found.steps else "runs nothing just now"
    return SessionNote(found.session, what)


def session_log(session: str, *, lines: int = 100, project: str | None = None) -> str:
    """What a GPU session has printed, for all notebooks: the last `lines` lines.

    Raises NotFound with the names that there are, SessionDied, Unavailable.
    """
    from .gpu_log import read_log

    if lines < 1:
        raise Invalid(f"lines: {lines} is not a number of lines; give 1 or more", field="lines")
    connection = connect()
    request = GetOutput(project=project or connection.project, session=session)
    return read_log(connection.services.sessions, request, lines)


@overload
def gpu(type: Callable[P, T]) -> Callable[P, T]: ...


@overload
def gpu(
    type: str = ..., *, session: str = ..., strict: bool = ..., project: str | None = ...
) -> Callable[[Callable[P, T]], Callable[P, T]]: ...


def gpu(type: Any = "", *, session: str = "", strict: bool = False, project: str | None = None) -> Any:
    """Let a function run on a GPU session: the notebook's own of this type, or the one named `session`.

    Arguments and result travel by pickle; what it prints and draws appears where it is called; what it raises
    is raised here. In a session it just runs. `strict` refuses to let the CPU stand in where there is no GPU.
    `project` is the session's; the one in use when it is called, when left out.

        @aip.gpu("L40S")
        def train(data, epochs=3): ...
    """
    if callable(type):
        message = "gpu: say which GPU the function needs, such as @aip.gpu('L40S')"
        raise Invalid(message, field="gpu")

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        check_function(function)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            if get_context() is not None:
                return function(*args, **kwargs)
            value: T = _call(
                Call(function, args, kwargs), wish_for(type, session, strict=strict, project=project)
            )
            return value

        return call

    return decorate


def run_on_gpu(
    function: str | Callable[..., Any],
    *args: Any,
    gpu: str = "",
    session: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    outputs: Sequence[str] = (),
    strict: bool = False,
    project: str | None = None,
    **kwargs: Any,
) -> Any:
    """Run code or call a function on a GPU session, and return what came back.

    Code is a text like the cell of `%%gpu`: `inputs` become its variables before, and those named in
    `outputs` are returned as a dict. A function is called with the arguments, and its result returned.
    Without a name of a session the notebook's own of that type goes on, or a new one begins, in `project`.

    Raises what the code raises, GpuNotAvailable, Invalid, SessionDied, Unavailable.

        aip.run_on_gpu(train, digits, gpu="L40S")
        aip.run_on_gpu("clf = fit(x)", gpu="L40S", inputs={"x": x}, outputs=["clf"])["clf"]
    """
    wish = wish_for(gpu, session or "", strict=strict, project=project)
    if not isinstance(function, str):
        if inputs or outputs:
            message = (
                "inputs: a function takes its arguments and returns its result; leave out inputs and outputs"
            )
            raise Invalid(message, field="inputs")
        check_function(function)
        return _call(Call(function, args, kwargs), wish)
    if args or kwargs:
        raise Invalid("inputs: code takes no arguments; give its variables as inputs={...}", field="inputs")
    return _run(function, wish, dict(inputs or {}), _names(outputs))


def _call(call: Call, wish: Any) -> Any:
    try:
        found = _run(f"{_OUTCOME} = {_CALL}(); del {_CALL}", wish, {_CALL: call}, [_OUTCOME])
    except Invalid as error:
        raise unpacked(error) from None
    return found[_OUTCOME].result()


def _run(code: str, wish: Any, values: dict[str, Any], out: Sequence[str]) -> dict[str, Any]:
    from .gpu import Task, not_nested, run
    from .gpu_data import pack
    from .gpu_front import TerminalFront, cell_number, front_of

    not_nested()
    shell = _shell()
    if shell is None and wish.gpu and not wish.name:
        wish = msgspec.structs.replace(wish, name=_script_session(wish.gpu, wish.project))
    task = Task(
        wish=wish,
        code=code,
        count=next(_calls) if shell is None else cell_number(shell),
        values=pack(list(values), values),
        out=out,
    )
    return run(task, TerminalFront(1) if shell is None else front_of(shell))


@functools.cache
def _script_session(gpu: str, project: str) -> str:
    """The name of this script's own session of a type, which ends with it: nobody would find it again."""
    script = os.path.basename(sys.argv[0]).lstrip("-") or "python"
    name = re.sub(r"[^\w.+-]", "-", f"{script}-{gpu}-{os.getpid()}".lower())

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


def _names(names: Sequence[str]) -> list[str]:
    if isinstance(names, str):
        raise Invalid(f"outputs: give a list, such as [{names!r}]", field="outputs")
    return list(names)


def _request(session: str, project: str | None) -> GetSession:
    return GetSession(project=project or connect().project, session=session)
