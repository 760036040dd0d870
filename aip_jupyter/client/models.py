"""Models and their versions over HTTP."""

from __future__ import annotations

from ..domain.models import (
    GetModel,
    GetVersion,
    ListModels,
    ListVersions,
    Model,
    ModelDetail,
    RegisterVersion,
    Version,
    VersionDetail,
)
from ..domain.pages import Page
from .transport import Transport


class HttpModels:
    """`Models` over HTTP."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def register_version(self, request: RegisterVersion) -> VersionDetail:
        detail: VersionDetail = self._call("models.register_version", request)
        return detail

    def list_models(self, request: ListModels) -> Page[Model]:
        page: Page[Model] = self._call("models.list_models", request)
        return page

    def get_model(self, request: GetModel) -> ModelDetail:
        detail: ModelDetail = self._call("models.get_model", request)
        return detail

    def list_versions(self, request: ListVersions) -> Page[Version]:
        page: Page[Version] = self._call("models.list_versions", request)
        return page

    def get_version(self, request: GetVersion) -> VersionDetail:
        detail: VersionDetail = self._call("models.get_version", request)
        return detail
