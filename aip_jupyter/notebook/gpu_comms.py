"""The comms of sessions in the notebook's kernel: widgets, and whatever else talks to the front end.

A comm that a session opens gets a proxy of its id in the notebook's kernel. What the front end tells it
goes to the session under the id of the front end's own message, and what comes of it is shown below that.
Only what a widget is now the session is not asked: that is known here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from ..sessions.background import background
from ..sessions.messages import Header, Message
from ..sessions.relay import COMMS, Relay
from .gpu_context import notebook_path
from .gpu_replay import Replay
from .gpu_states import Asked, Kept, gathered
from .gpu_widgets import WIDGET, take_up

CONTROL = "jupyter.widget.control"
"""Where a front end that was loaded again asks for all widgets."""
GONE = 30.0
"""Seconds for which a widget's state is known once its comm has ended: somebody may just be asking for it."""


class _Comm(Struct):
    comm_id: str
    target_name: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


class Proxy:
    """Stands in the notebook's kernel for a comm of a session, and looks like its own."""

    def __init__(self, comms: Comms, relay: Relay, comm_id: str, target_name: str) -> None:
        self.comm_id = comm_id
        self.target_name = target_name
        self.relay = relay
        self.kept = Kept() if target_name == WIDGET else None
        """What the widget is now. It belongs to the links' thread."""
        self._comms = comms

    def handle_msg(self, msg: Mapping[str, Any]) -> None:
        """Something that the front end says."""
        self._comms.pass_on(self.relay, msg)

    def handle_close(self, msg: Mapping[str, Any]) -> None:
        """The front end has closed it, and the kernel has forgotten it."""
        self._comms.pass_on(self.relay, msg)


class Control:
    """The comm on which a front end that was loaded again asks for all widgets."""

    target_name = CONTROL

    def __init__(self, comms: Comms, opening: Mapping[str, Any]) -> None:
        self.comm_id: str = opening["content"]["comm_id"]
        self._comms = comms
        self._opening = opening

    def handle_msg(self, msg: Mapping[str, Any]) -> None:
        """It asks."""
        self._comms.tell_all(self._opening, msg)

    def handle_close(self, msg: Mapping[str, Any]) -> None:
        """It knows them."""


class Comms:
    """The comms of all sessions in one kernel."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._relays: list[Relay] = []
        """Those that cells have run on, the last one first."""
        self._bringing = dict[Relay, asyncio.Future[None]]()
        self._passed = set[str]()
        """Messages of the front end whose `idle` comes with what comes of them."""
        self._gone: dict[str, Kept] = {}
        """The widgets that have ended a moment ago."""
        self._open = kernel.shell_handlers["comm_open"]
        kernel.shell_handlers["comm_open"] = self._opened
        self._say = kernel.shell_handlers["comm_msg"]
        kernel.shell_handlers["comm_msg"] = self._said
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

    def take_up(self, relay: Relay, comm_id: str, target: str, update: Message | None = None) -> None:
        """A comm that the session has; of a widget, with the message that tells its state."""
        if not isinstance(self._comms.get(comm_id), Proxy):
            self._add(Proxy(self, relay, comm_id, target))
        if update is not None:
            self.note(relay, update)

    def kept(self, comm_id: str) -> Kept | None:
        """What the widget of this comm is now; None when there is no such widget of a session."""
        proxy = self._comms.get(comm_id)
        return (proxy.kept if isinstance(proxy, Proxy) else self._gone.get(comm_id)) or None

    def close(self, comm_id: str) -> None:
        """A comm that the session has no longer."""
        self._drop(comm_id)
        Replay(self._kernel, {}).send("comm_close", {"comm_id": comm_id, "data": {}})

    def tell(self, message: Message) -> None:
        """Send a message of a comm to the front end."""
        Replay(self._kernel, {}).show(message)

    def note(self, relay: Relay, message: Message) -> None:
        """A message of the session, or to it: perhaps a comm begins with it, ends, or is told something."""
        if message.type not in COMMS:
            return
        comm = msgspec.json.decode(message.content, type=_Comm)
        opens = message.type == "comm_open"
        if opens and message.channel == "iopub":
            self._add(Proxy(self, relay, comm.comm_id, comm.target_name))
        proxy = self._comms.get(comm.comm_id)
        if not isinstance(proxy, Proxy):
            return
        if message.type == "comm_close":
            self._drop(comm.comm_id)
        elif proxy.kept is not None:
            proxy.kept.take(comm.data, message.buffers, opens=opens)

    def tell_all(self, opening: Mapping[str, Any], msg: Mapping[str, Any]) -> None:
        """Tell a front end all widgets. In the thread that the kernel serves it in."""
        asked, target = Asked(), self._kernel.comm_manager.targets.get(CONTROL)
        if target is not None:
            target(asked, opening)
            asked.ask(msg)
        local = self._kernel.session.pack(asked.data)

        def answer() -> Message:
            kept = {proxy.comm_id: proxy.kept for proxy in self._proxies() if proxy.kept}
            return gathered(msg["content"]["comm_id"], kept, local, asked.buffers)

        self._answer(msg, answer)

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

    def _answer(self, msg: Mapping[str, Any], answer: Callable[[], Message]) -> None:
        """Answer the front end; made and sent in the links' thread, it comes between no two updates."""
        replay = Replay(self._kernel, msg)

        def send() -> None:
            replay.show(answer())
            replay.send("status", {"execution_state": "idle"})

        self._passed.add(msg["header"]["msg_id"])
        background().loop.call_soon_threadsafe(send)

    @property
    def _comms(self) -> dict[str, Any]:
        comms: dict[str, Any] = self._kernel.comm_manager.comms
        return comms

    def _add(self, proxy: Proxy) -> None:
        self._comms[proxy.comm_id] = proxy

    def _drop(self, comm_id: str) -> None:
        proxy = self._comms.pop(comm_id, None)
        if isinstance(proxy, Proxy) and proxy.kept:
            self._gone[comm_id] = proxy.kept
            background().loop.call_later(GONE, self._gone.pop, comm_id, None)

    def _proxies(self) -> list[Proxy]:
        return [comm for comm in list(self._comms.values()) if isinstance(comm, Proxy)]

    async def _deliver(self, relay: Relay, message: Message, replay: Replay) -> None:
        def show(answer: Message) -> None:
            self.note(relay, answer)
            replay.show(answer)

        self.note(relay, message)
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
        if target == CONTROL and self._proxies():
            self._comms[comm_id] = Control(self, msg)  # ipywidgets here would name its own widgets only
        elif target in self._kernel.comm_manager.targets or not self._relays:
            self._open(stream, ident, msg)
        else:
            self._add(Proxy(self, self._relays[0], comm_id, target))
            self.pass_on(self._relays[0], msg)

    def _said(self, stream: Any, ident: Any, msg: Any) -> None:
        """The front end says something on a comm."""
        comm_id, data = msg["content"]["comm_id"], msg["content"]["data"]
        kept = self.kept(comm_id)
        if kept is not None and isinstance(data, dict) and data.get("method") == "request_state":
            self._answer(msg, lambda: kept.update(comm_id))
            if comm_id in self._gone:
                background().loop.call_soon_threadsafe(self.close, comm_id)
        else:
            self._say(stream, ident, msg)

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
