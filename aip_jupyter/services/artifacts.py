"""The files of runs, in process: lists, deletion and restoration. How they are recorded: `artifact_log`."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ..domain import names
from ..domain.artifacts import Artifact, ArtifactPage, Changed, GetArtifacts, ListArtifacts, LogArtifacts
from ..domain.changes import Put
from ..domain.models import Version
from ..domain.pages import MAX_PAGE
from ..domain.query import Compare, Condition, Or, Order, Query, all_of
from ..domain.records import now_ms
from ..errors import Conflict, Invalid, NotFound
from .artifact_log import ArtifactLog, refuse_collisions
from .callers import Caller
from .deletion import ARCHIVED, LIVE, brought_back, put_away
from .finding import nearest, records_by_id
from .links import check_linked_run
from .models import check_limit
from .run_reading import find_run

if TYPE_CHECKING:
    from .local import Platform

_BY_PATH = Order("path")
_ATTEMPTS = 30


class LocalArtifacts:
    """`services.interface.Artifacts` over a tracking and a storage backend."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self._platform = platform
        self._tracking = platform.tracking
        self._caller = caller

    def log_artifacts(self, request: LogArtifacts) -> list[Artifact]:
        """Record files of a run, all or none."""
        return ArtifactLog(self._platform, self._caller, request).run()

    def list_artifacts(self, request: ListArtifacts) -> ArtifactPage:
        """One page of a run's files, by path, and how much they are together."""
        run = self._run_id(request.project, request.run)
        terms: list[Condition] = [Compare("owner_id", "=", run), ARCHIVED if request.deleted else LIVE]
        if request.path:
            terms += _at(_checked_path(request.path))
        query = Query(
            where=all_of(terms),
            order=_BY_PATH,
            limit=check_limit(request.limit),
            page_token=request.page_token,
        )
        page = self._tracking.find(Artifact, request.project, query)
        count, size = self._tracking.stored(request.project, run)
        return ArtifactPage(items=page.items, next_page_token=page.next_page_token, count=count, size=size)

    def delete_artifacts(self, request: GetArtifacts) -> Changed:
        """Put a file or a folder out of sight."""
        now = now_ms()
        return self._change(request, LIVE, lambda artifact: put_away(artifact, now))

    def restore_artifacts(self, request: GetArtifacts) -> Changed:
        """Take that back. Conflict where something else lies meanwhile."""
        return self._change(request, ARCHIVED, brought_back)

    def _change(
        self, request: GetArtifacts, state: Compare, changed: Callable[[Artifact], Artifact]
    ) -> Changed:
        """Change what is in this state, page by page: whoever is cut repeats the request for the rest."""
        project, path = request.project, _checked_path(request.path)
        run = self._run_id(project, request.run)
        check_linked_run(self._tracking, self._caller, project, run)
        where = all_of([Compare("owner_id", "=", run), state, *_at(path)])
        query = Query(where=where, order=_BY_PATH, limit=MAX_PAGE)
        count = size = 0
        while True:
            done, token = self._change_page(project, run, query, changed)
            count += len(done)
            size += sum(artifact.size or 0 for artifact in done)
            if not token:
                break
            query = replace(query, page_token=token)
        if not count:
            raise self._nothing_at(project, run, path, state)
        return Changed(count=count, size=size)

    def _change_page(
        self, project: str, run: str, query: Query, changed: Callable[[Artifact], Artifact]
    ) -> tuple[Sequence[Artifact], str]:
        """What of one page was changed, read again when somebody else was faster; the next page's token."""
        for attempt in range(_ATTEMPTS):
            page = self._tracking.find(Artifact, project, query)
            after = [changed(artifact) for artifact in page.items]
            back = [artifact.path for artifact in after if artifact.state == "LIVE"]
            try:
                refuse_collisions(self._tracking, project, run, back)
            except Invalid as error:
                message = f"{error.message}; delete what is there now, then restore"
                raise Conflict(message, field="path") from error
            try:
                expect = {artifact.id: artifact.revision for artifact in page.items}
                self._tracking.apply([Put(artifact) for artifact in after], expect)
                return after, page.next_page_token
            except Conflict:
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0, 0.01 * attempt))  # noqa: S311
        raise AssertionError  # the last attempt returns or raises

    def _run_id(self, project: str, text: str) -> str:
        """The id of a run, also of one that has artifacts but is not stored yet."""
        try:
            return find_run(self._tracking, project, text).id
        except NotFound:
            # The files of versions may be in the same store: those are not a run's.
            is_version = bool(records_by_id(self._platform.registry, Version, project, [text]))
            of_run = Query(where=Compare("owner_id", "=", text), order=_BY_PATH, limit=1)
            if is_version or not self._tracking.find(Artifact, project, of_run).items:
                raise
            return text

    def _nothing_at(self, project: str, run: str, path: str, state: Compare) -> NotFound:
        where = all_of([Compare("owner_id", "=", run), state])
        known = self._tracking.find(Artifact, project, Query(where=where, order=_BY_PATH, limit=MAX_PAGE))
        near = nearest(path, [artifact.path for artifact in known.items])
        what = "no file or folder" if state is LIVE else "no deleted file or folder"
        advice = f"; did you mean {' or '.join(near)}?" if near else ""
        return NotFound(f"path: the run has {what} {path!r}{advice}", field="path", nearest=near)


def _checked_path(path: str) -> str:
    return names.check_path(path.removesuffix("/"), "path")


def _at(path: str) -> list[Condition]:
    """This file, or what is in this folder. `0` follows `/`: the range alone finds it along the index."""
    here = Or((Compare("path", "=", path), Compare("path", ">=", f"{path}/")))
    return [Compare("path", ">=", path), Compare("path", "<", f"{path}0"), here]
