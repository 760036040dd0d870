"""What one side has already of the values that the other one could send."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .parcels import LARGE, Note, digest
from .values import Buffer, ValueFault, pickled


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

    def is_same(self, note: Note, *, bound: bool) -> bool:
        """Whether this group is here as it is there."""
        return bool(note.digests) and self._digested(note, bound)[0] == note.digests

    def look(self, note: Note, *, bound: bool) -> list[int]:
        """The buffers of this group that are here too; all of them when it is the same as a whole."""
        digests, buffers = self._digested(note, bound)
        if digests == note.digests:
            return list(range(len(digests)))
        pairs = zip(digests[1:], buffers[1:], strict=True)
        large = {each: buffer for each, buffer in pairs if memoryview(buffer).nbytes >= LARGE}
        self._kept |= large
        return [index for index, each in enumerate(note.digests) if index and each in large]

    def _digested(self, note: Note, bound: bool) -> tuple[list[str], list[Buffer]]:
        """The values of these names here, pickled as there; one empty text when they cannot be."""
        namespace = self._namespace()
        if not all(name in namespace for name in note.names):
            return [""], [b""]
        values = {name: namespace[name] for name in note.names}
        try:
            buffers = pickled(values, bound=namespace if bound else None).buffers
        except ValueFault:
            return [""], [b""]
        return self._stamps.theirs(note.names, list(map(digest, buffers))), buffers

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
