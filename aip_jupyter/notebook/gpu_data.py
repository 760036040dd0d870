"""The variables that travel with a cell: into the session before it, and back behind it."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from ..errors import Invalid, NotFound
from ..sessions.relay import Relay
from ..sessions.values import INTERRUPTED, Buffer, ValueFault, dump_values, load_values
from .namespace import nearest, variables


class Interrupted(Exception):
    """Values were stopped on their way."""


class Parcel(Struct, frozen=True):
    """Variables on their way into a session."""

    names: Sequence[str] = ()
    buffers: Sequence[Buffer] = ()
    """From `dump_values`; none when there are no names."""


def pack(names: Sequence[str], namespace: dict[str, Any]) -> Parcel:
    """The values of these variables, for a session. In the notebook's thread. NotFound, Invalid."""
    for name in names:
        if name not in namespace:
            near = nearest(name, [known for known in variables(namespace) if not hasattr(builtins, known)])
            advice = f"; did you mean {' or '.join(near)}?" if near else ""
            raise NotFound(f"in: there is no variable {name!r}{advice}", field="in", nearest=near)
    try:
        return Parcel(names, dump_values({name: namespace[name] for name in names}) if names else ())
    except ValueFault as error:
        raise Invalid(f"in: {error}", field="in") from error


async def send(relay: Relay, parcel: Parcel) -> None:
    """Put them into the session's namespace. Invalid, Interrupted, SessionDied."""
    if not parcel.names:
        return
    fault = (await relay.ask("aip_push_request", buffers=parcel.buffers)).read()["fault"]
    if fault == INTERRUPTED:
        raise Interrupted
    if fault:
        raise Invalid(f"in: {fault}", field="in")


async def fetch(relay: Relay, names: Sequence[str]) -> Sequence[Buffer]:
    """The values of these names in the session. NotFound, Invalid, Interrupted, SessionDied."""
    answer = await relay.ask("aip_fetch_request", {"names": list(names)})
    found = answer.read()
    if found["missing"]:
        missing = ", ".join(found["missing"])
        raise NotFound(f"out: after the cell, the session has no variable {missing}", field="out")
    if found["fault"] == INTERRUPTED:
        raise Interrupted
    if found["fault"]:
        raise Invalid(f"out: {found['fault']}", field="out")
    return answer.buffers


def unpack(buffers: Sequence[Buffer]) -> dict[str, Any]:
    """The values that were fetched. In the notebook's thread. Invalid."""
    try:
        return load_values(buffers) if buffers else {}
    except ValueFault as error:
        raise Invalid(f"out: {error}", field="out") from error
