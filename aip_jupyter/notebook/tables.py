"""Models and versions as they show themselves: a table, and a card each. All stay usable as records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

from ..domain.artifacts import Artifact
from ..domain.models import Model, Version, VersionDetail
from ..domain.references import Reference
from .arguments import is_expanded, quoted
from .display import (
    Html,
    age_html,
    age_text,
    code,
    cut,
    digest_text,
    dim,
    element,
    frame,
    html_facts,
    html_table,
    join,
    plain,
    size_text,
    tag_labels,
    tags_html,
    text_facts,
    text_table,
)
from .listing import Listing

_MODEL_COLUMNS = ("name", "latest", "versions", "category", "tags", "author", "updated")
_VERSION_COLUMNS = ("number", "name", "size", "digest", "author", "age")
_FILE_COLUMNS = ("file", "size", "digest")


class ModelTable(Listing[Model]):
    """Models, as a list that shows itself as a table. `base_url` is the server's, "" when embedded."""

    def __init__(
        self, models: Sequence[Model], *, project: str, base_url: str = "", more: bool = False
    ) -> None:
        super().__init__(models)
        self._project = project
        self._base_url = base_url
        self._more = more

    def __repr__(self) -> str:
        if not self._items:
            return self._nothing()
        rows = [
            (m.name, *_model_cells(m), " ".join(tag_labels(m.tags)), m.author, age_text(m.updated))
            for m in self._items
        ]
        return text_table(_MODEL_COLUMNS, rows) + (f"\n{self._rest()}" if self._more else "")

    def _repr_html_(self) -> str:
        if not self._items:
            return frame(dim(self._nothing()))
        rows = [
            (self._link(m), *_model_cells(m), tags_html(m.tags), m.author, age_html(m.updated))
            for m in self._items
        ]
        return frame(html_table(_MODEL_COLUMNS, rows), dim(self._rest()) if self._more else None)

    def _link(self, model: Model) -> Html:
        return model_link(model, self._base_url)

    def _nothing(self) -> str:
        return f"No models in project {self._project!r} yet, or none that match."

    def _rest(self) -> str:
        return f"The first {len(self)}; there are more: %models --limit {10 * len(self)}, or search by name."


class ModelCard:
    """A model, its newest versions, and the files of the latest."""

    def __init__(
        self, model: Model, versions: Sequence[Version], files: Sequence[Artifact], *, base_url: str = ""
    ) -> None:
        self.model = model
        self.versions = list(versions)
        self.files = list(files)
        self._base_url = base_url

    def __repr__(self) -> str:
        model = self.model
        facts = [("model", model.name), *self._facts(), ("tags", " ".join(tag_labels(model.tags)))]
        rows = [(str(v.number), v.name, *_version_cells(v), age_text(v.created)) for v in self.versions]
        parts = [text_facts(facts), text_table(_VERSION_COLUMNS, rows)]
        if self.files:
            parts.append(text_table(_FILE_COLUMNS, [_file_cells(file) for file in self.files]))
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        model = self.model
        rows = [(str(v.number), v.name, *_version_cells(v), age_html(v.created)) for v in self.versions]
        files = [_file_cells(file) for file in self.files]
        return frame(
            element("div", model_link(model, self._base_url), class_="aip-title"),
            html_facts([*self._facts(), ("tags", tags_html(model.tags))]),
            html_table(_VERSION_COLUMNS, rows),
            html_table((f"file of {latest_text(model)}", *_FILE_COLUMNS[1:]), files) if files else None,
        )

    def _facts(self) -> list[tuple[str, str]]:
        model = self.model
        shown = len(self.versions)
        rest = f"{model.version_count}, the newest {shown} are shown" if shown < model.version_count else ""
        return [
            ("id", model.id),
            ("project", model.project),
            ("category", model.category),
            ("description", model.description),
            ("latest", latest_text(model)),
            ("versions", rest),
        ]


class VersionCard:
    """A version with its model and its files."""

    def __init__(
        self, detail: VersionDetail, *, base_url: str = "", notes: Sequence[str] = (), run: str = ""
    ) -> None:
        self.model = detail.model
        self.version = detail.version
        self.files = detail.artifacts
        self.notes = list(notes)
        self.run = run
        """The name of the run that it came out of, when that is known."""
        self._base_url = base_url

    @property
    def reference(self) -> str:
        """The reference that means this version for ever: `name:number`."""
        return str(Reference(name=self.model.name, number=self.version.number))

    def __repr__(self) -> str:
        facts = text_facts([("version", self._title()), *self._facts(), ("load", self._load())])
        return "\n".join([facts, *map(plain, self.notes)])

    def _repr_html_(self) -> str:
        link = model_link(self.model, self._base_url, label="open the model") if self._base_url else ""
        return frame(
            element("div", self._title(), class_="aip-title"),
            html_facts([*self._facts(), ("load", code(self._load())), ("", link)]),
            *(element("div", note) for note in self.notes),
        )

    def _title(self) -> str:
        return f"{self.reference} ({self.version.name})"

    def _facts(self) -> list[tuple[str, str]]:
        version = self.version
        files = "1 file" if version.file_count == 1 else f"{version.file_count} files"
        return [
            ("size", f"{size_text(version.size)}, {files}"),
            ("digest", digest_text(version.digest)),
            ("author", version.author),
            ("run", self.run),
            ("category", self.model.category),
            ("tags", " ".join(tag_labels({**self.model.tags, **version.tags}))),
            ("description", version.description),
        ]

    def _load(self) -> str:
        target = self.model.name.replace("-", "_")
        prefix = f"{target} = " if self.version.format == "skops" and target.isidentifier() else ""
        if is_expanded(self.reference):
            return f"{prefix}aip.load_model({self.reference!r})"
        return f"{prefix}%load_model {quoted(self.reference)}"


def latest_text(model: Model) -> str:
    """`2 (_v2)`; nothing for a model without versions."""
    return "" if model.latest_number is None else f"{model.latest_number} ({model.latest_name})"


def model_link(model: Model, base_url: str, label: str | None = None) -> Html:
    """A link that opens the model: JupyterLab runs the command, other front ends follow the address."""
    if not base_url:
        return join([label or model.name])
    name, project = quote(model.name, safe=""), quote(model.project, safe="")
    return element(
        "a",
        label or model.name,
        href=f"{base_url}lab?aip-model={name}&aip-project={project}",
        target="_blank",
        data_commandlinker_command="aip:open-model",
        data_commandlinker_args=json.dumps({"model": model.name, "project": model.project}),
    )


def _model_cells(model: Model) -> tuple[str, str, str]:
    return latest_text(model), str(model.version_count), model.category


def _version_cells(version: Version) -> tuple[str, str, str]:
    return size_text(version.size), digest_text(version.digest), version.author


def _file_cells(file: Artifact) -> tuple[str, str, str]:
    size = "" if file.size is None else size_text(file.size)
    return file.path, size, digest_text(file.digest or "") or cut(file.uri or "", 80)
