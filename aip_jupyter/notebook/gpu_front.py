"""Where what a session prints and draws appears: in the notebook's cell, or in a terminal."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import Any, Protocol

from ..domain.records import new_id
from ..sessions.messages import Message
from ..sessions.relay import COMMS, Relay
from .gpu_comms import comms_of
from .gpu_replay import Replay
from .progress import NOTICE, Progress, bundle, terminal_line


class Front(Protocol):
    """Shows messages of a session, and lines of our own. Called in the links' thread."""

    count: int = 1
    """The number that results are shown with."""
    cell: str = ""
    """The id of the front end's request that is being served."""
    stdin: bool = False
    """Whether there is somebody who could be asked."""
    shows_errors: bool = False
    """Whether it shows an error that a cell ends with; else that is only raised."""

    def join(self, relay: Relay) -> None:
        """What is shown from now on comes from this session."""

    def known(self, relay: Relay) -> frozenset[str]:
        """The ids of the session's comms that are shown already."""

    def bring(self, relay: Relay) -> asyncio.Future[None]:
        """Show the widgets that the session has from before as they are now, once it is free."""

    def show(self, message: Message) -> None:
        """Show an output of the session."""

    def notice(self, text: str, kind: str) -> None:
        """Show a line of ours; `kind` lets programs recognize it."""

    def progress(self, progress: Progress) -> None:
        """Show how far that is what the cell waits for, until it is finished. In the thread of its own."""

    def payload(self, payload: dict[str, Any]) -> None:
        """Pass on what `?` has found, and other payloads. Called in the thread of the cell, at its end."""


class KernelFront:
    """Sends the messages on as outputs of the cell that runs now; only the number of a result is another."""

    def __init__(self, kernel: Any, count: int, *, alone: bool = False) -> None:
        parent: Mapping[str, Any] = kernel.get_parent("shell")
        self.cell = str(parent.get("header", {}).get("msg_id", ""))
        self.stdin = bool(parent.get("content", {}).get("allow_stdin", False))
        self.shows_errors = alone
        self._is_empty = alone
        """Whether there is nothing below the cell but what it waits for."""
        self._waits = ""
        """The id of the output that tells of that."""
        self._kernel = kernel
        self.count = count
        self._replay = Replay(kernel, parent)
        self._comms = comms_of(kernel)

    def join(self, relay: Relay) -> None:
        self._relay = relay
        self._comms.join(relay)

    def known(self, relay: Relay) -> frozenset[str]:
        return self._comms.known(relay)

    def bring(self, relay: Relay) -> asyncio.Future[None]:
        return self._comms.bring(relay)

    def show(self, message: Message) -> None:
        self._is_empty = self._is_empty and message.type in COMMS
        if message.type == "execute_result":
            content = {**message.read(), "execution_count": self.count}
            self._replay.send(message.type, content, message.read_metadata(), message.buffers)
            return
        self._comms.note(self._relay, message)
        self._replay.show(message)

    def notice(self, text: str, kind: str) -> None:
        self._is_empty = False
        self._display("display_data", {"text/plain": text}, {"aip_notice": kind})

    def progress(self, progress: Progress) -> None:
        shown, self._waits = self._waits, "" if progress.finished else self._waits or new_id()
        if progress.finished and self._is_empty:  # an emptied output would still take a row
            self._replay.send("clear_output", {"wait": False}, NOTICE)
        elif shown:
            data = {} if progress.finished else bundle(progress)
            self._display("update_display_data", data, NOTICE, shown)
        elif not progress.finished:
            self._display("display_data", bundle(progress), NOTICE, self._waits)

    def _display(self, kind: str, data: dict[str, str], metadata: dict[str, str], id: str = "") -> None:
        transient = {"display_id": id} if id else {}
        self._replay.send(kind, {"data": data, "metadata": metadata, "transient": transient})

    def payload(self, payload: dict[str, Any]) -> None:
        if payload["source"] != "ask_exit":  # that is the session's own end
            self._kernel.shell.payload_manager.write_payload(payload, single=False)


class CapturedFront(KernelFront):
    """Prints and displays as any code does, where somebody captures that, such as `%%capture`."""

    def show(self, message: Message) -> None:
        if message.type in COMMS:  # which are not captured
            super().show(message)
            return
        content, shell = message.read(), self._kernel.shell
        if message.type == "stream":
            _print(content)
        elif message.type == "clear_output":
            shell.display_pub.clear_output(content["wait"])
        elif message.type == "error":
            print("\n".join(content["traceback"]))
        else:
            shell.display_pub.publish(
                content["data"],
                content["metadata"],
                transient=content.get("transient"),
                update=message.type == "update_display_data",
            )

    def notice(self, text: str, kind: str) -> None:
        print(text, flush=True)

    def progress(self, progress: Progress) -> None:
        """It is nothing that somebody would want to capture."""


class TerminalFront:
    """Prints and displays as any code does in a terminal."""

    cell = ""
    stdin = True
    shows_errors = False

    def __init__(self, count: int, shell: Any = None) -> None:
        self.count = count
        self._shell = shell

    def join(self, relay: Relay) -> None:
        """There are no widgets in a terminal."""

    def known(self, relay: Relay) -> frozenset[str]:
        return frozenset()

    def bring(self, relay: Relay) -> asyncio.Future[None]:
        return asyncio.ensure_future(asyncio.sleep(0))

    def show(self, message: Message) -> None:
        from IPython import display

        shown: Any = display
        content = message.read()
        if message.type == "stream":
            _print(content)
        elif message.type == "clear_output":
            shown.clear_output(wait=content["wait"])
        elif message.type == "execute_result":
            print(f"Out[{self.count}]: {content['data'].get('text/plain', '')}", flush=True)
        elif message.type == "error":
            print("\n".join(content["traceback"]), flush=True)
        elif message.type not in COMMS:
            shown.display(content["data"], metadata=content["metadata"], raw=True)

    def notice(self, text: str, kind: str) -> None:
        print(text, flush=True)

    def progress(self, progress: Progress) -> None:
        if sys.stderr.isatty():
            terminal_line(progress)

    def payload(self, payload: dict[str, Any]) -> None:
        if payload["source"] == "page":
            print(payload["data"].get("text/plain", ""), flush=True)
        elif payload["source"] == "set_next_input" and self._shell is not None:
            self._shell.set_next_input(payload["text"], replace=payload["replace"])


def _print(content: Mapping[str, Any]) -> None:
    stream = sys.stderr if content["name"] == "stderr" else sys.stdout
    stream.write(content["text"])
    stream.flush()


def front_of(shell: Any, *, alone: bool = False) -> Front:
    """The front of this shell, for the cell that it runs now.

    `alone`: nothing else is in the cell. So nobody can catch what it raises, and nobody else shows something.
    """
    kernel, count = getattr(shell, "kernel", None), cell_number(shell)
    if kernel is None:
        return TerminalFront(count, shell)
    if not hasattr(sys.stdout, "pub_thread"):  # it is not the kernel's own stream
        return CapturedFront(kernel, count)
    return KernelFront(kernel, count, alone=alone)


def cell_number(shell: Any) -> int:
    """The number of the cell that runs: IPython's own counter is one ahead of it, or not, by its version."""
    return max(len(shell.history_manager.input_hist_parsed) - 1, 1)  # its `In`, whatever the user's is
