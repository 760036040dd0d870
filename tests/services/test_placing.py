"""Which GPU a session gets where the pool has none."""

from __future__ import annotations

import pytest

from aip_jupyter.domain.records import now_ms
from aip_jupyter.domain.sessions import CPU, GPU_TYPES, GpuOffer, Session, same_type
from aip_jupyter.errors import GpuNotAvailable, Invalid
from aip_jupyter.services.placing import Placing


@pytest.mark.parametrize(
    ("asked", "requested"),
    [("L40S", "L40S"), ("l40s", "L40S"), ("A10G", "A10"), ("B200", "B200"), ("h200", "h200"), ("cpu", "cpu")],
)
def test_without_any_gpu_the_cpu_stands_in(asked: str, requested: str) -> None:
    placing = Placing([], asked)
    assert (placing.gpu, placing.requested) == (CPU, requested)


@pytest.mark.parametrize("asked", [name.lower() for name in GPU_TYPES])
def test_unless_a_gpu_must_be(asked: str) -> None:
    with pytest.raises(GpuNotAvailable, match=f"no GPU here for {asked.upper()}; leave out strict"):
        Placing([], asked, strict=True)


@pytest.mark.parametrize(
    ("asked", "near"),
    [("L40", "L4 or L40S"), ("A100", "A100-40G or A100-80G"), ("H10", "H100")],
)
def test_a_slip_is_no_type_for_which_the_cpu_would_stand_in(asked: str, near: str) -> None:
    with pytest.raises(GpuNotAvailable, match=rf"no GPU type {asked}; did you mean {near}\?"):
        Placing([], asked)


def test_the_cpu_stands_in_for_several_too() -> None:
    assert Placing([], "L40S", count=8).gpu == Placing([], "L40S", fraction=25).gpu == CPU
    with pytest.raises(Invalid, match="count: 9 is not between 1 and 8"):
        Placing([], "L40S", count=9)


@pytest.mark.parametrize(("one", "other"), [("a10g", "A10"), ("L40S", "l40s"), ("RTX-4090", "rtx-4090")])
def test_spellings_of_a_type(one: str, other: str) -> None:
    assert same_type(one, other)
    assert not same_type(one, "L4")


def test_what_the_pool_declares_is_a_type() -> None:
    assert Placing([GpuOffer(type="RTX-4090", total=1, free=0)], "rtx-4090").gpu == "RTX-4090"


def test_who_has_them() -> None:
    def holder(name: str, minutes: int, **fields: str) -> Session:
        then = now_ms() - minutes * 60_000
        given = {"gpu": "L4", "project": "p", "state": "idle"} | fields
        return Session(id=name, name=name, created=then, active=then, **given)  # type: ignore[arg-type]

    placing = Placing([GpuOffer(type="L4", total=3, free=0)], "L4")
    sessions = [
        holder("a", 5),
        holder("b", 300, notebook="n.ipynb"),
        holder("c", 1, state="dead"),
        holder("d", 1, gpu="A10"),
        holder("e", 1, project="q"),
        holder("f", 1, project="r"),
    ]
    assert placing.taken(sessions, "p").message == (
        "gpu: every L4 is taken by 'a' (for 5 min) and 'b' of n.ipynb (for 5 h) and 2 sessions of other "
        "projects; free one with %gpu stop a; there is L4 ×3 (none free)"
    )
    assert "taken by others; there is" in placing.taken([], "p").message
