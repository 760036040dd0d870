"""Jupyter's messages as they are on the wire: split, signed and checked, with as little decoding as possible.

https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol. jupyter_client's own session
would do, but takes ten times the agent's memory and start, and decodes what is only passed on.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import msgspec
from msgspec import Struct, field

from ..domain.records import new_id

DELIMITER = b"<IDS|MSG>"
VERSION = "5.4"


class Header(Struct, frozen=True):
    """What is read of a header."""

    msg_id: str = ""
    msg_type: str = ""


_decode_header = msgspec.json.Decoder(Header).decode


class Message(Struct, frozen=True, kw_only=True):
    """A message that came, or that is to be sent."""

    channel: str
    header: Header
    parent: Header = Header()
    metadata: bytes = b"{}"
    content: bytes = b"{}"
    buffers: Sequence[Any] = field(default_factory=list)
    raw_header: bytes = b""
    """The whole header, as JSON, of one that came; it is passed on as it is. Empty: one of our own."""
    raw_parent: bytes = b"{}"
    """The whole parent header, the same way."""

    @property
    def type(self) -> str:
        """Such as `execute_reply`."""
        return self.header.msg_type

    def read(self) -> dict[str, Any]:
        """The content."""
        content: dict[str, Any] = msgspec.json.decode(self.content)
        return content

    def read_metadata(self) -> dict[str, Any]:
        """The metadata."""
        metadata: dict[str, Any] = msgspec.json.decode(self.metadata)
        return metadata


def request(
    channel: str,
    kind: str,
    content: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    buffers: Sequence[Any] = (),
) -> Message:
    """A message of our own."""
    return Message(
        channel=channel,
        header=Header(new_id(), kind),
        metadata=msgspec.json.encode(metadata or {}),
        content=msgspec.json.encode(content or {}),
        buffers=buffers,
    )


def new_header(message: Message, session: str) -> bytes:
    """The whole header of a message of our own; `session` is its sender's."""
    header = {
        "msg_id": message.header.msg_id,
        "msg_type": message.type,
        "session": session,
        "username": "aip",
        "date": datetime.now(timezone.utc).isoformat(),
        "version": VERSION,
    }
    return msgspec.json.encode(header)


def parts_of(message: Message, session: str) -> list[Any]:
    """The message for `wire.channels`; `session` is its sender's."""
    header = message.raw_header or new_header(message, session)
    return [header, message.raw_parent, message.metadata, message.content, *message.buffers]


def message_of(channel: str, parts: Sequence[Any]) -> Message:
    """The message in these parts. ValueError when it is none."""
    if len(parts) < 4:
        raise ValueError("a message has too few parts")
    header, parent, metadata, content = map(bytes, parts[:4])
    return Message(
        channel=channel,
        header=_decode_header(header),
        parent=_decode_header(parent),
        metadata=metadata,
        content=content,
        buffers=parts[4:],
        raw_header=header,
        raw_parent=parent,
    )


class Signer:
    """Turns messages into frames and back, with the key of one kernel."""

    def __init__(self, key: bytes) -> None:
        self._auth = hmac.new(key, digestmod="sha256")
        self._session = new_id()

    def pack(self, message: Message) -> list[Any]:
        """The frames to send."""
        parts = parts_of(message, self._session)
        return [DELIMITER, self._sign(parts[:4]), *parts]

    def unpack(self, channel: str, frames: Sequence[Any]) -> Message:
        """The message in these frames. ValueError when it is none, or not signed with our key."""
        start = frames.index(DELIMITER) + 1
        signature, *signed = map(bytes, frames[start : start + 5])
        if len(signed) != 4 or not hmac.compare_digest(signature, self._sign(signed)):
            raise ValueError("a message is not signed by this session's kernel")
        return message_of(channel, [*signed, *frames[start + 5 :]])

    def _sign(self, signed: Sequence[bytes]) -> bytes:
        auth = self._auth.copy()
        for part in signed:
            auth.update(part)
        return auth.hexdigest().encode()
