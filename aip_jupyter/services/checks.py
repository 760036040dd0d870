"""What a registration must be before anything is written."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec.structs import replace

from ..domain import names
from ..domain.artifacts import FileRef
from ..domain.models import RegisterVersion
from ..domain.records import PropertyValue
from ..errors import Invalid

MAX_FILES = 100_000
MAX_TEXT = 100_000
"""Characters of a description."""


def check_registration(request: RegisterVersion, categories: Sequence[str]) -> RegisterVersion:
    """The request with its category in the configured spelling. Invalid names the field and the rule."""
    names.check_store_name(request.project, "project")
    names.check_model_name(request.model)
    names.check_id(request.id, "id")
    if request.version is not None:
        names.check_version_name(request.version)
    if request.external_id is not None:
        names.check_store_name(request.external_id, "external_id")
    if request.author is not None:
        names.check_store_name(request.author, "author")
    names.check_store_name(request.format, "format")
    if len(request.description) > MAX_TEXT:
        raise Invalid(f"description: at most {MAX_TEXT:,} characters", field="description")
    names.check_tags(request.tags)
    check_properties(request.properties)
    check_files(request.files)
    if not request.category:
        return request
    return replace(request, category=names.check_category(request.category, categories))


def check_properties(properties: dict[str, PropertyValue]) -> None:
    """Keys follow the store's rule; numbers are finite and fit 64 bits."""
    for key, value in properties.items():
        names.check_store_name(key, "properties")
        if isinstance(value, float) and not math.isfinite(value):
            raise Invalid(
                f"properties: {key!r} is {value}; only finite numbers can be kept", field="properties"
            )
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise Invalid(f"properties: {key!r} does not fit 64 bits; give it as text", field="properties")


def check_files(files: Sequence[FileRef]) -> None:
    """At least one; paths relative, different, and none the folder of another."""
    if not 1 <= len(files) <= MAX_FILES:
        raise Invalid(f"files: a version has 1 to {MAX_FILES:,} files, not {len(files):,}", field="files")
    paths: set[str] = set()
    for file in files:
        names.check_path(file.path, "files")
        names.check_digest(file.digest, "files")
        if file.path in paths:
            raise Invalid(f"files: {file.path!r} is given twice", field="files")
        paths.add(file.path)
    for path in paths:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            if "/".join(parts[:depth]) in paths:
                message = f"files: {'/'.join(parts[:depth])!r} cannot be both a file and a folder"
                raise Invalid(message, field="files")
