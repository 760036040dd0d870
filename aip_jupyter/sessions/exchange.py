"""Values on the session's side: the kernel's handlers that put them into its namespace and give them out."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import msgspec

from .parcels import (
    LARGE,
    Fetch,
    Fetched,
    Note,
    Offer,
    Offered,
    Push,
    digest,
    grouped,
    load_groups,
)
from .shared import Lender, Loan, borrow
from .stock import Stock
from .values import INTERRUPTED, Buffer, ValueFault

LENDERS = 8
"""Requests whose values may wait to be taken."""
PASSING = "_aip_"
"""How the names begin of what is fetched once, and not kept."""


class Exchange:
    """Answers requests for the variables of one kernel's namespace."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._lenders: dict[str, Lender] = {}
        self._stock = Stock(lambda: self._namespace)

    @property
    def handlers(self) -> dict[str, Any]:
        """By the type of the request."""
        return {
            "aip_offer_request": self.offer,
            "aip_push_request": self.push,
            "aip_fetch_request": self.fetch,
            "aip_release_request": self.release,
        }

    @property
    def _namespace(self) -> dict[str, Any]:
        namespace: dict[str, Any] = self._kernel.shell.user_ns
        return namespace

    def offer(self, stream: Any, ident: Any, parent: Any) -> None:
        """Answer what of the notebook's values is here already, and which of its names are."""
        offer = msgspec.convert(parent["content"], Offer)
        same, has = list[int](), dict[int, list[int]]()
        with _faults() as faults:
            self._stock.begin(parent["header"]["msg_id"])
            same, has = self._stock.look(offer.notes, bound=offer.bound)
            self._kernel.shell.events.register("pre_execute", self._stock.forget)
        present = [name for name in offer.names if name in self._namespace]
        answer = Offered(same=same, has=has, present=present, fault="".join(faults))
        self._reply(stream, "aip_offer_reply", answer, parent, ident)

    def push(self, stream: Any, ident: Any, parent: Any) -> None:
        """Put the notebook's values into the namespace: all of them, or none."""
        loans = msgspec.convert(parent["metadata"].get("loans", []), list[Loan])
        push = msgspec.convert(parent["content"], Push)
        lost = False
        with _faults() as faults:
            buffers = borrow(loans, parent["buffers"])
            notes = push.notes or [Note([], count=len(buffers))]
            try:
                buffers = self._stock.complete(push.of, notes, buffers)
            except KeyError:  # another notebook's cell came between
                lost = True
            else:
                values = load_groups(notes, buffers)
                del buffers
                self._stock.stamp(notes, values, bound=push.bound)
                self._namespace.update(values)
        self._stock.forget()
        self._reply(stream, "aip_push_reply", {"fault": "".join(faults), "lost": lost}, parent, ident)

    def fetch(self, stream: Any, ident: Any, parent: Any) -> None:
        """Answer with the values of these names."""
        fetch = msgspec.convert(parent["content"], Fetch)
        found = Fetched(missing=[name for name in fetch.names if name not in self._namespace])
        loans, buffers = list[Loan](), list[Buffer]()
        with _faults() as faults:
            if not found.missing:
                buffers = self._collect(fetch, found)
                if parent["metadata"].get("shares"):
                    loans, buffers = self._new_lender(parent["header"]["msg_id"]).lend(buffers)
        for name in fetch.names:
            if name.startswith(PASSING):
                self._namespace.pop(name, None)
        found.fault = "".join(faults)
        self._reply(stream, "aip_fetch_reply", found, parent, ident, loans, buffers)

    def _collect(self, fetch: Fetch, found: Fetched) -> list[Buffer]:
        """The buffers of all that is to be sent, with a note of each group."""
        namespace = self._namespace
        bound = namespace if fetch.bound else None
        maybe = [name for name in fetch.maybe if name in namespace and name not in fetch.names]
        unless = {name: note for note in fetch.unless for name in note.names}
        notes = [unless.get(name, Note([name])) for name in (*fetch.names, *maybe)]  # in the notebook's order
        wanted = dict.fromkeys(name for note in notes for name in note.names if name in namespace)
        if fetch.bound:
            found.modules = _modules({name: namespace[name] for name in maybe})
        known = {*fetch.known, *wanted}
        made = grouped(
            {name: namespace[name] for name in wanted if name not in found.modules},
            fetch.receiver,
            bound=bound,
            along=lambda name: name in namespace and name not in known,
            lenient=maybe,
        )
        found.left = made.left
        buffers = list[Buffer]()
        for group in made.groups:
            if (note := unless.get(group.names[0])) is not None and self._stock.is_same(group, note):
                found.unchanged += group.names
                continue
            if fetch.bound or group.size >= LARGE:
                group.digests = [digest(group.buffers[0])]
            found.notes.append(group.note())
            buffers += group.buffers
        return buffers

    def release(self, stream: Any, ident: Any, parent: Any) -> None:
        """The values that this request has fetched have been taken."""
        lender = self._lenders.pop(parent["content"]["of"], None)
        if lender is not None:
            lender.release()

    def _reply(
        self,
        stream: Any,
        kind: str,
        content: object,
        parent: Any,
        ident: Any,
        loans: Sequence[Loan] = (),
        buffers: Sequence[Buffer] = (),
    ) -> None:
        self._kernel.session.send(
            stream,
            kind,
            msgspec.to_builtins(content, str_keys=True),
            parent,
            ident,
            buffers=list(buffers),
            metadata={"loans": msgspec.to_builtins(loans)},
        )

    def _new_lender(self, request: str) -> Lender:
        """What is lent for one request: another notebook may fetch before this one has taken it."""
        while len(self._lenders) >= LENDERS:  # some readers have died
            self._lenders.pop(next(iter(self._lenders))).release()
        lender = self._lenders[request] = Lender()
        return lender


def _modules(values: Mapping[str, Any]) -> dict[str, str]:
    """Those that are modules, by their own names: whether they are loaded there too is not for us to say."""
    return {name: value.__name__ for name, value in values.items() if isinstance(value, ModuleType)}


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
