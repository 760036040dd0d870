"""Bringing artifacts to a run, batch by batch; what nobody takes is kept, and sent later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..client.connect import Destination, connect, destination
from ..client.journal import warn
from ..client.kept import About, Kept, keep
from ..client.kept_sender import KEPT_SENDER, send_batch, send_kept
from ..client.uploading import LocalFile, media_type_of
from ..domain.artifacts import Artifact, ExternalFile, artifact_id
from ..domain.runs import GetRun
from ..errors import Invalid, Unauthenticated
from ..services.journals import FOR_ALL
from .active_run import ActiveRun
from .artifact_content import Content
from .progress import Progress
from .run_state import known_run, needed_run

BATCH = 1000
"""How many artifacts are recorded at once."""


class Target(NamedTuple):
    """The run that something is logged to."""

    about: About
    home: Path
    """Where it waits while nobody takes it."""


def target_of(run: str | ActiveRun | None, project: str | None) -> Target:
    """The active run, or the one that is meant. Invalid when there is none; NotFound with what is near."""
    meant = needed_run() if run is None else run
    if isinstance(meant, str) and project is None:
        meant = known_run(meant) or meant
    if isinstance(meant, ActiveRun):
        if project is not None and project != meant.project:
            message = f"project: {meant.name} is of project {meant.project!r}; leave project out"
            raise Invalid(message, field="project")
        to = meant.to
        return _target(to, meant.project, meant.id, meant.name)
    connection, to = connect(), destination()
    found = connection.services.runs.get_run(GetRun(project=project or connection.project, run=meant)).run
    return _target(to, found.project, found.id, found.name)


def _target(to: Destination, project: str, run: str, name: str) -> Target:
    about = About(store=to.store, project=project, run=run, run_name=name, author=to.author)
    return Target(about, to.home)


class Logging:
    """One call of `log_artifact`, on its way."""

    def __init__(self, target: Target, progress: Progress) -> None:
        self._about, self._home = target
        self._progress = progress
        self.items: list[Artifact] = []
        self.waiting = 0
        """How many are not uploaded, since nobody answered."""
        self._reason = ""

    def log(self, content: Content) -> None:
        """Bring all of it to the run, in its order."""
        # Looked through before anything is sent: one that cannot be taken refuses the whole.
        total = sum(file.size for file in content.files())
        self._progress.begin(f"uploading to {self._about.run_name}", total)
        for batch in batches(content.files()):
            self._add(batch, [])
        if content.external:
            self._add([], list(content.external))
        if self.waiting:
            what = "1 artifact" if self.waiting == 1 else f"{self.waiting:,} artifacts"
            warn(f"{what} not uploaded yet: {self._reason}. Kept, and sent as soon as somebody answers.")
            KEPT_SENDER.soon(self._home)

    def _add(self, files: list[LocalFile], external: list[ExternalFile]) -> None:
        if not self.waiting:
            try:
                self.items += self._send(files, external)
                return
            except FOR_ALL as error:
                self._reason = error.message
        kept = keep(self._home, self._about, files, external)
        self.waiting += kept.count
        self.items += _as_records(kept)

    def _send(self, files: list[LocalFile], external: list[ExternalFile]) -> list[Artifact]:
        """Once more to a server that was started anew: it has another token, which is found now."""
        try:
            return self._sent(files, external)
        except Unauthenticated:
            connect(refresh=True)
            return self._sent(files, external)

    def _sent(self, files: list[LocalFile], external: list[ExternalFile]) -> list[Artifact]:
        connection = connect()
        # In order: what was logged before at the same path must not replace what is logged now.
        send_kept(connection, self._home, skip=KEPT_SENDER.refused, run=self._about.run, wait=True)
        return send_batch(connection, self._about, files, external, self._progress)


def batches(files: Iterable[LocalFile]) -> Iterator[list[LocalFile]]:
    """The files, as many at a time as are recorded at once."""
    left = iter(files)
    while batch := list(islice(left, BATCH)):
        yield batch


def _as_records(kept: Kept) -> list[Artifact]:
    """What the records will say, as far as it is known."""
    about = kept.about

    def record(path: str, size: int | None, uri: str | None) -> Artifact:
        return Artifact(
            id=artifact_id(about.run, path),
            project=about.project,
            owner_id=about.run,
            path=path,
            size=size,
            uri=uri,
            media_type=media_type_of(path),
        )

    return [
        *(record(file.path, file.size, None) for file in kept.files),
        *(record(file.path, file.size, file.uri) for file in kept.external),
    ]
