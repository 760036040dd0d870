"""Which part of a download is asked for."""

from __future__ import annotations

import pytest

from aip_jupyter.wire.ranges import asked_range, entity_tag

DIGEST = "ab" * 32


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-", (0, 10)),
        ("bytes=3-", (3, 10)),
        ("bytes=3-5", (3, 6)),
        ("bytes=3-99", (3, 10)),
        ("bytes=-4", (6, 10)),
        ("bytes=-40", (0, 10)),
        ("bytes=10-", (10, 10)),
        ("bytes=99-100", (10, 10)),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-3", None),
        ("bytes=1-2,4-5", None),
        ("items=1-2", None),
        ("bytes=a-b", None),
    ],
)
def test_one_range_is_understood_and_all_else_means_everything(
    asked: str, part: tuple[int, int] | None
) -> None:
    assert asked_range(asked, "", DIGEST, 10) == part


def test_a_range_is_only_of_the_content_that_is_meant() -> None:
    assert asked_range("bytes=3-", entity_tag(DIGEST), DIGEST, 10) == (3, 10)
    assert asked_range("bytes=3-", entity_tag("cd" * 32), DIGEST, 10) is None
    assert asked_range("bytes=3-", "Wed, 21 Oct 2015 07:28:00 GMT", DIGEST, 10) is None


def test_an_empty_file_is_all_that_there_is() -> None:
    assert asked_range("bytes=0-", "", DIGEST, 0) is None
