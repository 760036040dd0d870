"""What comes from the journal and live is shown once, whichever was faster."""

from __future__ import annotations

import pytest

from aip_jupyter.notebook.gpu_twins import LATE, Twins
from aip_jupyter.sessions.messages import Header, Message


def messages(count: int) -> list[Message]:
    return [
        Message(channel="iopub", header=Header(f"m{n}", "stream"), parent=Header("cell", "execute_request"))
        for n in range(count)
    ]


@pytest.mark.parametrize("ahead", [-2, -1, 0, 1, 2])
def test_each_is_shown_once_and_in_order(ahead: int) -> None:
    """The live messages are so many ahead of the journal, which is read to the fourth."""
    came, twins, place = messages(6), Twins(), 0
    shown: list[Message] = []
    for n in range(4):
        while place <= n + ahead:
            twins.live(came[place])
            place += 1
        twins.read(came[n])
        shown.append(came[n])
    live = twins.after(shown.append)
    for each in came[place:]:
        live(each)
    assert [each.header.msg_id for each in shown] == [f"m{n}" for n in range(6)]


def test_what_never_comes_live_is_not_kept_for_ever() -> None:
    twins = Twins()
    for each in messages(LATE + 5):
        twins.read(each)
    assert len(twins._read) == LATE
