"""The widgets that a session has from before: of a kernel of this notebook that has ended, or of another one.

The front end gets each as it is now; what the journal has of it is older.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from ..errors import AipError
from ..sessions.messages import Message, request
from ..sessions.relay import Relay

if TYPE_CHECKING:
    from .gpu_comms import Comms

WIDGET = "jupyter.widget"
PROTOCOL = "2.1.0"
"""That of ipywidgets' messages, of which a front end looks at the first number."""
_REFERENCE = re.compile(rb"IPY_MODEL_([0-9a-f-]+)")


class _State(Struct):
    state: msgspec.Raw = msgspec.Raw(b"{}")
    buffer_paths: list[list[str | int]] = []


class _Update(Struct):
    comm_id: str
    data: _State


class _Target(Struct):
    target_name: str = ""


class _Info(Struct):
    comms: dict[str, _Target] = {}


async def take_up(comms: Comms, relay: Relay) -> None:
    """Make all comms of the session known here, and show its widgets. Waits until the session is free."""
    with contextlib.suppress(AipError):  # it has ended, which others tell
        before = comms.known(relay)
        answer = await relay.ask("comm_info_request")
        living = msgspec.json.decode(answer.content, type=_Info).comms
        for comm_id in before - set(living):
            comms.close(comm_id)
        for comm_id, target in living.items():
            if target.target_name == WIDGET:
                await _ask_state(comms, relay, comm_id)
            else:
                comms.take_up(relay, comm_id, target.target_name)
        found = {comm_id: comms.kept(comm_id) for comm_id in living}
        states = {comm_id: kept.update(comm_id) for comm_id, kept in found.items() if kept}
        for comm_id in ordered(states):
            if comm_id in before:
                comms.tell(states[comm_id])
            else:
                comms.tell(_opening(states[comm_id]))


async def _ask_state(comms: Comms, relay: Relay, comm_id: str) -> None:
    """Have the widget known here from the moment at which its state is."""

    def take(message: Message) -> None:
        if message.type == "comm_msg":
            comms.take_up(relay, comm_id, WIDGET, message)

    content = {"comm_id": comm_id, "data": {"method": "request_state"}}
    await relay.pass_on(request("shell", "comm_msg", content), take)


def ordered(states: Mapping[str, Message]) -> Iterator[str]:
    """Their ids, each behind those that it refers to: a front end knows no others yet."""
    done = set[str]()

    def visit(comm_id: str) -> Iterator[str]:
        if comm_id in done or comm_id not in states:
            return
        done.add(comm_id)
        for found in _REFERENCE.findall(bytes(states[comm_id].content)):
            yield from visit(found.decode())
        yield comm_id

    for comm_id in states:
        yield from visit(comm_id)


def _opening(message: Message) -> Message:
    """The message that opens a widget with this state."""
    update = msgspec.json.decode(message.content, type=_Update)
    content = {"comm_id": update.comm_id, "target_name": WIDGET, "data": update.data}
    return request("iopub", "comm_open", content, {"version": PROTOCOL}, message.buffers)
