"""Bytes straight from the store, in several requests at once; through the server where that fails."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import chain

from ..domain.artifacts import Artifact, GetArtifact
from ..domain.uploads import DIRECT
from ..errors import AipError, Unavailable
from .downloading import Cut as Interrupted
from .downloading import Source
from .endpoint import Cut, Endpoint, Expired, Failed, Reach
from .uploads import HttpUploads

AT_ONCE = 8
AGAIN = (0.2, 1.0, 3.0)
"""Seconds to wait before a request that was cut is repeated."""
RANGE = 8 * 2**20
"""Bytes of a request."""


def straight_source(
    uploads: HttpUploads, reach: Reach, request: GetArtifact, artifact: Artifact, through: Source
) -> Source:
    """Gives an artifact's bytes from a place on: those of the store, or those that `through` gives."""
    size = artifact.size or 0
    worth_it = size >= DIRECT

    @contextmanager
    def source(start: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        nonlocal worth_it
        straight = _Straight(uploads, request) if worth_it and reach.is_there else None
        if straight and straight.is_offered:
            try:
                with closing(straight.blocks(start, size)) as blocks:
                    first = next(
                        blocks, b""
                    )  # what fails at once goes through the server, and is not noticed
                    yield start, chain((first,), blocks)
                return
            except Failed as error:
                worth_it = False
                reach.tell(error)
                if straight.began:
                    raise Interrupted(_cut()) from None
        with through(start) as found:
            yield found

    return source


class _Straight:
    """One attempt."""

    def __init__(self, uploads: HttpUploads, request: GetArtifact) -> None:
        self._uploads = uploads
        self._request = request
        self._address = uploads.get_address(request)
        self._endpoint = Endpoint(self._address.ca)
        self.began = False
        """Whether any of the bytes have come."""

    @property
    def is_offered(self) -> bool:
        """Whether the store can be asked at all."""
        return bool(self._address.url)

    def blocks(self, start: int, size: int) -> Generator[bytes, None, None]:
        """All bytes from a place on. Raises Failed."""
        ahead: deque[Future[bytes]] = deque()
        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                try:
                    for at in range(start, size, RANGE):
                        ahead.append(pool.submit(self._fetch, at, min(at + RANGE, size)))
                        if len(ahead) > AT_ONCE:
                            yield self._next(ahead)
                    while ahead:
                        yield self._next(ahead)
                finally:
                    for future in ahead:
                        future.cancel()
        finally:
            self._endpoint.close()

    def _next(self, ahead: deque[Future[bytes]]) -> bytes:
        data = ahead.popleft().result()
        self.began = True
        return data

    def _fetch(self, start: int, end: int) -> bytes:
        for pause in AGAIN:
            try:
                return self._endpoint.get(self._address.url, start, end)
            except Cut:
                time.sleep(pause)
            except Expired:
                self._renew()
        return self._endpoint.get(self._address.url, start, end)

    def _renew(self) -> None:
        try:
            self._address = self._uploads.get_address(self._request)
        except AipError:
            raise Expired from None  # the server says more to who asks it for the bytes


def _cut() -> Unavailable:
    return Unavailable("the connection to the store was cut, and not restored; try again")
