"""The rules of the registration form, without widgets: what its fields say, and what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..domain import names
from ..domain.models import Model
from ..errors import AipError
from .register import Details
from .words import tidy_tags


@dataclass(frozen=True)
class Entry:
    """What the fields hold, as typed."""

    variable: str | None
    """The chosen variable; None for a file or folder."""
    path: str
    name: str
    version: str
    category: str
    tags: str
    description: str

    def details(self, project: str, run: str = "") -> Details:
        """What is said of the version, which comes out of this run."""
        return Details(
            name=self.name.strip(),
            project=project,
            version=self.version.strip() or None,
            category=self.category.strip() or None,
            tags=split_tags(self.tags),
            description=self.description.strip(),
            run=run,
        )


def split_tags(text: str) -> dict[str, str]:
    """`demo, stage=test` as tags."""
    return tidy_tags([part for part in text.split(",") if part.strip()])


def problems(entry: Entry) -> dict[str, str]:
    """What is wrong, by field; empty when the entry can be registered."""
    checks: dict[str, Callable[[], object]] = {
        "name": lambda: names.check_model_name(entry.name.strip(), "name"),
        "tags": lambda: names.check_tags(split_tags(entry.tags)),
    }
    if entry.version.strip():
        checks["version"] = lambda: names.check_version_name(entry.version.strip())
    found = {}
    for field, check in checks.items():
        try:
            check()
        except AipError as error:
            found[field] = without_field(error)
    if entry.variable is None:
        found.update(_path_problem(entry.path.strip()))
    return found


def without_field(error: AipError) -> str:
    """The error's message for a place beside the field, which need not be named again."""
    return error.message.removeprefix(f"{error.field}: ")


def outcome(entry: Entry, known: Mapping[str, Model]) -> str:
    """What registering will make."""
    name, version = entry.name.strip(), entry.version.strip()
    model = known.get(name)
    if model is None:
        return f"makes the new model {name}, version 1 ({version or '_v1'})"
    number = model.last_number + 1
    return f"will become version {number} ({version or f'_v{number}'}) of {name}"


def _path_problem(path: str) -> dict[str, str]:
    if not path:
        return {"path": "name a file or a folder"}
    if not os.path.lexists(os.path.expanduser(path)):
        return {"path": f"there is no file {path!r} in {os.getcwd()!r}"}
    return {}
