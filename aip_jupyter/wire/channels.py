"""A session's channels over a websocket: how a message is laid out in bytes, and cut into pieces.

Layout, as in v1.kernel.websocket.jupyter.org
(https://jupyter-server.readthedocs.io/en/latest/developers/websocket-protocols.html), all numbers 64 bits,
little endian: how many offsets follow; the offsets, of which each is where a part begins, and the last one
where the message ends; the parts: the channel's name, and what is in it.

    shell, control, stdin, iopub   header, parent header, metadata and content as JSON, then the buffers;
                                   to the server and back. Signatures stay on the server's side
    agent                          to the server: msgpack of `wire.agent.Order`; back: msgpack of its `Answer`
    error                          from the server: JSON of `wire.errors.ErrorBody`, then the id of the order
                                   that it answers, as text; "0" when the channels end with it

A message travels as one binary websocket message or several, its pieces, none longer than PIECE and none
empty, which follow each other: so no large one blocks a server.

The server ends the channels with an `error` and the close code 4000 + the HTTP status of that error: 4410
when the session has died, 4401 when the token has ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

PIECE = 4 * 2**20
"""Bytes of a piece, at most."""
LIMIT = 2**30
"""Bytes of a message to the server, at most."""
PARTS = 10_000
"""Parts of a message, at most."""
CLOSED = 4000
"""What is added to an HTTP status, for a close code."""
_NUMBER = 8

Part = bytes | bytearray | memoryview


def encode_pieces(channel: str, parts: Sequence[Part]) -> Iterator[bytes]:
    """The pieces of a message."""
    views = [memoryview(part).cast("B") for part in (channel.encode(), *parts)]
    offsets = [_NUMBER * (len(views) + 2)]
    for view in views:
        offsets.append(offsets[-1] + view.nbytes)
    table = b"".join(number.to_bytes(_NUMBER, "little") for number in (len(offsets), *offsets))
    if offsets[-1] <= PIECE:
        yield b"".join((table, *views))
        return
    yield table
    for view in views:
        for begin in range(0, view.nbytes, PIECE):
            yield bytes(view[begin : begin + PIECE])


class Assembler:
    """Puts messages together again."""

    def __init__(self, limit: int | None = None) -> None:
        """`limit`: the most bytes of a message."""
        self._limit = limit
        self._whole = bytearray()
        self._offsets: list[int] = []

    @property
    def size(self) -> int:
        """Bytes of the message that has begun; 0 when none has."""
        return self._offsets[-1] if self._offsets else 0

    def add(self, piece: bytes) -> tuple[str, list[memoryview]] | None:
        """The message that this piece completes: its channel, and its other parts, which are writable.

        ValueError when it is none.
        """
        if not self._offsets:
            self._offsets = self._read_offsets(piece)
        self._whole += piece
        end = self._offsets[-1]
        if len(self._whole) < end and piece:
            return None
        if len(self._whole) != end:
            raise ValueError("a message is not as long as it says")
        whole = memoryview(self._whole)
        channel, *parts = (
            whole[begin:end] for begin, end in zip(self._offsets, self._offsets[1:], strict=False)
        )
        self._whole, self._offsets = bytearray(), []
        return str(channel, "utf-8"), parts

    def _read_offsets(self, piece: bytes) -> list[int]:
        count = int.from_bytes(piece[:_NUMBER], "little")
        begin = _NUMBER * (count + 1)
        if not 2 <= count <= PARTS or len(piece) < begin:
            raise ValueError("a message does not begin with its offsets")
        places = range(_NUMBER, begin, _NUMBER)
        offsets = [int.from_bytes(piece[place : place + _NUMBER], "little") for place in places]
        if offsets[0] != begin or offsets != sorted(offsets):
            raise ValueError("the offsets of a message are not in order")
        if self._limit is not None and offsets[-1] > self._limit:
            raise ValueError(f"a message has more than {self._limit:,} bytes")
        return offsets
