"""What `import aip_jupyter as aip` offers. The magics and the forms do nothing that these functions cannot.

Every function raises an error of `aip_jupyter.errors` whose message says what to do. `project` is the
project in use unless given.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domain.artifacts import Artifact
from ..domain.models import GetModel, GetVersion, ListModels, Model
from ..domain.names import check_category
from ..domain.pages import MAX_PAGE
from ..domain.records import PropertyValue
from ..domain.references import Reference
from ..domain.system import CheckStore, Nothing
from ..errors import AipError, Unavailable
from .connection import base_url, connect, connection_checks, no_connection, saving_check, what_is_in_use
from .load import load
from .progress import Progress
from .register import Details, check_details, packed, refuse_taken, run_for, run_name, send
from .status import Doctor, Status, StoreReport
from .tables import ModelCard, ModelTable, VersionCard
from .words import Tags, at_least_one, tidy_properties, tidy_tags

if TYPE_CHECKING:
    from ..client.connect import Connection


def register_model(
    name: str,
    obj_or_path: Any,
    *,
    version: str | None = None,
    category: str | None = None,
    tags: Tags = None,
    description: str = "",
    properties: Mapping[str, PropertyValue] | None = None,
    project: str | None = None,
) -> VersionCard:
    """Register an object, a file or a folder as the next version of the model `name`, made by the active run.

    A text or a Path is a file or a folder; any other object is saved with skops. `version` is the version's
    name (`_v<number>` when left out), `category` one of `describe().categories`, `tags` a dict or a list of
    "K" and "K=V". Everything is checked before anything is saved or uploaded; nothing remains of what fails.

    Raises Invalid, NotFound (no such file), Conflict (the version's name is taken), Unavailable.

        aip.register_model("digits-clf", clf, category="Image Classification", tags=["demo"])
    """
    connection = connect()
    project = project or connection.project
    details = Details(
        name=name,
        project=project,
        version=version,
        category=category,
        tags=tidy_tags(tags),
        description=description,
        properties=tidy_properties(properties or {}),
        run=run_for(project),
    )
    return _register(connection, details, obj_or_path)


def _register(connection: Connection, details: Details, source: Any) -> VersionCard:
    from .run_projects import other_run_note

    in_use = what_is_in_use(connection)
    details = check_details(details, in_use.categories)
    refuse_taken(connection, details)
    with Progress(f"registering {details.name}") as progress, packed(source, progress) as package:
        detail = send(connection, details, package, progress)
    link = base_url(connection, in_use)
    notes = [*package.notes, *other_run_note(details.project)]
    return VersionCard(detail, base_url=link, notes=notes, run=run_name(details.run))


def load_model(
    ref: str, *, to: str | Path | None = None, trust: bool = False, project: str | None = None
) -> Any:
    """Load the version that `ref` means: `name`, `name:2`, `name:v1.0`, `name@latest`.

    Returns the object when one was registered, else the folder with the files. With `to`, the files are
    always put into that folder, which is returned. Files that are there and differ are never overwritten.
    `trust` loads types that skops does not know to be safe: set it when you trust who made the version.

    Raises NotFound, Invalid (types that are not trusted), Conflict (a file is in the way), Unavailable.
    """
    connection = connect()
    with Progress(f"loading {ref}") as progress:
        loaded = load(
            connection,
            project or connection.project,
            ref,
            to=None if to is None else Path(to),
            trust=trust,
            progress=progress,
        )
    for note in loaded.notes:
        print(note, file=sys.stderr)
    return loaded.value


def list_models(
    search: str = "",
    *,
    category: str = "",
    tag: str = "",
    author: str = "",
    limit: int = 100,
    project: str | None = None,
) -> ModelTable:
    """Models, the last changed first: those whose name contains `search`, with this category, tag, author.

    Returns a list of `Model` that shows itself as a table. Raises Invalid, Unavailable.
    """
    limit = at_least_one(limit, "limit", "models")
    connection = connect()
    in_use = what_is_in_use(connection)
    project = project or connection.project
    if category:
        category = check_category(category, in_use.categories)
    found: list[Model] = []
    token = ""
    while len(found) < limit:
        request = ListModels(
            project=project,
            search=search,
            category=category,
            tag=tag,
            author=author,
            limit=min(limit - len(found), MAX_PAGE),
            page_token=token,
        )
        page = connection.services.models.list_models(request)
        found += page.items
        token = page.next_page_token
        if not token:
            break
    return ModelTable(found, project=project, base_url=base_url(connection, in_use), more=bool(token))


def get_model(name: str, *, limit: int = 20, project: str | None = None) -> ModelCard:
    """A model: `.model`, its newest `.versions`, and the `.files` of the latest. NotFound: what is near."""
    connection = connect()
    project = project or connection.project
    detail = connection.services.models.get_model(GetModel(project=project, model=name, limit=limit))
    files: list[Artifact] = []
    if detail.model.latest_number is not None:
        # By number, not by name: a foreign name may need quoting, and latest may move in between.
        reference = str(Reference(name=name, number=detail.model.latest_number))
        request = GetVersion(project=project, reference=reference)
        files = connection.services.models.get_version(request).artifacts
    link = base_url(connection, what_is_in_use(connection))
    return ModelCard(detail.model, detail.versions.items, files, base_url=link)


def get_version(ref: str, *, project: str | None = None) -> VersionCard:
    """The version that `ref` means: `.version`, its `.model` and its `.files`. NotFound: what there is."""
    connection = connect()
    request = GetVersion(project=project or connection.project, reference=ref)
    detail = connection.services.models.get_version(request)
    return VersionCard(detail, base_url=base_url(connection, what_is_in_use(connection)))


def describe() -> Status:
    """Where models go from here: the connection, looked for again, and what is behind it."""
    from .run_reading import what_waits

    connection = connect(refresh=True)
    try:
        in_use = what_is_in_use(connection)
    except Unavailable as error:
        waits = what_waits(connection)
        raise Unavailable("; ".join(filter(None, [error.message, waits])), field=error.field) from None
    return Status(
        in_use,
        url=connection.url,
        how=connection.how,
        project=connection.project,
        waiting=what_waits(connection),
    )


def doctor() -> Doctor:
    """Look at this kernel, the connection and each backend: what is well, and what to do where it is not."""
    try:
        connection = connect(refresh=True)
        in_use = what_is_in_use(connection)
        far = connection.services.system.doctor(Nothing())
    except AipError as error:
        return Doctor([no_connection(error), saving_check()])
    return Doctor([*connection_checks(connection, in_use), saving_check(), *far])


def check_store(*, mend: bool = True, verify: bool = False) -> StoreReport:
    """Look for records without bytes, bytes without records and work that was cut; `mend` undoes what it can.

    Without `mend` it says what would be removed, and how many bytes that would free.
    `verify` reads every byte and compares its digest, which takes as long as reading the disk.
    """
    report = connect().services.system.check_store(CheckStore(mend=mend, verify=verify))
    return StoreReport(report, mended=mend)
