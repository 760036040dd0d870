"""The promises of seam two, the same in process and over HTTP."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from aip_jupyter.domain.artifacts import FileRef, GetArtifact, ReleaseClaim, UploadBlob
from aip_jupyter.domain.models import (
    GetModel,
    GetVersion,
    ListModels,
    ListVersions,
    RegisterVersion,
    VersionDetail,
)
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.system import CheckStore, Nothing
from aip_jupyter.errors import Conflict, Invalid, NotFound, NotSupported
from aip_jupyter.services.interface import Services


def put(services: Services, model: str, content: bytes = b"content", **fields: object) -> VersionDetail:
    """Upload and register one file."""
    id = new_id()
    project = str(fields.get("project", "default"))
    blob = services.blobs.upload(UploadBlob(project=project, claim=id), content)
    file = FileRef(path="model.bin", digest=blob.digest, size=blob.size)
    request = RegisterVersion(model=model, id=id, files=[file], **fields)  # type: ignore[arg-type]
    return services.models.register_version(request)


class ServicesContract:
    """Override the fixture `services`: a fresh store, or fresh projects in one that others have used."""

    @pytest.fixture
    def services(self) -> Services:
        raise NotImplementedError

    def test_versions_are_numbered_from_one(self, services: Services) -> None:
        details = [put(services, "digits", f"{n}".encode()) for n in range(3)]
        assert [detail.version.number for detail in details] == [1, 2, 3]
        assert [detail.version.name for detail in details] == ["_v1", "_v2", "_v3"]
        model = services.models.get_model(GetModel(model="digits"))
        assert [version.number for version in model.versions.items] == [3, 2, 1]
        assert (model.model.latest_number, model.model.version_count) == (3, 3)

    def test_a_version_carries_what_was_said(self, services: Services) -> None:
        put(services, "m", tags={"old": "1"}, category="other")
        properties = {"i": 1, "f": 1.0, "b": True, "s": "ü"}
        detail = put(
            services,
            "m",
            version="v1.0",
            category="image classification",
            tags={"demo": ""},
            description="about\nit",
            properties=properties,
            author="ada",
            format="skops",
            external_id="x-1",
        )
        version = detail.version
        assert (version.name, version.number, version.description) == ("v1.0", 2, "about\nit")
        assert (version.author, version.format, version.external_id) == ("ada", "skops", "x-1")
        assert version.properties == properties
        assert [type(value) for value in version.properties.values()] == [int, float, bool, str]
        assert detail.model.category == "Image Classification"
        assert detail.model.tags == {"old": "1", "demo": ""}
        assert version.size == len(b"content")
        assert version.stage == "development"
        assert version.created <= version.updated

    def test_references(self, services: Services) -> None:
        put(services, "m", b"1")
        second = put(services, "m", b"2", version="v1.0")
        third = put(services, "m", b"3")
        for reference, expected in {
            "m": third,
            "m@latest": third,
            "m:2": second,
            "m:v1.0": second,
            'm:"v1.0"': second,
            "m@development": third,
        }.items():
            detail = services.models.get_version(GetVersion(reference=reference))
            assert detail.version == expected.version, reference
        for reference in ("m:9", "m:nope", "m@production", "x"):
            with pytest.raises(NotFound):
                services.models.get_version(GetVersion(reference=reference))
        with pytest.raises(NotSupported):
            services.models.get_version(GetVersion(reference="kf::m"))
        with pytest.raises(Invalid):
            services.models.get_version(GetVersion(reference="m:"))

    def test_an_unknown_model_is_told_with_the_nearest_names(self, services: Services) -> None:
        put(services, "digits-clf")
        with pytest.raises(NotFound) as caught:
            services.models.get_model(GetModel(model="digit-clf"))
        assert caught.value.nearest == ["digits-clf"]
        assert "digits-clf" in caught.value.message

    def test_a_taken_version_name_is_a_conflict_and_costs_no_number(self, services: Services) -> None:
        put(services, "m", version="v1")
        with pytest.raises(Conflict, match="number 1"):
            put(services, "m", version="v1")
        assert put(services, "m").version.number == 2

    def test_a_taken_external_id_is_a_conflict_at_once(self, services: Services) -> None:
        put(services, "m", external_id="x")
        with pytest.raises(Conflict) as caught:
            put(services, "m", external_id="x")
        assert caught.value.field == "external_id"

    @pytest.mark.timeout(20)  # less than a registration's patience with others that are faster
    def test_an_id_that_something_else_has_is_refused_at_once(self, services: Services) -> None:
        id = put(services, "m").model.id
        blob = services.blobs.upload(UploadBlob(claim=id), b"x")
        file = FileRef(path="a", digest=blob.digest, size=blob.size)
        with pytest.raises(Conflict):
            services.models.register_version(RegisterVersion(model="n", id=id, files=[file]))
        assert services.models.list_models(ListModels(search="n")).items == []

    def test_the_same_request_again_gives_the_same_version(self, services: Services) -> None:
        id = new_id()
        blob = services.blobs.upload(UploadBlob(claim=id), b"x")
        request = RegisterVersion(
            model="m", id=id, files=[FileRef(path="a", digest=blob.digest, size=blob.size)]
        )
        first = services.models.register_version(request)
        assert services.models.register_version(request) == first

    @pytest.mark.parametrize(
        ("field", "bad"),
        [
            ("model", {"model": "tmp_x"}),
            ("model", {"model": ""}),
            ("version", {"version": "_v1"}),
            ("version", {"version": "7"}),
            ("category", {"category": "Cooking"}),
            ("tags", {"tags": {"a\n": ""}}),
            ("properties", {"properties": {"x": 2**70}}),
            ("id", {"id": "../x"}),
            ("files", {"files": []}),
            ("files", {"files": [FileRef(path="../a", digest="0" * 64, size=1)]}),
            ("files", {"files": [FileRef(path="a", digest="0" * 64, size=1)]}),
        ],
    )
    def test_bad_input_names_the_field_and_leaves_nothing(
        self, services: Services, field: str, bad: dict[str, object]
    ) -> None:
        before = services.system.check_store(CheckStore())
        id = new_id()
        blob = services.blobs.upload(UploadBlob(claim=id), id.encode())
        good: dict[str, object] = {
            "model": "m",
            "id": id,
            "files": [FileRef(path="a", digest=blob.digest, size=blob.size)],
        }
        with pytest.raises(Invalid) as caught:
            services.models.register_version(RegisterVersion(**{**good, **bad}))  # type: ignore[arg-type]
        assert caught.value.field == field
        assert services.models.list_models(ListModels()).items == []
        services.blobs.release_claim(ReleaseClaim(claim=id))
        assert services.system.check_store(CheckStore()) == before

    def test_bytes_of_another_claim_or_project_cannot_be_registered(self, services: Services) -> None:
        mine = new_id()
        blob = services.blobs.upload(UploadBlob(claim=mine), b"secret")
        files = [FileRef(path="a", digest=blob.digest, size=blob.size)]
        with pytest.raises(Invalid, match="not arrived"):
            services.models.register_version(RegisterVersion(model="m", id=new_id(), files=files))
        with pytest.raises(Invalid, match="not arrived"):
            services.models.register_version(
                RegisterVersion(project="other", model="m", id=mine, files=files)
            )

    def test_projects_do_not_see_each_other(self, services: Services) -> None:
        here = put(services, "m", b"here")
        there = put(services, "m", b"there", project="other")
        assert there.version.number == 1
        assert [m.id for m in services.models.list_models(ListModels()).items] == [here.model.id]
        artifact = there.artifacts[0]
        with pytest.raises(NotFound):
            services.blobs.get_artifact(GetArtifact(artifact=artifact.id))

    def test_models_are_searched_ordered_and_paged(self, services: Services) -> None:
        for n in range(5):
            category = "Other" if n % 2 else "Embedding"
            put(services, f"model-{n}", b"x", category=category, tags={f"t{n}": ""})
        page = services.models.list_models(ListModels(order_by="name", limit=2))
        names = [model.name for model in page.items]
        while page.next_page_token:
            page = services.models.list_models(
                ListModels(order_by="name", limit=2, page_token=page.next_page_token)
            )
            names += [model.name for model in page.items]
        assert names == [f"model-{n}" for n in range(5)]

        def found(**how: str) -> set[str]:
            return {model.name for model in services.models.list_models(ListModels(**how)).items}  # type: ignore[arg-type]

        assert found(search="DEL-3") == {"model-3"}
        assert found(search="%") == set()
        assert found(category="Other") == {"model-1", "model-3"}
        assert found(tag="t2") == {"model-2"}
        newest = services.models.list_models(ListModels()).items
        assert newest == sorted(newest, key=lambda model: (model.updated, model.id), reverse=True)
        for field, how in (
            ("order_by", {"order_by": "tags"}),
            ("limit", {"limit": 0}),
            ("limit", {"limit": 1001}),
        ):
            with pytest.raises(Invalid) as caught:
                services.models.list_models(ListModels(**how))
            assert caught.value.field == field

    def test_versions_are_paged_newest_first(self, services: Services) -> None:
        for n in range(5):
            put(services, "m", f"{n}".encode())
        first = services.models.list_versions(ListVersions(model="m", limit=3))
        second = services.models.list_versions(
            ListVersions(model="m", limit=3, page_token=first.next_page_token)
        )
        assert [v.number for v in first.items + second.items] == [5, 4, 3, 2, 1]
        assert second.next_page_token == ""

    def test_bytes_come_back_verified(self, services: Services, tmp_path: Path) -> None:
        content = bytes(range(256)) * 40_000  # more than two batches
        source = tmp_path / "big.bin"
        source.write_bytes(content)
        id = new_id()
        seen: list[int] = []
        blob = services.blobs.upload(UploadBlob(claim=id), source, seen.append)
        assert blob.digest == hashlib.sha256(content).hexdigest()
        assert sum(seen) == len(content)
        files = [FileRef(path="dir/big.bin", digest=blob.digest, size=blob.size)]
        detail = services.models.register_version(RegisterVersion(model="m", id=id, files=files))
        request = GetArtifact(artifact=detail.artifacts[0].id)
        seen.clear()
        target = services.blobs.download(request, tmp_path / "new" / "folder" / "big.bin", seen.append)
        assert target.read_bytes() == content
        assert sum(seen) == len(content)
        assert [path.name for path in target.parent.iterdir()] == ["big.bin"]

    def test_empty_files_and_many_files(self, services: Services) -> None:
        id = new_id()
        contents = {"empty": b"", "a/b ü": b"1", "a/c": b"1"}
        files = []
        for path, content in contents.items():
            blob = services.blobs.upload(UploadBlob(claim=id), content)
            files.append(FileRef(path=path, digest=blob.digest, size=blob.size))
        detail = services.models.register_version(RegisterVersion(model="m", id=id, files=files))
        assert [artifact.path for artifact in detail.artifacts] == sorted(contents)
        assert (detail.version.file_count, detail.version.size) == (3, 2)
        assert services.system.check_store(CheckStore(verify=True)).findings == []

    def test_a_digest_that_does_not_match_is_refused(self, services: Services) -> None:
        with pytest.raises(Invalid, match="digest"):
            services.blobs.upload(UploadBlob(claim=new_id(), digest="0" * 64), b"x")

    def test_releasing_a_claim_removes_only_what_nothing_else_holds(self, services: Services) -> None:
        id = new_id()
        shared = f"shared {id}".encode()
        put(services, "m", shared)
        before = services.system.check_store(CheckStore(verify=True))
        services.blobs.upload(UploadBlob(claim=id), shared)
        services.blobs.upload(UploadBlob(claim=id), f"alone {id}".encode())
        services.blobs.release_claim(ReleaseClaim(project="other", claim=id))
        assert services.system.check_store(CheckStore()).blobs == before.blobs + 1
        services.blobs.release_claim(ReleaseClaim(claim=id))
        services.blobs.release_claim(ReleaseClaim(claim=id))
        assert services.system.check_store(CheckStore(verify=True)) == before
        assert before.findings == []

    def test_it_describes_itself(self, services: Services) -> None:
        description = services.system.describe(Nothing())
        seams = {"registry", "storage", "tracking", "datasets", "gpus", "access"}
        assert {backend.seam for backend in description.backends} == seams
        assert all(backend.capabilities for backend in description.backends)
        assert description.author
        checks = services.system.doctor(Nothing())
        assert all(check.ok for check in checks if not check.name.startswith(("skops", "jupyterlab", "disk")))
