"""What a session has printed, read from the journal that its agent keeps."""

from __future__ import annotations

from collections import deque

import msgspec
from msgspec import Struct

from ..backends.gpus.control import order
from ..domain.sessions import Grant
from ..wire.agent import Order, Output

REACH = 10_000
"""How many messages are looked at, at most: the last ones."""

_BEHIND_ALL = 2**62
"""No message has a number like this: the answer is only the newest number."""


class _Header(Struct):
    msg_type: str = ""
    msg_id: str = ""


class _Content(Struct):
    text: str = ""
    traceback: list[str] = []
    data: dict[str, msgspec.Raw] = {}


def read_log(grant: Grant, lines: int) -> str:
    """The last lines of text: what was printed, what was shown as text, tracebacks."""
    newest = order(grant.agent, Order(do="output", after=_BEHIND_ALL)).newest
    after, texts = max(newest - REACH, 0), deque[str](maxlen=REACH)
    while after < newest:
        answer = order(grant.agent, Order(do="output", after=after))
        if not answer.messages:
            break
        texts.extend(_text(msgspec.msgpack.decode(message, type=Output)) for message in answer.messages)
        after = answer.newest
    kept = "".join(texts).splitlines()[-lines:]
    return "\n".join(kept)


def _text(output: Output) -> str:
    header, parent = (msgspec.json.decode(frame, type=_Header) for frame in output.frames[:2])
    if not parent.msg_id:  # not of a cell: what the kernel says while it starts
        return ""
    kind, content = header.msg_type, msgspec.json.decode(output.frames[3], type=_Content)
    if kind == "stream":
        return content.text
    if kind == "error":
        return "\n".join(content.traceback) + "\n"
    plain = content.data.get("text/plain") if kind in ("display_data", "execute_result") else None
    return f"{msgspec.json.decode(plain, type=str)}\n" if plain is not None else ""
