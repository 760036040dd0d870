"""What one who uses channels can cost the server: little."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator

import msgspec
import psutil
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from aip_jupyter.domain.records import new_id
from aip_jupyter.server.room import Room
from aip_jupyter.wire.agent import WAIT, Answer, Order, wait_of
from aip_jupyter.wire.channels import LIMIT, PIECE, Assembler, encode_pieces

from ..support.live import live_server
from .test_channels import CONFIG, OLGA, Place, execute
from .test_channels_hanging import start

MB = 2**20
SMALL = f"""
from aip_jupyter.server import app, channels
channels.EACH = 3
app.ROOM = {64 * MB}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("bounds")
    (folder / "config").mkdir()
    (folder / "config" / "jupyter_server_config.py").write_text(CONFIG + SMALL)
    with live_server(folder) as server:
        place = Place(server, new_id())
        place.ask("POST", "projects", OLGA, name="own")
        place.ask("POST", "projects/own/roles", OLGA, user="ada", role="admin")
        assert start(place, folder, "big", id=place.session).status_code == 201
        yield place
        place.ask("DELETE", f"projects/own/sessions/{place.session}", OLGA)


async def order(channels: ClientConnection, order: Order) -> None:
    for piece in encode_pieces("agent", [msgspec.msgpack.encode(order)]):
        await channels.send(piece)


async def answers(channels: ClientConnection, count: int) -> list[Answer]:
    """So many of them."""
    assembler, found = Assembler(), list[Answer]()
    while len(found) < count:
        whole = assembler.add(await asyncio.wait_for(channels.recv(decode=False), 20))
        if whole is not None and whole[0] == "agent":
            found.append(msgspec.msgpack.decode(whole[1][0], type=Answer))
    return found


def beginning(size: int) -> bytes:
    """The first piece of a message that is to have so many bytes of content."""
    places = [8 * 8]
    for part in (b"shell", b"{}", b"{}", b"{}"):
        places.append(places[-1] + len(part))
    places += [places[-1] + size] * 2
    table = b"".join(number.to_bytes(8, "little") for number in (len(places), *places))
    return table + b"shell{}{}{}"


def test_orders_of_who_does_not_read_their_answers_wait_at_the_client(place: Place) -> None:
    server = psutil.Process(place.server.process.pid)

    async def main() -> None:
        async with place.connect(OLGA, max_size=None, max_queue=1) as channels:
            await execute(channels, "for i in range(8): print('x' * 2_000_000, flush=True)\n1")
            size = 0
            while size < MB:  # as soon as the agent has it
                await order(channels, Order(do="output", id=1))
                size = sum(map(len, (await answers(channels, 1))[0].messages))
            before = server.memory_info().rss
            for number in range(1, 101):
                await order(channels, Order(do="output", id=number))
            async with place.connect(OLGA) as other:  # all that the server could do about them is done then
                await order(other, Order(do="output", id=1, after=2**40, wait=3))
                assert [answer.id for answer in await answers(other, 1)] == [1]
            assert server.memory_info().rss - before < 200 * MB
            found = await answers(channels, 100)
            assert sorted(answer.id for answer in found) == list(range(1, 101))

    asyncio.run(main())


def test_large_messages_share_room_and_half_ones_wait_at_the_client(place: Place) -> None:
    server = psutil.Process(place.server.process.pid)

    async def half(channels: ClientConnection) -> None:
        await channels.send(beginning(50 * MB))
        for _ in range(10):
            await channels.send(b"\0" * PIECE)

    async def main() -> None:
        async with place.connect(OLGA) as first, place.connect(OLGA) as second:
            before = server.memory_info().rss
            await half(first)
            waiting = asyncio.ensure_future(half(second))
            async with place.connect({"X-User": "ada"}) as small:
                assert await execute(small, "6 * 7") == "42"  # which takes no room
            assert not waiting.done()
            assert server.memory_info().rss - before < 70 * MB  # both would be more than 80
            await first.close()  # and what it held is free
            await asyncio.wait_for(waiting, 20)

    asyncio.run(main())


def test_one_person_has_so_many_channels_and_others_theirs(place: Place) -> None:
    async def main() -> None:
        async with place.connect(OLGA), place.connect(OLGA), place.connect(OLGA):
            with pytest.raises(InvalidStatus) as refused:
                async with place.connect(OLGA):
                    pass
            assert refused.value.response.status_code == 429
            assert b"close notebooks" in (refused.value.response.body or b"")
            async with place.connect({"X-User": "ada"}) as other:
                assert await execute(other, "6 * 7") == "42"

    asyncio.run(main())


@pytest.mark.parametrize("wait", [-1e300, -1.0, math.nan])
def test_an_order_that_waits_for_no_time_is_answered_at_once(place: Place, wait: float) -> None:
    async def main() -> None:
        async with place.connect(OLGA) as channels:
            await order(channels, Order(do="output", id=7, after=2**40, wait=wait))
            assert [answer.id for answer in await answers(channels, 1)] == [7]

    asyncio.run(main())


def test_no_order_waits_for_long() -> None:
    waits = {1e300: WAIT, math.inf: WAIT, -math.inf: 0.0, -1.0: 0.0, math.nan: 0.0, 2.5: 2.5, 0.0: 0.0}
    assert [wait_of(Order(do="output", wait=wait)) for wait in waits] == list(waits.values())


async def test_who_comes_first_has_room_first() -> None:
    room, served = Room(10), list[int]()

    async def take(size: int) -> None:
        await room.take(size)
        served.append(size)

    await take(8)
    tasks = [asyncio.ensure_future(take(size)) for size in (9, 2)]
    await asyncio.sleep(0)
    assert served == [8]
    room.give(8)
    await tasks[0]
    tasks[1].cancel()
    await asyncio.wait(tasks)
    room.give(9)
    await take(10)
    assert served == [8, 9, 10]


def test_what_goes_at_once_holds_an_array_of_a_gigabyte() -> None:
    assert LIMIT - PIECE > 10**9
