"""Bytes in and out: streamed in batches of CHUNK, so that memory stays flat whatever their size."""

from __future__ import annotations

import base64
from typing import BinaryIO
from urllib.parse import quote, urlsplit

import msgspec
from tornado.iostream import StreamClosedError

from ..backends.storage.protocol import Staging
from ..domain.artifacts import Artifact
from ..errors import AipError, Invalid
from ..wire.ranges import asked_range, entity_tag
from ..wire.routes import CHUNK
from .handlers import ApiHandler

MAX_UPLOAD = 2**50
"""Bytes; the disk is the real limit."""
_LOCAL = ("localhost", "127.0.0.1", "::1")


class UploadHandler(ApiHandler):
    """PUT of one blob under a claim."""

    _staging: Staging | None = None
    _failed: AipError | None = None

    def body_limit(self) -> int:
        return MAX_UPLOAD

    async def admit(self) -> None:
        await super().admit()
        if self.request.method not in self.routes:
            return
        request = self.request_of(self.path_kwargs)
        self._digest = request.digest
        self._staging = await self.pool().run(self.services().blobs.stage, request)

    async def data_received(self, chunk: bytes) -> None:
        super().data_received(chunk)
        if len(self._body) >= CHUNK:
            await self._flush()

    async def _flush(self) -> None:
        """Write the batch. After a failure the rest is read and dropped, so that the sender hears why."""
        batch, self._body = self._body, bytearray()
        if self._failed is not None or self._staging is None:
            return
        try:
            await self.pool().run(self._staging.write, batch)
        except AipError as error:
            self._failed = error

    async def answer(self, **path: str) -> None:
        await self._flush()
        if self._failed is not None:
            raise self._failed
        if self._staging is None:
            raise Invalid("body: nothing was received; send the bytes as the body", field="body")
        self.reply(msgspec.json.encode(await self.pool().run(self._staging.commit, self._digest)))

    def on_finish(self) -> None:
        self._drop()

    def on_connection_close(self) -> None:
        """The sender is gone: what came so far is dropped."""
        super().on_connection_close()
        self._drop()

    def _drop(self) -> None:
        staging, self._staging = self._staging, None
        if staging is not None:
            self.app.pools["storage"].always(staging.abort)


class DownloadHandler(ApiHandler):
    """GET of an artifact's bytes. Always as a download: nothing of it may run in Jupyter's origin."""

    async def answer(self, **path: str) -> None:
        if await self._is_elsewhere(path):
            return
        artifact, source = await self.pool().run(self.services().blobs.open, self.request_of(path))
        try:
            self._headers_of(artifact)
            await self._send(source, await self._part(artifact, source))
        finally:
            await self.pool().run(source.close)

    async def _is_elsewhere(self, path: dict[str, str]) -> bool:
        """Send a browser that navigates, as it does for a download, to the store itself, if it can go there.

        Pages that fetch, which the store would refuse, and programs get the bytes here.
        """
        headers = self.request.headers
        # Browsers say so in secure contexts, of a link to download by nothing else.
        mode = headers.get("Sec-Fetch-Mode")
        if mode != "navigate" and (mode or "text/html" not in headers.get("Accept", "")):
            return False
        found = await self.pool().run(self.services().uploads.browser_address, self.request_of(path))
        there = urlsplit(found.url)
        secure = there.scheme == "https" or self.request.protocol != "https"  # else browsers refuse it
        near = there.hostname not in _LOCAL or self.request.host_name in _LOCAL
        if not (found.url and secure and near and not found.ca):
            return False
        self.redirect(found.url)
        return True

    def _headers_of(self, artifact: Artifact) -> None:
        name = quote(artifact.path.rsplit("/", 1)[-1])
        digest = base64.b64encode(bytes.fromhex(artifact.digest or "")).decode()
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{name}")  # RFC 6266
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Repr-Digest", f"sha-256=:{digest}:")  # RFC 9530
        self.set_header("ETag", entity_tag(artifact.digest or ""))
        self.set_header("Accept-Ranges", "bytes")

    async def _part(self, artifact: Artifact, source: BinaryIO) -> int:
        """Go to the first byte that is asked for; how many follow. So a download that was cut goes on."""
        headers, size = self.request.headers, artifact.size or 0
        part = asked_range(headers.get("Range", ""), headers.get("If-Range", ""), artifact.digest or "", size)
        start, end = part or (0, size)
        if part is not None:
            is_there = start < end
            self.set_status(206 if is_there else 416)
            self.set_header(
                "Content-Range", f"bytes {start}-{end - 1}/{size}" if is_there else f"bytes */{size}"
            )
            await self.pool().run(source.seek, start)
        self.set_header("Content-Length", str(end - start))
        return end - start

    async def _send(self, source: BinaryIO, count: int) -> None:
        try:
            while block := await self.pool().run(source.read, min(CHUNK, count)):
                count -= len(block)
                self.write(block)
                await self.flush()
            self.finish(set_content_type="application/octet-stream")
        except StreamClosedError:
            self.log.debug("the reader of %s left", self.request.path)
