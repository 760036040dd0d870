"""One page of a list. Pages are keyset pages: a token names the last row seen, not an offset."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")

MAX_PAGE = 1000
"""The most rows that one page holds; the default is 100."""


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """Some rows, and the token with which to ask for the following ones; "" on the last page."""

    items: list[T]
    next_page_token: str = ""
