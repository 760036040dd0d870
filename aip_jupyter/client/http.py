"""`services.interface.Services` over HTTP: every call made from the route table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec

from ..backends.storage.protocol import Progress
from ..domain.artifacts import Artifact, Blob, GetArtifact, ReleaseClaim, UploadBlob
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
from ..domain.system import CheckReport, CheckStore, Description, DoctorCheck, Nothing
from ..errors import Invalid, Unavailable
from ..services.blobs import write_verified
from ..wire.errors import decode_error
from ..wire.requests import split_request
from ..wire.routes import CHUNK, PREFIX, ROUTES, Route

_ROUTES = {route.operation: route for route in ROUTES}
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)


class Transport:
    """One connection pool to one server."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        # No proxies from the environment: a token for a local server must not travel through one.
        self._http = httpx.Client(
            base_url=self.url + PREFIX,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=_TIMEOUT,
            trust_env=False,
            verify=self.url.startswith("https:"),
        )

    def call(self, operation: str, request: Any) -> Any:
        """The reply's value. Raises what the far side raised, or Unavailable."""
        route = _ROUTES[operation]
        path, fields = split_request(route, request)
        if route.method == "POST":
            reply = self.send(route, path, content=msgspec.json.encode(fields))
        else:
            reply = self.send(route, path, params=fields)
        return None if route.reply is None else self.decode(reply, route.reply)

    def send(self, route: Route, path: str, **how: Any) -> httpx.Response:
        """One request; the reply is read whole."""
        timeout = httpx.Timeout(route.deadline + 60.0, connect=5.0) if route.deadline else _TIMEOUT
        try:
            reply = self._http.request(route.method, path, timeout=timeout, **how)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        self._check(reply)
        return reply

    def stream(self, route: Route, path: str, target: Path, digest: str, progress: Progress | None) -> Path:
        """Write the reply's bytes to `target`, verified."""
        try:
            with self._http.stream(route.method, path) as reply:
                if reply.is_error or reply.is_redirect:
                    reply.read()
                self._check(reply)
                return write_verified(reply.iter_bytes(CHUNK), digest, target, progress)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def _check(self, reply: httpx.Response) -> None:
        if reply.is_error or reply.is_redirect:
            raise decode_error(reply.status_code, reply.content)

    def decode(self, reply: httpx.Response, type: Any) -> Any:
        """The reply's value. Unavailable when it is not ours."""
        try:
            return msgspec.json.decode(reply.content, type=type)
        except msgspec.MsgspecError as error:
            message = f"{self.url} answered what aip-jupyter does not; is it a server of this version?"
            raise Unavailable(message) from error

    def _unreachable(self, error: httpx.HTTPError) -> Unavailable:
        what = type(error).__name__
        return Unavailable(f"the server at {self.url} does not answer ({what}); is it running? See %aip")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


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


class HttpBlobs:
    """`Blobs` over HTTP."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(self, request: UploadBlob, source: Path | bytes, progress: Progress | None = None) -> Blob:
        route = _ROUTES["blobs.upload"]
        path, fields = split_request(route, request)
        content = source if isinstance(source, bytes) else _blocks(source, progress)
        reply = self._transport.send(route, path, params=fields, content=content)
        blob: Blob = self._transport.decode(reply, Blob)
        return blob

    def release_claim(self, request: ReleaseClaim) -> None:
        self._transport.call("blobs.release_claim", request)

    def get_artifact(self, request: GetArtifact) -> Artifact:
        artifact: Artifact = self._transport.call("blobs.get_artifact", request)
        return artifact

    def download(self, request: GetArtifact, target: Path, progress: Progress | None = None) -> Path:
        digest = self.get_artifact(request).digest or ""
        route = _ROUTES["blobs.download"]
        path, _ = split_request(route, request)
        return self._transport.stream(route, path, target, digest, progress)


def _blocks(source: Path, progress: Progress | None) -> Iterator[bytes]:
    try:
        with source.open("rb") as file:
            while block := file.read(CHUNK):
                yield block
                if progress:
                    progress(len(block))
    except OSError as error:
        raise Invalid(f"{source}: cannot be read ({error.strerror})", field=str(source)) from error


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


class HttpServices:
    """All use cases of the server at `url` (its base URL, such as http://127.0.0.1:8888/user/a/)."""

    def __init__(self, url: str, token: str) -> None:
        self._transport = Transport(url, token)
        self.models = HttpModels(self._transport)
        self.blobs = HttpBlobs(self._transport)
        self.system = HttpSystem(self._transport)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()
