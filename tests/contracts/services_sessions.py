"""The promises about GPU sessions, the same in process and over HTTP."""

from __future__ import annotations

import time
from typing import Any

import pytest
from msgspec.structs import replace

from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.sessions import (
    GetGpus,
    GetOutput,
    GetSession,
    Grant,
    ListSessions,
    ListUsage,
    PeekSession,
    Session,
)
from aip_jupyter.errors import Conflict, GpuNotAvailable, Invalid, NotFound
from aip_jupyter.services.interface import Services

from .gpus import asking


def start(services: Services, name: str = "train", gpu: str = "L4", **fields: Any) -> Grant:
    """A session as a notebook asks for it, a moment after the one before: the newest is listed first."""
    time.sleep(0.002)
    return services.sessions.start_session(asking(name, gpu=gpu, environment={}, **fields))


def sessions_of(services: Services, project: str = "default") -> list[Session]:
    return services.sessions.list_sessions(ListSessions(project=project))


def end_all(services: Services) -> None:
    """End what a test left."""
    for project in ("default", "another"):
        for session in sessions_of(services, project):
            services.sessions.stop_session(GetSession(project=project, session=session.id))


class SessionsContract:
    """Override the fixture `pooled`: services on a pool of two L4 and one A10, whose sessions it ends."""

    @pytest.fixture
    def pooled(self) -> Services:
        raise NotImplementedError

    def test_a_session_is_started_found_and_stopped(self, pooled: Services) -> None:
        first = start(pooled, "train", "l4", author="ada", notebook="work/digits.ipynb").session
        second = start(pooled, "more data", "A10").session
        assert (first.gpu, first.requested, first.author) == ("L4", "L4", "ada")
        assert (first.notebook, first.state) == ("work/digits.ipynb", "idle")
        assert second.author, "somebody did it"
        assert [session.name for session in sessions_of(pooled)] == ["more data", "train"]
        assert sessions_of(pooled, "another") == []
        for word in (first.id, "train"):
            request = GetSession(session=word)
            assert pooled.sessions.get_session(request).id == first.id
            assert pooled.sessions.attach_session(request).session.id == first.id
            assert pooled.sessions.interrupt_session(request).session.id == first.id
        pooled.sessions.stop_session(GetSession(session="train"))
        pooled.sessions.stop_session(GetSession(session=second.id))
        assert sessions_of(pooled) == []

    def test_a_session_is_looked_into(self, pooled: Services) -> None:
        """This pool's have no kernel: what there is to see is little, but comes the whole way."""
        session = start(pooled).session
        with pytest.raises(Invalid, match="expression: session 'train' has no kernel") as caught:
            pooled.sessions.peek_session(PeekSession(session="train", expression="x"))
        assert caught.value.field == "expression"
        assert pooled.sessions.get_stack(GetSession(session="train")).text.startswith("It has no kernel")
        for after in (0, 5, -5):
            output = pooled.sessions.get_output(GetOutput(session=session.id, after=after))
            assert (output.messages, output.oldest) == ([], 0)
        for limit in (0, 1001):
            with pytest.raises(Invalid, match="limit: "):
                pooled.sessions.get_output(GetOutput(session="train", limit=limit))
        for after in (2**64, -(10**30)):
            with pytest.raises(Invalid, match="after: "):
                pooled.sessions.get_output(GetOutput(session="train", after=after))
        (usage,) = pooled.sessions.list_usage(ListUsage())
        assert (usage.session, usage.gpus) == (session.id, [])
        assert pooled.sessions.list_usage(ListUsage(project="another")) == []

    @pytest.mark.parametrize("field", ["notebook", "host", "python", "folder"])
    def test_a_place_that_can_be_none_starts_none(self, pooled: Services, field: str) -> None:
        """Lists, and what is told of it, would have all of it."""
        for place in ("x" * 5000, "a\0b"):
            with pytest.raises(Invalid, match=rf"^{field}: ") as caught:
                start(pooled, **{field: place})
            assert len(caught.value.message) < 200
        assert sessions_of(pooled) == []

    def test_an_author_that_can_be_nobody_starts_none(self, pooled: Services) -> None:
        with pytest.raises(Invalid, match=r"^author: "):
            start(pooled, author="a\nb")
        assert sessions_of(pooled) == []

    def test_an_interrupt_and_an_end_say_what_was_done(self, pooled: Services) -> None:
        session = start(pooled).session
        done = pooled.sessions.interrupt_session(GetSession(session="train"))
        assert (done.session.id, done.stopped, done.steps, done.where) == (session.id, True, [], "")
        ending = pooled.sessions.stop_session(GetSession(session="train"))
        assert (ending.session.id, ending.session.name) == (session.id, "train")
        assert ending.steps == ["forgot it"]

    def test_the_pool_says_what_it_has(self, pooled: Services) -> None:
        start(pooled)
        offers = pooled.sessions.list_gpus(GetGpus())
        assert [offer.label for offer in offers] == ["L4 ×2 (1 free)", "A10 ×1"]

    def test_asking_again_with_the_same_id_gives_the_same_session(self, pooled: Services) -> None:
        request = asking(environment={})
        first = pooled.sessions.start_session(request)
        assert pooled.sessions.start_session(request).session.id == first.session.id
        assert len(sessions_of(pooled)) == 1
        with pytest.raises(Conflict):
            pooled.sessions.start_session(replace(request, project="another"))

    def test_a_name_is_taken_once_in_a_project(self, pooled: Services) -> None:
        start(pooled)
        with pytest.raises(Conflict, match="'train' is taken"):
            start(pooled)
        assert start(pooled, project="another").session.name == "train"

    @pytest.mark.parametrize(
        "method", ["get_session", "attach_session", "interrupt_session", "get_stack", "stop_session"]
    )
    def test_what_is_not_there_or_another_projects_is_not_found(self, pooled: Services, method: str) -> None:
        ask = getattr(pooled.sessions, method)
        with pytest.raises(NotFound, match="start one with %%gpu"):
            ask(GetSession(session="train"))
        id = start(pooled).session.id
        with pytest.raises(NotFound, match="there is train") as caught:
            ask(GetSession(session="trian"))
        assert caught.value.nearest == ["train"]
        for word in (id, "train"):
            with pytest.raises(NotFound):
                ask(GetSession(project="another", session=word))
        assert [session.id for session in sessions_of(pooled)] == [id]

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"id": "x"}, "id"),
            ({"name": ""}, "session"),
            ({"name": "a\nb"}, "session"),
            ({"name": " train"}, "session"),
            ({"name": "../x"}, "session"),
            ({"gpu": ""}, "gpu"),
            ({"gpu": "L4 or so"}, "gpu"),
            ({"gpu": "L4\n"}, "gpu"),
            ({"project": "a\0"}, "project"),
            ({"notebook": "a\nb"}, "notebook"),
            ({"count": 0}, "count"),
            ({"count": 3}, "count"),
            ({"count": 9, "gpu": "cpu"}, "count"),
            ({"count": 2, "gpu": "cpu"}, "count"),
            ({"count": 2, "fraction": 50}, "fraction"),
            ({"fraction": 30}, "fraction"),
            ({"fraction": 0}, "fraction"),
            ({"fraction": 50, "gpu": "cpu"}, "fraction"),
        ],
    )
    def test_what_breaks_a_rule_is_refused(
        self, pooled: Services, fields: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(Invalid) as caught:
            start(pooled, **{"name": "train", "gpu": "L4", "id": new_id()} | fields)
        assert caught.value.field == field
        assert sessions_of(pooled) == []

    def test_a_type_that_the_pool_has_not_is_refused_with_what_there_is(self, pooled: Services) -> None:
        with pytest.raises(GpuNotAvailable) as caught:
            start(pooled, gpu="l40s")
        assert caught.value.message == "gpu: this pool has no L40S; there is L4 ×2, A10 ×1"
        assert caught.value.offers == ["L4 ×2", "A10 ×1"]
        with pytest.raises(GpuNotAvailable, match=r"no L40; .*; did you mean L4 or L40S\?"):
            start(pooled, gpu="L40")
        assert start(pooled, gpu="a10g").session.gpu == "A10"

    def test_a_type_of_which_all_are_taken_is_refused_with_who_has_them(self, pooled: Services) -> None:
        start(pooled, "one", notebook="digits.ipynb")
        start(pooled, "two", project="another")
        with pytest.raises(GpuNotAvailable) as caught:
            start(pooled, "three")
        assert caught.value.message == (
            "gpu: every L4 is taken by 'one' of digits.ipynb (for 0 min) and 1 session of other projects; "
            "free one with %gpu stop one; there is L4 ×2 (none free), A10 ×1"
        )
        pooled.sessions.stop_session(GetSession(session="one"))
        assert start(pooled, "three").session.gpu == "L4"

    def test_more_than_is_left_is_refused_with_who_has_it(self, pooled: Services) -> None:
        start(pooled, "half", fraction=50)
        with pytest.raises(GpuNotAvailable, match="there are not 2 L4 free: some are taken by 'half'"):
            start(pooled, "both", count=2)
        start(pooled, "whole")
        with pytest.raises(GpuNotAvailable, match=r"no L4 has 75 % left: all are taken by .*'half'"):
            start(pooled, "more", fraction=75)
        assert start(pooled, "other half", fraction=50).session.fraction == 50

    def test_the_cpu_is_always_there(self, pooled: Services) -> None:
        session = start(pooled, gpu="CPU", strict=True).session
        assert (session.gpu, session.requested, session.devices) == ("cpu", "cpu", [])
