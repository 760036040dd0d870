"""Values between a notebook and a real session: what is sent, and what is not sent again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

from aip_jupyter.errors import Invalid, NotFound, SessionDied
from aip_jupyter.notebook.gpu_data import Interrupted, Parcel, fetch, pack, send, unpack
from aip_jupyter.sessions.exchange import LENDERS, Exchange
from aip_jupyter.sessions.messages import Message
from aip_jupyter.sessions.parcels import grouped
from aip_jupyter.sessions.relay import Relay
from aip_jupyter.sessions.shared import borrow
from aip_jupyter.sessions.zmq_link import ZmqLink
from aip_jupyter.wire.agent import Order

from ..support.values import shared_values
from .agents import Agent, running_agent, wait_for
from .cells import cell


def test_each_request_has_its_own_loans() -> None:
    exchange = Exchange(SimpleNamespace())
    first, second = (np.full(1_000_000, value).tobytes() for value in (1.0, 2.0))
    loans = {name: exchange._new_lender(name).lend([array]) for name, array in (("a", first), ("b", second))}
    assert np.frombuffer(borrow(*loans["a"])[0])[0] == 1.0
    exchange.release(None, None, {"content": {"of": "a"}})
    assert np.frombuffer(borrow(*loans["b"])[0])[0] == 2.0
    for number in range(2 * LENDERS):
        exchange._new_lender(str(number)).lend([bytes(2_000_000)])
    assert len(exchange._lenders) == LENDERS
    for lender in exchange._lenders.values():
        lender.release()


def test_what_shares_something_travels_together() -> None:
    inner, array = [1], np.zeros(3)
    values = {"a": inner, "b": {"inner": inner}, "array": array, "frame": pd.DataFrame({"x": [1]}), "n": 1}
    values |= {"other": pd.DataFrame({"x": [1]}), "zeros": np.zeros(3), "held": [array], "text": "n"}
    groups = sorted(sorted(group.names) for group in grouped(values).groups)
    assert groups == [["a", "b"], ["array", "held"], ["frame"], ["n"], ["other"], ["text"], ["zeros"]]


# With a session


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with running_agent(tmp_path_factory.mktemp("session")) as agent:
        agent.until("idle")
        yield agent


class Side:
    """A notebook's side of the session."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.notices: list[str] = []
        self.asked: list[tuple[str, int]] = []
        """The requests, and how many bytes went with each."""
        self._ask = relay.ask
        relay.ask = self._counted  # type: ignore[method-assign]

    async def _counted(self, kind: str, content: Any = None, buffers: Any = ()) -> Message:
        self.asked.append((kind, sum(memoryview(buffer).nbytes for buffer in buffers)))
        return await self._ask(kind, content, buffers)

    @property
    def sent(self) -> int:
        """Bytes since it was asked last."""
        asked, self.asked = self.asked, []
        return sum(size for _, size in asked)

    async def into(self, **values: Any) -> Parcel:
        parcel = pack(list(values), values)
        await send(self.relay, parcel, self._note)
        return parcel

    async def back(self, *names: str, parcel: Parcel | None = None) -> dict[str, Any]:
        return unpack(await fetch(self.relay, names, parcel or Parcel()), self._note)

    async def run(self, code: str) -> str:
        """The result of the cell, as it is shown; "" when there is none."""
        shown: list[Message] = []
        reply = await self.relay.run(cell(code), shown.append)
        assert reply["status"] == "ok", reply
        results = [each.read()["data"]["text/plain"] for each in shown if each.type == "execute_result"]
        return str(results[0]) if results else ""

    def _note(self, text: str, kind: str) -> None:
        assert kind == "values"
        self.notices.append(text)


def use(agent: Agent, work: Callable[[Side], Awaitable[None]], **changes: Any) -> None:
    async def main() -> None:
        link = await ZmqLink.open(agent.grant)
        link.session = replace(link.session, **changes)
        relay = Relay(link)
        try:
            side = Side(relay)
            await side.run(
                "for name in ('array', 'frame', 'params', 'pair', 'text'): globals().pop(name, None)"
            )
            await asyncio.wait_for(work(side), 60)
        finally:
            await relay.close()

    asyncio.run(main())


def test_small_values_take_one_request(agent: Agent) -> None:
    async def work(side: Side) -> None:
        await side.into(x=[1], y=2)
        assert [kind for kind, _ in side.asked] == ["aip_push_request"]
        assert await side.run("x, y") == "([1], 2)"
        assert side.notices == []

    use(agent, work)


@pytest.mark.parametrize("shared", [True, False], ids=["in shared memory", "through the socket"])
def test_what_is_unchanged_is_not_sent_and_stays_as_it_is(
    agent: Agent, shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shared:
        monkeypatch.setattr("aip_jupyter.sessions.zmq_link.can_share", lambda: False)
    array = np.arange(300_000.0)
    texts = [f"row {i}" for i in range(50_000)]
    frame = pd.DataFrame(
        {"a": np.arange(50_000), "b": 1.5, "text": texts, "o": pd.Series(texts, dtype=object)}
    )
    params = {"depth": 3}

    async def work(side: Side) -> None:
        await side.into(array=array, frame=frame, params=params)
        assert side.sent > array.nbytes + 2_000_000
        await side.run("before = id(array), id(frame)")
        params["depth"] = 4
        await side.into(array=array, frame=frame, params=params)
        assert side.sent < 1000
        assert await side.run("before == (id(array), id(frame)), params") == "(True, {'depth': 4})"
        assert side.notices[1] == "→ params: dict (1), 37 B · array: unchanged · frame: unchanged"
        # Changed here, or there: it is sent.
        array[5] = -1
        await side.into(array=array, frame=frame, params=params)
        assert array.nbytes <= side.sent < array.nbytes + 1000
        await side.run("array[7] = -2")
        await side.into(array=array, frame=frame, params=params)
        assert side.sent >= array.nbytes
        assert await side.run("array[5], array[7]") == "(np.float64(-1.0), np.float64(7.0))"

    use(agent, work)


def test_of_a_changed_value_only_the_changed_part_is_sent(agent: Agent) -> None:
    first, second = np.arange(200_000.0), np.arange(300_000.0)

    async def work(side: Side) -> None:
        await side.into(pair=[first, second])
        assert side.sent > first.nbytes + second.nbytes
        await side.run("alias = pair[0]")
        second[0] = 5
        await side.into(pair=[first, second])
        assert second.nbytes <= side.sent < second.nbytes + 1000
        assert side.notices[-1] == "→ pair: list (2), 2.4 MB of 4.0 MB"
        # It is another object now, as if all of it had been sent.
        assert await side.run("pair[0][0] = 9; pair[1][0], alias[0]") == "(np.float64(5.0), np.float64(0.0))"
        # Equal arrays are not one.
        await side.into(pair=[np.zeros(200_000), np.zeros(200_000)])
        await side.into(pair=[np.zeros(200_000), np.zeros(200_000), 1])
        assert await side.run("pair[0][0] = 1; pair[1][0]") == "np.float64(0.0)"

    use(agent, work)


def test_a_cell_between_offer_and_push_costs_a_second_push(agent: Agent) -> None:
    async def work(side: Side) -> None:
        array = np.arange(300_000.0)
        await side.into(pair=[array, 1])
        push = side._ask

        async def ask(kind: str, content: Any = None, buffers: Any = ()) -> Message:
            if kind == "aip_push_request" and content["of"]:
                await side.run("pair[0][:] = 0")
            return await push(kind, content, buffers)

        side._ask = ask
        await side.into(pair=[array, 2])
        assert [kind for kind, _ in side.asked][-2:] == ["aip_push_request", "aip_push_request"]
        assert await side.run("pair[0][5], pair[1]") == "(np.float64(5.0), 2)"

    use(agent, work)


def test_what_comes_back_unchanged_is_not_sent(agent: Agent) -> None:
    async def work(side: Side) -> None:
        array, frame = np.arange(300_000.0), pd.DataFrame({"a": np.arange(300_000)})
        parcel = await side.into(array=array, frame=frame)
        await side.run("frame.iloc[0, 0] = 7; new = [1]")
        found = await side.back("array", "frame", "new", parcel=parcel)
        assert found["array"] is array
        assert (found["frame"].iloc[0, 0], found["new"]) == (7, [1])
        found["frame"].iloc[0, 0] = 8
        assert side.notices[-1].startswith("← frame: DataFrame (300000, 1), 2.4 MB · new: list (1), ")
        assert side.notices[-1].endswith(" · array: unchanged")
        # What has come back is known to be there, until it is changed.
        side.asked = []
        await side.into(frame=found["frame"])
        assert side.sent > 2_000_000
        found = await side.back("frame")
        await side.into(frame=found["frame"])
        assert side.sent == 0

    use(agent, work)


TOGETHER: dict[str, Callable[[Any], tuple[Any, Any]]] = {
    "one object": lambda inner: (inner, inner),
    "one in the other": lambda inner: ({"k": inner}, inner),
}
INNER: dict[str, Callable[[], Any]] = {"list": lambda: [0] * 1000, "array": lambda: np.zeros(2_000_000)}


@pytest.mark.parametrize("kind", TOGETHER)
@pytest.mark.parametrize("inner", INNER)
def test_what_is_one_only_on_one_side_is_not_the_same(agent: Agent, kind: str, inner: str) -> None:
    together, new = TOGETHER[kind], INNER[inner]
    is_one = "array is (params['k'] if isinstance(params, dict) else params)"

    async def work(side: Side) -> None:
        large = np.zeros(200_000)  # for it to be asked whether the session has them
        params, array = together(new())
        await side.into(params=params, array=array, large=large)
        assert await side.run(is_one) == "True"
        params, array = together(new())[0], new()
        await side.into(params=params, array=array, large=large)
        assert await side.run(is_one) == "False"
        params, array = together(array)
        parcel = await side.into(params=params, array=array, large=large)
        assert await side.run(is_one) == "True"
        # And back.
        found = await side.back("params", "array", "large", parcel=parcel)
        assert (found["params"], found["array"]) == (params, array) or inner == "array"
        await side.run("import copy; array = copy.deepcopy(array)")
        found = await side.back("params", "array", "large", parcel=parcel)
        assert found["array"] is not array
        assert found["large"] is large
        first = found["params"]["k"] if kind == "one in the other" else found["params"]
        assert first is not found["array"]
        parcel = await side.into(params=params, array=new(), large=large)
        await side.run("array = params['k'] if isinstance(params, dict) else params")
        found = await side.back("params", "array", "large", parcel=parcel)
        first = found["params"]["k"] if kind == "one in the other" else found["params"]
        assert first is found["array"]
        assert found["large"] is large

    use(agent, work)


def test_needs_are_compared_with_the_session(agent: Agent) -> None:
    async def work(side: Side) -> None:
        with pytest.raises(Invalid, match=r"^in: f \(function\) .* and session 'test' has 3\.1: put it into"):
            await side.into(f=lambda: 1)
        await side.into(x=1)

    use(agent, work, python="3.1")


def test_the_session_knows_what_the_notebook_lacks(agent: Agent) -> None:
    async def work(side: Side) -> None:
        await side.run("def f(): pass\nclass Tensor: is_cuda, device = True, 'cuda:1'")
        await side.run("Tensor.__module__ = 'torch'; here, t = Tensor(), [Tensor()]")
        with pytest.raises(
            Invalid, match=r"^out: t \(list\) cannot .*: t\[0\] is on cuda:1, and the notebook has no"
        ):
            await side.back("t")
        with pytest.raises(NotFound, match="the session has no variable nope, none"):
            await side.back("nope", "t", "none")

    use(agent, work)


INTERRUPTED = """
import time
class Slow:
    def __setstate__(self, state):
        open(state["begun"], "w").close()
        time.sleep(60)
"""


def slow(begun: Path) -> Any:
    """A value that takes a minute to arrive; the file is there once it has begun to."""
    namespace = {"__name__": "__main__"}
    exec(INTERRUPTED, namespace)
    made: Any = namespace["Slow"]()  # type: ignore[operator]
    made.begun = str(begun)
    return made


def test_an_interrupt_on_the_way_leaves_nothing_half_there(agent: Agent, tmp_path: Path) -> None:
    begun = tmp_path / "begun"

    async def work(side: Side) -> None:
        await side.into(a=1, b=1)
        sending = asyncio.ensure_future(side.into(a=2, array=np.zeros(300_000), b=slow(begun)))
        await asyncio.to_thread(wait_for, begun.exists)
        await side.relay.order(Order(do="interrupt"))
        with pytest.raises(Interrupted):
            await sending
        assert await side.run("a, b, 'array' in globals()") == "(1, 1, False)"

    use(agent, work)


def test_a_session_that_ends_on_the_way_ends_the_waiting(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    with running_agent(tmp_path) as agent:
        agent.until("idle")

        async def work(side: Side) -> None:
            before = shared_values(os.getpid())
            sending = asyncio.ensure_future(side.into(array=np.zeros(300_000), b=slow(begun)))
            await asyncio.to_thread(wait_for, begun.exists)
            os.kill(agent.kernel, signal.SIGKILL)
            with pytest.raises(SessionDied):
                await sending
            assert shared_values(os.getpid()) <= before

        use(agent, work)


def test_hashing_needs_no_more_than_it_did(agent: Agent) -> None:
    """Importing what is needed for large values is for large values only."""
    assert "xxhash" in sys.modules  # by the tests above
    code = (
        "import sys, aip_jupyter.sessions.exchange; assert not {'xxhash', 'cloudpickle'} & set(sys.modules)"
    )
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0
