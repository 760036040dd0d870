"""What a crash leaves behind at each step of a registration, and how the check mends it."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from aip_jupyter.backends.process import this_process
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.artifacts import Claim, FileRef, ReleaseClaim, UploadBlob
from aip_jupyter.domain.changes import Delete, Intent, Put
from aip_jupyter.domain.lineage import Link
from aip_jupyter.domain.models import ListModels, RegisterVersion, VersionDetail
from aip_jupyter.domain.query import Query
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.domain.system import CheckStore
from aip_jupyter.errors import Conflict, Invalid, Unavailable
from aip_jupyter.services.links import withdraw_links
from aip_jupyter.services.local import LocalServices, Platform, open_platform
from aip_jupyter.services.recovery import StoreCheck
from aip_jupyter.services.registration import Registration
from aip_jupyter.services.settings import Settings

from ..contracts.services import put


@pytest.fixture(params=["memory", "disk"])
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    memory = {"registry": "memory", "storage": "memory"} if request.param == "memory" else {}
    platform = open_platform(Settings(home=tmp_path / "home", **memory))  # type: ignore[arg-type]
    yield platform
    platform.close()


@pytest.fixture
def services(platform: Platform) -> LocalServices:
    return platform.services()


@pytest.fixture(scope="module")
def dead() -> str:
    """The identity of a process that has ended."""
    code = "from aip_jupyter.backends.process import this_process; print(this_process())"
    reply = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return reply.stdout.strip()


def _upload(services: LocalServices, content: bytes, holder: str = "") -> tuple[str, FileRef]:
    id = new_id()
    blob = services.blobs.upload(UploadBlob(claim=id, holder=holder), content)
    return id, FileRef(path="a", digest=blob.digest, size=blob.size)


def _intend(platform: Platform, target: str, holder: str) -> Intent:
    intent = Intent(id=new_id(), target=target, holder=holder, created=now_ms())
    platform.registry.apply([Put(intent)])
    return intent


def test_an_upload_of_a_dead_process_is_removed_one_of_a_living_is_kept(
    services: LocalServices, dead: str
) -> None:
    _upload(services, b"cut", dead)
    id, file = _upload(services, b"alive", this_process())
    report = services.system.check_store(CheckStore())
    assert [(finding.kind, finding.mended) for finding in report.findings] == [("cut_registration", True)]
    assert report.blobs == 1
    assert services.system.check_store(CheckStore()).findings == []
    detail = services.models.register_version(RegisterVersion(model="m", id=id, files=[file]))
    assert detail.version.number == 1


def test_a_cut_upload_does_not_take_bytes_that_a_record_names(services: LocalServices, dead: str) -> None:
    put(services, "m", b"shared")
    _upload(services, b"shared", dead)
    assert services.system.check_store(CheckStore()).blobs == 1
    report = services.system.check_store(CheckStore(verify=True))
    assert (report.blobs, report.findings) == (1, [])


def test_a_registration_cut_between_intent_and_record_is_undone(
    platform: Platform, services: LocalServices, dead: str
) -> None:
    id, _ = _upload(services, b"cut", dead)
    _intend(platform, id, dead)
    report = services.system.check_store(CheckStore())
    assert [finding.kind for finding in report.findings] == ["cut_registration", "cut_registration"]
    assert (report.blobs, platform.registry.intents(), platform.storage.claims()) == (0, [], [])


def test_a_registration_cut_between_record_and_release_keeps_its_version(
    platform: Platform, services: LocalServices, dead: str
) -> None:
    detail = put(services, "m", b"done")
    platform.storage.stage(detail.version.id, "default", dead).abort()
    with platform.storage.stage(detail.version.id, "default", dead) as staging:
        staging.write(b"done")
        staging.commit()
    services.system.check_store(CheckStore())
    assert platform.storage.claims() == []
    report = services.system.check_store(CheckStore(verify=True))
    assert (report.named, report.blobs, report.findings) == (1, 1, [])


def test_without_mending_everything_is_told_and_left(
    platform: Platform, services: LocalServices, dead: str
) -> None:
    id, _ = _upload(services, b"cut", dead)
    _intend(platform, id, dead)
    for _ in range(2):
        report = services.system.check_store(CheckStore(mend=False))
        assert [finding.mended for finding in report.findings] == [False, False]
        assert report.blobs == 1


def test_bytes_without_a_record_wait_for_the_grace_time(platform: Platform, services: LocalServices) -> None:
    id, _ = _upload(services, b"orphan")
    platform.storage.release(id)
    report = services.system.check_store(CheckStore())
    assert [(finding.kind, finding.mended) for finding in report.findings] == [("orphaned_bytes", False)]
    mended = StoreCheck(platform, grace=0).run()
    assert [(finding.kind, finding.mended) for finding in mended.findings] == [("orphaned_bytes", True)]
    assert services.system.check_store(CheckStore()).blobs == 0


def test_missing_bytes_are_told_not_hidden(platform: Platform, services: LocalServices) -> None:
    detail = put(services, "m", b"lost")
    digest = detail.artifacts[0].digest or ""
    assert platform.storage.remove(digest, before=time.time() + 60)
    report = services.system.check_store(CheckStore())
    assert [(finding.kind, finding.mended) for finding in report.findings] == [("missing_bytes", False)]
    assert digest in report.findings[0].what


def test_a_client_that_gives_up_while_its_registration_is_under_way_loses_no_bytes(
    platform: Platform, services: LocalServices
) -> None:
    """The interrupt arrives after the server's intent: the bytes stay for the record that may come."""
    id, _ = _upload(services, b"racing")
    intent = _intend(platform, id, this_process())
    services.blobs.release_claim(ReleaseClaim(claim=id))
    assert len(list(platform.storage.blobs())) == 1
    assert services.system.check_store(CheckStore()).findings == []
    platform.registry.apply([Delete(Intent, intent.id)])
    services.blobs.release_claim(ReleaseClaim(claim=id))
    assert list(platform.storage.blobs()) == []


def test_a_request_that_begins_while_its_claim_is_given_up_loses_no_bytes(
    platform: Platform, services: LocalServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its intent comes between the first look at the intents and the new name of the claim."""
    id, _ = _upload(services, b"racing")
    rename = platform.storage.rename_claim

    def overtaken(claim: str, to: str) -> Claim:
        _intend(platform, id, this_process())
        return rename(claim, to)

    with monkeypatch.context() as patch:
        patch.setattr(platform.storage, "rename_claim", overtaken)
        services.blobs.release_claim(ReleaseClaim(claim=id))
    assert len(list(platform.storage.blobs())) == 1
    (claim,) = platform.storage.claims()
    assert claim.id != id


def test_bytes_that_somebody_else_claims_and_records_meanwhile_are_kept(
    platform: Platform, services: LocalServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two kernels register one content; one gives up while the other gets its record and lets go."""
    id, _ = _upload(services, b"both")
    other, file = _upload(services, b"both")
    digests = platform.registry.digests

    def overtaken() -> Iterator[str]:
        found = list(digests())
        services.models.register_version(RegisterVersion(model="m", id=other, files=[file]))
        return iter(found)

    with monkeypatch.context() as patch:
        patch.setattr(platform.registry, "digests", overtaken)
        services.blobs.release_claim(ReleaseClaim(claim=id))
    report = services.system.check_store(CheckStore(verify=True))
    assert (report.named, report.blobs, report.findings) == (1, 1, [])


def test_a_registration_whose_claim_was_given_up_is_refused(
    platform: Platform, services: LocalServices
) -> None:
    id, file = _upload(services, b"given up")
    services.blobs.release_claim(ReleaseClaim(claim=id))
    with pytest.raises(Invalid, match="not arrived"):
        services.models.register_version(RegisterVersion(model="m", id=id, files=[file]))
    assert platform.registry.intents() == []


def test_giving_up_a_claim_that_is_cut_half_way_is_finished_by_the_next_check(
    platform: Platform, services: LocalServices, dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, _ = _upload(services, b"half way", dead)

    def cut(*_: object) -> None:
        raise Unavailable("killed here")

    with monkeypatch.context() as patch:
        patch.setattr(platform.registry, "digests", cut)
        with pytest.raises(Unavailable):
            services.blobs.release_claim(ReleaseClaim(claim=id))
    report = services.system.check_store(CheckStore())
    assert [(finding.kind, finding.mended) for finding in report.findings] == [("cut_registration", True)]
    assert report.blobs == 0


class _Overtaken:
    """A registry in which somebody undoes the intent just before the record is written."""

    def __init__(self, platform: Platform) -> None:
        self._registry = platform.registry

    def __getattr__(self, name: str) -> object:
        return getattr(self._registry, name)

    def apply(self, changes: list[object], expect: dict[str, int] | None = None) -> None:
        if expect:
            for project, id in self._registry.intents():
                assert project == "default"
                self._registry.apply([Delete(Intent, id)])
        self._registry.apply(changes, expect)  # type: ignore[arg-type]


def test_a_registration_that_was_declared_cut_makes_no_version(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aip_jupyter.services.registration.PATIENCE", 0.05)
    overtaken = replace_registry(platform)
    with pytest.raises(Conflict):
        put(overtaken.services(), "m")
    assert platform.services().models.list_models(ListModels()).items == []
    assert platform.services().system.check_store(CheckStore()).named == 0


def replace_registry(platform: Platform) -> Platform:
    """The platform with a registry that is overtaken."""
    return dataclasses.replace(platform, registry=_Overtaken(platform))  # type: ignore[arg-type]


def test_the_grace_time_ends_what_another_host_left(platform: Platform, services: LocalServices) -> None:
    holder = "another-host|boot|1|1"
    id, _ = _upload(services, b"far away", holder)
    _intend(platform, id, holder)
    assert services.system.check_store(CheckStore()).findings == []
    old = replace(platform.registry.get(Intent, *platform.registry.intents()[0]), created=1)
    platform.registry.apply([Put(old)])
    services.system.check_store(CheckStore())
    assert platform.registry.intents() == []


def _registration(services: LocalServices, run: str, **fields: object) -> RegisterVersion:
    id, file = _upload(services, new_id().encode())
    return RegisterVersion(model="m", id=id, files=[file], run=run, **fields)  # type: ignore[arg-type]


def _links(platform: Platform) -> list[tuple[str, str]]:
    links = platform.tracking.find(Link, "default", Query()).items
    return [(link.source, link.target) for link in links]


class _Cut(BaseException):
    """A process that dies here leaves what it has written."""


def test_a_registration_cut_between_link_and_record_leaves_no_link(
    platform: Platform, services: LocalServices, dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = _registration(services, new_id())

    def cut(*_: object) -> None:
        raise _Cut

    with monkeypatch.context() as patch:
        patch.setattr("aip_jupyter.services.registration.this_process", lambda: dead)
        patch.setattr("aip_jupyter.services.registration.Registration._number_and_write", cut)
        patch.setattr("aip_jupyter.services.registration.Registration._withdraw", lambda *_: None)
        with pytest.raises(_Cut):
            services.models.register_version(request)
    # The link comes first: a version is never without it.
    assert _links(platform) == [(f"run:{request.run}", f"version:{request.id}")]
    services.system.check_store(CheckStore(mend=False))
    assert len(_links(platform)) == 1
    services.system.check_store(CheckStore())
    assert (_links(platform), platform.registry.intents()) == ([], [])


def test_the_link_of_a_version_that_was_made_after_all_is_kept(
    platform: Platform, services: LocalServices, dead: str
) -> None:
    """The first attempt was cut, its repetition made the version: only the first one's intent is left."""
    request = _registration(services, new_id())
    _intend(platform, request.id, dead)
    services.models.register_version(request)
    services.system.check_store(CheckStore())
    assert _links(platform) == [(f"run:{request.run}", f"version:{request.id}")]
    assert platform.registry.intents() == []


def test_a_registration_that_fails_takes_its_link_back(platform: Platform, services: LocalServices) -> None:
    services.models.register_version(_registration(services, "", version="v1"))
    with pytest.raises(Conflict):
        services.models.register_version(_registration(services, new_id(), version="v1"))
    assert (_links(platform), platform.registry.intents()) == ([], [])


def test_an_attempt_that_fails_beside_its_repetition_keeps_the_version_linked(
    platform: Platform, services: LocalServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repetition makes the version while the first attempt takes its link back."""
    request = _registration(services, new_id())
    write = Registration._number_and_write

    def overtaken(self: Registration, intent: Intent) -> VersionDetail:
        monkeypatch.setattr(Registration, "_number_and_write", write)
        services.models.register_version(request)
        raise Unavailable("killed here")

    monkeypatch.setattr(Registration, "_number_and_write", overtaken)
    with pytest.raises(Unavailable):
        services.models.register_version(request)
    assert _links(platform) == [(f"run:{request.run}", f"version:{request.id}")]


def test_a_link_that_was_taken_back_meanwhile_is_put_again(
    platform: Platform, services: LocalServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = _registration(services, new_id())
    write = Registration._number_and_write

    def overtaken(self: Registration, intent: Intent) -> VersionDetail:
        links = platform.tracking.find(Link, "default", Query()).items
        withdraw_links(platform.registry, platform.tracking, links)
        assert _links(platform) == []
        return write(self, intent)

    monkeypatch.setattr(Registration, "_number_and_write", overtaken)
    services.models.register_version(request)
    assert _links(platform) == [(f"run:{request.run}", f"version:{request.id}")]


def test_no_project_can_take_anothers_link_back(platform: Platform, services: LocalServices) -> None:
    services.projects.create_project(CreateProject(name="other"))
    request = _registration(services, new_id())
    services.models.register_version(request)
    other = replace(request, project="other")
    with pytest.raises((Conflict, Invalid)):
        services.models.register_version(other)
    assert _links(platform) == [(f"run:{request.run}", f"version:{request.id}")]


def test_a_registry_and_links_in_different_stores(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, tracking_url="sqlite:///tracking.db", registry="memory")
    platform = open_platform(settings)
    services = platform.services()
    request = _registration(services, new_id())
    services.models.register_version(request)
    assert _links(platform) == [(f"run:{request.run}", f"version:{request.id}")]
    platform.close()
