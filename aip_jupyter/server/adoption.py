"""What dead processes of this home have logged: stored at the server's start, and looked for now and then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

from ..domain.records import DEFAULT_PROJECT
from ..errors import AipError
from ..services.journals import adopt
from ..services.local import Platform
from .pool import Pool

INTERVAL = 30.0
"""Seconds between two looks; a look without news lists one folder."""
DEADLINE = 3600.0
"""Seconds that storing what was found may take."""


async def adopt_journals(platform: Platform, stores: Collection[str], log: logging.Logger) -> None:
    """Until cancelled. What is kept, and why, is told once."""
    settings = platform.settings
    pool = Pool("journals", 1, DEADLINE)
    told: set[str] = set()
    runs = platform.services().runs
    try:
        while True:
            try:
                found = await pool.run(
                    adopt, settings.home, stores, runs, lambda: settings.project or DEFAULT_PROJECT
                )
                if found.journals:
                    log.info("aip: stored %d records of %d ended processes", found.records, found.journals)
                for reason in set(found.kept) - told:
                    log.warning("aip: %s", reason)
                told.update(found.kept)
            except AipError as error:
                log.warning("aip: what ended processes have logged is stored later: %s", error.message)
            except Exception:  # the outermost guard: the next look may find something else
                log.exception("aip: cannot look for what ended processes have logged")
            await asyncio.sleep(INTERVAL)
    finally:
        pool.close()
