"""What need not be sent, and who only knows a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.artifacts import Blob, ExternalFile, LogArtifacts, ReleaseClaim, UploadBlob
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.uploads import AbortUpload, BeginUpload, FinishUpload
from aip_jupyter.errors import Conflict, Invalid
from aip_jupyter.services.interface import Services
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import Settings

from ..support.direct import register

DATA = b"bytes of a model"
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["memory", "local"])
def services(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Services]:
    services = open_platform(Settings(home=tmp_path, storage=request.param)).services()
    services.projects.create_project(CreateProject(name="theirs"))
    yield services
    services.close()


def put(services: Services, project: str = "default") -> str:
    """The claim under which the bytes were uploaded."""
    claim = new_id()
    services.blobs.upload(UploadBlob(project=project, claim=claim), DATA)
    return claim


def ask(services: Services, project: str = "default", digest: str = DIGEST) -> tuple[str, str]:
    """A new claim, and how the bytes are to come under it."""
    claim = new_id()
    begin = BeginUpload(project=project, claim=claim, size=len(DATA), digest=digest)
    return claim, services.uploads.begin_upload(begin).state


def test_what_a_record_of_the_project_names_is_held_without_sending_it(services: Services) -> None:
    claim = put(services)
    blob = services.blobs.upload(UploadBlob(claim=claim), DATA)
    assert ask(services)[1] == "here"  # claimed, but by no record named
    register(services, claim, blob)
    assert ask(services, digest="")[1] == "digest"
    again, state = ask(services)
    assert state == "present"
    assert register(services, again, blob).digest == DIGEST
    third, _ = ask(services)
    services.blobs.release_claim(ReleaseClaim(claim=third))
    assert ask(services)[1] == "present"


def test_who_only_knows_a_digest_has_to_send_the_bytes(services: Services) -> None:
    claim = put(services, "theirs")
    blob = services.blobs.upload(UploadBlob(project="theirs", claim=claim), DATA)
    register(services, claim, blob, "theirs")
    for digest in (DIGEST, ""):
        ours, state = ask(services, digest=digest)
        assert state == "here"
        with pytest.raises(Invalid, match="have not arrived"):
            register(services, ours, blob)


def test_a_digest_that_somebody_says_of_a_file_elsewhere_is_no_bytes(services: Services) -> None:
    register(services, put(services, "theirs"), Blob(digest=DIGEST, size=len(DATA)), "theirs")
    elsewhere = ExternalFile(path="data", uri="s3://bucket/data", digest=DIGEST, size=len(DATA))
    services.artifacts.log_artifacts(LogArtifacts(run=new_id(), external=[elsewhere]))
    for digest in (DIGEST, ""):
        assert ask(services, digest=digest)[1] == "here"


def test_another_projects_claim_is_not_held_under(services: Services) -> None:
    claim = put(services)
    register(services, claim, services.blobs.upload(UploadBlob(claim=claim), DATA))
    theirs = put(services, "theirs")
    with pytest.raises(Conflict):
        services.uploads.begin_upload(BeginUpload(claim=theirs, size=len(DATA), digest=DIGEST))


@pytest.mark.parametrize(
    ("field", "changes"), [("claim", {"claim": "../x"}), ("size", {"size": -1}), ("digest", {"digest": "x"})]
)
def test_what_cannot_be_is_named(services: Services, field: str, changes: dict[str, object]) -> None:
    asked = {"claim": new_id(), "size": 1, "digest": DIGEST} | changes
    with pytest.raises(Invalid) as caught:
        services.uploads.begin_upload(BeginUpload(**asked))  # type: ignore[arg-type]
    assert caught.value.field == field


def test_a_storage_of_files_knows_of_no_other_way(services: Services) -> None:
    large = BeginUpload(claim=new_id(), size=2**30, digest=DIGEST)
    assert services.uploads.begin_upload(large).state == "here"
    for ask in (
        lambda: services.uploads.finish_upload(FinishUpload(claim=new_id(), upload="x.y.z")),
        lambda: services.uploads.abort_upload(AbortUpload(upload="x.y.z")),
    ):
        with pytest.raises(Invalid, match="begin another"):
            ask()
