"""Variables in groups that travel by themselves: what shares nothing with the others is in one of its own.

So one that is unchanged can stay where it is while another is sent. Content is compared by digests; nothing
is kept of the values themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct, field

from .refusals import Receiver
from .values import ANYWHERE, Buffer, Pickled, ValueFault, load_values, pickled

LARGE = 1024 * 1024
"""Bytes from which on it is asked whether the other side has a buffer already."""
Key = TypeVar("Key", bound=Hashable)
DEEP = 4 * 1024 * 1024
"""Bytes of a pickle from which on looking for what variables share would take too long."""


class Note(Struct, frozen=True):
    """What is told of a group before it is sent."""

    names: list[str]
    digests: list[str] = field(default_factory=list)
    """Of its pickle and of each of its buffers."""
    has: list[int] = field(default_factory=list)
    """The buffers that are not sent, since the other side has them."""
    count: int = 0
    """How many buffers it has."""


class Offer(Struct, frozen=True, kw_only=True):
    """What the notebook would send: `aip_offer_request`."""

    notes: list[Note]
    names: list[str] = []
    """It is asked whether the session has these."""
    bound: bool = False
    """Whether functions use the namespace that they are in."""


class Offered(Struct, frozen=True, kw_only=True):
    """What of it the session has: `aip_offer_reply`."""

    same: list[int] = []
    """The groups that it has as they are, by their place in the offer."""
    has: dict[int, list[int]] = {}
    """The buffers that it has, of other groups."""
    present: list[str] = []
    fault: str = ""


class Push(Struct, frozen=True, kw_only=True):
    """What is sent: `aip_push_request`, with the buffers."""

    notes: list[Note] = []
    """One for each group; none for a single one."""
    of: str = ""
    """The offer, when the session is to use what it has."""
    bound: bool = False


class Fetch(Struct, frozen=True, kw_only=True):
    """What the notebook wants: `aip_fetch_request`."""

    names: list[str]
    """All of these, or none."""
    maybe: list[str] = []
    """Those of these that are there and can travel."""
    unless: list[Note] = []
    """What the notebook has: it is not sent when it is the same."""
    receiver: Receiver = ANYWHERE
    bound: bool = False
    known: list[str] = []
    """The notebook's own names, when `bound`: what functions use besides is sent too."""


class Fetched(Struct, kw_only=True):
    """What it gets: `aip_fetch_reply`, with the buffers."""

    notes: list[Note] = []
    missing: list[str] = []
    unchanged: list[str] = []
    left: dict[str, str] = {}
    """What cannot travel, and why."""
    modules: dict[str, str] = {}
    """What is a module, and its own name."""
    fault: str = ""


class Group(Struct, eq=False):
    """Variables that are pickled together."""

    values: dict[str, Any]
    buffers: list[Buffer]
    needs: frozenset[str]
    digests: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return list(self.values)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(memoryview(buffer).nbytes for buffer in self.buffers)

    def note(self, has: Sequence[int] = ()) -> Note:
        """What is told of it."""
        return Note(self.names, self.digests, list(has), len(self.buffers))


def digest(buffer: Buffer) -> str:
    """Tells contents apart; not meant against somebody who makes two alike."""
    import xxhash

    return xxhash.xxh3_128_hexdigest(buffer)


class Grouped(Struct, frozen=True):
    """What `grouped` has made."""

    groups: list[Group]
    left: dict[str, str]
    """What cannot travel, and why."""


def grouped(
    values: Mapping[str, Any],
    receiver: Receiver = ANYWHERE,
    *,
    bound: Mapping[str, Any] | None = None,
    along: Callable[[str], bool] = lambda name: False,
    lenient: Container[str] = (),
) -> Grouped:
    """Pickle variables in groups. What functions use of `bound` goes along, where `along` says so.

    ValueFault for what cannot travel, except for the names in `lenient` and for what goes along.
    """
    single, left = dict[str, Pickled](), dict[str, str]()
    found, waiting = dict(values), list(values)
    while waiting:
        uses = set[str]()
        for name in waiting:
            try:
                single[name] = pickled({name: found[name]}, receiver, bound, found.values())
                uses |= single[name].uses
            except ValueFault as fault:
                if name in values and name not in lenient:
                    raise
                left[name] = str(fault)
        waiting = sorted(name for name in uses - found.keys() if bound is not None and along(name))
        found |= {name: bound[name] for name in waiting} if bound is not None else {}
    groups = []
    for names in components(single):
        part = {name: found[name] for name in names}
        made = single[names[0]] if len(names) == 1 else pickled(part, receiver, bound, found.values())
        groups.append(Group(part, made.buffers, made.needs))
    return Grouped(groups, left)


def components(single: Mapping[Key, Pickled]) -> list[list[Key]]:
    """The keys, those together that share something which can be changed; in the order that they have."""
    if len(single) == 1 or any(len(each.buffers[0]) > DEEP for each in single.values()):
        return [list(single)] if single else []
    found: list[tuple[set[Key], set[int]]] = []
    for key, each in single.items():
        joined, held = {key}, each.pickler.holds()
        for other in [other for other in found if other[1] & held]:
            found.remove(other)
            joined, held = joined | other[0], held | other[1]
        found.append((joined, held))
    return [[key for key in single if key in joined] for joined, _ in found]


def load_groups(notes: Iterable[Note], buffers: Sequence[Buffer]) -> dict[str, Any]:
    """The values of all groups, of which each has so many of the buffers. ValueFault."""
    values: dict[str, Any] = {}
    begin = 0
    for note in notes:
        values |= load_values(buffers[begin : begin + note.count])
        begin += note.count
    return values
