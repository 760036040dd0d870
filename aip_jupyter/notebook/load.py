"""Getting a version back: as the object that it was, or as its files in a folder."""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domain.artifacts import Artifact, GetArtifact
from ..domain.models import GetVersion, VersionDetail
from ..domain.references import Reference
from ..errors import Invalid, NotFound
from . import saving
from .progress import Progress
from .targets import folder_name, is_there, target_in

if TYPE_CHECKING:
    from ..client.connect import Connection

_COMPARED = (("python", "Python"), ("sklearn", "scikit-learn"), ("skops", "skops"))
_SHOWN_TYPES = 8


@dataclass(frozen=True)
class Loaded:
    """What came back: the object or the folder, and what its user should know."""

    reference: str
    value: Any
    notes: list[str] = field(default_factory=list)


def load(
    connection: Connection, project: str, reference: str, *, to: Path | None, trust: bool, progress: Progress
) -> Loaded:
    """The version that the reference means: its files in `to` when given, else the object when it is one."""
    request = GetVersion(project=project, reference=reference)
    detail = connection.services.models.get_version(request)
    exact = str(Reference(name=detail.model.name, number=detail.version.number))
    progress.begin(f"downloading {exact}", sum(file.size or 0 for file in detail.artifacts))
    if to is None and detail.version.format == saving.FORMAT:
        return _load_object(connection, detail, exact, trust, progress)
    folder = to.expanduser() if to is not None else _default_folder(detail)
    _download_all(connection, detail, folder, progress)
    return Loaded(exact, folder)


def _load_object(
    connection: Connection, detail: VersionDetail, exact: str, trust: bool, progress: Progress
) -> Loaded:
    skops = saving.load_skops()
    notes = version_notes(exact, detail.version.properties)
    with tempfile.TemporaryDirectory(prefix="aip-") as folder:
        path = Path(folder, saving.FILE_NAME)
        artifact = _saved_object(detail, exact)
        _download(connection, artifact, path, progress)
        progress.begin(f"loading {exact}")
        return Loaded(exact, _read(skops, path, exact, trust), notes)


def _saved_object(detail: VersionDetail, exact: str) -> Artifact:
    for artifact in detail.artifacts:
        if artifact.path == saving.FILE_NAME:
            return artifact
    message = f"reference: {exact} has no {saving.FILE_NAME}; get its files with --to FOLDER (to=…)"
    raise NotFound(message, field="reference")


def _read(skops: Any, path: Path, exact: str, trust: bool) -> Any:
    try:
        unknown = skops.get_untrusted_types(file=path)
    except saving.SKOPS_ERRORS as error:
        message = f"reference: the {saving.FILE_NAME} of {exact} cannot be read by this skops ({error})"
        raise Invalid(message, field="reference") from error
    if unknown and not trust:
        shown = ", ".join(unknown[:_SHOWN_TYPES]) + (", …" if len(unknown) > _SHOWN_TYPES else "")
        message = (
            f"trust: {exact} holds types that skops does not know to be safe: {shown}; "
            "if you trust who made it, load it with --trust (trust=True)"
        )
        raise Invalid(message, field="trust")
    try:
        with warnings.catch_warnings():
            # scikit-learn tells for each estimator inside what the note tells once.
            warnings.filterwarnings("ignore", message="Trying to unpickle estimator")
            return skops.load(path, trusted=unknown)
    except ModuleNotFoundError as error:
        message = f"reference: {exact} needs the package {error.name!r}, which is not installed here"
        raise Invalid(message, field="reference") from error
    except (AttributeError, ImportError) as error:
        message = f"reference: {exact} needs what is not defined here ({error}); run the cells that define it"
        raise Invalid(message, field="reference") from error


def version_notes(exact: str, properties: dict[str, Any]) -> list[str]:
    """One line when the object was saved with other versions than those of this kernel."""
    here = saving.package_versions() | {"python": saving.python_version()}
    differ = [
        f"{label} {properties[key]} (here {here[key]})"
        for key, label in _COMPARED
        if key in properties and key in here and not _alike(key, str(properties[key]), here[key])
    ]
    return [f"{exact} was saved with {', '.join(differ)}; results may differ."] if differ else []


def _alike(key: str, saved: str, here: str) -> bool:
    """Bug fixes of Python change no results; those of libraries do."""
    return saved.split(".")[:2] == here.split(".")[:2] if key == "python" else saved == here


def _default_folder(detail: VersionDetail) -> Path:
    return Path(f"{folder_name(detail.model.name, 'model')}-{detail.version.number}")


def _download_all(connection: Connection, detail: VersionDetail, folder: Path, progress: Progress) -> None:
    missing = []
    for artifact in detail.artifacts:
        target = target_in(folder, artifact)
        if not is_there(artifact, target):
            missing.append((artifact, target))
    for artifact, target in missing:
        _download(connection, artifact, target, progress)
    folder.mkdir(parents=True, exist_ok=True)


def _download(connection: Connection, artifact: Artifact, target: Path, progress: Progress) -> None:
    if artifact.digest is None:
        message = f"reference: {artifact.path!r} is not stored here but at {artifact.uri}; fetch it there"
        raise Invalid(message, field="reference")
    request = GetArtifact(project=artifact.project, artifact=artifact.id)
    connection.services.blobs.download(request, target, progress)
