"""Cells run over a real link, without a notebook."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aip_jupyter.client.context import Context
from aip_jupyter.domain.sessions import Grant
from aip_jupyter.sessions.messages import Message
from aip_jupyter.sessions.relay import Cell, Relay
from aip_jupyter.sessions.zmq_link import ZmqLink


def cell(code: str, count: int = 1) -> Cell:
    """A cell of a notebook in the project `default`."""
    return Cell(code, count, Context(project="default"))


def run_cells(
    grant: Grant, *codes: str, show: Callable[[Message], object] = lambda message: None
) -> list[dict[str, Any]]:
    """Run them one after the other; their replies."""

    async def work() -> list[dict[str, Any]]:
        relay = Relay(await ZmqLink.open(grant))
        try:
            return [await relay.run(cell(code), show) for code in codes]
        finally:
            await relay.close()

    return asyncio.run(work())
