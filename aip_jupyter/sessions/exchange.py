"""Values on the session's side: the kernel's handlers that put them into its namespace and give them out."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

import msgspec

from .shared import Lender, Loan, borrow
from .values import INTERRUPTED, Buffer, ValueFault, dump_values, load_values

LENDERS = 8
"""Requests whose values may wait to be taken."""
PASSING = "_aip_"
"""How the names begin of what is fetched once, and not kept."""


class Exchange:
    """Answers requests for the variables of one kernel's namespace."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._lenders: dict[str, Lender] = {}

    @property
    def handlers(self) -> dict[str, Any]:
        """By the type of the request."""
        return {
            "aip_push_request": self.push,
            "aip_fetch_request": self.fetch,
            "aip_release_request": self.release,
        }

    @property
    def _namespace(self) -> dict[str, Any]:
        namespace: dict[str, Any] = self._kernel.shell.user_ns
        return namespace

    def push(self, stream: Any, ident: Any, parent: Any) -> None:
        """Put the notebook's values into the namespace."""
        loans = msgspec.convert(parent["metadata"].get("loans", []), list[Loan])
        with _faults() as faults:
            self._namespace.update(load_values(borrow(loans, parent["buffers"])))
        self._kernel.session.send(stream, "aip_push_reply", {"fault": "".join(faults)}, parent, ident)

    def fetch(self, stream: Any, ident: Any, parent: Any) -> None:
        """Answer with the values of these names."""
        names, namespace = parent["content"]["names"], self._namespace
        missing = [name for name in names if name not in namespace]
        loans, buffers = list[Loan](), list[Buffer]()
        with _faults() as faults:
            if not missing:
                buffers = dump_values({name: namespace[name] for name in names})
                if parent["metadata"].get("shares"):
                    loans, buffers = self._new_lender(parent["header"]["msg_id"]).lend(buffers)
        for name in names:
            if name.startswith(PASSING):
                namespace.pop(name, None)
        content = {"missing": missing, "fault": "".join(faults)}
        metadata = {"loans": msgspec.to_builtins(loans)}
        self._kernel.session.send(
            stream, "aip_fetch_reply", content, parent, ident, buffers=buffers, metadata=metadata
        )

    def release(self, stream: Any, ident: Any, parent: Any) -> None:
        """The values that this request has fetched have been taken."""
        lender = self._lenders.pop(parent["content"]["of"], None)
        if lender is not None:
            lender.release()

    def _new_lender(self, request: str) -> Lender:
        """What is lent for one request: another notebook may fetch before this one has taken it."""
        while len(self._lenders) >= LENDERS:  # some readers have died
            self._lenders.pop(next(iter(self._lenders))).release()
        lender = self._lenders[request] = Lender()
        return lender


@contextlib.contextmanager
def _faults() -> Iterator[list[str]]:
    """Collect what goes wrong with values: a reply has to go out, also after an interrupt."""
    found: list[str] = []
    try:
        yield found
    except (ValueFault, OSError) as error:
        found.append(str(error))
    except KeyboardInterrupt:
        found.append(INTERRUPTED)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # until the kernel takes the next message
