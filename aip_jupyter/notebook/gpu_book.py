"""What the notebook remembers of the values of a session; never the values themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from ..sessions.parcels import Group, Note, digest
from ..sessions.relay import Relay
from ..sessions.stock import Stamps
from ..sessions.values import ValueFault, pickled


class Book:
    """For one session. Used in the notebook's thread and the links', never in both at once."""

    def __init__(self) -> None:
        self._stamps = Stamps()
        self._newer: dict[str, str] = {}
        """What a cell has changed and what has not come back, with the content that the notebook had then."""

    def prepare(
        self, groups: Iterable[Group], namespace: Mapping[str, Any], asked: Sequence[str]
    ) -> list[str]:
        """Give the groups their digests; the names of which the session's own value is the newer one.

        Takes a second for ten gigabytes, without holding up other threads.
        """
        newer = []
        for group in groups:
            group.digests = self._stamps.theirs(group.names, list(map(digest, group.buffers)))
            newer += [
                name
                for name in group.names
                if name in self._newer
                and name not in asked
                and self._newer[name] == _content(name, namespace)
            ]
        return newer

    def sent(self, names: Iterable[str]) -> None:
        """The session has the notebook's values of these."""
        for name in names:
            self._newer.pop(name, None)

    def came(self, note: Note, values: Mapping[str, Any], bound: Mapping[str, Any] | None) -> None:
        """The notebook has the session's values of these."""
        self._stamps.stamp([note], values, bound)
        self.sent(note.names)

    def stay(self, names: Collection[str], namespace: Mapping[str, Any]) -> list[str]:
        """The session's values of these may be newer than the notebook's; those of which this is news."""
        news = [name for name in names if name not in self._newer]
        for name in names:
            self._newer[name] = _content(name, namespace)
        return news


def _content(name: str, namespace: Mapping[str, Any]) -> str:
    """What tells whether the notebook has given it another value."""
    if name not in namespace:
        return ""
    try:
        return " ".join(map(digest, pickled({name: namespace[name]}).buffers))
    except ValueFault:
        return "cannot travel"


_books: WeakKeyDictionary[Relay, Book] = WeakKeyDictionary()


def book_of(relay: Relay) -> Book:
    """That of this session."""
    return _books.setdefault(relay, Book())
