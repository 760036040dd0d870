"""Registering a version: check every word, gather or save the files, upload them, make the record.

Nothing is left of a registration that fails: its claim is released and its temporary files are removed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..client.uploading import LocalFile, claimed, upload_files
from ..domain import names
from ..domain.artifacts import UploadBlob
from ..domain.models import GetVersion, RegisterVersion, VersionDetail
from ..domain.records import PropertyValue, new_id
from ..domain.references import Reference
from ..errors import Conflict, Invalid, NotFound
from ..services.checks import check_properties
from . import saving
from .files import collect
from .progress import Progress

if TYPE_CHECKING:
    from ..client.connect import Connection


def run_for(project: str) -> str:
    """The id of the run that a version of this project comes out of now; "" for none."""
    from .run_projects import active_run_in

    run = active_run_in(project)
    return run.id if run else ""


def run_name(id: str) -> str:
    """The name of this run, as far as it is known without asking: it is the active one."""
    from .run_state import active_run

    run = active_run()
    return run.name if run and run.id == id else ""


@dataclass(frozen=True)
class Details:
    """What is said of a version, besides its content."""

    name: str
    project: str
    version: str | None = None
    category: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    description: str = ""
    properties: dict[str, PropertyValue] = field(default_factory=dict)
    run: str = ""
    """The id of the run that it comes out of."""


@dataclass(frozen=True)
class Package:
    """A version's content, ready to be uploaded."""

    files: list[LocalFile]
    format: str
    properties: dict[str, PropertyValue] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What whoever registers it should know, one line each."""


def check_details(details: Details, categories: Sequence[str]) -> Details:
    """The details in the configured spelling. Invalid names the field and the rule that it breaks."""
    names.check_store_name(details.project, "project")
    names.check_model_name(details.name, "name")
    if details.version is not None:
        names.check_version_name(details.version)
    names.check_tags(details.tags)
    check_properties(details.properties)
    if details.category is None:
        return details
    return replace(details, category=names.check_category(details.category, categories))


def refuse_taken(connection: Connection, details: Details) -> None:
    """Tell at once, rather than after the upload, that the version's name is taken."""
    if details.version is None:
        return
    reference = str(Reference(name=details.name, version=details.version))
    try:
        taken = connection.services.models.get_version(
            GetVersion(project=details.project, reference=reference)
        )
    except NotFound:
        return
    message = (
        f"version: {details.name} already has {details.version!r} (number {taken.version.number}); "
        "choose another name, or leave it out"
    )
    raise Conflict(message, field="version")


@contextmanager
def packed(source: Any, progress: Progress) -> Iterator[Package]:
    """The content: a path's files where they are; any other object saved to a temporary folder."""
    if isinstance(source, (str, Path)):
        if not str(source):
            raise Invalid("object: name a variable, a file or a folder", field="object")
        yield Package(collect(Path(source)), "files")
        return
    with tempfile.TemporaryDirectory(prefix="aip-") as folder:
        progress.begin(f"saving {type(source).__name__}")
        path, unknown = saving.save(source, Path(folder))
        file = LocalFile(path, saving.FILE_NAME, path.stat().st_size)
        yield Package([file], saving.FORMAT, dict(saving.origin(source)), _notes(unknown))


def _notes(unknown: list[str]) -> list[str]:
    notes = []
    own = [name.removeprefix("__main__.") for name in unknown if name.startswith("__main__.")]
    if own:
        notes.append(f"Who loads it must define {', '.join(own)} first, as this notebook does.")
    if unknown:
        notes.append(f"Loading it needs --trust (trust=True), for: {', '.join(unknown)}.")
    return notes


def send(connection: Connection, details: Details, package: Package, progress: Progress) -> VersionDetail:
    """Upload the content and make the version of it."""
    id, blobs = new_id(), connection.services.blobs
    upload = UploadBlob(project=details.project, claim=id, holder=connection.holder)
    progress.begin(f"uploading {details.name}", sum(file.size for file in package.files))
    with claimed(blobs, details.project, id):
        files = upload_files(blobs, upload, package.files, progress)
        request = RegisterVersion(
            project=details.project,
            model=details.name,
            id=id,
            files=files,
            version=details.version,
            category=details.category,
            tags=details.tags,
            description=details.description,
            properties={**package.properties, **details.properties},
            format=package.format,
            author=connection.author,
            run=details.run,
            holder=connection.holder,
        )
        return connection.services.models.register_version(request)
