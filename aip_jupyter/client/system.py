"""What is in use, over HTTP."""

from __future__ import annotations

from ..domain.system import CheckReport, CheckStore, Description, DoctorCheck, Nothing
from .transport import Transport


class HttpSystem:
    """`System` over HTTP."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def describe(self, request: Nothing) -> Description:
        description: Description = self._call("system.describe", request)
        return description

    def doctor(self, request: Nothing) -> list[DoctorCheck]:
        checks: list[DoctorCheck] = self._call("system.doctor", request)
        return checks

    def check_store(self, request: CheckStore) -> CheckReport:
        report: CheckReport = self._call("system.check_store", request)
        return report
