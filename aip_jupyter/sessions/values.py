"""Values on their way between notebook and session: pickle 5, with large buffers beside it.

cloudpickle takes along the classes and functions that a notebook defines itself.
"""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from .refusals import Receiver, Refused, place_of

INTERRUPTED = "it was interrupted"
"""The fault of values on whose way the user has pressed Interrupt."""
Buffer = bytes | bytearray | memoryview
ANYWHERE = Receiver()


class ValueFault(Exception):
    """A value cannot travel; one line that names it and its type."""


class Pickled(Struct, frozen=True):
    """Values as one pickle, and their buffers behind it."""

    buffers: list[Buffer]
    needs: frozenset[str]
    """Of `python` and `cuda`: what the other side must have as it is here."""
    uses: frozenset[str]
    """The names in the bound namespace that functions among them use."""
    pickler: Any
    """Knows what they hold, for as long as it lives."""


def dump_values(values: Mapping[str, Any], receiver: Receiver = ANYWHERE) -> list[Buffer]:
    """The values as one pickle, and their buffers. What several of them share stays shared. ValueFault."""
    return pickled(values, receiver).buffers


def pickled(
    values: Mapping[str, Any],
    receiver: Receiver = ANYWHERE,
    bound: Mapping[str, Any] | None = None,
    beside: Collection[object] = (),
) -> Pickled:
    """The same, with what is known of them. Functions of the namespace `bound` use the other side's there.

    `beside`: values that travel with them in any case.
    """
    try:
        return _pickled(values, receiver, bound, beside)
    except Exception as error:  # whatever a class raises that does not want to be pickled
        raise ValueFault(_who_cannot(values, error, receiver, bound, beside)) from error


def _pickled(
    values: Mapping[str, Any],
    receiver: Receiver,
    bound: Mapping[str, Any] | None,
    beside: Collection[object],
) -> Pickled:
    from .pickling import Pickler
    from .views import Views

    def dumped(views: Views) -> Pickled:
        parts: list[pickle.PickleBuffer] = []
        file = io.BytesIO()
        pickler = Pickler(file, parts.append, receiver, bound, views)
        pickler.dump_all(values, beside)
        buffers: list[Buffer] = [file.getvalue(), *(part.raw() for part in parts)]
        return Pickled(buffers, frozenset(pickler.needs), frozenset(pickler.uses), pickler)

    made = dumped(Views())
    shared = made.pickler.views.shared()
    return dumped(Views(shared)) if shared else made


def load_values(buffers: Sequence[Buffer]) -> dict[str, Any]:
    """The values of `dump_values`. Arrays stay in the buffers, so they are writable where those are."""
    try:
        values: dict[str, Any] = pickle.loads(buffers[0], buffers=buffers[1:])  # noqa: S301  # from its own notebook
    except Exception as error:  # whatever unpickling runs
        raise ValueFault(f"the values cannot be unpickled here: {_line(error)}") from error
    return values


def has_cuda() -> bool:
    """Whether this process may use a GPU by CUDA, as far as can be told without asking it."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return not hidden and any(map(os.path.exists, ("/dev/nvidiactl", "/dev/dxg")))


def _who_cannot(
    values: Mapping[str, Any],
    reason: Exception,
    receiver: Receiver,
    bound: Mapping[str, Any] | None,
    beside: Collection[object],
) -> str:
    """The one value that cannot be pickled; it is only looked for when one could not."""
    for name, value in values.items():
        try:
            _pickled({name: value}, receiver, bound, [*values.values(), *beside])
        except Refused as error:
            place = place_of(error.value, name, value)
            subject = "it" if place == name and error.value is value else place
            if place == name and error.value is not value:
                subject = "something in it"
            return f"{name} ({type(value).__name__}) cannot be pickled: {subject} {error}"
        except Exception as error:  # noqa: BLE001  # as above
            return f"{name} ({type(value).__name__}) cannot be pickled: {_line(error)}"
    return f"{', '.join(values)} cannot be pickled together: {_line(reason)}"


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
