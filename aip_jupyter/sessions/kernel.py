"""A session's kernel: ipykernel's, which takes over a notebook's context, count and values."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
from typing import Any

import msgspec
import zmq
from ipykernel import ipkernel, kernelapp
from traitlets.config import Config

from ..client.context import Context, get_context, set_context
from ..client.handover import set_way
from .exchange import Exchange
from .handing import Handing
from .insight import Insight
from .raised import builtin_base
from .storing import store_logged
from .streams import SessionStream

WAITING = 50_000
"""Messages that may wait for one reader before any is lost; ZeroMQ's own is 1,000."""
PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")


# Their types are half there.
_Kernel: Any = ipkernel.IPythonKernel
_App: Any = kernelapp.IPKernelApp


class SessionKernel(_Kernel):  # type: ignore[misc]  # a class of Any
    """Runs the cells of notebooks that live elsewhere."""

    # ipykernel waits here for output that might otherwise come after the reply; the relay waits for `idle`,
    # which comes after all output.
    _execute_sleep = 0.0

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.shell_handlers.update(Exchange(self).handlers)
        self.insight = Insight(self)
        self.control_handlers.update(self.insight.handlers)
        handing = Handing(self)
        self.control_handlers.update(handing.handlers)
        set_way(handing)

    async def dispatch_shell(self, *args: Any, **options: Any) -> None:
        """ipykernel says nothing of comm messages that it serves while a cell awaits, and who has sent one
        waits for its `idle`."""
        await super().dispatch_shell(*args, **options)
        if options.get("concurrent"):
            self._publish_status("idle", "shell")

    async def execute_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Take over what came with the cell, then run it."""
        try:
            self._take_over(parent["metadata"].get("aip"))
            await super().execute_request(stream, ident, parent)
        except KeyboardInterrupt:  # before the cell's first line, or behind its last
            error = {"ename": "KeyboardInterrupt", "evalue": "", "traceback": ["KeyboardInterrupt"]}
            content = {"status": "error", "execution_count": self.execution_count, **error}
            self.session.send(stream, "execute_reply", content, parent, ident)

    async def do_execute(self, *args: Any, **options: Any) -> Any:
        """Run the cell. Once it has ended no interrupt takes its reply away, or ends the kernel."""
        try:
            reply = await super().do_execute(*args, **options)
            result = self.shell.last_execution_result
            if reply["status"] == "error" and result is not None and result.error_in_exec is not None:
                reply["aip_base"] = builtin_base(result.error_in_exec)
            return reply
        finally:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # until the kernel takes the next message
                store_logged()

    def _take_over(self, note: Any) -> None:
        """The context of the cell, and its number."""
        if note is None:
            return
        context = msgspec.convert(note["context"], Context)
        if context != get_context():  # the same one again spares others a new connection
            set_context(context)
        if "count" in note:  # else the whole notebook runs here, and the numbers are our own
            self._count_on(note["count"])

    def _count_on(self, count: int) -> None:
        """Give the next cell this number, in its prompt, its tracebacks and in `In`."""
        history = self.shell.history_manager
        for inputs in (history.input_hist_parsed, history.input_hist_raw):
            del inputs[count:]
            inputs.extend([""] * (count - len(inputs)))
        self.shell.execution_count = count


class SessionApp(_App):  # type: ignore[misc]  # as above
    """Gets its keys from the agent and tells it the ports: no connection file is ever written."""

    kernel_class = SessionKernel
    # Only the other value, a process to poll for, would have an effect; the agent is watched in another way.
    parent_handle = 1

    def __init__(self, agent: socket.socket, **options: Any) -> None:
        super().__init__(**options)
        self._agent = agent
        # The numbers of cells are the notebook's and begin again with it, which a history file does not bear.
        self.config.HistoryManager.enabled = False
        self.outstream_class = f"{SessionStream.__module__}.{SessionStream.__name__}"

    def _bind_socket(self, s: Any, port: int) -> Any:
        """Iopub: let output wait for a slow reader, and greet every reader, not the first alone."""
        if s.type == zmq.XPUB:
            s.sndhwm = WAITING
            s.xpub_verbose = 1
        return super()._bind_socket(s, port)

    def init_connection_file(self) -> None:
        """The connection as the agent has made it; the ports are free to choose."""
        with self._agent.makefile("rb") as lines:
            line = lines.readline()
        if not line:
            os._exit(1)  # the agent is gone
        self.load_connection_info(json.loads(line))
        threading.Thread(target=_end_with, args=[self._agent], daemon=True).start()

    def write_connection_file(self, **options: Any) -> None:
        """Tell the agent the ports that were bound, and which Python this is."""
        told = {name: getattr(self, name) for name in PORTS}
        told["python"] = f"{sys.version_info.major}.{sys.version_info.minor}"
        self._agent.sendall(json.dumps(told).encode() + b"\n")

    def init_kernel(self) -> None:
        """Let the agent see where the threads are, whatever they do."""
        super().init_kernel()
        self.kernel.insight.tell_agent(self._agent.fileno(), self._agent.sendall)

    def init_extensions(self) -> None:
        """Our magics work in a session as they do in a notebook."""
        super().init_extensions()
        self.shell.extension_manager.load_extension("aip_jupyter")


def _end_with(agent: socket.socket) -> None:
    """End with the agent, at once, with all that this kernel has started: nobody could reach it."""
    with contextlib.suppress(OSError):
        while agent.recv(1):
            pass
    os.killpg(os.getpgid(0), signal.SIGKILL)


def main() -> None:
    """Be the kernel of the agent at the other end of the socket whose number is the argument."""
    # Whoever started the agent may have blocked or ignored SIGINT. Both are inherited: no cell could be
    # interrupted.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGINT, signal.default_int_handler)
    number = int(sys.argv[1])
    os.set_inheritable(number, False)
    # The notebook keeps its history itself.
    config = Config({"HistoryManager": {"enabled": False}})
    app = SessionApp.instance(agent=socket.socket(fileno=number), config=config)
    app.initialize([])
    app.start()
