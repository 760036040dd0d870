"""The comms of sessions in the notebook's kernel: widgets, and whatever else talks to the front end.

A comm that a session opens gets a proxy of its id in the notebook's kernel. What the front end tells it
goes to the session under the id of the front end's own message, and what comes of it is shown below that.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from ..sessions.background import background
from ..sessions.messages import Header, Message
from ..sessions.relay import Relay
from .gpu_context import notebook_path
from .gpu_replay import Replay
from .gpu_widgets import WIDGET, take_up

CONTROL = "jupyter.widget.control"
"""Where a front end that was loaded again asks for all widgets."""


class _Comm(Struct):
    comm_id: str
    target_name: str = ""


class Proxy:
    """Stands in the notebook's kernel for a comm of a session, and looks like its own."""

    def __init__(self, comms: Comms, relay: Relay, comm_id: str, target_name: str) -> None:
        self.comm_id = comm_id
        self.target_name = target_name
        self.relay = relay
        self._comms = comms
        self._closed = False

    def handle_msg(self, msg: Mapping[str, Any]) -> None:
        """Something that the front end says."""
        self._comms.pass_on(self.relay, msg)

    def handle_close(self, msg: Mapping[str, Any]) -> None:
        """The front end has closed it, and the kernel has forgotten it."""
        self._comms.pass_on(self.relay, msg)


class Comms:
    """The comms of all sessions in one kernel."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._relays: list[Relay] = []
        """Those that cells have run on, the last one first."""
        self._bringing = dict[Relay, asyncio.Future[None]]()
        self._passed = set[str]()
        """Messages of the front end whose `idle` comes from their session."""
        self._open = kernel.shell_handlers["comm_open"]
        kernel.shell_handlers["comm_open"] = self._opened
        self._idle = kernel._publish_status_and_flush
        kernel._publish_status_and_flush = self._publish_idle
        self._dispatch = kernel.dispatch_shell
        kernel.dispatch_shell = self._dispatched

    def join(self, relay: Relay) -> None:
        """A cell runs there. In the links' thread."""
        if relay in self._relays:
            self._relays.remove(relay)
        else:
            relay.others = partial(self._other, relay)
            relay.ended.add_done_callback(lambda ended: self._left(relay))
            session = relay.link.session
            if session.cells and session.notebook == notebook_path() != "":
                self.bring(relay)
        self._relays.insert(0, relay)

    def bring(self, relay: Relay) -> asyncio.Future[None]:
        """Take up the comms that the session has from before, once it is free. In the links' thread."""
        if relay not in self._bringing:
            bringing = self._bringing[relay] = asyncio.ensure_future(take_up(self, relay))
            bringing.add_done_callback(lambda brought: self._bringing.pop(relay))
        return self._bringing[relay]

    def known(self, relay: Relay) -> frozenset[str]:
        """The ids of the session's comms that the front end has."""
        return frozenset(proxy.comm_id for proxy in self._proxies() if proxy.relay is relay)

    def take_up(self, relay: Relay, comm_id: str, target: str) -> None:
        """A comm that the session has."""
        if comm_id not in self._comms:
            self._add(Proxy(self, relay, comm_id, target))

    def close(self, comm_id: str) -> None:
        """A comm that the session has no longer."""
        self._comms.pop(comm_id, None)
        Replay(self._kernel, {}).send("comm_close", {"comm_id": comm_id, "data": {}})

    def tell(self, message: Message) -> None:
        """Send a message of a comm to the front end."""
        Replay(self._kernel, {}).show(message)

    def note(self, relay: Relay, message: Message) -> None:
        """A message of the session that is being shown: perhaps a comm begins with it, or ends."""
        if message.type == "comm_open":
            comm = msgspec.json.decode(message.content, type=_Comm)
            self._add(Proxy(self, relay, comm.comm_id, comm.target_name))
        elif message.type == "comm_close":
            comm = msgspec.json.decode(message.content, type=_Comm)
            if isinstance(self._comms.get(comm.comm_id), Proxy):
                del self._comms[comm.comm_id]

    def pass_on(self, relay: Relay, msg: Mapping[str, Any]) -> None:
        """Pass a message of the front end on to the session. In the thread that the kernel serves it in."""
        header = msg["header"]
        message = Message(
            channel="shell",
            header=Header(header["msg_id"], header["msg_type"]),
            metadata=json.dumps(msg["metadata"]).encode(),
            content=json.dumps(msg["content"]).encode(),
            buffers=msg["buffers"],
        )
        self._passed.add(message.header.msg_id)
        background().submit(self._deliver(relay, message, Replay(self._kernel, msg)))

    @property
    def _comms(self) -> dict[str, Any]:
        comms: dict[str, Any] = self._kernel.comm_manager.comms
        return comms

    def _add(self, proxy: Proxy) -> None:
        self._comms[proxy.comm_id] = proxy

    def _proxies(self) -> list[Proxy]:
        return [comm for comm in list(self._comms.values()) if isinstance(comm, Proxy)]

    async def _deliver(self, relay: Relay, message: Message, replay: Replay) -> None:
        def show(answer: Message) -> None:
            self.note(relay, answer)
            replay.show(answer)

        await relay.pass_on(message, show)
        # Front ends send the next only then, and what came of this one must be there before it.
        replay.send("status", {"execution_state": "idle"})

    def _other(self, relay: Relay, message: Message) -> None:
        """What another notebook does to a comm of ours; its own comms are not for this front end."""
        comm = msgspec.json.decode(message.content, type=_Comm)
        if message.type != "comm_open" and isinstance(self._comms.get(comm.comm_id), Proxy):
            self.note(relay, message)
            Replay(self._kernel, {}).show(message)

    def _left(self, relay: Relay) -> None:
        """The session has ended: so have its comms."""
        self._relays.remove(relay)
        for proxy in self._proxies():
            if proxy.relay is relay:
                self.close(proxy.comm_id)

    def _opened(self, stream: Any, ident: Any, msg: Any) -> None:
        """The front end opens a comm."""
        comm_id, target = msg["content"]["comm_id"], msg["content"]["target_name"]
        if target == CONTROL and any(proxy.target_name == WIDGET for proxy in self._proxies()):
            # ipywidgets here would name its own widgets only. Refused, the front end asks which comms there
            # are, and each of them for its state.
            Replay(self._kernel, msg).send("comm_close", {"comm_id": comm_id, "data": {}})
        elif target in self._kernel.comm_manager.targets or not self._relays:
            self._open(stream, ident, msg)
        else:
            self._add(Proxy(self, self._relays[0], comm_id, target))
            self.pass_on(self._relays[0], msg)

    def _publish_idle(self, status: str, channel: str, *args: Any, **options: Any) -> None:
        if channel == "shell" and status == "idle" and self._is_passed():
            return
        self._idle(status, channel, *args, **options)

    async def _dispatched(self, *args: Any, **options: Any) -> None:
        """The kernel says nothing of the comm messages that it serves while a cell is awaited: without an
        `idle` the front end would send no second one."""
        await self._dispatch(*args, **options)
        if options.get("concurrent") and not self._is_passed():
            self._kernel._publish_status("idle", "shell")

    def _is_passed(self) -> bool:
        id = self._kernel.get_parent("shell").get("header", {}).get("msg_id", "")
        passed = id in self._passed
        self._passed.discard(id)
        return passed


_comms: Comms | None = None


def comms_of(kernel: Any) -> Comms:
    """Those of this process's kernel."""
    global _comms
    if _comms is None:
        _comms = Comms(kernel)
    return _comms
