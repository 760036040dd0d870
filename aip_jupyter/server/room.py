"""Memory that many share."""

from __future__ import annotations

import asyncio


class Room:
    """So many bytes, for whoever takes some of them for a while; who comes first is served first."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._turn = asyncio.Lock()
        self._given = asyncio.Event()

    async def take(self, size: int) -> None:
        """Take so many, at most all there are; waits until they are left."""
        async with self._turn:
            while size > self._left:
                self._given.clear()
                await self._given.wait()
            self._left -= size

    def give(self, size: int) -> None:
        """Give back what was taken."""
        self._left += size
        self._given.set()
