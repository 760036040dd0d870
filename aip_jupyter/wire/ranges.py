"""Parts of a download, as RFC 9110 §14 spells them: one range of bytes, of the content that is meant."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def entity_tag(digest: str) -> str:
    """What names this very content, for `ETag` and `If-Range`."""
    return f'"{digest}"'


def asked_range(range: str, if_range: str, digest: str, size: int) -> tuple[int, int] | None:
    """The first byte that is asked for, and the one behind the last; None for all of them.

    All too for what this does not know, as the RFC has it, for other content than is meant, and when all is
    nothing. Both are `size` when nothing is there that was asked for.
    """
    found = _RANGE.fullmatch(range.strip())
    if found is None or if_range.strip() not in ("", entity_tag(digest)):
        return None
    if not size:  # who looks at the beginning of an empty file is to see that it is empty
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:  # so many at the end
        return max(0, size - int(last)), size
    if int(first) >= size:
        return size, size
    end = min(int(last) + 1, size) if last else size
    return (int(first), end) if int(first) < end else None
