"""Ids and digests."""

from __future__ import annotations

import hashlib
import re
import time

from aip_jupyter.domain.artifacts import FileRef
from aip_jupyter.domain.models import content_digest
from aip_jupyter.domain.records import new_id


def test_ids_are_uuid_version_7_and_sort_by_time() -> None:
    first = new_id()
    time.sleep(0.002)
    ids = [first, *(new_id() for _ in range(1000))]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}", id) for id in ids)
    assert min(ids) == first


def test_the_digest_of_a_version_depends_on_content_and_paths_only() -> None:
    one = FileRef(path="a", digest="1" * 64, size=1)
    two = FileRef(path="b", digest="2" * 64, size=2, media_type="text/plain")
    assert content_digest([one, two]) == content_digest([two, one])
    assert content_digest([one]) == hashlib.sha256(f"{'1' * 64}  a\n".encode()).hexdigest()
    assert content_digest([one]) != content_digest([two])
