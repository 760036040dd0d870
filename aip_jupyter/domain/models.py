"""Models and their versions, and the requests that make and find them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from msgspec import Struct, field

from .artifacts import Artifact, FileRef
from .pages import Page
from .records import DEFAULT_PROJECT, PropertyValue, Record, Request

STAGES = ("development", "staging", "production", "archived")


class Model(Record, frozen=True, kw_only=True):
    """A registered name. What `latest` resolves to is kept here, so that a list needs no second query."""

    name: str
    description: str = ""
    category: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    """A bare tag has an empty value."""
    version_count: int = 0
    last_number: int = 0
    """The highest number ever given; numbers are never given twice."""
    latest_id: str | None = None
    latest_number: int | None = None
    latest_name: str | None = None
    latest_pinned: bool = False
    """True when `latest` was set by a person; a new version then does not move it."""


class Version(Record, frozen=True, kw_only=True):
    """One immutable state of a model."""

    model_id: str
    number: int
    name: str
    """`v1.0` as given by a person, or `_v<number>` when automatic."""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    stage: str = STAGES[0]
    aliases: list[str] = field(default_factory=list)
    format: str = "files"
    """How its files are loaded: `skops`, or `files` for whatever a person registered as files."""
    size: int = 0
    """Bytes of all its stored files."""
    file_count: int = 0
    digest: str = ""
    """`content_digest` of its files: equal for equal content."""


class VersionDetail(Struct, frozen=True, kw_only=True):
    """A version with what it hangs on and what hangs on it."""

    model: Model
    version: Version
    artifacts: list[Artifact]


class ModelDetail(Struct, frozen=True, kw_only=True):
    """A model with the newest page of its versions."""

    model: Model
    versions: Page[Version]


class RegisterVersion(Request, frozen=True, kw_only=True):
    """Make a version (and the model, when the name is new) out of files uploaded under the claim `id`.

    Sending the same request again, with the same `id`, returns the version that is already there.
    """

    project: str = DEFAULT_PROJECT
    model: str
    id: str
    """The new version's id, and the claim under which its files were uploaded."""
    files: list[FileRef]
    version: str | None = None
    """The version's name; `_v<number>` when absent."""
    category: str | None = None
    """Replaces the model's category when given."""
    tags: dict[str, str] = field(default_factory=dict)
    """United with the model's tags."""
    description: str = ""
    properties: dict[str, PropertyValue] = field(default_factory=dict)
    format: str = "files"
    author: str | None = None
    """Who did it, when said explicitly; else the server's author rule decides."""
    external_id: str | None = None
    run: str = ""
    """The id of the run that it came out of; "" for none."""
    holder: str = ""
    """The process that does this, as `backends.process.this_process` spells it."""


class ListModels(Request, frozen=True, kw_only=True):
    """One page of a project's models."""

    project: str = DEFAULT_PROJECT
    search: str = ""
    """Part of the name, in any case."""
    category: str = ""
    tag: str = ""
    author: str = ""
    order_by: str = "updated desc"
    """One of name, created, updated, version_count; then `asc` or `desc`."""
    limit: int = 100
    page_token: str = ""


class GetModel(Request, frozen=True, kw_only=True):
    """A model by its exact name."""

    project: str = DEFAULT_PROJECT
    model: str
    limit: int = 100
    """How many of its versions, newest first."""


class ListVersions(Request, frozen=True, kw_only=True):
    """One page of a model's versions, newest first."""

    project: str = DEFAULT_PROJECT
    model: str
    limit: int = 100
    page_token: str = ""


class GetVersion(Request, frozen=True, kw_only=True):
    """The version that a reference means (see `domain.references`)."""

    project: str = DEFAULT_PROJECT
    reference: str


def content_digest(files: Iterable[FileRef]) -> str:
    """SHA-256 over the sorted lines `digest  path`, the form that `sha256sum` prints."""
    lines = sorted(f"{file.digest}  {file.path}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
