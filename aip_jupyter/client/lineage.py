"""Lineage over HTTP."""

from __future__ import annotations

from ..domain.lineage import GetImpact, GetLineage, GetModelLineage, Impact, Lineage, ModelLineage
from .transport import Transport


class HttpLineage:
    """`services.interface.LineageOf` over HTTP."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def get_lineage(self, request: GetLineage) -> Lineage:
        reply: Lineage = self._call("lineage.get_lineage", request)
        return reply

    def get_model_lineage(self, request: GetModelLineage) -> ModelLineage:
        reply: ModelLineage = self._call("lineage.get_model_lineage", request)
        return reply

    def get_impact(self, request: GetImpact) -> Impact:
        reply: Impact = self._call("lineage.get_impact", request)
        return reply
