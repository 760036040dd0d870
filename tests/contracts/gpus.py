"""The promises of a pool of GPUs."""

from __future__ import annotations

import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aip_jupyter.backends.gpus.protocol import GpuBackend
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.sessions import CPU, Grant, Peek, StartSession
from aip_jupyter.errors import AipError, Conflict, GpuNotAvailable, NotFound
from aip_jupyter.wire.agent import BEHIND_ALL, Answer, Order


def asking(name: str = "train", **fields: Any) -> StartSession:
    """A request of a notebook on this machine."""
    given: dict[str, Any] = {
        "id": new_id(),
        "name": name,
        "gpu": "L4",
        "notebook": "digits.ipynb",
        "author": "ada",
        "host": socket.gethostname(),
        "python": sys.executable,
        "folder": os.getcwd(),
        "environment": dict(os.environ),
    }
    return StartSession(**(given | fields))


class GpuContract:
    """Override the fixture `pool`: two L4 and one A10, and no session; it ends what a test leaves."""

    @pytest.fixture
    def pool(self) -> GpuBackend:
        raise NotImplementedError

    def test_it_says_what_it_has(self, pool: GpuBackend) -> None:
        assert [(offer.type, offer.total, offer.free) for offer in pool.offers()] == [
            ("L4", 2, 2),
            ("A10", 1, 1),
        ]
        assert {"sessions", "changes"} <= pool.capabilities
        assert pool.location
        assert "L4 ×2" in pool.check()

    def test_what_is_not_there(self, pool: GpuBackend) -> None:
        assert pool.sessions() == []
        pool.stop(new_id())
        for id in (new_id(), "../x", ""):
            with pytest.raises(NotFound):
                pool.grant(id)
            with pytest.raises(NotFound):
                pool.ask(id, Order(do="state"))

    def test_from_start_to_stop(self, pool: GpuBackend) -> None:
        before, events = pool.changes_since(-1)
        assert events == []
        request = asking(gpu="A10")
        grant = pool.start(request, "A10")
        session = grant.session
        assert (session.id, session.project, session.name) == (request.id, "default", "train")
        assert (session.gpu, session.requested, session.state) == ("A10", "A10", "idle")
        assert (session.notebook, session.author, session.cells) == ("digits.ipynb", "ada", 0)
        assert len(session.devices) == 1
        assert [(offer.type, offer.free) for offer in pool.offers()] == [("L4", 2), ("A10", 0)]
        assert [each.id for each in pool.sessions()] == [session.id]
        assert pool.grant(session.id) == grant
        assert pool.start(request, "A10").session.id == session.id, "the same id again is the same session"

        newest, events = pool.changes_since(before)
        assert {(event.kind, event.project, event.id) for event in events} == {
            ("session", "default", session.id)
        }
        assert events[0].action == "created"
        assert [event.sequence for event in events] == sorted({event.sequence for event in events})

        stand_in = pool.start(asking("on cpu", gpu="H100"), CPU).session
        assert (stand_in.gpu, stand_in.requested, stand_in.devices) == (CPU, "H100", [])
        assert [offer.free for offer in pool.offers()] == [2, 0]
        pool.stop(stand_in.id)

        with pytest.raises(GpuNotAvailable):
            pool.start(asking("other"), "A10")
        with pytest.raises(Conflict):
            pool.start(asking("train"), CPU)
        assert [each.id for each in pool.sessions()] == [session.id], "a refusal leaves nothing"

        pool.ask(session.id, Order(do="interrupt"))
        newest, _ = pool.changes_since(newest)
        pool.stop(session.id)
        pool.stop(session.id)
        assert pool.sessions() == []
        assert [(offer.type, offer.free) for offer in pool.offers()] == [("L4", 2), ("A10", 1)]
        with pytest.raises(NotFound):
            pool.grant(session.id)
        assert pool.changes_since(newest)[1][-1].action == "deleted"

    def test_a_session_answers_what_it_is_asked(self, pool: GpuBackend) -> None:
        session = pool.start(asking(), "L4").session

        def ask(do: Any, **fields: Any) -> Answer:
            answer = pool.ask(session.id, Order(do=do, **fields))
            assert answer.session.id == session.id
            return answer

        assert ask("state").session.state == "idle"
        calm = ask("interrupt")
        assert (calm.stopped, calm.steps, calm.where) == (True, [], "")
        found = ask("peek", expression="6 * 7")
        if found.peek is None:
            assert found.fault
        else:
            assert found.peek == Peek(type="int", data={"text/plain": "42"})
        stack = ask("stack").stack
        assert stack is not None
        assert stack.text
        assert not stack.native
        usage = ask("usage").usage
        assert usage is not None
        assert usage.session == session.id
        assert usage.cpu >= 0
        output = ask("output", after=BEHIND_ALL)
        assert output.messages == []
        assert ask("cells").cells == []
        assert all(pool.stop(session.id))
        assert pool.stop(session.id) == []

    def test_a_gpu_is_given_once_and_a_name_once_in_a_project(self, pool: GpuBackend) -> None:
        requests = [asking("one", project=project) for project in ("a", "b", "c", "a")]

        def start(request: StartSession) -> Grant | AipError:
            try:
                return pool.start(request, "L4")
            except AipError as error:
                return error

        with ThreadPoolExecutor(4) as threads:
            outcomes = list(threads.map(start, requests))
        grants = [outcome for outcome in outcomes if isinstance(outcome, Grant)]
        refusals = [outcome for outcome in outcomes if not isinstance(outcome, Grant)]
        assert len(grants) == 2
        assert len({grant.session.devices[0] for grant in grants}) == 2
        assert {type(refusal) for refusal in refusals} <= {GpuNotAvailable, Conflict}
        assert {each.id for each in pool.sessions()} == {grant.session.id for grant in grants}
        assert len({each.project for each in pool.sessions()}) == 2

    def test_several_gpus_are_given_together_or_not_at_all(self, pool: GpuBackend) -> None:
        both = pool.start(asking("both", count=2), "L4").session
        assert (both.count, len(set(both.devices)), both.fraction) == (2, 2, 100)
        assert [offer.free for offer in pool.offers()] == [0, 1]
        pool.stop(both.id)
        one = pool.start(asking("one"), "L4").session
        with pytest.raises(GpuNotAvailable):
            pool.start(asking("both", count=2), "L4")
        assert [offer.free for offer in pool.offers()] == [1, 1], "what was not enough was not taken"
        pool.stop(one.id)
        stand_in = pool.start(asking("on cpu", gpu="H100", count=4), CPU).session
        assert (stand_in.count, stand_in.devices) == (4, [])

    def test_parts_of_a_gpu_leave_others_whole(self, pool: GpuBackend) -> None:
        half = pool.start(asking("half", fraction=50), "L4").session
        quarter = pool.start(asking("quarter", fraction=25), "L4").session
        assert (half.fraction, quarter.fraction) == (50, 25)
        assert half.devices == quarter.devices
        assert [offer.free for offer in pool.offers()] == [1, 1]
        with pytest.raises(GpuNotAvailable):
            pool.start(asking("both", count=2), "L4")
        big = pool.start(asking("big", fraction=75), "L4").session
        assert big.devices != half.devices, "100 % of a GPU is all there is"
        last = pool.start(asking("last", fraction=25), "L4").session
        assert [offer.free for offer in pool.offers()] == [0, 1]
        assert len(last.devices) == 1
        with pytest.raises(GpuNotAvailable):
            pool.start(asking("whole"), "L4")
        for session in (half, quarter, last):
            pool.stop(session.id)
        assert len(pool.start(asking("whole"), "L4").session.devices) == 1
