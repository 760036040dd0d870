"""Models and versions, in process: listing, finding, and the numbering of new versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..domain.models import (
    GetModel,
    GetVersion,
    ListModels,
    ListVersions,
    Model,
    ModelDetail,
    RegisterVersion,
    Version,
    VersionDetail,
)
from ..domain.pages import MAX_PAGE, Page
from ..domain.query import Compare, Condition, Order, Query, all_of
from ..domain.references import Reference, parse_reference
from ..errors import Invalid, NotFound, NotSupported
from .callers import Caller
from .finding import artifacts_of, find_model, nearest
from .registration import Registration

if TYPE_CHECKING:
    from .local import Platform

ORDERS = ("name", "created", "updated", "version_count")
_NEWEST = Order("number", descending=True)


class LocalModels:
    """`services.interface.Models` over a registry and a storage backend."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self._platform = platform
        self._registry = platform.registry
        self._caller = caller

    def register_version(self, request: RegisterVersion) -> VersionDetail:
        """Make a version out of uploaded files."""
        return Registration(self._platform, self._caller, request).run()

    def list_models(self, request: ListModels) -> Page[Model]:
        """One page of models."""
        terms: list[Condition] = [Compare("state", "=", "LIVE")]
        if request.search:
            terms.append(Compare("name", "contains", request.search))
        if request.tag:
            terms.append(Compare("tags", "has", request.tag))
        terms += [
            Compare(field, "=", value)
            for field, value in (("category", request.category), ("author", request.author))
            if value
        ]
        query = Query(
            where=all_of(terms),
            order=parse_order(request.order_by),
            limit=check_limit(request.limit),
            page_token=request.page_token,
        )
        return self._registry.find(Model, request.project, query)

    def get_model(self, request: GetModel) -> ModelDetail:
        """A model by name, with its newest versions."""
        model = self._model(request.project, request.model)
        return ModelDetail(model=model, versions=self._versions(model, request.limit))

    def list_versions(self, request: ListVersions) -> Page[Version]:
        """One page of a model's versions, newest first."""
        model = self._model(request.project, request.model)
        return self._versions(model, request.limit, request.page_token)

    def get_version(self, request: GetVersion) -> VersionDetail:
        """The version that a reference means."""
        model, version = self.find_version(request.project, request.reference)
        return VersionDetail(model=model, version=version, artifacts=artifacts_of(self._registry, version))

    def find_version(self, project: str, text: str) -> tuple[Model, Version]:
        """The version that a reference means, without its files."""
        reference = parse_reference(text)
        if reference.registry is not None:
            message = (
                f"reference: there is no registry {reference.registry!r} here; leave out the part before '::'"
            )
            raise NotSupported(message, field="reference")
        model = self._model(project, reference.name)
        return model, self._resolve(model, reference)

    def _model(self, project: str, name: str) -> Model:
        model = find_model(self._registry, project, name)
        if model is None:
            raise self._no_model(project, name)
        return model

    def _no_model(self, project: str, name: str) -> NotFound:
        query = Query(order=Order("updated", descending=True), limit=MAX_PAGE)
        near = nearest(name, [model.name for model in self._registry.find(Model, project, query).items])
        advice = f"; did you mean {' or '.join(near)}?" if near else "; %models lists what there is"
        return NotFound(
            f"model: there is no model {name!r} in project {project!r}{advice}",
            field="model",
            nearest=near,
        )

    def _versions(self, model: Model, limit: int, page_token: str = "") -> Page[Version]:
        query = Query(
            where=Compare("model_id", "=", model.id),
            order=_NEWEST,
            limit=check_limit(limit),
            page_token=page_token,
        )
        return self._registry.find(Version, model.project, query)

    def _resolve(self, model: Model, reference: Reference) -> Version:
        if reference.alias == "latest" and model.latest_id is not None:
            return self._registry.get(Version, model.project, model.latest_id)
        term = _version_term(reference)
        query = Query(where=all_of([Compare("model_id", "=", model.id), term]), order=_NEWEST, limit=1)
        found = self._registry.find(Version, model.project, query).items
        if found:
            return found[0]
        newest = self._versions(model, 5).items
        labels = [f"{model.name}:{version.number} ({version.name})" for version in newest]
        message = f"reference: there is no {reference}; newest are: {', '.join(labels) or 'none yet'}"
        raise NotFound(message, field="reference", nearest=[version.name for version in newest])


def _version_term(reference: Reference) -> Condition:
    """What a version must be to be meant. Aliases become searchable with the feature that sets them."""
    if reference.number is not None:
        return Compare("number", "=", reference.number)
    if reference.version is not None:
        return Compare("name", "=", reference.version)
    return Compare("stage", "=", reference.alias or "")


def check_limit(limit: int) -> int:
    """A page's size: 1 to MAX_PAGE."""
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"limit: {limit} is not between 1 and {MAX_PAGE}", field="limit")
    return limit


def parse_order(text: str, orders: Sequence[str] = ORDERS) -> Order:
    """`updated desc` as an Order by one of these fields."""
    field, _, direction = text.partition(" ")
    if field not in orders or direction not in ("", "asc", "desc"):
        message = f"order_by: {text[:40]!r} is not one of {', '.join(orders)}, with asc or desc behind"
        raise Invalid(message, field="order_by")
    return Order(field, descending=direction == "desc")
