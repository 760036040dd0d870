"""Values on their way between notebook and session: pickle 5, with large buffers beside it.

cloudpickle takes along the classes and functions that a notebook defines itself.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from typing import Any

INTERRUPTED = "it was interrupted"
"""The fault of values on whose way the user has pressed Interrupt."""
Buffer = bytes | bytearray | memoryview


class ValueFault(Exception):
    """A value cannot travel; one line that names it and its type."""


def dump_values(values: Mapping[str, Any]) -> list[Buffer]:
    """The values as one pickle, and their buffers. What several of them share stays shared."""
    import cloudpickle

    views: list[pickle.PickleBuffer] = []
    try:
        packed = cloudpickle.dumps(dict(values), protocol=5, buffer_callback=views.append)
    except Exception as error:  # whatever a class raises that does not want to be pickled
        raise ValueFault(_who_cannot(values, error)) from error
    return [packed, *(view.raw() for view in views)]


def load_values(buffers: Sequence[Buffer]) -> dict[str, Any]:
    """The values of `dump_values`. Arrays stay in the buffers, so they are writable where those are."""
    try:
        values: dict[str, Any] = pickle.loads(buffers[0], buffers=buffers[1:])  # noqa: S301  # from its own notebook
    except Exception as error:  # whatever unpickling runs
        raise ValueFault(f"the values cannot be unpickled here: {type(error).__name__}: {error}") from error
    return values


def _who_cannot(values: Mapping[str, Any], reason: Exception) -> str:
    """The one value that cannot be pickled; it is only looked for when one could not."""
    import cloudpickle

    for name, value in values.items():
        try:
            cloudpickle.dumps(value, protocol=5, buffer_callback=lambda view: None)
        except Exception as error:  # noqa: BLE001  # as above
            return f"{name} ({type(value).__name__}) cannot be pickled: {_line(error)}"
    return f"{', '.join(values)} cannot be pickled together: {_line(reason)}"


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
