"""A backend that hangs starves nobody."""

from __future__ import annotations

import asyncio
import threading

import pytest

from aip_jupyter.errors import Invalid, RateLimited, Unavailable
from aip_jupyter.server.pool import QUEUE, Pool


def _raise() -> None:
    raise Invalid("x: wrong")


async def test_results_and_errors_come_back() -> None:
    pool = Pool("registry", 2, 60)
    assert await pool.run(lambda a, b: a + b, 1, b=2) == 3
    with pytest.raises(Invalid):
        await pool.run(_raise)
    pool.close()


async def test_a_call_past_its_deadline_is_told_and_others_still_have_their_threads() -> None:
    pool = Pool("registry", 1, 0.1)
    other = Pool("storage", 1, 60)
    release = threading.Event()
    with pytest.raises(Unavailable, match=r"registry backend did not answer within 0\.1 s"):
        await pool.run(release.wait)
    assert await other.run(lambda: "fine") == "fine"
    release.set()
    assert await pool.run_within(60, lambda: "again") == "again"
    pool.close()
    other.close()


async def test_a_call_that_was_told_to_have_failed_is_not_done_later() -> None:
    pool = Pool("registry", 1, 0.1)
    release = threading.Event()
    done: list[str] = []
    first = asyncio.ensure_future(pool.run_within(60, release.wait))
    await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        await pool.run(done.append, "late")
    pool.always(lambda: done.append("always"))
    release.set()
    await first
    assert await pool.run_within(60, lambda: list(done)) == ["always"]
    pool.close()


async def test_too_many_calls_are_refused_at_once() -> None:
    pool = Pool("registry", 1, 60)
    release = threading.Event()
    waiting = [asyncio.ensure_future(pool.run(release.wait)) for _ in range(1 + QUEUE)]
    await asyncio.sleep(0.01)
    with pytest.raises(RateLimited) as caught:
        await pool.run(release.wait)
    assert caught.value.retry_after > 0
    release.set()
    await asyncio.gather(*waiting)
    assert await pool.run(lambda: 1) == 1
    pool.close()
