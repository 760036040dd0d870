"""One registration: from uploaded files to a version, across storage and registry (DESIGN decision 5).

    claim (made by the upload) → intent → link to the run → model + version + artifacts − intent, in one
    transaction → release

Numbering is optimistic: read the model, write with the revision it had, again when somebody was faster.
"""

from __future__ import annotations

import contextlib
import random
import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ..backends.process import this_process
from ..domain.artifacts import Artifact
from ..domain.changes import Change, Delete, Intent, Put
from ..domain.models import Model, RegisterVersion, Version, VersionDetail, content_digest
from ..domain.query import Compare, Query, all_of
from ..domain.records import new_id, now_ms
from ..errors import Conflict, Invalid, NotFound, Unavailable
from .callers import Caller, author_of
from .checks import check_registration
from .finding import artifacts_of, find_model
from .links import check_linked_run, put_link, run_link, withdraw_links

if TYPE_CHECKING:
    from .local import Platform

PATIENCE = 30.0
"""Seconds of losing against other registrations of the same model before giving up."""

_RACES = (None, "name", "number")
"""The fields of a Conflict that another registration of the same model causes; reading again mends it."""


class Registration:
    """Carries out one RegisterVersion."""

    def __init__(
        self,
        platform: Platform,
        caller: Caller,
        request: RegisterVersion,
    ) -> None:
        settings = platform.settings
        self._registry = platform.registry
        self._storage = platform.storage
        self._tracking = platform.tracking
        self._request = check_registration(request, settings.categories)
        self._author = author_of(request.author, settings.user, caller)
        check_linked_run(self._tracking, caller, request.project, request.run)
        self._run = run_link(self._request, self._author)

    def run(self) -> VersionDetail:
        """The new version; or, when this very request was carried out before, the one it made."""
        detail = self._done_before()
        if detail is None:
            # The intent comes before the look at the bytes: see `drop_claim`.
            intent = self._intend()
            try:
                self._check_bytes()
                self._link()
                detail = self._number_and_write(intent)
            except (Conflict, Invalid):
                self._withdraw(intent)
                # The same request may have been carried out meanwhile, by its repetition.
                if (detail := self._done_before()) is None:
                    raise
            except BaseException:  # an interrupt too must leave no intent of a living process
                self._withdraw(intent)
                raise
            # A repetition of this request that failed may have taken the link back: see `withdraw_links`.
            with contextlib.suppress(Unavailable):
                self._link()
        # It is done. When only the release fails, the check of the store drops the claim later.
        with contextlib.suppress(Unavailable):
            self._storage.release(self._request.id)
        return detail

    def _done_before(self) -> VersionDetail | None:
        try:
            version = self._registry.get(Version, self._request.project, self._request.id)
        except NotFound:
            return None
        model = self._registry.get(Model, version.project, version.model_id)
        if model.name != self._request.model:
            raise Conflict(f"id: {version.id} is a version of {model.name!r}; take a new id", field="id")
        return VersionDetail(model=model, version=version, artifacts=artifacts_of(self._registry, version))

    def _check_bytes(self) -> None:
        """Only bytes that were uploaded under this registration's claim may be registered."""
        request = self._request
        try:
            claim = self._storage.get_claim(request.id)
        except NotFound:
            claim = None
        held = set(claim.digests) if claim is not None and claim.project == request.project else set()
        for file in request.files:
            if file.digest not in held or self._storage.stat(file.digest).size != file.size:
                message = f"files: the bytes of {file.path!r} have not arrived; upload them again and repeat"
                raise Invalid(message, field="files")

    def _intend(self) -> Intent:
        intent = Intent(
            id=new_id(),
            project=self._request.project,
            author=self._author,
            created=now_ms(),
            target=self._request.id,
            holder=this_process(),
        )
        self._registry.apply([Put(intent)])
        return intent

    def _link(self) -> None:
        """Before the records, in a store of its own: no version is ever without the link to its run."""
        if self._run is not None:
            put_link(self._tracking, self._run)

    def _withdraw(self, intent: Intent) -> None:
        # When a store is what failed, the check of the store withdraws it later: the link before the intent.
        with contextlib.suppress(Unavailable):
            if self._run is not None:
                withdraw_links(self._registry, self._tracking, [self._run])
            self._registry.apply([Delete(Intent, intent.id)])

    def _number_and_write(self, intent: Intent) -> VersionDetail:
        deadline = time.monotonic() + PATIENCE
        attempt = 0
        failed: tuple[str, int] | None = None
        while True:
            model, expected = self._next_model()
            self._refuse_taken_name(model)
            try:
                return self._write(model, expected, intent)
            except Conflict as error:
                if error.field not in _RACES or time.monotonic() > deadline:
                    raise
                seen = (model.id if expected else "", expected)
                if error.field is None and seen == failed:
                    raise  # nobody was faster: what is in the way is no other registration
                failed = seen
            attempt += 1
            time.sleep(random.uniform(0, 0.002 * min(attempt, 25)))  # noqa: S311

    def _next_model(self) -> tuple[Model, int]:
        """The model as it will be with one more version, and the revision it must still have."""
        request = self._request
        now = now_ms()
        found = find_model(self._registry, request.project, request.model)
        model = found or Model(
            id=new_id(), project=request.project, name=request.model, author=self._author, created=now
        )
        number = model.last_number + 1
        model = replace(
            model,
            category=model.category if request.category is None else request.category,
            tags={**model.tags, **request.tags},
            version_count=model.version_count + 1,
            last_number=number,
        )
        if not model.latest_pinned:
            name = request.version or f"_v{number}"
            model = replace(model, latest_id=request.id, latest_number=number, latest_name=name)
        return model, found.revision if found else 0

    def _refuse_taken_name(self, model: Model) -> None:
        name = self._request.version
        if name is None:
            return
        terms = [Compare("model_id", "=", model.id), Compare("name", "=", name)]
        taken = self._registry.find(Version, model.project, Query(where=all_of(terms), limit=1)).items
        if taken:
            message = (
                f"version: {model.name} already has {name!r} (number {taken[0].number}); "
                "choose another name, or leave it out"
            )
            raise Conflict(message, field="version")

    def _write(self, model: Model, expected: int, intent: Intent) -> VersionDetail:
        version = self._version(model)
        artifacts = self._artifacts(version)
        changes: list[Change] = [Put(model), Put(version), *map(Put, artifacts), Delete(Intent, intent.id)]
        self._registry.apply(changes, {model.id: expected, version.id: 0, intent.id: 1})
        project = model.project
        stored = self._registry.get(Version, project, version.id)
        return VersionDetail(
            model=self._registry.get(Model, project, model.id),
            version=stored,
            artifacts=artifacts_of(self._registry, stored),
        )

    def _version(self, model: Model) -> Version:
        request = self._request
        number = model.last_number
        return Version(
            id=request.id,
            project=request.project,
            author=self._author,
            created=now_ms(),
            properties=request.properties,
            external_id=request.external_id,
            model_id=model.id,
            number=number,
            name=request.version or f"_v{number}",
            description=request.description,
            format=request.format,
            size=sum(file.size for file in request.files),
            file_count=len(request.files),
            digest=content_digest(request.files),
        )

    def _artifacts(self, version: Version) -> list[Artifact]:
        return [
            Artifact(
                id=new_id(),
                project=version.project,
                author=version.author,
                created=version.created,
                owner_id=version.id,
                path=file.path,
                size=file.size,
                digest=file.digest,
                media_type=file.media_type,
            )
            for file in self._request.files
        ]
