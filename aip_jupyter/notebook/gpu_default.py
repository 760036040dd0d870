"""What `%%gpu` and functions go to when they name nothing: what the block around them says."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import msgspec

from ..client.context import get_context
from .connection import connect
from .gpu_wishes import Wish

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
