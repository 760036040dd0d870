"""Where what a session prints and draws appears: in the notebook's cell, or in a terminal."""

from __future__ import annotations

import sys
from typing import Any, Protocol

from ..sessions.messages import Message


class Front(Protocol):
    """Shows messages of a session, and lines of our own. Called in the links' thread."""

    def show(self, message: Message) -> None:
        """Show an output of the session."""

    def notice(self, text: str, kind: str) -> None:
        """Show a line of ours; `kind` lets programs recognize it."""

    def page(self, payload: dict[str, Any]) -> None:
        """Show what `?` has found. Called in the thread of the cell, at its end."""


class KernelFront:
    """Sends the messages on as they are, as outputs of the cell that runs now: content, metadata, buffers.

    Only the parent is another, and the number of a result. `clear_output`, updates of a display and MIME
    types that nobody has heard of need no code here.
    """

    def __init__(self, kernel: Any, count: int) -> None:
        self._kernel = kernel
        self._parent = kernel.get_parent("shell")
        self._count = count

    def show(self, message: Message) -> None:
        content: Any = message.content
        if message.type == "execute_result":
            content = {**message.read(), "execution_count": self._count}
        self._send(message.type, content, message.read_metadata(), list(message.buffers))

    def notice(self, text: str, kind: str) -> None:
        data = {"text/plain": text}
        self._send("display_data", {"data": data, "metadata": {"aip_notice": kind}, "transient": {}}, {}, [])

    def page(self, payload: dict[str, Any]) -> None:
        self._kernel.shell.payload_manager.write_payload(payload)

    def _send(self, kind: str, content: Any, metadata: dict[str, Any], buffers: list[Any]) -> None:
        self._kernel.session.send(
            self._kernel.iopub_socket,
            kind,
            content,
            parent=self._parent,
            ident=self._kernel._topic(kind),
            metadata=metadata,
            buffers=buffers,
        )


class TerminalFront:
    """Prints and displays as any code does: in a terminal, and where somebody captures that."""

    def __init__(self, count: int) -> None:
        self._count = count

    def show(self, message: Message) -> None:
        from IPython import display

        shown: Any = display
        content = message.read()
        if message.type == "stream":
            stream = sys.stderr if content["name"] == "stderr" else sys.stdout
            stream.write(content["text"])
            stream.flush()
        elif message.type == "clear_output":
            shown.clear_output(wait=content["wait"])
        elif message.type == "execute_result":
            print(f"Out[{self._count}]: {content['data'].get('text/plain', '')}", flush=True)
        else:
            shown.display(content["data"], metadata=content["metadata"], raw=True)

    def notice(self, text: str, kind: str) -> None:
        print(text, flush=True)

    def page(self, payload: dict[str, Any]) -> None:
        print(payload["data"].get("text/plain", ""), flush=True)


def front_of(shell: Any) -> Front:
    """The front of this shell, for the cell that it runs now."""
    kernel, count = getattr(shell, "kernel", None), cell_number(shell)
    captured = not hasattr(sys.stdout, "pub_thread")  # as by %%capture: it is not the kernel's own stream
    return TerminalFront(count) if kernel is None or captured else KernelFront(kernel, count)


def cell_number(shell: Any) -> int:
    """The number of the cell that runs: IPython's own counter is one ahead of it, or not, by its version."""
    return max(len(shell.user_ns.get("In", ())) - 1, 1)
