"""What stands in the way of a blob's removal, in S3, which has no locks: marks, as empty objects.

    held/<digest>/<time>-<clock>-<group>       published under a claim's group, then
    held/<digest>/removing-<end>-<nonce>       somebody is about to remove it; for certain not after <end>

Who publishes writes his mark, then looks for removals, and waits until those that he sees have ended, before
he relies on the blob. Who removes writes his, then looks for marks. So at least one sees the other.

A removal cannot happen late: its request was signed, for a few seconds, before it looked for marks, and the
store refuses it afterwards. So one that was cut holds nobody up for longer than that.

A mark outlives its claim as the time when the blob was last published: what is recorded and released while
somebody collects is seen to be young.
"""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from functools import cache
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from ...errors import Unavailable
from ..process import this_process
from .s3_bucket import Bucket, Listing

LIFETIME = 10
"""Seconds in which a removal has to happen."""
_SLACK = 5.0
"""Seconds that the store may take for a request that it has accepted."""
_PATIENCE = 30.0
APART = 1800.0
"""Seconds that two machines' clocks may be apart: a store refuses who is 15 minutes off. Marks of other
machines count as so much younger."""
_MANY = 50
_MARK = re.compile(r"([0-9]{10}\.[0-9]{7})-([0-9a-f]{8})-([0-9a-f]{32})")


class Mark(Struct, frozen=True):
    """A publication of a blob."""

    key: str
    time: float
    clock: str
    group: str

    @property
    def youngest(self) -> float:
        """When it was, at the latest, by this machine's clock."""
        return self.time if self.clock == _clock() else self.time + APART


class Marks:
    """The marks of one store's blobs."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def name(self, digest: str, group: str) -> str:
        """The key of a new mark."""
        return f"held/{digest}/{time.time():.7f}-{_clock()}-{group}"

    def wait(self, digest: str) -> None:
        """Until removals that began before our mark have ended. Unavailable when that takes too long."""
        found = self._bucket.list(f"held/{digest}/")
        self._prune(found)
        seen = {item.key for item in found.items if "/removing-" in item.key}
        deadline = time.monotonic() + _PATIENCE
        while seen:
            over = [key for key in seen if found.now > _end_of(key) + _SLACK]
            if over:
                self._bucket.delete(over)
                seen.difference_update(over)
            if time.monotonic() > deadline:
                message = (
                    f"storage: {digest} has been in removal for {_PATIENCE:.0f} s; try again in a minute"
                )
                raise Unavailable(message)
            if seen:
                time.sleep(0.01)
                found = self._bucket.list(f"held/{digest}/removing-")
                seen.intersection_update(item.key for item in found.items)

    def remove(self, digest: str, blob: str, before: float, beside: Callable[[], set[str]]) -> bool:
        """Remove the blob of this key unless it is held, but for some groups, or not older than `before`."""
        aside = beside()
        if self._removable(digest, before, aside) is None:  # so nobody has to wait for us without need
            return False
        url = self._bucket.presign("delete_object", LIFETIME, Key=blob)
        tombstone = f"held/{digest}/removing-{_end(url)}-{uuid.uuid4().hex}"
        self._bucket.put(tombstone)
        old = self._removable(digest, before, aside)
        removed = old is not None and self._bucket.send("DELETE", url) in (200, 204)
        # When no answer came the tombstone stays: it may still happen.
        self._bucket.delete([tombstone, *([mark.key for mark in old or []] if removed else [])])
        return removed

    def _removable(self, digest: str, before: float, aside: set[str]) -> list[Mark] | None:
        """All marks, when none of them stands in the way."""
        marks = _marks(self._bucket.list(f"held/{digest}/"))
        if any(mark.youngest >= before for mark in marks):
            return None
        groups = {mark.group for mark in marks} - aside
        return None if any(self._alive(group) for group in groups) else marks

    def _alive(self, group: str) -> bool:
        return self._bucket.size(f"groups/{group}/head") is not None

    def _prune(self, found: Listing) -> None:
        """Of a blob that is published again and again, drop what is long over."""
        marks = sorted(_marks(found), key=lambda mark: mark.time)
        if len(marks) > _MANY:
            old = [mark for mark in marks if mark.time + 2 * APART < marks[-1].time]
            self._bucket.delete([mark.key for mark in old if not self._alive(mark.group)])


def _marks(found: Listing) -> list[Mark]:
    matches = [(item.key, _MARK.fullmatch(item.key.rpartition("/")[2])) for item in found.items]
    return [Mark(key, float(match[1]), match[2], match[3]) for key, match in matches if match]


def _end(url: str) -> int:
    """When a signature ends, in seconds since the epoch."""
    query = parse_qs(urlsplit(url).query)
    signed = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    return int(signed.timestamp()) + int(query["X-Amz-Expires"][0])


def _end_of(tombstone: str) -> int:
    return int(tombstone.rpartition("/")[2].split("-")[1])


@cache
def _clock() -> str:
    """Names the clock of this machine, as it was set since it started."""
    return hashlib.sha256("|".join(this_process().split("|")[:2]).encode()).hexdigest()[:8]
