"""The states of the widgets of sessions, kept in the notebook's kernel.

A page that is loaded again asks for all of them, and shows no widget before it has been told the last one. So
no session is asked: one may be busy for long, or end before it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from ..sessions.messages import Message, request

_Place = list[str | int]
"""Where in a state a buffer belongs: the name, and what leads on from there. Among several the widget too."""


class _Data(Struct):
    method: str = ""
    state: dict[str, Raw] = {}
    buffer_paths: list[_Place] = []


class _States(Struct):
    states: dict[str, Raw]
    buffer_paths: list[_Place]
    method: str = "update_states"


class Kept:
    """The state of one widget, as all that was said on its comm has made it. False while nothing was."""

    def __init__(self) -> None:
        self._values: dict[str, Raw] = {}
        self._buffers: dict[str, list[tuple[_Place, Any]]] = {}

    def __bool__(self) -> bool:
        return bool(self._values)

    def take(self, data: Raw, buffers: Sequence[Any], *, opens: bool = False) -> None:
        """The data of a message, from whichever side; `opens`: of the one that opens the comm."""
        try:
            told = msgspec.json.decode(data, type=_Data)
        except msgspec.ValidationError:  # somebody's own
            return
        if not opens and told.method not in ("update", "echo_update"):
            return
        placed = [(place, buffer) for place, buffer in zip(told.buffer_paths, buffers, strict=False) if place]
        for name in (*told.state, *(str(place[0]) for place, _ in placed)):
            self._values.pop(name, None)
            self._buffers.pop(name, None)
        self._values |= {name: value.copy() for name, value in told.state.items()}  # not the whole message
        for place, buffer in placed:
            self._buffers.setdefault(str(place[0]), []).append((place, buffer))

    def update(self, comm_id: str) -> Message:
        """The message that tells a front end all of it."""
        data = _Data("update", self._values, [place for place, _ in self.placed])
        content = {"comm_id": comm_id, "data": data}
        return request("iopub", "comm_msg", content, buffers=[buffer for _, buffer in self.placed])

    @property
    def placed(self) -> list[tuple[_Place, Any]]:
        """The buffers, and where they belong."""
        return [each for group in self._buffers.values() for each in group]

    @property
    def model(self) -> Mapping[str, Any]:
        """What a front end makes the widget from."""
        names = ("model_name", "model_module", "model_module_version")
        return {**{name: self._values.get(f"_{name}", "") for name in names}, "state": self._values}


class Asked:
    """Stands for a front end that asks for all widgets, before who knows those of this kernel: ipywidgets."""

    def __init__(self) -> None:
        self.data: Any = {"states": {}, "buffer_paths": []}
        self.buffers: Sequence[Any] = ()
        self._hear: Callable[[Any], object] = lambda message: None

    def on_msg(self, hear: Callable[[Any], object]) -> None:
        """It listens."""
        self._hear = hear

    def send(self, data: Any, metadata: Any = None, buffers: Sequence[Any] | None = None) -> None:
        """It answers."""
        self.data, self.buffers = data, buffers or ()

    def ask(self, message: Any) -> None:
        """Let it answer this."""
        self._hear(message)


def gathered(comm_id: str, kept: Mapping[str, Kept], local: bytes, buffers: Sequence[Any]) -> Message:
    """The answer to who asks for all widgets: these, and those that ipywidgets has named in `local`."""
    data, placed = msgspec.json.decode(local, type=_States), list(buffers)
    for widget, each in kept.items():
        data.states[widget] = Raw(msgspec.json.encode(each.model))
        data.buffer_paths += [[widget, *place] for place, _ in each.placed]
        placed += [buffer for _, buffer in each.placed]
    return request("iopub", "comm_msg", {"comm_id": comm_id, "data": data}, buffers=placed)
