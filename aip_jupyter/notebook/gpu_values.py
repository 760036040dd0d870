"""Variables that live in the notebook's GPU sessions, for magics that are given a name."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future
from typing import Any

from ..client.context import get_context
from ..errors import Invalid
from ..sessions.background import background
from ..sessions.values import ValueFault, load_values
from .gpu_sessions import OpenSession, open_sessions
from .gpu_wait import wait
from .namespace import MISSING, resolved


def find_in_sessions(word: str) -> Any:
    """The value of `name` or `name.attribute` in a living session of this notebook, the last used first.

    MISSING when none has it. Waits for the cell that a session runs, until the user interrupts.
    Raises Invalid for a value that cannot travel.
    """
    if get_context() is not None:  # in a session, which knows no others
        return MISSING
    name, *attributes = word.split(".")
    fetching = background().submit(_fetch(name))
    try:
        found, _ = wait(lambda: fetching, lambda: _drop(fetching))
    except CancelledError:
        raise KeyboardInterrupt from None
    if found is None:
        return MISSING
    session, buffers = found
    try:
        value = resolved(load_values(buffers)[name], attributes)
    except ValueFault as error:
        raise _cannot_travel(str(error)) from error
    if value is not MISSING:
        print(f"{word} is taken from GPU session {session.session.name!r}.")
    return value


async def _fetch(name: str) -> tuple[OpenSession, Any] | None:
    for session in await open_sessions().ours():
        async with session.turn:
            await session.relay.until_free()
            answer = await session.relay.ask("aip_fetch_request", {"names": [name]})
        reply = answer.read()
        if reply["fault"]:
            raise _cannot_travel(reply["fault"])
        if not reply["missing"]:
            return session, answer.buffers
    return None


def _drop(fetching: Future[Any]) -> None:
    fetching.cancel()


def _cannot_travel(fault: str) -> Invalid:
    message = f"object: {fault}; write it to a file in the session, and register that"
    return Invalid(message, field="object")
