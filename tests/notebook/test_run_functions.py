"""`@aip.run` and `@aip.experiment` on all kinds of functions, and as blocks."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import aip_jupyter as aip
from aip_jupyter.client.context import Context, set_context
from aip_jupyter.errors import Invalid
from aip_jupyter.notebook.active_run import ActiveRun

pytestmark = pytest.mark.usefixtures("no_run")


def active() -> ActiveRun:
    """The run that is active."""
    run = aip.active_run()
    assert run is not None
    return run


@aip.run
def bare(x: int, *, by: int = 2) -> tuple[int, ActiveRun]:
    """What it does."""
    aip.log_param("x", x)
    return x * by, active()


@aip.run("named", tags=["demo"])
def named() -> ActiveRun:
    return active()


@aip.run()
def raising(error: BaseException) -> None:
    raise error


class Model:
    size = 3

    @aip.run
    def train(self) -> tuple[int, ActiveRun]:
        return self.size, active()

    @classmethod
    @aip.run("class")
    def build(cls) -> str:
        return active().name

    @staticmethod
    @aip.run
    def where() -> str:
        return active().name


def test_each_call_is_a_run() -> None:
    value, first = bare(3)
    assert (value, first.name, first.status, aip.active_run()) == (6, "bare", "completed", None)
    second = bare(5, by=1)[1]
    assert first.id != second.id
    assert aip.get_run(first).params == {"x": 3}
    assert aip.get_run(second).params == {"x": 5}
    assert aip.get_run(named()).run.tags == {"demo": ""}


def test_it_stays_the_function_that_it_is() -> None:
    assert (bare.__name__, bare.__doc__, str(inspect.signature(bare))) == (
        "bare",
        "What it does.",
        "(x: 'int', *, by: 'int' = 2) -> 'tuple[int, ActiveRun]'",
    )
    wrapped: Any = bare
    assert inspect.isfunction(wrapped.__wrapped__)
    size, run = Model().train()
    assert (size, run.name) == (3, "train")
    assert (Model.build(), Model.where()) == ("class", "where")
    assert aip.run(functools.partial(named.__wrapped__))().name == "named"  # type: ignore[attr-defined]


def test_how_it_ends_is_what_it_raises() -> None:
    for error, status in ((ValueError("mine"), "failed"), (KeyboardInterrupt(), "killed")):
        with pytest.raises(type(error)) as caught:
            raising(error)
        assert caught.value is error
        assert caught.value.__context__ is None
        (detail,) = aip.list_runs("raising", status=status)
        assert detail.run.ended is not None
    assert aip.active_run() is None


def test_the_users_error_is_not_masked_by_a_run_that_has_ended() -> None:
    @aip.run
    def ends_itself() -> None:
        aip.end_run("killed")
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        ends_itself()
    assert aip.get_run("ends_itself").run.status == "killed"


def test_in_a_run_it_is_a_part_of_that() -> None:
    with aip.start_run("outer") as outer:
        inner = bare(1)[1]
        assert active() is outer
    assert inner.parent == outer.id

    @aip.run
    def calls() -> tuple[str, str]:
        return bare(1)[1].parent, active().id

    assert len(set(calls())) == 1


async def _both(*calls: Any) -> list[Any]:
    return await asyncio.gather(*calls)


def test_async_functions() -> None:
    begun = []

    @aip.run
    async def trial(n: int, go_on: asyncio.Event) -> tuple[ActiveRun, ActiveRun]:
        before = active()
        begun.append(n)
        if len(begun) == 2:
            go_on.set()
        await go_on.wait()
        aip.log_metric("n", n)
        return before, active()

    async def main() -> list[tuple[ActiveRun, ActiveRun]]:
        go_on = asyncio.Event()
        return await _both(trial(1, go_on), trial(2, go_on))

    assert inspect.iscoroutinefunction(trial)
    for n, (before, after) in enumerate(asyncio.run(main()), 1):
        assert before is after
        assert (after.status, aip.get_run(after).metrics["n"].last) == ("completed", n)


def test_a_task_that_is_cancelled_is_killed() -> None:
    @aip.run
    async def waits() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(waits())
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert aip.get_run("waits").run.status == "killed"


@aip.run
def steps(count: int) -> Iterator[tuple[int, ActiveRun]]:
    for n in range(count):
        try:
            yield n, active()
        except ValueError:
            aip.log_metric("thrown", n)
    aip.log_metric("end", count)


def test_generators_that_take_turns_do_not_mix() -> None:
    one, two = steps(2), steps(3)
    runs = [each[1] for pair in zip(one, two, strict=False) for each in pair]
    assert aip.active_run() is None
    assert runs[0] is runs[2] is not runs[1] is runs[3]
    assert runs[1].is_running
    two.close()  # type: ignore[attr-defined]
    assert runs[1].status == "completed"
    assert next(steps(1))[0] == 0


def test_a_generator_is_sent_and_thrown_what_it_is_given() -> None:
    @aip.run
    def adds() -> Any:
        total = 0
        while (given := (yield total)) is not None:
            total += given
            aip.log_metric("total", total)
        return total

    def whole() -> Any:
        return (yield from adds())

    generator = whole()
    assert [next(generator), generator.send(2), generator.send(3)] == [0, 2, 5]
    with pytest.raises(StopIteration) as stopped:
        generator.send(None)
    assert stopped.value.value == 5
    assert aip.get_run("adds").metrics["total"].count == 2
    thrown: Any = steps(2)
    next(thrown)
    assert thrown.throw(ValueError())[0] == 1
    with pytest.raises(KeyError):
        thrown.throw(KeyError())
    assert aip.get_run("steps").run.status == "failed"
    assert "thrown" in aip.get_run("steps").metrics


def test_async_generators() -> None:
    @aip.run
    async def each(count: int) -> AsyncIterator[ActiveRun]:
        for _ in range(count):
            await asyncio.sleep(0)
            try:
                yield active()
            except ValueError:
                aip.log_metric("thrown", 1)

    async def main() -> list[ActiveRun]:
        found = [run async for run in each(2)]
        assert aip.active_run() is None
        other: Any = each(3)
        await anext(other)
        await other.athrow(ValueError())
        await other.aclose()
        return found

    runs = asyncio.run(main())
    assert runs[0] is runs[1]
    assert [detail.run.status for detail in aip.list_runs("each")] == ["completed"] * 2
    assert "thrown" in aip.get_run("each").metrics


def test_blocks() -> None:
    with aip.run("outer", tags=["a"]) as outer, aip.run() as inner:
        assert inner.parent == outer.id
        aip.log_metric("m", 1)
    assert (outer.status, inner.status, aip.active_run()) == ("completed", "completed", None)
    with pytest.raises(ValueError, match="mine"), aip.run("fails") as run:
        raise ValueError("mine")
    assert run.status == "failed"


def test_experiments() -> None:
    @aip.experiment("digits")
    def digits() -> str:
        return bare(1)[1].experiment

    @aip.experiment
    def letters() -> Iterator[str]:
        yield bare(1)[1].experiment
        yield bare(1)[1].experiment

    @aip.experiment()
    @aip.run
    async def words() -> str:
        return active().experiment

    aip.set_experiment("chosen")
    assert (digits(), asyncio.run(words())) == ("digits", "words")
    found = letters()
    assert (next(found), bare(1)[1].experiment, next(found)) == ("letters", "chosen", "letters")
    with aip.experiment("outer") as name, aip.experiment("inner"):
        assert name == "outer"
        assert bare(1)[1].experiment == "inner"
        with aip.start_run(experiment="own") as run:
            assert run.experiment == "own"
        with ThreadPoolExecutor(1) as pool:  # helpers of a cell see what the cell has said
            assert pool.submit(bare, 1).result(60)[1].experiment == "inner"
    assert bare(1)[1].experiment == "chosen"


@pytest.mark.parametrize("decorator", [aip.run, aip.experiment, aip.run("n"), aip.experiment("n")])
def test_what_is_no_function_is_refused(decorator: Callable[..., Any]) -> None:
    function: Any = named
    wrong: Any
    for wrong in (Model, classmethod(function), staticmethod(function)):
        with pytest.raises(Invalid) as caught:
            decorator(wrong)
        assert caught.value.field == "function"


def test_wrong_names() -> None:
    makers: list[tuple[Callable[[Any], Any], str]] = [(aip.run, "name"), (aip.experiment, "experiment")]
    for make, field in makers:
        for name in (5, "a\n", "x" * 256):
            with pytest.raises(Invalid) as caught:
                make(name)
            assert caught.value.field == field
    with pytest.raises(Invalid, match=r"aip.experiment\(NAME\)"), aip.experiment():
        pass


def _asked(function: Callable[[], ActiveRun]) -> dict[str, Any]:
    """What GPU its run says was asked for, when it is called in a session."""
    set_context(Context(project="default", gpu="cpu"))
    try:
        return aip.get_run(function()).params
    finally:
        set_context(None)  # type: ignore[arg-type]


def test_what_gpu_was_asked_for_is_a_param() -> None:
    """Of functions in a session, where those of `aip.gpu` just run."""
    asked = {"gpu_type": "A100-80G", "gpu_count": 2, "gpu_fraction": 100}
    gpu = aip.gpu("A100-80G", count=2)
    assert _asked(aip.run(gpu(active))) == asked
    assert _asked(gpu(aip.run(active))) == asked
    assert _asked(aip.run("n")(functools.lru_cache(gpu(active)))) == asked
    assert _asked(aip.run(track_gpu=False)(gpu(active))) == {}
    assert _asked(aip.run(active)) == {}
    assert _asked(aip.run(aip.gpu(session="big")(active))) == {"gpu_count": 1, "gpu_fraction": 100}
    assert _asked(aip.run(aip.gpu(active))) == {"gpu_type": "cpu", "gpu_count": 1, "gpu_fraction": 100}


def test_a_block_of_a_gpu_is_asked_for_too(capsys: pytest.CaptureFixture[str]) -> None:
    with aip.gpu("L4", fraction=50), aip.run("block") as run:
        pass
    assert aip.get_run(run).params == {"gpu_type": "L4", "gpu_count": 1, "gpu_fraction": 50}
    assert "L4" in capsys.readouterr().out
