"""What one side has already of the values that the other one could send."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .parcels import LARGE, Group, Note, components, digest
from .values import Buffer, Pickled, ValueFault, pickled


class Stamps:
    """Which pickle here means the same as which on the other side, for what has come from there.

    Equal values need not have equal pickles: these tell which of their texts are one object in memory.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], tuple[str, str]] = {}

    def stamp(
        self, notes: Iterable[Note], values: Mapping[str, Any], bound: Mapping[str, Any] | None
    ) -> None:
        """These values have just come from there."""
        for note in notes:
            if note.digests:
                with contextlib.suppress(ValueFault):  # some can be made again, but not be taken apart
                    ours = pickled({name: values[name] for name in note.names}, bound=bound).buffers[0]
                    self._known[tuple(note.names)] = digest(ours), note.digests[0]

    def theirs(self, names: Sequence[str], digests: list[str]) -> list[str]:
        """Digests of our own as the other side would have them, had nothing changed."""
        ours, theirs = self._known.get(tuple(names), ("", ""))
        return [theirs, *digests[1:]] if digests[0] == ours else digests


class Stock:
    """What a namespace has. Between an offer and what follows it keeps the buffers that were asked for."""

    def __init__(self, namespace: Callable[[], dict[str, Any]]) -> None:
        self._namespace = namespace
        self._stamps = Stamps()
        self._offer = ""
        self._kept: dict[str, Buffer] = {}

    def begin(self, offer: str) -> None:
        """Another offer has come."""
        self._offer, self._kept = offer, {}

    def is_same(self, group: Group, note: Note) -> bool:
        """Whether this group of ours is there as it is here, and shares as much."""
        digests = self._stamps.theirs(group.names, list(map(digest, group.buffers)))
        return group.names == note.names and digests == note.digests

    def look(self, notes: Sequence[Note], *, bound: bool) -> tuple[list[int], dict[int, list[int]]]:
        """Which of all these groups are here as they are there; of the others, which buffers are here too.

        One that shares something here with another one is not as it is there.
        """
        ours = {
            index: made
            for index, note in enumerate(notes)
            if (made := self._pickled(note, bound)) is not None
        }
        alone = {keys[0] for keys in components(ours) if len(keys) == 1}
        same, has = list[int](), dict[int, list[int]]()
        for index, made in ours.items():
            note = notes[index]
            digests = self._stamps.theirs(note.names, list(map(digest, made.buffers)))
            if index in alone and digests == note.digests:
                same.append(index)
            else:
                pairs = zip(digests[1:], made.buffers[1:], strict=True)
                large = {each: buffer for each, buffer in pairs if memoryview(buffer).nbytes >= LARGE}
                self._kept |= large
                has[index] = [place for place, each in enumerate(note.digests) if place and each in large]
        return same, {index: found for index, found in has.items() if found}

    def _pickled(self, note: Note, bound: bool) -> Pickled | None:
        """The values of these names here, pickled as there; None when they are not here, or cannot be."""
        namespace = self._namespace()
        if not all(name in namespace for name in note.names):
            return None
        values = {name: namespace[name] for name in note.names}
        try:
            return pickled(values, bound=namespace if bound else None)
        except ValueFault:
            return None

    def complete(self, offer: str, notes: Iterable[Note], sent: Sequence[Buffer]) -> list[Buffer]:
        """The buffers that were sent, and between them copies of those that are here.

        KeyError when they are not known any more.
        """
        rest, buffers = iter(sent), list[Buffer]()
        for note in notes:
            for index in range(note.count):
                if index not in note.has:
                    buffers.append(next(rest))
                elif offer != self._offer:
                    raise KeyError(offer)
                else:
                    buffers.append(bytearray(self._kept[note.digests[index]]))
        return buffers

    def stamp(self, notes: Iterable[Note], values: Mapping[str, Any], *, bound: bool) -> None:
        """These values have come, and are not yet in the namespace."""
        self._stamps.stamp(notes, values, self._namespace() if bound else None)

    def forget(self) -> None:
        """Let go of the buffers."""
        self._offer, self._kept = "", {}
