"""Getting artifacts back: a file, a folder or a pattern; from the cache when the store cannot be reached."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from ..client.cache import Cache
from ..client.connect import destination
from ..client.journal import warn
from ..client.uploading import AT_ONCE, SMALL
from ..domain.artifacts import Artifact, GetArtifact, ListArtifacts
from ..errors import Invalid, NotFound, Unavailable
from ..services.blobs import write_verified
from .active_run import ActiveRun
from .artifacts import pages
from .connection import connect
from .progress import Progress
from .run_reading import meant_run, store_what_waits
from .targets import folder_name, is_there, target_in

if TYPE_CHECKING:
    from ..client.connect import Connection

_WILD = re.compile(r"[*?[]")
_BLOCK = 2**20


def download_artifact(
    run: str | ActiveRun = "",
    path: str = "",
    to: str | os.PathLike[str] | None = None,
    *,
    project: str | None = None,
) -> Path:
    """Download the artifacts of a run at `path`: a file, a folder, a pattern such as plots/*.png, or all.

    They are put into the folder `to`, or one with the run's name, under the paths that they have in the run.
    Every file is verified and appears when it is complete; what was cut is gone on with. What is there
    already and the same is left, and nothing else is ever overwritten. When the store cannot be reached,
    what was downloaded before comes from the cache, and it is told so.

    Returns the path of the file or folder, of a pattern the folder that they all are in. Raises NotFound with
    what is near, Conflict (another file is there), Invalid (it is not stored here), Unavailable.

        aip.download_artifact("baseline", "plots/loss.png")
        aip.download_artifact("baseline", "plots/*.png", to="figures")
    """
    id, project = meant_run(run, project)
    shown = run.name if isinstance(run, ActiveRun) else run or id
    folder = Path(folder_name(shown, "run")) if to is None else Path(to).expanduser()
    path = path.rstrip("/")
    with Progress(f"looking for artifacts of {shown}") as progress:
        getting = _Getting(connect(), id, project)
        found = matching(getting.list(fixed_part(path)), path)
        if not found:
            raise _nothing(shown, path)
        getting.fetch(found, folder, progress)
    if getting.reason:
        warn(f"{getting.reason}; what was downloaded before comes from the cache and may not be the newest")
    where = path if any(artifact.path == path for artifact in found) else fixed_part(path)
    return folder / where if where else folder


def fixed_part(path: str) -> str:
    """The file or folder in which all is that the path may mean: up to where a pattern begins."""
    parts = path.split("/")
    first = next((index for index, part in enumerate(parts) if _WILD.search(part)), len(parts))
    return "/".join(parts[:first])


def matching(artifacts: Sequence[Artifact], path: str) -> list[Artifact]:
    """Those at the path: what is called so, or in a folder that is, else what the pattern means.

    `*` and `?` stand for anything within a name, `**` for folders too.
    """
    named = [each for each in artifacts if not path or each.path == path or each.path.startswith(f"{path}/")]
    if named or not _WILD.search(path):
        return named
    pattern = _pattern(path)
    return [each for each in artifacts if pattern.fullmatch(each.path)]


@functools.cache
def _pattern(path: str) -> re.Pattern[str]:
    spelled = ""
    for token in re.findall(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]/]*\]|.", path, re.DOTALL):
        match token:
            case "**/":
                spelled += "(?:.*/)?"
            case "**":
                spelled += ".*"
            case "*":
                spelled += "[^/]*"
            case "?":
                spelled += "[^/]"
            case _ if len(token) > 1:
                inside = token[1:-1]
                turned = "^/" if inside.startswith("!") else ""
                spelled += f"[{turned}{_class(inside.removeprefix('!'))}]"
            case _:
                spelled += re.escape(token)
    try:
        return re.compile(spelled, re.DOTALL)
    except re.error as error:  # a range that runs backwards
        raise Invalid(f"path: {path!r} is not a pattern: {error}", field="path") from error


def _class(letters: str) -> str:
    return re.sub(r"([\\^\[\]&|~])", r"\\\1", letters)


def _nothing(run: str, path: str) -> NotFound:
    where = f" at {path!r}" if path else ""
    return NotFound(f"path: the run {run} has no artifacts{where}; %artifacts {run} lists them", field="path")


class _Getting:
    """One download on its way."""

    def __init__(self, connection: Connection, run: str, project: str | None) -> None:
        settings, to = connection.settings, destination()
        self._connection = connection
        self._run = run
        self._project = project
        # Bytes that lie on this disk already are not kept twice.
        is_near = connection.server is None and settings.storage in ("local", "memory")
        self._cache = Cache(settings.home, 0 if is_near else settings.cache)
        self._place = f"{to.store} {project or to.project}"
        self.reason = ""
        """Why nobody was asked what there is; "" when somebody was."""

    def list(self, path: str) -> list[Artifact]:
        """What the run has there; as it was the last time when nobody answers."""
        connection = self._connection
        try:
            store_what_waits(connection)
            project = self._project or connection.project
            request = ListArtifacts(project=project, run=self._run, path=path)
            found = [artifact for page in pages(connection, request) for artifact in page.items]
        except Unavailable as error:
            found = self._cache.recall(self._place, self._run)
            if not found:
                raise
            self.reason = error.message
            return found
        self._cache.remember(self._place, self._run, found, whole=not path)
        return found

    def fetch(self, artifacts: Sequence[Artifact], folder: Path, progress: Progress) -> None:
        """Write what is stored here into the folder. Large ones one by one, small ones side by side."""
        stored = [artifact for artifact in artifacts if artifact.digest is not None and artifact.uri is None]
        if not stored:
            first = artifacts[0]
            message = f"path: {first.path!r} is not stored here but at {first.uri}; fetch it there"
            raise Invalid(message, field="path")
        if left := len(artifacts) - len(stored):
            warn(f"{left} of {len(artifacts)} artifacts are not stored here but elsewhere, and left out")
        targets = [(artifact, target_in(folder, artifact)) for artifact in stored]
        missing = [(artifact, target) for artifact, target in targets if not is_there(artifact, target)]
        progress.begin("downloading", sum(artifact.size or 0 for artifact, _ in missing))

        def one(each: tuple[Artifact, Path]) -> None:
            self._one(*each, progress)

        small = [each for each in missing if (each[0].size or 0) <= SMALL]
        for each in missing:
            if (each[0].size or 0) > SMALL:
                one(each)
        with ThreadPoolExecutor(min(AT_ONCE, len(small)) or 1) as pool:
            for _ in pool.map(one, small):  # when one fails, those that have not begun are taken back
                pass

    def _one(self, artifact: Artifact, target: Path, progress: Progress) -> None:
        digest = artifact.digest or ""
        if self._from_cache(digest, target, progress):
            return
        request = GetArtifact(project=artifact.project, artifact=artifact.id)
        self._connection.services.blobs.download(request, target, progress)
        self._cache.put(digest, target)

    def _from_cache(self, digest: str, target: Path, progress: Progress) -> bool:
        kept = self._cache.find(digest)
        if kept is None:
            return False
        try:
            with kept.open("rb") as file:
                write_verified(iter(lambda: file.read(_BLOCK), b""), digest, target, progress)
        except FileNotFoundError:  # somebody made room
            return False
        except Unavailable:
            self._cache.drop(digest)  # it is damaged; or the disk is full, which is told by what follows
            return False
        return True
