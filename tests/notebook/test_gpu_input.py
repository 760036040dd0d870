"""What a session's cell asks, and what else it says to the front end, beside its outputs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.backends.process import is_alive
from tests.sessions.agents import wait_for

from .gpu_cells import Cell, Notebook, agents, running_notebook


@pytest.fixture(scope="module")
def nb(gpu_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    with running_notebook(gpu_home, tmp_path_factory.mktemp("work")) as notebook:
        notebook.client.allow_stdin = True
        notebook.run("%%gpu cpu\nkept = 1")
        yield notebook


def asked(nb: Notebook) -> dict[str, Any]:
    """What the front end is to ask its user."""
    content: dict[str, Any] = nb.client.get_stdin_msg(timeout=60)["content"]
    return content


CODES = {
    "awaited": "%%gpu cpu\n{code}",
    "in another magic": "%%time\n%%gpu cpu\n{code}",
    "from Python": "import aip_jupyter as aip; _ = aip.run_on_gpu({code!r}, gpu='cpu')",
}


@pytest.mark.parametrize("cell", CODES.values(), ids=CODES)
def test_questions_are_asked_in_the_notebook(nb: Notebook, cell: str) -> None:
    code = "import getpass; print('before'); print(input('name? '), getpass.getpass('secret? '))"
    running = nb.start(cell.format(code=code)).until("before")
    assert asked(nb) == {"prompt": "name? ", "password": False}
    nb.client.input("ada")
    assert asked(nb) == {"prompt": "secret? ", "password": True}
    nb.client.input("enigma")
    assert running.end().text.startswith("before\nada enigma\n")


def test_the_end_of_the_input(nb: Notebook) -> None:
    running = nb.start("%%gpu cpu\ninput()")
    asked(nb)
    nb.client.input("\x04")
    assert running.end().reply["ename"] == "EOFError"


@pytest.mark.parametrize("cell", [CODES["awaited"], CODES["in another magic"]], ids=["awaited", "blocking"])
def test_an_interrupt_ends_the_question_and_the_cell(nb: Notebook, cell: str) -> None:
    running = nb.start(cell.format(code="kept = 2\ninput('who? ')"))
    asked(nb)
    nb.interrupt()
    assert running.end().reply["ename"] == "KeyboardInterrupt"
    assert nb.run("%%gpu cpu\nkept").shown == ["2"]


def test_where_nobody_can_be_asked_it_fails_as_it_does_in_a_notebook(nb: Notebook) -> None:
    def fails(code: str) -> tuple[str, str]:
        nb.client.allow_stdin = False
        try:
            reply = nb.fail(code)
        finally:
            nb.client.allow_stdin = True
        return reply["ename"], reply["evalue"]

    assert fails("%%gpu cpu\ninput()") == fails("input()")
    assert fails("%%gpu cpu\ninput()")[0] == "StdinNotImplementedError"


PAYLOADS = [
    "len?",
    "import json\njson.dumps??",
    "get_ipython().set_next_input('next')",
    "get_ipython().set_next_input('this', replace=True)\n1 / 0",
    "%load_ext aip_jupyter\nget_ipython().payload_manager.write_payload({'source': 'ours', 'data': [1]})",
    "%pinfo2 json.loads\nget_ipython().set_next_input('and this')",
]


@pytest.mark.parametrize("code", PAYLOADS)
def test_payloads_are_those_of_a_plain_cell(nb: Notebook, code: str) -> None:
    def payload(cell: Cell) -> Any:
        return cell.end().reply["payload"]

    assert payload(nb.start(f"%%gpu cpu\n{code}")) == payload(nb.start(code)) != []


def test_two_calls_in_one_cell_have_ids_of_their_own(nb: Notebook) -> None:
    code = "import aip_jupyter as aip\nfor n in range(3):\n    aip.run_on_gpu(f'print({n})', gpu='cpu')"
    assert nb.run(code).text == "0\n1\n2\n"


def test_the_session_names_the_front_ends_own_request(gpu_home: Path, nb: Notebook, gate: Path) -> None:
    wait = f"while not os.path.exists({str(gate)!r}): time.sleep(0.01)"
    code = f"import os, time\nprint('begun', flush=True)\n{wait}"
    cell = nb.start(f"%%gpu cpu\n{code}").until("begun")
    wait_for(lambda: [record.session.cell for record in agents(gpu_home)] == [cell.id])
    gate.touch()
    cell.end()


@pytest.mark.parametrize("line", ["%%gpu", "%%gpu cpu --session other"])
def test_a_cell_in_a_cell_gets_a_clear_answer(nb: Notebook, line: str) -> None:
    cell = nb.start(f"%%gpu cpu\n{line}\n1").end()
    assert "this cell runs in GPU session 'cpu' already; take the inner %%gpu away" in cell.reply["evalue"]
    # A blank line between the two is none.
    assert nb.run("%%gpu cpu\n\n%%time\nprint(3)").text.startswith("3\n")


def test_an_error_that_was_caught_is_not_shown(nb: Notebook) -> None:
    code = """
try:
    get_ipython().run_cell_magic("gpu", "cpu", "get_ipython().run_cell('1 / 0'); int('x')")
except ValueError as error:
    print(error)
"""
    cell = nb.run(code)
    assert [output["content"]["ename"] for output in cell.of("error")] == ["ZeroDivisionError"]
    assert cell.text == "invalid literal for int() with base 10: 'x'\n"


def test_a_question_ends_with_its_session(gpu_home: Path, nb: Notebook) -> None:
    running = nb.start("%%gpu cpu\ninput('who? ')")
    asked(nb)
    for record in agents(gpu_home):
        if is_alive(record.agent):
            os.kill(int(record.kernel.split("|")[2]), signal.SIGKILL)
    assert running.end().reply["ename"] == "SessionDied"
