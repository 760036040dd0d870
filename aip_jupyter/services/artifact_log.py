"""One request to record files of a run, across storage and tracking.

    claim (made by the upload) → intent → artifacts, in one transaction → − intent → release

The intent keeps the bytes of a claim that is given up meanwhile: see `blobs.drop_claim`.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..backends.process import this_process
from ..backends.tracking.protocol import TrackingBackend
from ..domain.artifacts import Artifact, ExternalFile, FileRef, LogArtifacts, artifact_id
from ..domain.changes import Delete, Intent, Put
from ..domain.models import Version
from ..domain.query import Compare, Order, Query, all_of
from ..domain.records import new_id, now_ms
from ..domain.runs import Run
from ..errors import Conflict, Invalid, NotFound, Unavailable
from .callers import Caller, author_of
from .checks import check_artifacts, file_and_folder, folders_of
from .deletion import LIVE
from .finding import records_by_id
from .rights import check_run

if TYPE_CHECKING:
    from .local import Platform

_ATTEMPTS = 30
"""How often to begin again when others change the same files meanwhile."""

_WHAT = ("path", "size", "digest", "uri", "media_type", "state")
"""What a record says of its file: one that says the same is the same."""


class ArtifactLog:
    """Carries out one LogArtifacts."""

    def __init__(self, platform: Platform, caller: Caller, request: LogArtifacts) -> None:
        self._registry = platform.registry
        self._storage = platform.storage
        self._tracking = platform.tracking
        self._request = check_artifacts(request)
        self._check_run(caller)
        author = author_of(request.author, platform.settings.user, caller)
        files: list[FileRef | ExternalFile] = [*self._request.files, *self._request.external]
        wanted = [_artifact(self._request, file, author) for file in files]
        self._wanted = {artifact.id: artifact for artifact in wanted}

    def run(self) -> list[Artifact]:
        """The records in the order of the request; also when it was carried out before."""
        if self._lacking(self._known()):
            # The intent comes before the look at the bytes.
            with self._under_way() if self._request.files else contextlib.nullcontext():
                self._write()
        if self._request.files:
            self._release()
        known = self._known()
        return [known[id] for id in self._wanted if id in known]

    def _check_run(self, caller: Caller) -> None:
        project, id = self._request.project, self._request.run
        for run in records_by_id(self._tracking, Run, project, [id]).values():
            check_run(caller, run)
            if run.state == "ARCHIVED":
                message = f"run: {run.name} is deleted; %restore_run {id} brings it back, then log again"
                raise Conflict(message, field="run")
            return
        if records_by_id(self._registry, Version, project, [id]):
            raise Invalid(f"run: {id} is a version, whose files do not change; name a run", field="run")

    def _known(self) -> dict[str, Artifact]:
        return records_by_id(self._tracking, Artifact, self._request.project, self._wanted)

    def _lacking(self, known: Mapping[str, Artifact]) -> list[Artifact]:
        """What is to be written."""
        return [
            artifact
            for id, artifact in self._wanted.items()
            if id not in known or any(getattr(known[id], name) != getattr(artifact, name) for name in _WHAT)
        ]

    @contextlib.contextmanager
    def _under_way(self) -> Iterator[None]:
        request = self._request
        intent = Intent(
            id=new_id(),
            project=request.project,
            created=now_ms(),
            action="log_artifacts",
            target=request.claim,
            holder=this_process(),
        )
        self._registry.apply([Put(intent)])
        try:
            yield
        finally:
            # When the store is what failed, the check of the store removes it later.
            with contextlib.suppress(Unavailable):
                self._registry.apply([Delete(Intent, intent.id)])

    def _write(self) -> None:
        held = self._held()
        project, run = self._request.project, self._request.run
        for attempt in range(_ATTEMPTS):
            known = self._known()
            lacking = self._lacking(known)
            self._check_bytes(lacking, held)
            # What lies there already is at worst deleted meanwhile.
            new = [each.path for each in lacking if each.id not in known or known[each.id].state != "LIVE"]
            above = refuse_collisions(self._tracking, project, run, new)
            seen = {**above, **known}
            expect = {id: seen[id].revision if id in seen else 0 for id in (*self._wanted, *_above(run, new))}
            try:
                self._tracking.apply([Put(artifact) for artifact in lacking], expect)
                return
            except Conflict:
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0, 0.01 * attempt))  # noqa: S311

    def _held(self) -> dict[str, int]:
        """What was uploaded under the claim, with the sizes."""
        wanted = {file.digest for file in self._request.files}
        try:
            claim = self._storage.get_claim(self._request.claim) if wanted else None
        except NotFound:
            claim = None
        if claim is None or claim.project != self._request.project:
            return {}
        return {digest: self._storage.stat(digest).size for digest in wanted.intersection(claim.digests)}

    def _check_bytes(self, artifacts: Sequence[Artifact], held: Mapping[str, int]) -> None:
        """Only bytes that were uploaded under the claim of this request may be recorded."""
        for artifact in artifacts:
            if artifact.uri is None and held.get(artifact.digest or "", -1) != artifact.size:
                message = (
                    f"files: the bytes of {artifact.path!r} have not arrived; upload them again and repeat"
                )
                raise Invalid(message, field="files")

    def _release(self) -> None:
        """It is done. When only this fails, the check of the store drops the claim later."""
        with contextlib.suppress(Unavailable, NotFound):
            claim = self._storage.get_claim(self._request.claim)
            if claim.project == self._request.project:
                self._storage.release(claim.id)


def refuse_collisions(
    tracking: TrackingBackend, project: str, run: str, paths: Sequence[str]
) -> dict[str, Artifact]:
    """Invalid where one of these new paths, or a folder of it, is a file of the run, or is a folder of it.

    What the run has had at a path of one of those folders, by id.
    """
    above = records_by_id(tracking, Artifact, project, _above(run, paths))
    for artifact in above.values():
        if artifact.state == "LIVE":
            raise file_and_folder(artifact.path)
    following: str | None = ""
    for folder in sorted(f"{path}/" for path in paths):
        # Between where was looked last and what was found there, there is nothing.
        if following is not None and following < folder:
            following = _following(tracking, project, run, folder)
        if following is not None and following.startswith(folder):
            raise file_and_folder(folder.removesuffix("/"))
    return above


def _above(run: str, paths: Sequence[str]) -> list[str]:
    """The ids of what lies where these paths have their folders."""
    return [artifact_id(run, folder) for folder in {folder for path in paths for folder in folders_of(path)}]


def _following(tracking: TrackingBackend, project: str, run: str, path: str) -> str | None:
    """The first path of the run at this one or behind it."""
    where = all_of([Compare("owner_id", "=", run), LIVE, Compare("path", ">=", path)])
    found = tracking.find(Artifact, project, Query(where=where, order=Order("path"), limit=1)).items
    return found[0].path if found else None


def _artifact(request: LogArtifacts, file: FileRef | ExternalFile, author: str) -> Artifact:
    return Artifact(
        id=artifact_id(request.run, file.path),
        project=request.project,
        author=author,
        created=now_ms(),
        owner_id=request.run,
        path=file.path,
        size=file.size,
        digest=file.digest or None,
        uri=file.uri if isinstance(file, ExternalFile) else None,
        media_type=file.media_type,
    )
