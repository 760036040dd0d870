"""Messages of a session's journal, as they are told to people."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aip_jupyter.wire.agent import Output, decode_output


def _packed(content: bytes, header: bytes = b'{"msg_type": "stream", "msg_id": "1"}') -> bytes:
    frames = [header, b'{"msg_id": "cell"}', b"{}", content]
    return msgspec.msgpack.encode(Output(7, 9, frames))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"text": "a"}', {"text": "a"}),
        (b'{"text": "caf\xe9.csv"}', {"text": "caf\ufffd.csv"}),  # what `print(os.listdir())` may send
        (b'{"data": [NaN, -Infinity]}', {"data": ["NaN", "-Infinity"]}),
        (b'{"text": ', {}),
        (b"[1]", {}),
        (b'{"a":' + b"[" * 100_000, {}),
    ],
    ids=["plain", "no UTF-8", "NaN", "cut", "no object", "deep"],
)
def test_a_message_that_cannot_be_read_hides_no_other(content: bytes, told: dict[str, Any]) -> None:
    message = decode_output(_packed(content))
    assert (message.number, message.type, message.cell, message.content) == (7, "stream", "cell", told)
    assert msgspec.json.encode(message)


def test_so_does_not_one_whose_head_is_damaged() -> None:
    message = decode_output(_packed(b"{}", header=b"\xff"))
    assert (message.number, message.type) == (7, "")
