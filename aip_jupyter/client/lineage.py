"""Lineage over HTTP."""

from __future__ import annotations

from ..domain.lineage import GetLineage, Lineage
from .transport import Transport


class HttpLineage:
    """`services.interface.LineageOf` over HTTP."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def get_lineage(self, request: GetLineage) -> Lineage:
        reply: Lineage = self._call("lineage.get_lineage", request)
        return reply
