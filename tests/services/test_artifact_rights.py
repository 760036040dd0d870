"""Who may add files to which runs, and delete what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.domain.access import ROLE_RIGHTS, SCOPE_RIGHTS, SESSION_RIGHTS, CreateProject
from aip_jupyter.domain.artifacts import GetArtifact, GetArtifacts, ListArtifacts, UploadBlob
from aip_jupyter.domain.datasets import GetDataset
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import Conflict, Denied, NotFound
from aip_jupyter.services.callers import Caller
from aip_jupyter.services.local import LocalServices, Platform, open_platform
from aip_jupyter.services.settings import Settings
from aip_jupyter.wire.journal import RunEnded

from ..contracts.services_artifacts import delete, log, page, paths, restore
from ..contracts.services_dataset_removal import log as log_dataset
from ..contracts.services_run_faults import Sender, started


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    memory = dict.fromkeys(("registry", "storage", "tracking", "datasets", "access"), "memory")
    platform = open_platform(Settings(home=tmp_path / "home", **memory))  # type: ignore[arg-type]
    yield platform
    platform.close()


def a_run(services: LocalServices) -> str:
    start = started()
    Sender(services).send(start, RunEnded(start.run, "completed", start.time))
    return start.run


def test_who_may_write_may_upload() -> None:
    """What bytes become, a version or a run's file, is not known when they come."""
    everybody = [*ROLE_RIGHTS.values(), *SCOPE_RIGHTS.values(), SESSION_RIGHTS]
    assert all("publish" in rights for rights in everybody if "write" in rights)


@pytest.mark.parametrize("scope", SCOPE_RIGHTS)
def test_a_token_may_what_its_scope_says(platform: Platform, scope: str) -> None:
    run = a_run(platform.services())
    (artifact,) = log(platform.services(), run, {"a": b"1"})
    services = platform.services(Caller(rights=SCOPE_RIGHTS[scope], project="default", token="t"))
    assert page(services, run).items == [artifact]
    assert services.blobs.get_artifact(GetArtifact(artifact=artifact.id)) == artifact
    if scope in ("write", "admin"):
        log(services, run, {"b": b"2"})
        assert (delete(services, run, "b").count, restore(services, run, "b").count) == (1, 1)
        return
    with pytest.raises(Denied):
        log(services, run, {"b": b"2"})
    for change in (delete, restore):
        with pytest.raises(Denied):
            change(services, run, "a")
    if scope == "read":
        with pytest.raises(Denied):
            services.blobs.upload(UploadBlob(claim=new_id()), b"2")
    assert paths(platform.services(), run) == ["a"]


def test_a_session_adds_to_its_own_runs_only(platform: Platform) -> None:
    everybody = platform.services()
    given, other = a_run(everybody), a_run(everybody)
    caller = Caller(rights=SESSION_RIGHTS, project="default", runs=frozenset([given]), session=new_id())
    session = platform.services(caller)
    own = a_run(session)
    for run in (given, own, later := new_id()):
        log(session, run, {"a": b"1"})
        assert delete(session, run, "a").count == 1
        assert restore(session, run, "a").count == 1
    log(everybody, other, {"a": b"1"})
    for forbidden in (
        lambda: log(session, other, {"b": b"2"}),
        lambda: delete(session, other, "a"),
        lambda: restore(session, other, "a"),
    ):
        with pytest.raises(Denied):
            forbidden()
    Sender(everybody).send(started(later))  # it was another's
    with pytest.raises(Denied):
        delete(session, later, "a")
    assert paths(everybody, other) == ["a"]


def test_a_session_deletes_no_data(platform: Platform) -> None:
    session = platform.services(Caller(rights=SESSION_RIGHTS, project="default", runs=frozenset()))
    dataset = log_dataset(session).dataset
    for change in (session.datasets.delete_dataset, session.datasets.restore_dataset):
        with pytest.raises(Denied, match="in the notebook"):
            change(GetDataset(dataset=dataset.id))


def test_files_of_another_project_are_not_found(platform: Platform) -> None:
    services = platform.services()
    services.projects.create_project(CreateProject(name="other"))
    run = a_run(services)
    (artifact,) = log(services, run, {"a": b"1"})
    with pytest.raises(NotFound):
        services.blobs.get_artifact(GetArtifact(project="other", artifact=artifact.id))
    with pytest.raises(NotFound):
        services.artifacts.list_artifacts(ListArtifacts(project="other", run=run))
    with pytest.raises(NotFound):
        services.artifacts.delete_artifacts(GetArtifacts(project="other", run=run, path="a"))
    with pytest.raises(Conflict):
        log(services, run, {"a": b"2"}, project="other")
    assert page(services, run).items == [artifact]
