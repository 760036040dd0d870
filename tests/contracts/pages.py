"""Walking through the pages of a query, for every backend of records."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from aip_jupyter.backends.records.protocol import R, RecordBackend
from aip_jupyter.domain.query import Query


def all_pages(backend: RecordBackend, kind: type[R], project: str, query: Query) -> Iterator[list[R]]:
    """The items of each page, to the last one."""
    while True:
        page = backend.find(kind, project, query)
        yield page.items
        if not page.next_page_token:
            return
        query = replace(query, page_token=page.next_page_token)
