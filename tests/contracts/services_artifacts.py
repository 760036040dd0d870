"""The promises about the files of runs, the same in process and over HTTP."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aip_jupyter.domain.artifacts import (
    Artifact,
    ArtifactPage,
    Changed,
    ExternalFile,
    FileRef,
    GetArtifact,
    GetArtifacts,
    ListArtifacts,
    LogArtifacts,
    ReleaseClaim,
    UploadBlob,
)
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.runs import GetRun
from aip_jupyter.errors import AipError, Conflict, Invalid, NotFound
from aip_jupyter.services.interface import Services
from aip_jupyter.wire.journal import RunEnded

from .records import HOSTILE
from .services import put
from .services_run_faults import Sender, started

ODD_PATHS = ["a b/ü – 模型.txt", "-rf", "~", "#1", "?x=1&y"]


def request_for(services: Services, run: str, files: dict[str, bytes], **fields: Any) -> LogArtifacts:
    """What records these files, which are uploaded."""
    claim, project = new_id(), str(fields.get("project", "default"))
    refs = []
    for path, content in files.items():
        blob = services.blobs.upload(UploadBlob(project=project, claim=claim), content)
        refs.append(FileRef(path=path, digest=blob.digest, size=blob.size))
    return LogArtifacts(run=run, claim=claim, files=refs, **fields)


def log(services: Services, run: str, files: dict[str, bytes], **fields: Any) -> list[Artifact]:
    return services.artifacts.log_artifacts(request_for(services, run, files, **fields))


def link(services: Services, run: str, path: str, uri: str, **fields: Any) -> Artifact:
    external = [ExternalFile(path=path, uri=uri, **fields)]
    return services.artifacts.log_artifacts(LogArtifacts(run=run, external=external))[0]


def page(services: Services, run: str, **fields: Any) -> ArtifactPage:
    return services.artifacts.list_artifacts(ListArtifacts(run=run, **fields))


def paths(services: Services, run: str, **fields: Any) -> list[str]:
    return [artifact.path for artifact in page(services, run, **fields).items]


def delete(services: Services, run: str, path: str) -> Changed:
    return services.artifacts.delete_artifacts(GetArtifacts(run=run, path=path))


def restore(services: Services, run: str, path: str) -> Changed:
    return services.artifacts.restore_artifacts(GetArtifacts(run=run, path=path))


class ArtifactsContract:
    """Override the fixture `services`: a fresh store, or fresh projects in one that others have used."""

    @pytest.fixture
    def services(self) -> Services:
        raise NotImplementedError

    @pytest.fixture
    def run(self, services: Services) -> str:
        start = started()
        Sender(services).send(start, RunEnded(start.run, "completed", start.time))
        return start.run

    def test_a_file_is_recorded_found_and_given_back(
        self, services: Services, run: str, tmp_path: Path
    ) -> None:
        request = request_for(services, run, {"plots/roc.png": b"png", "empty": b""}, author="ada")
        request = replace(
            request, files=[replace(request.files[0], media_type="image/png"), request.files[1]]
        )
        logged = services.artifacts.log_artifacts(request)
        said = [(each.path, each.size, each.media_type, each.author) for each in logged]
        assert said == [("plots/roc.png", 3, "image/png", "ada"), ("empty", 0, "", "ada")]
        assert {each.owner_id for each in logged} == {run}
        assert logged[0].digest == hashlib.sha256(b"png").hexdigest()
        found = page(services, run)
        assert (found.items, found.count, found.size) == ([logged[1], logged[0]], 2, 3)
        assert services.blobs.get_artifact(GetArtifact(artifact=logged[0].id)) == logged[0]
        target = services.blobs.download(GetArtifact(artifact=logged[0].id), tmp_path / "roc.png")
        assert target.read_bytes() == b"png"

    def test_a_run_is_named_too_and_one_that_is_not_there_is_told(self, services: Services, run: str) -> None:
        log(services, run, {"a": b"1"})
        assert paths(services, "baseline") == ["a"]
        with pytest.raises(NotFound) as caught:
            page(services, "baselin")
        assert caught.value.nearest == ["baseline"]
        with pytest.raises(NotFound):
            page(services, new_id())
        with pytest.raises(NotFound):
            delete(services, new_id(), "a")

    def test_the_run_may_come_later(self, services: Services) -> None:
        run = new_id()
        log(services, run, {"a": b"1"})
        assert paths(services, run) == ["a"]
        Sender(services).send(started(run))
        assert paths(services, run) == ["a"]

    def test_the_same_request_again_gives_the_same_records(self, services: Services, run: str) -> None:
        request = request_for(services, run, {"a": b"1", "b": b"2"})
        request = replace(request, external=[ExternalFile(path="far", uri="s3://bucket/key", size=7)])
        first = services.artifacts.log_artifacts(request)
        assert services.artifacts.log_artifacts(request) == first
        assert [each.revision for each in first] == [1, 1, 1]
        assert page(services, run).size == 9

    def test_what_was_there_is_replaced(self, services: Services, run: str) -> None:
        (old,) = log(services, run, {"a": b"old"})
        (new,) = log(services, run, {"a": b"newer"})
        assert (new.id, new.size, new.revision) == (old.id, 5, 2)
        external = link(services, run, "a", "https://host/a")
        assert (external.digest, external.uri, external.size) == (None, "https://host/a", None)
        (stored,) = log(services, run, {"a": b"newer"})
        assert (stored.uri, stored.size) == (None, 5)
        assert page(services, run).count == 1

    def test_only_bytes_that_were_uploaded_for_it_are_recorded(self, services: Services, run: str) -> None:
        request = request_for(services, run, {"a": b"1"})
        file = request.files[0]
        other = request_for(services, run, {"b": b"2"})
        wrong = [
            replace(request, claim=other.claim),
            replace(request, claim=new_id()),
            replace(request, files=[replace(file, size=2)]),
            replace(request, files=[file, replace(file, path="b", digest=hashlib.sha256(b"3").hexdigest())]),
            replace(request, project="vision"),
        ]
        for bad in wrong:
            with pytest.raises(Invalid) as caught:
                services.artifacts.log_artifacts(bad)
            assert (caught.value.field, "not arrived" in caught.value.message) == ("files", True)
        assert page(services, run).items == []
        assert services.artifacts.log_artifacts(request)[0].path == "a"
        services.blobs.release_claim(ReleaseClaim(claim=other.claim))
        with pytest.raises(Invalid, match="not arrived"):
            services.artifacts.log_artifacts(other)

    def test_bytes_of_the_run_are_no_license_for_another_path(self, services: Services, run: str) -> None:
        request = request_for(services, run, {"a": b"1"})
        services.artifacts.log_artifacts(request)
        moved = replace(request, files=[replace(request.files[0], path="b")])
        with pytest.raises(Invalid, match="not arrived"):
            services.artifacts.log_artifacts(moved)

    @pytest.mark.parametrize("path", ["", "/a", "../a", "a/../b", "a//b", "a\\b", "C:x", "a\nb", "a/", "."])
    def test_a_path_that_leads_elsewhere_is_refused(self, services: Services, run: str, path: str) -> None:
        with pytest.raises(Invalid) as caught:
            link(services, run, path, "s3://b/k")
        assert caught.value.field == "files"
        assert page(services, run).items == []

    def test_any_name_comes_back_as_it_was(self, services: Services, run: str, tmp_path: Path) -> None:
        known = [*ODD_PATHS, *(text for text in HOSTILE if "\n" not in text and "/" not in text)]
        names = [name for name in known if "\\" not in name]
        logged = log(services, run, {name: name.encode() for name in names})
        assert [each.path for each in logged] == names
        for each in logged:
            assert paths(services, run, path=each.path) == [each.path]
            target = services.blobs.download(GetArtifact(artifact=each.id), tmp_path / each.id)
            assert target.read_text() == each.path

    def test_nothing_is_both_a_file_and_a_folder(self, services: Services, run: str) -> None:
        log(services, run, {"a/b/c": b"1", "a-b": b"2", "a.b": b"3", "x": b"4"})
        for bad in ({"a": b""}, {"a/b": b""}, {"x/y": b""}, {"x/y/z": b""}, {"a/b/c/d": b""}):
            with pytest.raises(Invalid) as caught:
                log(services, run, {"fine": b"", **bad})
            assert (caught.value.field, "file and a folder" in caught.value.message) == ("files", True)
        with pytest.raises(Invalid, match="file and a folder"):
            log(services, run, {"p": b"", "p/q": b""})
        with pytest.raises(Invalid, match="twice"):
            services.artifacts.log_artifacts(
                LogArtifacts(run=run, external=[ExternalFile(path="p", uri="s3://b/k")] * 2)
            )
        log(services, run, {"a/b/d": b"", "a/b.c": b"", "a!": b"", "x.y": b""})
        assert paths(services, run, path="a") == ["a/b.c", "a/b/c", "a/b/d"]

    def test_a_folder_is_what_is_in_it_alone(self, services: Services, run: str) -> None:
        tricky = ["a_b/1", "aXb/2", "a%/3", "a%b/4", "a/5", "a./6", "a0/7", "a/sub/8"]
        log(services, run, dict.fromkeys(tricky, b""))
        folders = {"a_b": "1", "a%": "3", "a%b": "4", "a.": "6", "a0": "7", "a/sub": "8"}
        for folder, file in folders.items():
            assert paths(services, run, path=folder) == [f"{folder}/{file}"]
            assert paths(services, run, path=f"{folder}/") == [f"{folder}/{file}"]
        assert paths(services, run, path="a") == ["a/5", "a/sub/8"]
        assert paths(services, run, path="b") == []
        with pytest.raises(Invalid):
            page(services, run, path="../a")

    def test_pages_are_by_path_and_tell_how_much_there_is(self, services: Services, run: str) -> None:
        log(services, run, {f"d/{n:02}": b"x" * n for n in range(25)})
        link(services, run, "e", "s3://b/k")
        found: list[str] = []
        token = ""
        while True:
            some = page(services, run, limit=10, page_token=token, path="d")
            assert (some.count, some.size) == (26, sum(range(25)))
            found += [artifact.path for artifact in some.items]
            if not (token := some.next_page_token):
                break
        assert found == [f"d/{n:02}" for n in range(25)]
        with pytest.raises(Invalid):
            page(services, run, limit=1001)

    def test_deleted_ones_are_out_of_sight_until_they_are_restored(
        self, services: Services, run: str, tmp_path: Path
    ) -> None:
        logged = log(services, run, {"a/1": b"one", "a/2": b"2", "b": b"bb"})
        link(services, run, "a/far", "s3://b/k")
        assert delete(services, run, "a") == Changed(count=3, size=4)
        left = page(services, run)
        assert ([each.path for each in left.items], left.count, left.size) == (["b"], 1, 2)
        gone = page(services, run, deleted=True)
        assert [each.path for each in gone.items] == ["a/1", "a/2", "a/far"]
        assert {each.state for each in gone.items} == {"ARCHIVED"}
        for ask in (services.blobs.get_artifact, lambda get: services.blobs.download(get, tmp_path / "x")):
            with pytest.raises(NotFound, match="restore"):
                ask(GetArtifact(artifact=logged[0].id))
        with pytest.raises(NotFound):
            delete(services, run, "a")
        assert restore(services, run, "a/1") == Changed(count=1, size=3)
        assert restore(services, run, "a/") == Changed(count=2, size=1)
        assert page(services, run).count == 4
        assert services.blobs.download(GetArtifact(artifact=logged[0].id), tmp_path / "x").stat().st_size == 3
        with pytest.raises(NotFound, match="no deleted"):
            restore(services, run, "a")

    def test_a_file_that_is_not_there_is_told_with_what_is_near(self, services: Services, run: str) -> None:
        log(services, run, {"plots/roc.png": b"1"})
        with pytest.raises(NotFound) as caught:
            delete(services, run, "plots/rok.png")
        assert caught.value.nearest == ["plots/roc.png"]
        with pytest.raises(Invalid):
            delete(services, run, "")

    def test_what_was_logged_since_is_not_restored_over(self, services: Services, run: str) -> None:
        log(services, run, {"a/1": b"1", "b": b"2", "c": b"3"})
        for path in ("a", "b", "c"):
            delete(services, run, path)
        log(services, run, {"a": b"file now", "b/1": b"folder now", "c": b"again"})
        for path in ("a/1", "b"):
            with pytest.raises(Conflict, match="delete what is there"):
                restore(services, run, path)
        with pytest.raises(NotFound):
            restore(services, run, "c")
        assert paths(services, run) == ["a", "b/1", "c"]
        assert paths(services, run, deleted=True) == ["a/1", "b"]

    def test_a_deleted_run_takes_no_more(self, services: Services, run: str) -> None:
        (old,) = log(services, run, {"a": b"1"})
        services.runs.delete_run(GetRun(run=run))
        with pytest.raises(Conflict, match="restore_run"):
            log(services, run, {"b": b"2"})
        assert paths(services, run) == ["a"]
        assert services.blobs.get_artifact(GetArtifact(artifact=old.id)) == old

    def test_files_of_versions_are_not_a_runs(self, services: Services) -> None:
        version = put(services, "m").version
        with pytest.raises(Invalid, match="version"):
            log(services, version.id, {"more": b"1"})
        for ask in (page, lambda services, run: delete(services, run, "model.bin")):
            with pytest.raises(NotFound):
                ask(services, version.id)

    @pytest.mark.parametrize(
        ("uri", "kept"),
        [
            ("s3://bucket/a b/ü", None),
            ("s3://bucket/key", "s3://bucket/key"),
            ("gcs://bucket/key", "gs://bucket/key"),
            ("https://ada:secret@host/x?page=2&X-Amz-Signature=abc", "https://host/x?page=2"),
            ("hdfs://nameservice/x", "hdfs://nameservice/x"),
            ("abfs://ada:secret@account/x", "abfs://account/x"),
            ("abfss://files@account/x?sig=secret", "abfss://files@account/x"),
            ("file:///etc/passwd", None),
            ("/etc/passwd", None),
            ("data.csv", None),
            ("javascript://host/%0Aalert(1)", None),
            ("ftp://host/x", None),
            ("", None),
            ("s3://" + "x" * 5000, None),
            ("s3://b/\x00", None),
        ],
    )
    def test_an_address_is_kept_without_credentials_or_refused(
        self, services: Services, run: str, uri: str, kept: str | None
    ) -> None:
        if kept is None:
            with pytest.raises(Invalid) as caught:
                link(services, run, "far", uri)
            assert caught.value.field == "uri"
            return
        digest = hashlib.sha256(b"x").hexdigest()
        logged = link(services, run, "far", uri, digest=digest, size=5)
        assert (logged.uri, logged.digest, logged.size) == (kept, digest, 5)
        with pytest.raises(Invalid, match="not stored here"):
            services.blobs.download(GetArtifact(artifact=logged.id), Path("never"))

    @pytest.mark.parametrize(
        ("field", "fields"),
        [
            ("run", {"run": "baseline"}),
            ("claim", {"claim": "x", "files": [FileRef(path="a", digest="0" * 64, size=1)]}),
            ("files", {"files": [FileRef(path="a", digest="nothing", size=1)], "claim": "0" * 32}),
            ("files", {"files": [FileRef(path="a", digest="0" * 64, size=-1)], "claim": "0" * 32}),
            ("files", {"external": [ExternalFile(path="a", uri="s3://b/k", digest="x")]}),
            ("files", {"external": [ExternalFile(path="a", uri="s3://b/k", size=2**63)]}),
            ("media_type", {"external": [ExternalFile(path="a", uri="s3://b/k", media_type="a\r\nb")]}),
            ("author", {"external": [ExternalFile(path="a", uri="s3://b/k")], "author": "a\0"}),
            ("files", {}),
            ("files", {"external": [ExternalFile(path=f"{n}", uri="s3://b/k") for n in range(1001)]}),
        ],
    )
    def test_bad_input_names_the_field(
        self, services: Services, run: str, field: str, fields: dict[str, Any]
    ) -> None:
        with pytest.raises(Invalid) as caught:
            services.artifacts.log_artifacts(LogArtifacts(**{"run": run, **fields}))
        assert caught.value.field == field
        assert page(services, run).items == []

    def test_very_many_at_once(self, services: Services, run: str) -> None:
        files = [ExternalFile(path=f"d{n % 7}/{n}", uri=f"s3://b/{n}", size=n) for n in range(1000)]
        logged = services.artifacts.log_artifacts(LogArtifacts(run=run, external=files))
        assert [each.path for each in logged] == [each.path for each in files]
        assert page(services, run).count == 1000
        assert delete(services, run, "d0").count == 143

    def test_many_at_once_lose_nothing(self, services: Services, run: str) -> None:
        requests = [request_for(services, run, {"same": b"%d" % n, f"own/{n}": b""}) for n in range(8)]

        def attempt(request: LogArtifacts) -> list[Artifact]:
            try:
                return services.artifacts.log_artifacts(request)
            except AipError as error:
                raise AssertionError(error.message) from error

        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(attempt, requests))
        assert [len(each) for each in done] == [2] * 8
        assert paths(services, run) == [*(f"own/{n}" for n in range(8)), "same"]
        assert page(services, run, path="same").items[0].revision == 8
