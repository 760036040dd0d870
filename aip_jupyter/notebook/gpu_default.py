"""What `%%gpu` and functions go to when they name nothing: what the block around them says."""

from __future__ import annotations

from contextvars import ContextVar
from numbers import Real
from typing import Any

import msgspec
from msgspec import Struct

from ..client.context import get_context
from ..domain.durations import parse_seconds
from ..errors import Invalid
from .connection import connect
from .gpu_wishes import Wish
from .words import at_least_one

TIMEOUT = 3600
"""Seconds that a function, or code, may run unless more is said."""

GPU_MARK = "__aip_gpu__"
"""Where a function that runs on a GPU says what it has asked for."""
RUN_MARK = "__aip_run__"
"""Where a function that is a run keeps what a GPU is asked for around it."""


class _Unsaid(str):
    """The type that is taken when none is said, told from the same one said."""


UNSAID = _Unsaid("L40S")

_block: ContextVar[Wish | None] = ContextVar("aip_gpu_block", default=None)


def block_wish() -> Wish | None:
    """That of the innermost `with aip.gpu(…):` around the code that runs; None outside of one."""
    return _block.get()


def begin_block(wish: Wish) -> Any:
    """Let this be meant from here on, until `end_block` gets what is returned."""
    return _block.set(wish)


def end_block(token: Any) -> None:
    """What was meant before, is meant again."""
    _block.reset(token)


class Choice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a call of `aip.gpu` or `aip.run_on_gpu` has said."""

    gpu: str | None = None
    """None when not said."""
    count: int = 1
    fraction: int = 100
    timeout: float | None = TIMEOUT
    """Seconds; None for no end."""
    session: str = ""
    strict: bool = False
    project: str | None = None

    def wish(self) -> Wish:
        """Where to go now: the block around may say it, when nothing else does."""
        gpu = self.gpu
        if gpu is None:
            gpu = "" if self.session or block_wish() is not None else str(UNSAID)
        return wish_for(
            gpu,
            self.session,
            count=None if self.count == 1 else self.count,
            fraction=None if self.fraction == 100 else self.fraction,
            strict=self.strict,
            project=self.project,
        )

    def __str__(self) -> str:
        said = {name: getattr(self, name) for name in self.__struct_fields__}
        usual = type(self)()
        return ", ".join(f"{name}={value!r}" for name, value in said.items() if value != getattr(usual, name))


def said(
    gpu: str,
    count: int,
    fraction: int,
    timeout: float | str | None,
    session: str,
    strict: bool,
    project: str | None,
) -> Choice:
    """A choice out of the arguments of such a call. Invalid, before a session begins."""
    for field, name in (("gpu", gpu), ("session", session)):
        if not isinstance(name, str):
            raise Invalid(f"{field}: give a name, not {name!r}", field=field)
    return Choice(
        gpu=None if gpu is UNSAID else gpu,
        count=at_least_one(count, "count", "GPUs"),
        fraction=at_least_one(fraction, "fraction", "percent"),
        timeout=_seconds(timeout),
        session=session,
        strict=strict,
        project=project,
    )


def _seconds(timeout: float | str | None) -> float | None:
    if timeout is None:
        return None
    if isinstance(timeout, str):
        return parse_seconds(timeout, "timeout")
    if not isinstance(timeout, Real) or not timeout > 0:  # NaN is not either
        message = f"timeout: {timeout!r} is no time; give seconds, or such as '10m', or None for no end"
        raise Invalid(message, field="timeout")
    return float(timeout)


def wish_for(
    gpu: str = "",
    session: str = "",
    *,
    count: int | None = None,
    fraction: int | None = None,
    strict: bool = False,
    project: str | None = None,
) -> Wish:
    """What the user has typed. The project is settled now: another may be in use when the cell's turn comes.

    Who names neither a type nor a session means those of the block around. In a session there is nothing to
    wish for, which is said later.
    """
    block = block_wish()
    wish = Wish(gpu=gpu, name=session, count=count, fraction=fraction, strict=strict, project=project or "")
    if block is not None and not gpu and not session:
        wish = _completed(wish, block)
    if not wish.project and get_context() is None:
        wish = msgspec.structs.replace(wish, project=connect().project)
    return wish


def _completed(wish: Wish, block: Wish) -> Wish:
    return Wish(
        gpu=block.gpu,
        name=block.name,
        count=block.count if wish.count is None else wish.count,
        fraction=block.fraction if wish.fraction is None else wish.fraction,
        strict=wish.strict or block.strict,
        project=wish.project or block.project,
    )
