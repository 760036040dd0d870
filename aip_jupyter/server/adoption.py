"""What dead processes of this home have logged: stored at the server's start, and looked for now and then.

Runs whose processes are dead, and that nobody has ended, are ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

from ..domain.access import EVERYWHERE, Project
from ..domain.query import Compare
from ..domain.records import DEFAULT_PROJECT
from ..errors import AipError
from ..services.finding import records_of
from ..services.gone import fail_lost_runs
from ..services.journals import Adopted, adopt
from ..services.local import Platform
from .pool import Pool

INTERVAL = 30.0
"""Seconds between two looks; a look without news lists one folder."""
DEADLINE = 3600.0
"""Seconds that storing what was found may take."""
LOOKS = 10
"""How many of them there are from one search for lost runs to the next."""


async def adopt_journals(platform: Platform, stores: Collection[str], log: logging.Logger) -> None:
    """Until cancelled. What is kept, and why, is told once."""
    pool = Pool("journals", 1, DEADLINE)
    told: set[str] = set()
    look = 0
    try:
        while True:
            try:
                found = await pool.run(_adopt, platform, stores)
                if found.journals:
                    log.info("aip: stored %d records of %d ended processes", found.records, found.journals)
                for reason in set(found.kept) - told:
                    log.warning("aip: %s", reason)
                told.update(found.kept)
                if look % LOOKS == 0 and (ended := await pool.run(end_lost_runs, platform)):
                    log.info("aip: %d runs have failed whose processes are dead", ended)
            except AipError as error:
                log.warning("aip: what ended processes have logged is stored later: %s", error.message)
            except Exception:  # the outermost guard: the next look may find something else
                log.exception("aip: cannot look for what ended processes have logged")
            look += 1
            await asyncio.sleep(INTERVAL)
    finally:
        pool.close()


def _adopt(platform: Platform, stores: Collection[str]) -> Adopted:
    settings = platform.settings
    project = settings.project or DEFAULT_PROJECT
    return adopt(settings.home, stores, platform.services().runs, lambda: project)


def end_lost_runs(platform: Platform) -> int:
    """End the runs of all projects that are out of contact and provably dead; how many. Raises AipError."""
    settings = platform.settings
    if not settings.home.exists():
        return 0
    live = records_of(platform.access, Project, EVERYWHERE, Compare("state", "=", "LIVE"))
    projects = {DEFAULT_PROJECT, settings.project or DEFAULT_PROJECT, *(project.name for project in live)}
    runs = platform.services().runs
    return sum(fail_lost_runs(settings.home, runs, project) for project in sorted(projects))
