"""How a session's agent is told what to do: its files, and its control socket.

The folder of a session, `sessions/<id>/` of the home (0700), holds `spec.json` (what to start, 0600; the
agent deletes it once it has read it), `agent.json` (the agent's record, 0600, replaced atomically whenever it
changes), the output journal and the agent's log. The journal stays when the session has ended; its files hold
one message after the other, each msgpack of `Output` behind its length in four bytes, the highest first.

The control socket is a ZMQ ROUTER with CURVE; only who has the key pair of the record may connect. A request
is one frame, msgpack of `Order`; the reply is msgpack of `Answer`. Who orders `watch` gets one more answer,
unasked, when the session has ended.

Agent and kernel share a pair of sockets: the agent writes one line of JSON (Jupyter's connection information
without ports), the kernel answers with one line (the ports that it has bound); after that the kernel sees in
it when the agent ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from ..domain.sessions import OutputMessage, Peek, Session, SessionUsage, Stack

SPEC = "spec.json"
RECORD = "agent.json"
OUTPUT = "output-"
"""How the names of the journal's files begin; behind it stands the number of the file's first message."""


class AgentSpec(Struct, frozen=True, kw_only=True):
    """What an agent is to start."""

    session: Session
    python: str
    folder: str
    environment: dict[str, str]
    """All variables of the kernel. May hold secrets."""
    idle: float
    """Seconds without a cell after which the session ends."""


class AgentRecord(Struct, frozen=True, kw_only=True):
    """What an agent says of itself. Holds keys: 0600, never shown."""

    session: Session
    agent: str
    """The agent's process, as `backends.process.this_process` spells it."""
    kernel: str = ""
    """The kernel's process, the same way; "" before it was started and after its end."""
    connection: dict[str, str | int] = field(default_factory=dict)
    """Jupyter's connection information of the kernel, with its CurveZMQ keys."""
    control: dict[str, str | int] = field(default_factory=dict)
    """`address`, `public_key`, and the `client_public_key` and `client_secret_key` to use."""


class Order(Struct, frozen=True, kw_only=True):
    """What an agent is asked."""

    do: Literal["state", "watch", "interrupt", "stop", "output", "cells", "seen", "peek", "stack", "usage"]
    id: int = 0
    """Comes back with the answer: answers may come in another order than their orders."""
    after: int = 0
    """`output`: the number of the last message that is known."""
    wait: float = 0.0
    """`output`: seconds to wait for a message when there is none yet, at most 30."""
    cell: str = ""
    """`seen`: the id of the request whose output, to its end, somebody has got. `interrupt`: the id of the
    only request that may be interrupted; "" for whatever runs."""
    expression: str = ""
    """`peek`: the Python expression."""


WAIT = 30.0
"""Seconds for which an order may wait, at most."""


def wait_of(order: Order) -> float:
    """Seconds for which an order waits: what it says, where that can be."""
    return min(order.wait, WAIT) if order.wait > 0 else 0.0  # neither a negative one nor NaN is


class CellMark(Struct, frozen=True, kw_only=True):
    """A cell that the session has run, or runs: where its output stands in the journal."""

    id: str
    """The id of its request."""
    count: int
    """Its number in the notebook."""
    first: int
    """The number of its first message in the journal."""
    last: int = 0
    """That of its `idle`; 0 while it runs. What its threads print later comes behind."""
    began: int
    """Milliseconds since the epoch."""
    ended: int = 0
    status: Literal["busy", "ok", "error"] = "busy"
    seen: bool = False
    """Whether somebody has got its output to its end."""


class Output(Struct, frozen=True, array_like=True):
    """A message of the kernel's iopub channel, as the journal keeps it."""

    number: int
    time: int
    """When it came; milliseconds since the epoch."""
    frames: list[bytes]
    """Header, parent header, metadata and content as JSON, then the buffers."""


LENGTH = 4
"""Bytes of the length in front of a message in a file of the journal."""
BEHIND_ALL = 2**62
"""`after` of an order: no message has a number like this, so that the answer is only the newest one."""


def framed(packed: bytes) -> bytes:
    """A message as it stands in a file of the journal."""
    return len(packed).to_bytes(LENGTH, "big") + packed


def unframed(content: bytes) -> Iterator[bytes]:
    """The messages in a file of the journal, but not one that its writer's end has cut."""
    position = 0
    while (begin := position + LENGTH) <= len(content):
        position = begin + int.from_bytes(content[position:begin], "big")
        if position <= len(content):
            yield content[begin:position]


def decode_output(packed: bytes) -> OutputMessage:
    """A message of the journal, as it is told to people."""
    output = msgspec.msgpack.decode(packed, type=Output)
    header, parent, metadata, content = map(_decode_frame, output.frames[:4])
    return OutputMessage(
        number=output.number,
        time=output.time,
        cell=str(parent.get("msg_id", "")),
        type=str(header.get("msg_type", "")),
        content=content,
        metadata=metadata,
    )


def _decode_frame(frame: bytes) -> dict[str, Any]:
    """A part of a message; {} for one that cannot be read, which must not hide all others.

    Kernels send what they print byte by byte: the name of a file may be no UTF-8. And NaN, which is no JSON.
    """
    try:
        found = json.loads(frame.decode(errors="replace"), parse_constant=str)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class Answer(Struct, frozen=True, kw_only=True):
    """What it answers."""

    session: Session
    messages: list[bytes] = field(default_factory=list)
    """`output`: the first messages behind `after`; each is msgpack of `Output`."""
    oldest: int = 0
    """The number of the oldest message that the journal still has; 0 when it has none."""
    newest: int = 0
    """The number of the newest message, of those in `messages` when there are any: ask again behind it."""
    kernel: str = ""
    """`watch`: the kernel's process, spelled as in the record: who sees it there is on the same host."""
    id: int = 0
    """That of the order; 0 for what comes unasked."""
    cells: list[CellMark] = field(default_factory=list)
    """`cells`: the last 100 cells, in the order in which they ran."""
    stopped: bool = False
    """`interrupt`: whether the session runs nothing any more."""
    steps: list[str] = field(default_factory=list)
    """`interrupt`: what was done, in order."""
    where: str = ""
    """`interrupt`: where in the user's code it is, when it could not be stopped."""
    peek: Peek | None = None
    """`peek`: the value."""
    stack: Stack | None = None
    """`stack`."""
    usage: SessionUsage | None = None
    """`usage`."""
    fault: str = ""
    """`peek`, `stack`: why there is none, in one line that says what to do."""
