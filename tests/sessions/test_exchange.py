"""The session's side of values on their way."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from aip_jupyter.sessions.exchange import LENDERS, Exchange
from aip_jupyter.sessions.shared import borrow


def test_each_request_has_its_own_loans() -> None:
    exchange = Exchange(SimpleNamespace())
    first, second = (np.full(1_000_000, value).tobytes() for value in (1.0, 2.0))
    loans = {name: exchange._new_lender(name).lend([array]) for name, array in (("a", first), ("b", second))}
    assert np.frombuffer(borrow(*loans["a"])[0])[0] == 1.0
    exchange.release(None, None, {"content": {"of": "a"}})
    assert np.frombuffer(borrow(*loans["b"])[0])[0] == 2.0
    for number in range(2 * LENDERS):
        exchange._new_lender(str(number)).lend([bytes(2_000_000)])
    assert len(exchange._lenders) == LENDERS
    for lender in exchange._lenders.values():
        lender.release()
