"""Messages over a websocket: cut into pieces, and put together again."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)

from aip_jupyter.wire import channels
from aip_jupyter.wire.channels import PIECE, Assembler, encode_pieces


@given(st.lists(st.tuples(st.sampled_from(["shell", "é"]), st.lists(st.binary(max_size=50), max_size=8))))
def test_messages_come_out_as_they_went_in(sent: list[tuple[str, list[bytes]]]) -> None:
    assembler = Assembler()
    pieces = chain.from_iterable(encode_pieces(channel, parts) for channel, parts in sent)
    found = [whole for piece in pieces if (whole := assembler.add(piece)) is not None]
    assert [(channel, [bytes(part) for part in parts]) for channel, parts in found] == sent


@pytest.mark.parametrize("size", [PIECE - 100, PIECE, PIECE + 1, 3 * PIECE])
def test_a_large_message_goes_in_pieces_and_its_parts_are_writable(size: int) -> None:
    parts: list[bytes | bytearray | memoryview] = [b"{}", bytearray(size), b"", b"end"]
    pieces = list(encode_pieces("shell", parts))
    assert max(map(len, pieces)) <= PIECE
    assert len(pieces) == 1 or all(pieces)
    assembler = Assembler()
    *before, whole = [assembler.add(piece) for piece in pieces]
    assert not any(before)
    assert whole is not None
    assert whole[1] == parts
    whole[1][1][:1] = b"x"


def test_small_messages_are_those_of_jupyter() -> None:
    parts = [b'{"msg_id": "1"}', b"{}", b"{}", b'{"code": ""}', b"\x00\x01"]
    (ours,) = encode_pieces("shell", parts)
    assert ours == serialize_msg_to_ws_v1(parts, "shell")  # type: ignore[no-untyped-call]
    channel, found = deserialize_msg_from_ws_v1(ours)  # type: ignore[no-untyped-call]
    assert (channel, found) == ("shell", parts)


def test_a_message_that_is_too_long_is_refused_before_it_has_come() -> None:
    (piece,) = encode_pieces("shell", [b"x" * 200])
    with pytest.raises(ValueError, match="more than 100 bytes"):
        Assembler(limit=100).add(piece)
    assert channels.LIMIT > PIECE
