"""Artifacts from Python: what `import aip_jupyter as aip` offers for the files of runs.

    aip.log_artifact("plots/")
    aip.log_artifact(figure, "plots/loss.png")
    aip.list_artifacts("baseline")
    aip.download_artifact("baseline", "plots/*.png")

Logging an artifact returns when its bytes are stored, or kept until somebody answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..client.kept_sender import KEPT_SENDER, send_kept, what_is_kept
from ..domain.artifacts import Artifact, ArtifactPage, GetArtifacts, ListArtifacts
from ..domain.pages import MAX_PAGE
from .active_run import ActiveRun
from .artifact_content import content_of
from .artifact_logging import Logging, target_of
from .artifact_tables import ArtifactChange, ArtifactTable, LoggedArtifacts
from .connection import base_url, connect, what_is_in_use
from .progress import Progress
from .run_reading import meant_run, reading
from .words import at_least_one

if TYPE_CHECKING:
    from ..client.connect import Connection


def log_artifact(
    path_or_object: Any,
    artifact_path: str | None = None,
    *,
    name: str | None = None,
    run: str | ActiveRun | None = None,
    project: str | None = None,
) -> LoggedArtifacts:
    """Record a file, a folder or an object as an artifact of the active run, or of `run`.

    A text or a Path is a file or a folder; an address such as s3://bucket/key is recorded as it is, without
    reading it. A figure of matplotlib or plotly, a table of pandas, polars or Arrow, a dict or a list is
    saved in the form that the name's suffix says (.png, .html; .parquet, .csv; .json); bytes as they are.

    `artifact_path` is what it is called in the run, or with a slash at its end the folder that it is put
    into; `name` is the last part alone. A file or a folder keeps its own name. What the run has at this path
    already is replaced. Returns a list of artifacts. What nobody takes now is kept, and sent later.

    Raises Invalid (no run, no such form, a file that changes or a link that leads out of the folder),
    NotFound (no such file or run), Denied, StorageFull.

        aip.log_artifact("model.onnx")
        aip.log_artifact(figure, "plots/loss.png")
        aip.log_artifact(frame, name="predictions.parquet")
    """
    target = target_of(run, project)
    with (
        Progress("logging") as progress,
        content_of(path_or_object, artifact_path, name, progress) as content,
    ):
        logging = Logging(target, progress)
        logging.log(content)
    return LoggedArtifacts(
        logging.items,
        run=target.about.run_name,
        waiting=logging.waiting,
        notes=content.notes,
        links=_links,
    )


def list_artifacts(
    run: str | ActiveRun = "",
    path: str = "",
    *,
    deleted: bool = False,
    limit: int = 1000,
    project: str | None = None,
) -> ArtifactTable:
    """The artifacts of a run, by path: all, or those at `path`, which is a file or a folder.

    `run` is its name or id, the active one when left out; `deleted` lists those that can be restored. Returns
    a list of `Artifact` that shows itself as a table; its `.total_count` and `.total_size` are of the whole
    run. NotFound with the nearest runs.

        aip.list_artifacts("baseline", "plots")
    """
    limit = at_least_one(limit, "limit", "artifacts")
    id, project = meant_run(run, project)
    with reading() as (connection, waiting):
        home = connection.settings.home
        KEPT_SENDER.soon(home)
        request = ListArtifacts(project=project or connection.project, run=id, path=path, deleted=deleted)
        items: list[Artifact] = []
        for page in pages(connection, request, limit):
            items += page.items
    return ArtifactTable(
        items,
        run=run.name if isinstance(run, ActiveRun) else run or id,
        path=path,
        count=page.count,
        size=page.size,
        more=bool(page.next_page_token),
        deleted=deleted,
        waiting="; ".join(
            filter(None, [str(waiting) if waiting else "", what_is_kept(home, KEPT_SENDER.reason)])
        ),
        links=_links,
    )


def pages(connection: Connection, request: ListArtifacts, limit: int | None = None) -> Iterator[ArtifactPage]:
    """The pages of a list, at least one; at most so many artifacts."""
    from msgspec.structs import replace

    left = limit
    while True:
        at_once = MAX_PAGE if left is None else min(left, MAX_PAGE)
        page = connection.services.artifacts.list_artifacts(replace(request, limit=at_once))
        yield page
        left = None if left is None else left - len(page.items)
        if not page.next_page_token or left == 0:
            return
        request = replace(request, page_token=page.next_page_token)


def delete_artifact(run: str | ActiveRun, path: str, *, project: str | None = None) -> ArtifactChange:
    """Delete an artifact of a run, or all in a folder. For 30 days `restore_artifact` undoes it.

    Raises NotFound with what is near, Denied.

        aip.delete_artifact("baseline", "plots/loss.png")
    """
    return _change(run, path, project, deleted=True)


def restore_artifact(run: str | ActiveRun, path: str, *, project: str | None = None) -> ArtifactChange:
    """Take back that an artifact, or all in a folder, was deleted. NotFound, Conflict (another is there).

    aip.restore_artifact("baseline", "plots/loss.png")
    """
    return _change(run, path, project, deleted=False)


def _change(run: str | ActiveRun, path: str, project: str | None, *, deleted: bool) -> ArtifactChange:
    id, project = meant_run(run, project)
    with reading() as (connection, _):
        request = GetArtifacts(project=project or connection.project, run=id, path=path)
        services = connection.services.artifacts
        if deleted:
            send_kept(connection, connection.settings.home, skip=KEPT_SENDER.refused, wait=True)
            changed = services.delete_artifacts(request)
        else:
            changed = services.restore_artifacts(request)
    shown = run.name if isinstance(run, ActiveRun) else run or id
    return ArtifactChange(changed.count, changed.size, run=shown, path=path, deleted=deleted)


def _links() -> str:
    connection = connect()
    return base_url(connection, what_is_in_use(connection))
