"""Records of a session that cannot reach the server: published on its channels, for its notebook to store."""

from __future__ import annotations

import os
import threading
from typing import Any

from ..domain.records import new_id
from ..errors import Unavailable

HANDED = "aip_journal"
"""The type of the message, on iopub: its buffer is the records."""
STORED = "aip_stored_request"
"""What answers it, on the control channel, which works while a cell runs."""
PATIENCE = 10.0
"""Seconds that a notebook has to store them."""


class Handing:
    """The kernel's side. All but the handler runs in the thread that sends journals."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._pid = os.getpid()
        self._asked = ""
        self._answer: dict[str, Any] = {}
        self._answered = threading.Event()
        self.handlers = {STORED: self.stored}

    def __call__(self, project: str, store: str, journal: str, start: int, records: bytes) -> int:
        """`client.handover.Way`."""
        if os.getpid() != self._pid:  # a forked child has no part in the kernel's channels
            raise Unavailable("journal: a forked child cannot reach the notebook")
        self._answered.clear()
        self._asked = new_id()
        about = {"id": self._asked, "project": project, "store": store, "journal": journal, "start": start}
        self._kernel.session.send(
            self._kernel.iopub_socket, HANDED, about, ident=HANDED.encode(), buffers=[records]
        )
        if not self._answered.wait(PATIENCE):
            raise Unavailable("journal: neither the server can be reached from here nor the notebook")
        if fault := self._answer.get("fault"):
            raise Unavailable(f"journal: the notebook cannot store it: {fault}")
        return int(self._answer["mark"])

    def stored(self, stream: Any, ident: Any, parent: Any) -> None:
        """A notebook has answered. With several attached, the first answer counts; they are all the same."""
        answer = parent["content"]
        if answer.get("id") == self._asked:
            self._answer = answer
            self._answered.set()
