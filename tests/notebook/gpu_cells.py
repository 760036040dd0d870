"""Cells in a real notebook kernel, with real sessions behind it."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import msgspec

from aip_jupyter.backends.process import is_alive
from aip_jupyter.wire.agent import RECORD, AgentRecord
from tests.sessions.agents import wait_for
from tests.support.kernels import running_kernel

OUTPUTS = {"stream", "display_data", "execute_result", "update_display_data", "clear_output", "error"}


class Cell:
    """A cell that runs, as a front end sees it: what comes for it later appears below it too."""

    known: ClassVar[WeakValueDictionary[str, Cell]] = WeakValueDictionary()

    def __init__(self, client: Any, code: str) -> None:
        self.client = client
        self.id = client.execute(code)
        self.known[self.id] = self
        self.outputs: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.idle = False

    def until(self, seen: str) -> Cell:
        """Read until this text was printed; fails when the cell ends before."""
        while seen not in self.text:
            assert not self.idle, self.text
            self._read()
        return self

    def until_notice(self, kind: str) -> Cell:
        """Read until a line of ours of this kind is there."""
        while kind not in self.notices:
            assert not self.idle, self.outputs
            self._read()
        return self

    def end(self) -> Cell:
        """Read until the end."""
        while not self.idle:
            self._read()
        while True:
            reply = self.client.get_shell_msg(timeout=100)
            if reply["parent_header"].get("msg_id") == self.id:
                self.reply: dict[str, Any] = reply["content"]
                return self

    def late(self, text: str) -> Cell:
        """Read until this was printed or noted, which may be after the end."""
        while text not in self.text and text not in "".join(self.notices.values()):
            self._read()
        return self

    def end_within(self, seconds: float) -> bool:
        """Read as long as messages come this soon after each other; whether it has ended."""
        with contextlib.suppress(Empty):
            while not self.idle:
                self._read(seconds)
        return self.idle

    def _read(self, patience: float = 100) -> None:
        message = self.client.get_iopub_msg(timeout=patience)
        cell = self.known.get(message["parent_header"].get("msg_id"))
        if cell is None:
            return
        cell.messages.append(message)
        if message["msg_type"] in OUTPUTS:
            cell._show(message)
        cell.idle = cell.idle or message["content"].get("execution_state") == "idle"

    def _show(self, message: dict[str, Any]) -> None:
        """As a front end does: what is printed goes on the output before, whenever the kernel flushed."""
        content, before = message["content"], self.outputs[-1]["content"] if self.outputs else {}
        if message["msg_type"] == "stream" and content["name"] == before.get("name"):
            before["text"] += content["text"]
        else:
            self.outputs.append({**message, "content": dict(content)})

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The messages of this type."""
        return [message for message in self.messages if message["msg_type"] == kind]

    @property
    def text(self) -> str:
        """What was printed."""
        return "".join(output["content"].get("text", "") for output in self.outputs)

    @property
    def shown(self) -> list[str]:
        """The plain text of what was displayed or returned; not our notices, nor emptied outputs."""
        contents = [output["content"] for output in self.outputs]
        plain = [c["data"].get("text/plain") for c in contents if "data" in c and not c["metadata"]]
        return [text for text in plain if text and "…" not in text]

    @property
    def notices(self) -> dict[str, str]:
        """Our lines, by their kind."""
        found = {}
        for content in (output["content"] for output in self.outputs):
            if "aip_notice" in content.get("metadata", {}):
                found[content["metadata"]["aip_notice"]] = content["data"].get("text/plain", "")
        return found


class Notebook:
    """A notebook's kernel."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.pid = int(self.run("import os; os.getpid()").shown[0])
        self.run("%load_ext aip_jupyter")

    def start(self, code: str) -> Cell:
        """Start a cell."""
        return Cell(self.client, code)

    def run(self, code: str) -> Cell:
        """Run a cell, which must not fail."""
        cell = self.start(code).end()
        assert cell.reply["status"] == "ok", cell.reply
        return cell

    def fail(self, code: str) -> dict[str, Any]:
        """The error with which a cell fails."""
        cell = self.start(code).end()
        assert cell.reply["status"] == "error", cell.outputs
        return cell.reply

    def interrupt(self) -> None:
        """What the Interrupt button does."""
        os.kill(self.pid, signal.SIGINT)

    def interrupt_again(self, cell: Cell) -> None:
        """A second time, until that has ended the cell: two signals at once are one."""
        while not cell.end_within(0.4):
            self.interrupt()
        cell.end()


@contextlib.contextmanager
def running_notebook(home: Path, folder: Path, name: str = "work/digits.ipynb") -> Iterator[Notebook]:
    """A kernel with the extension loaded; killed on leaving. Its sessions live on."""
    folder.mkdir(exist_ok=True)
    environ = {
        **os.environ,
        "AIP_HOME": str(home),
        "AIP_USER": "ada",
        "IPYTHONDIR": str(folder / "ipython"),
        "JPY_SESSION_NAME": name,
    }
    with running_kernel(environ, folder) as client:
        yield Notebook(client)


def agents(home: Path) -> list[AgentRecord]:
    """The records of all sessions of a home."""
    return [
        msgspec.json.decode(path.read_bytes(), type=AgentRecord)
        for path in (home / "sessions").glob(f"*/{RECORD}")
    ]


def end_sessions(home: Path) -> None:
    """End what is left."""
    for record in agents(home):
        if is_alive(record.agent):
            os.kill(int(record.agent.split("|")[2]), signal.SIGTERM)
    wait_for(lambda: not any(is_alive(record.agent) for record in agents(home)))
