"""What is deleted and not restored in time, the bytes that are left, and what a check says of them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from aip_jupyter.backends.process import this_process
from aip_jupyter.cli.main import main
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.artifacts import Artifact, GetArtifacts, ListArtifacts, ReleaseClaim, UploadBlob
from aip_jupyter.domain.changes import Delete, Intent, Put
from aip_jupyter.domain.datasets import GetDataset, GetRunDatasets, ListDatasets
from aip_jupyter.domain.query import Query
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.domain.runs import GetRun, Run
from aip_jupyter.domain.system import CheckReport, is_well, totals
from aip_jupyter.errors import Invalid, NotFound
from aip_jupyter.services import artifact_log, deletion
from aip_jupyter.services.deletion import RESTORABLE
from aip_jupyter.services.local import LocalServices, Platform, open_platform
from aip_jupyter.services.purging import purge
from aip_jupyter.services.recovery import StoreCheck
from aip_jupyter.services.settings import Settings
from aip_jupyter.wire.journal import RunEnded

from ..contracts import services_dataset_removal as data
from ..contracts.services import put
from ..contracts.services_artifacts import delete, log, page, paths, request_for, restore
from ..contracts.services_run_faults import Sender, started


@pytest.fixture(params=["memory", "disk", "apart"])
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    """All in memory; all in one file; versions and runs in different ones."""
    seams = ("registry", "storage", "tracking", "datasets", "access")
    chosen = dict.fromkeys(seams, "memory") if request.param == "memory" else {}
    if request.param == "apart":
        chosen = {"tracking_url": "sqlite:///runs.db", "datasets": "memory"}
    platform = open_platform(Settings(home=tmp_path / "home", **chosen))  # type: ignore[arg-type]
    yield platform
    platform.close()


@pytest.fixture
def services(platform: Platform) -> LocalServices:
    return platform.services()


@pytest.fixture
def overdue(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is deleted is so for long already."""
    monkeypatch.setattr(deletion, "RESTORABLE", -10_000)


@pytest.fixture(scope="module")
def dead() -> str:
    """The identity of a process that has ended."""
    code = "from aip_jupyter.backends.process import this_process; print(this_process())"
    reply = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return reply.stdout.strip()


def a_run(services: LocalServices, project: str = "default", name: str = "baseline") -> str:
    start = started(name=name)
    Sender(services, project).send(start, RunEnded(start.run, "completed", start.time))
    return start.run


def stored(platform: Platform) -> set[bytes]:
    """All bytes that there are."""
    contents = set()
    for blob in list(platform.storage.blobs()):
        with platform.storage.open(blob.digest) as source:
            contents.add(source.read())
    return contents


def check(platform: Platform, *, mend: bool = True, verify: bool = False) -> CheckReport:
    """Without waiting for what nothing names to be old."""
    return StoreCheck(platform, mend, verify, grace=0).run()


def test_what_runs_have_is_no_garbage(platform: Platform, services: LocalServices) -> None:
    run = a_run(services)
    log(services, run, {"kept": b"kept", "deleted": b"deleted", "replaced": b"old"})
    delete(services, run, "deleted")
    log(services, run, {"replaced": b"new"})
    report = check(platform)
    assert [(each.kind, each.mended, each.size) for each in report.findings] == [("orphaned_bytes", True, 3)]
    assert report.freed == 3
    assert stored(platform) == {b"kept", b"deleted", b"new"}
    restore(services, run, "deleted")
    assert check(platform, verify=True).findings == []


def test_giving_up_an_upload_takes_no_bytes_that_a_run_has(
    platform: Platform, services: LocalServices
) -> None:
    run = a_run(services)
    log(services, run, {"a": b"same"})
    claim = new_id()
    for content in (b"same", b"other"):
        services.blobs.upload(UploadBlob(claim=claim), content)
    services.blobs.release_claim(ReleaseClaim(claim=claim))
    assert stored(platform) == {b"same"}


def test_files_and_data_are_purged_after_thirty_days(platform: Platform, services: LocalServices) -> None:
    services.projects.create_project(CreateProject(name="vision"))
    runs = {project: a_run(services, project) for project in ("default", "vision")}
    for project, run in runs.items():
        log(services, run, {"a/1": b"1", "a/2": b"2", "kept": b"kept"}, project=project)
        services.artifacts.delete_artifacts(GetArtifacts(project=project, run=run, path="a"))
    dataset = data.log(services, run=runs["default"], context="training").dataset
    kept = data.log(services, "kept").dataset
    services.datasets.delete_dataset(GetDataset(dataset=dataset.id))
    early = purge(platform, now_ms() + RESTORABLE - 10_000)
    assert (early.runs, early.files, early.datasets) == (0, 0, 0)
    late = purge(platform, now_ms() + RESTORABLE + 10_000)
    assert (late.runs, late.files, late.datasets) == (0, 4, 1)
    for project, run in runs.items():
        for deleted in (False, True):
            asked = ListArtifacts(project=project, run=run, deleted=deleted)
            found = [each.path for each in services.artifacts.list_artifacts(asked).items]
            assert found == ([] if deleted else ["kept"])
    assert services.datasets.list_datasets(ListDatasets()).items == [kept]
    assert services.datasets.list_datasets(ListDatasets(deleted=True)).items == []
    with pytest.raises(NotFound):
        services.datasets.restore_dataset(GetDataset(dataset=dataset.id))
    # The link stays, and says that it leads nowhere.
    (use,) = services.datasets.get_run_datasets(GetRunDatasets(run=runs["default"]))
    assert (use.dataset_id, use.dataset) == (dataset.id, None)
    nodes = data.trace(services, f"run:{runs['default']}").nodes
    assert [node.missing for node in nodes if node.kind == "dataset"] == [True]


def test_with_a_run_its_files_are_purged(platform: Platform, services: LocalServices, overdue: None) -> None:
    run, other = a_run(services), a_run(services, name="other")
    log(services, run, {"own": b"own", "shared": b"shared"})
    log(services, other, {"shared": b"shared"})
    services.runs.delete_run(GetRun(run=run))
    report = check(platform)
    assert [total[:3] for total in totals(report)] == [("orphaned_bytes", 1, 1), ("purged", 1, 1)]
    assert stored(platform) == {b"shared"}
    assert platform.tracking.find(Artifact, "default", Query()).items == page(services, other).items


def test_whoever_restores_meanwhile_keeps_it(
    platform: Platform, services: LocalServices, overdue: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(services)
    log(services, run, {"a": b"a", "b": b"b"})
    for path in ("a", "b"):
        delete(services, run, path)
    find = platform.tracking.find

    def overtaken(kind: type[Artifact], project: str, query: Query) -> object:
        found = find(kind, project, query)
        if kind is Artifact and found.items:
            monkeypatch.setattr(platform.tracking, "find", find)
            restore(services, run, "a")
        return found

    monkeypatch.setattr(platform.tracking, "find", overtaken)
    assert purge(platform).files == 1
    assert paths(services, run) == ["a"]
    assert paths(services, run, deleted=True) == []


def test_a_dry_run_says_what_a_check_would_free_and_changes_nothing(
    platform: Platform, services: LocalServices, dead: str, overdue: None
) -> None:
    gone, run = a_run(services, name="gone"), a_run(services)
    put(services, "m", b"of the version")
    log(services, gone, {"1": b"of the run", "2": b"of the run", "3": b"of the version", "4": b"both"})
    log(services, run, {"kept": b"kept", "deleted": b"of the file", "too": b"both", "old": b"replaced"})
    log(services, run, {"old": b"kept"})
    services.runs.delete_run(GetRun(run=gone))
    delete(services, run, "deleted")
    delete(services, run, "too")
    data.log(services)
    services.datasets.delete_dataset(GetDataset(dataset="digits"))
    for content in (b"cut", b"kept"):
        services.blobs.upload(UploadBlob(claim="c" * 32, holder=dead), content)
    before = stored(platform)
    dry = check(platform, mend=False)
    assert check(platform, mend=False) == dry
    assert stored(platform) == before
    told = [(each.what.partition(" that")[0], each.mended, each.size) for each in dry.findings]
    assert [each for each in told if "sha256" not in each[0] and "upload" not in each[0]] == [
        ("1 runs", False, len(b"of the run") + len(b"both")),
        ("2 files of runs", False, len(b"of the file")),
        ("1 datasets", False, 0),
    ]
    assert {total.kind: total.size for total in totals(dry)} == {
        "cut_registration": len(b"cut"),
        "orphaned_bytes": len(b"replaced"),
        "purged": len(b"of the run") + len(b"both") + len(b"of the file"),
    }
    assert is_well(replace(dry, findings=[each for each in dry.findings if each.kind != "cut_registration"]))
    assert check(platform).freed == dry.freed
    assert stored(platform) == {b"of the version", b"kept"}
    assert check(platform, verify=True).findings == []


def test_who_loses_by_lost_bytes_is_told(platform: Platform, services: LocalServices) -> None:
    services.projects.create_project(CreateProject(name="vision"))
    run = a_run(services, "vision")
    version = put(services, "digits", b"lost")
    services.artifacts.log_artifacts(request_for(services, run, {"a/b": b"lost"}, project="vision"))
    log(services, later := new_id(), {"c": b"lost"})
    digest = version.artifacts[0].digest or ""
    assert platform.storage.remove(digest, before=time.time() + 60)
    report = check(platform)
    (finding,) = report.findings
    assert (finding.kind, finding.mended) == ("missing_bytes", False)
    assert finding.what == (
        f"sha256:{digest} is not stored: digits:1 (model.bin), "
        f"run {later} (c), run baseline (a/b) in project 'vision'"
    )
    assert not is_well(report)


def test_damaged_bytes_are_told_with_who_has_them(tmp_path: Path) -> None:
    platform = open_platform(Settings(home=tmp_path / "home"))
    services = platform.services()
    digest = log(services, a_run(services), {"a": b"whole"})[0].digest or ""
    (file,) = (path for path in (tmp_path / "home").rglob(f"*{digest[4:]}*") if path.is_file())
    file.chmod(0o600)
    file.write_bytes(b"wrong")
    assert check(platform).findings == []
    (finding,) = check(platform, verify=True).findings
    assert (finding.kind, finding.what) == (
        "damaged_bytes",
        f"sha256:{digest} does not match its bytes: run baseline (a)",
    )
    platform.close()


def test_logging_that_was_cut_is_undone(
    platform: Platform, services: LocalServices, dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(services)
    request = request_for(services, run, {"a": b"cut"})
    monkeypatch.setattr(artifact_log, "this_process", lambda: dead)
    with monkeypatch.context() as patch:
        patch.setattr(artifact_log.ArtifactLog, "_write", lambda self: None)
        patch.setattr(artifact_log.ArtifactLog, "_release", lambda self: None)
        apply = platform.registry.apply

        def killed(changes: list[object], expect: dict[str, int] | None = None) -> None:
            if not isinstance(changes[0], Delete):
                apply(changes, expect)  # type: ignore[arg-type]

        patch.setattr(platform.registry, "apply", killed)
        services.artifacts.log_artifacts(request)
    assert len(platform.registry.intents()) == 1
    assert [each.kind for each in check(platform).findings] == ["cut_registration"]
    assert (platform.registry.intents(), paths(services, run)) == ([], [])
    services.artifacts.log_artifacts(request)
    assert paths(services, run) == ["a"]


def test_who_gives_up_while_his_files_are_recorded_loses_no_bytes(
    platform: Platform, services: LocalServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client whose time was up lets go of its claim; the server is just about to write the records."""
    run = a_run(services)
    request = request_for(services, run, {"a": b"racing"})
    apply = platform.tracking.apply

    def overtaken(changes: list[object], expect: dict[str, int] | None = None) -> None:
        monkeypatch.undo()
        services.blobs.release_claim(ReleaseClaim(claim=request.claim))
        assert check(platform).findings == []
        apply(changes, expect)  # type: ignore[arg-type]

    monkeypatch.setattr(platform.tracking, "apply", overtaken)
    services.artifacts.log_artifacts(request)
    assert check(platform, verify=True).findings == []
    assert (stored(platform), platform.storage.claims()) == ({b"racing"}, [])


def test_bytes_that_are_given_up_first_are_refused(platform: Platform, services: LocalServices) -> None:
    run = a_run(services)
    request = request_for(services, run, {"a": b"gone"})
    services.blobs.release_claim(ReleaseClaim(claim=request.claim))
    with pytest.raises(Invalid, match="not arrived"):
        services.artifacts.log_artifacts(request)
    assert (platform.registry.intents(), paths(services, run)) == ([], [])


def test_an_intent_of_a_living_process_is_left_alone(platform: Platform, services: LocalServices) -> None:
    request = request_for(services, new_id(), {"a": b"x"})
    intent = Intent(
        id=new_id(),
        created=now_ms(),
        action="log_artifacts",
        target=request.claim,
        holder=this_process(),
    )
    platform.registry.apply([Put(intent)])
    assert check(platform).findings == []
    assert len(platform.registry.intents()) == 1


def test_the_command_tells_what_would_be_freed_then_frees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], overdue: None
) -> None:
    for name in ("AIP_URL", "JPY_PARENT_PID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIP_HOME", str(tmp_path))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    platform = open_platform(Settings(home=tmp_path))
    services = platform.services()
    run = a_run(services)
    log(services, run, {"a": b"12345"})
    services.runs.delete_run(GetRun(run=run))
    assert main(["check", "--no-mend"]) == 0
    assert "purged: 1, 0 mended, 5 bytes would be freed" in capsys.readouterr().out
    assert platform.tracking.get(Run, "default", run).state == "ARCHIVED"
    assert main(["check"]) == 0
    out = capsys.readouterr().out
    assert "purged: 1, 1 mended" in out
    assert "kept until it is older" in out
    platform.close()
