"""The variables that travel with a cell: into the session before it, and back behind it."""

from __future__ import annotations

import asyncio
import builtins
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from ..domain.sessions import CPU
from ..errors import Invalid, NotFound
from ..sessions.parcels import Fetch, Fetched, Group, Offer, Offered, Push, grouped
from ..sessions.refusals import Receiver
from ..sessions.relay import Relay
from ..sessions.shared import LARGE
from ..sessions.values import INTERRUPTED, Buffer, ValueFault, has_cuda, load_values, pickled
from .display import size_text
from .gpu_book import Book, book_of
from .gpu_notes import arriving_line, leaving_line, named
from .namespace import nearest, variables
from .progress import Progress, Show

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
Notice = Callable[[str, str], object]
"""Shows a line of ours; and its kind."""


class Interrupted(Exception):
    """Values were stopped on their way."""


class Parcel(Struct, frozen=True, kw_only=True):
    """Variables on their way into a session, and what is to come back besides what was named."""

    groups: Sequence[Group] = ()
    namespace: Mapping[str, Any] = {}
    """Where they come from."""
    asked: Sequence[str] = ()
    """Those that the user has named: they are sent in any case."""
    automatic: bool = False
    """The others were found by reading the cell. Functions use the namespace that they come to."""
    stuck: Mapping[str, str] = {}
    """What cannot travel, and why: the session must have it."""
    maybe: Sequence[str] = ()
    """What comes back if it is there, is another than here, and can travel."""

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(group.size for group in self.groups)


class Arrived(Struct, frozen=True):
    """What has come back."""

    found: Fetched
    buffers: Sequence[Buffer]
    book: Book
    parcel: Parcel


def pack(names: Sequence[str], namespace: dict[str, Any]) -> Parcel:
    """The values of these variables, for a session. In the notebook's thread. NotFound, Invalid."""
    check_names(names, namespace)
    try:
        groups = grouped({name: namespace[name] for name in names}).groups
    except ValueFault as error:
        raise Invalid(f"in: {error}", field="in") from error
    return Parcel(groups=groups, namespace=namespace, asked=names)


def check_names(names: Sequence[str], namespace: Mapping[str, Any]) -> None:
    """Whether there are such variables. NotFound, with similar names."""
    for name in names:
        if name not in namespace:
            near = nearest(name, [known for known in variables(namespace) if not hasattr(builtins, known)])
            advice = f"did you mean {' or '.join(near)}?" if near else "run the cell that makes it first"
            raise NotFound(f"in: there is no variable {name!r}; {advice}", field="in", nearest=near)


async def send(relay: Relay, parcel: Parcel, notice: Notice, show: Show | None = None) -> None:
    """Put them into the session's namespace; `show` shows how far. Invalid, Interrupted, SessionDied."""
    if not parcel.groups and not parcel.stuck:
        return
    _check_receiver(relay, parcel.groups)
    if parcel.automatic or parcel.size >= LARGE:
        names = named(name for group in parcel.groups for name in group.names)
        with Progress(f"sending {names} ({size_text(parcel.size)}) to the GPU session", show):
            await _send_new(relay, parcel, notice)
    else:
        await _push(relay, parcel.groups, {}, "", bound=False)
    for group in parcel.groups:
        group.buffers = []  # a handle of a background cell may live long


async def _send_new(relay: Relay, parcel: Parcel, notice: Notice) -> None:
    """Send what the session does not have. Invalid, Interrupted, SessionDied."""
    book = book_of(relay)
    newer = await asyncio.to_thread(book.prepare, parcel.groups, parcel.namespace, parcel.asked)
    offered, of = await _offer(relay, parcel, newer)
    stays = {name for name in newer if name in offered.present}
    same = [parcel.groups[index] for index in offered.same]
    groups = [each for each in parcel.groups if each not in same and not stays.issuperset(each.names)]
    has = {id(parcel.groups[index]): found for index, found in offered.has.items()}
    line = leaving_line(groups, has, [name for each in same for name in each.names], sorted(stays))
    if line:
        notice(line, "values")
    await _push(relay, groups, has, of, bound=parcel.automatic)
    for group in groups:
        book.sent(group.names)


def _check_receiver(relay: Relay, groups: Sequence[Group]) -> None:
    """Whether the session has what the values need. Invalid."""
    session = relay.link.session
    name = f"session {session.name!r}"
    receiver = Receiver(python=session.python, cuda=session.gpu != CPU, name=name)
    has = {"cuda"} if receiver.cuda else set[str]()
    has |= {"python"} if receiver.python in ("", PYTHON) else set()
    for group in groups:
        if not group.needs <= has:
            try:
                pickled(group.values, receiver)
            except ValueFault as error:
                raise Invalid(f"in: {error}", field="in") from error


async def _offer(relay: Relay, parcel: Parcel, newer: Sequence[str]) -> tuple[Offered, str]:
    """What of it the session has, and the id of the offer. Invalid, Interrupted."""
    names = [*parcel.stuck, *newer]
    offer = Offer(notes=[group.note() for group in parcel.groups], names=names, bound=parcel.automatic)
    answer = await relay.ask("aip_offer_request", msgspec.to_builtins(offer))
    offered = msgspec.json.decode(answer.content, type=Offered, strict=False)
    _raise(offered.fault, "in")
    for name, fault in parcel.stuck.items():
        if name not in offered.present:
            raise Invalid(f"in: {fault}", field="in")
    return offered, answer.parent.msg_id


async def _push(
    relay: Relay, groups: Sequence[Group], has: Mapping[int, Sequence[int]], of: str, *, bound: bool
) -> None:
    """Send them, without the buffers that the session has. Invalid, Interrupted."""
    if not groups:
        return
    notes, buffers = [], list[Buffer]()
    for group in groups:
        note = group.note(has.get(id(group), ()))
        notes.append(note)
        buffers += [buffer for index, buffer in enumerate(group.buffers) if index not in note.has]
    push = Push(notes=notes, of=of, bound=bound)
    reply = (await relay.ask("aip_push_request", msgspec.to_builtins(push), buffers)).read()
    if reply["lost"]:  # another notebook's cell came between
        await _push(relay, groups, {}, "", bound=bound)
    _raise(reply["fault"], "in")


async def fetch(
    relay: Relay, names: Sequence[str], parcel: Parcel, show: Show | None = None
) -> Arrived | None:
    """What comes back behind a cell. NotFound, Invalid, Interrupted, SessionDied."""
    if not names and not parcel.maybe:
        return None
    wanted = {*names, *parcel.maybe}
    fetch = Fetch(
        names=list(names),
        maybe=list(parcel.maybe),
        unless=[each.note() for each in parcel.groups if each.digests and wanted.issuperset(each.names)],
        receiver=Receiver(python=PYTHON, cuda=has_cuda(), name="the notebook"),
        bound=parcel.automatic,
        known=list(parcel.namespace) if parcel.automatic else [],
    )
    with Progress(f"fetching {named(names or parcel.maybe)} from the GPU session", show):
        answer = await relay.ask("aip_fetch_request", msgspec.to_builtins(fetch))
    found = msgspec.json.decode(answer.content, type=Fetched)
    if found.missing or found.fault:
        stay(relay, parcel)
    if found.missing:
        missing = ", ".join(found.missing)
        text = f"out: after the cell, the session has no variable {missing}; let the cell give it a value"
        raise NotFound(text, field="out")
    _raise(found.fault, "out")
    return Arrived(found, answer.buffers, book_of(relay), parcel)


def unpack(arrived: Arrived | None, notice: Notice) -> dict[str, Any]:
    """The values that were fetched. In the notebook's thread. Invalid."""
    if arrived is None:
        return {}
    found, parcel, buffers = arrived.found, arrived.parcel, list(arrived.buffers)
    values, lines = dict[str, Any](), list[tuple[dict[str, Any], int]]()
    for note in found.notes:
        part, buffers = buffers[: note.count], buffers[note.count :]
        try:
            values |= (loaded := load_values(part))
        except ValueFault as error:
            if not set(note.names) <= set(parcel.maybe):
                raise Invalid(f"out: {error}", field="out") from error
            found.left |= dict.fromkeys(note.names, f"{', '.join(note.names)}: {error}")
        else:
            arrived.book.came(note, loaded, parcel.namespace if parcel.automatic else None)
            lines.append((loaded, sum(memoryview(each).nbytes for each in part)))
    told = arrived.book.stay(found.left, parcel.namespace)
    same = [name for name in found.unchanged if name not in parcel.maybe]
    if parcel.automatic or sum(size for _, size in lines) >= LARGE:
        line = arriving_line(lines, same, {name: found.left[name] for name in told})
        if line:
            notice(line, "values")
    loaded_here = {name: sys.modules[each] for name, each in found.modules.items() if each in sys.modules}
    return {**{name: parcel.namespace[name] for name in same}, **loaded_here, **values}


def stay(relay: Relay, parcel: Parcel) -> None:
    """Nothing has come back: what the cell has changed is the session's own until the notebook changes it."""
    book_of(relay).stay(parcel.maybe, parcel.namespace)


def _raise(fault: str, field: str) -> None:
    if fault == INTERRUPTED:
        raise Interrupted
    if fault:
        raise Invalid(f"{field}: {fault}", field=field)
