"""The promises about datasets and lineage, the same in process and over HTTP."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aip_jupyter.domain.artifacts import FileRef, UploadBlob
from aip_jupyter.domain.datasets import Column, GetDataset, ListDatasets, LogDataset
from aip_jupyter.domain.models import GetVersion, ListModels, RegisterVersion, VersionDetail
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.errors import Conflict, Invalid, NotFound, NotSupported
from aip_jupyter.services.interface import Services

from .records import HOSTILE
from .services import put
from .services_dataset_removal import DatasetRemovalContract, digest_of, listed, log, trace

COLUMNS = [
    Column(name="pixel", type="float", nulls=2, minimum=0.0, maximum=16.5),
    Column(name="label", type="int", nulls=0, minimum=-(2**63), maximum=2**63 - 1),
    Column(name="", type="text", nulls=0, minimum="", maximum="ü"),
    Column(name="flag", type="bool", minimum=False, maximum=True),
    Column(name="object", type="list<item: int>"),
]


class DatasetsContract(DatasetRemovalContract):
    """Override the fixture `services`: a fresh store, or fresh projects in one that others have used."""

    @pytest.fixture
    def services(self) -> Services:
        raise NotImplementedError

    def test_a_dataset_carries_what_was_said(self, services: Services) -> None:
        id = new_id()
        said: dict[str, Any] = {
            "source": "./a b.csv",
            "source_type": "file",
            "size": 2**40,
            "rows": 0,
            "columns": COLUMNS,
        }
        logged = log(services, id=id, author="ada", tags={"split": "train", "bare": ""}, **said)
        dataset = logged.dataset
        assert {name: getattr(dataset, name) for name in said} == said
        assert [type(column.minimum) for column in dataset.columns] == [float, int, str, bool, type(None)]
        assert (dataset.id, dataset.author, dataset.tags) == (id, "ada", {"split": "train", "bare": ""})
        assert 0 < dataset.created <= dataset.updated
        assert logged.uses == []
        assert services.datasets.get_dataset(GetDataset(dataset=id)) == logged

    def test_the_same_content_is_the_same_record_whatever_is_said_of_it(self, services: Services) -> None:
        first = log(services, source="a.csv", tags={"kept": "1"}, size=5)
        again = log(services, source="b.csv", tags={"kept": "1"}, size=6)
        assert again == first
        assert log(services).dataset == first.dataset
        assert listed(services) == [first.dataset]

    def test_what_the_first_record_lacked_is_added(self, services: Services) -> None:
        first = log(services, tags={"a": "1"}).dataset
        second = log(services, tags={"a": "2", "b": "3"}, columns=COLUMNS, rows=7, size=9).dataset
        assert (second.id, second.columns, second.rows, second.size) == (first.id, COLUMNS, 7, 9)
        assert second.tags == {"a": "1", "b": "3"}
        assert second.updated > first.updated

    def test_other_bytes_another_name_or_another_project_are_another_record(self, services: Services) -> None:
        first = log(services)
        others = [
            log(services, digest=digest_of("x")),
            log(services, "other", digest=digest_of("digits")),
            log(services, project="other"),
        ]
        assert len({detail.dataset.id for detail in (first, *others)}) == 4
        assert {dataset.project for dataset in listed(services)} == {first.dataset.project}

    def test_without_a_digest_source_and_schema_make_the_identity(self, services: Services) -> None:
        far: dict[str, Any] = {"digest": "", "source": "s3://bucket/a", "source_type": "uri"}
        first = log(services, **far)
        assert log(services, **far, rows=7).dataset.id == first.dataset.id
        others = [
            log(services, **{**far, "source": "s3://bucket/b"}),
            log(services, **far, columns=COLUMNS),
            log(services),
        ]
        assert len({detail.dataset.id for detail in (first, *others)}) == 4

    def test_credentials_in_an_address_are_not_kept(self, services: Services) -> None:
        source = "https://ada:s3cret@host/d.csv?part=1&X-Amz-Signature=s3cret&access_token=s3cret#x"
        dataset = log(services, digest="", source=source, source_type="uri").dataset
        assert dataset.source == "https://host/d.csv?part=1#x"

    def test_runs_that_use_it_are_told_the_newest_first_and_once(self, services: Services) -> None:
        runs = [new_id() for _ in range(3)]
        for run in runs:
            log(services, run=run, context="training")
        log(services, run=runs[0], context="training")
        detail = log(services, run=runs[0], context="test")
        told = [(use.run_id, use.context) for use in detail.uses]
        assert set(told) == {(run, "training") for run in runs} | {(runs[0], "test")}
        assert [use.created for use in detail.uses] == sorted(
            (use.created for use in detail.uses), reverse=True
        )
        assert {use.run for use in detail.uses} == {""}  # nothing is stored of these runs yet

    def test_many_at_once_make_one_record(self, services: Services) -> None:
        run = new_id()

        def one(number: int) -> str:
            return log(services, run=run, context="training", tags={f"t{number}": ""}).dataset.id

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(one, range(16)))) == 1
        detail = services.datasets.get_dataset(GetDataset(dataset="digits"))
        assert len(detail.dataset.tags) == 16
        assert len(detail.uses) == 1

    def test_an_id_of_another_dataset_is_a_conflict(self, services: Services) -> None:
        first = log(services)
        for project in ("default", "other"):
            with pytest.raises(Conflict, match="take a new id") as caught:
                log(services, "other", id=first.dataset.id, project=project)
            assert caught.value.field == "id"

    @pytest.mark.parametrize(
        ("field", "bad"),
        [
            ("name", {"name": ""}),
            ("name", {"name": "a\nb"}),
            ("id", {"id": "../x"}),
            ("digest", {"digest": "ABC"}),
            ("digest", {"digest": digest_of("x").upper()}),
            ("source", {"source": "x" * 4097}),
            ("size", {"size": -1}),
            ("rows", {"rows": -1}),
            ("rows", {"rows": 2**63}),
            ("tags", {"tags": {"a\n": ""}}),
            ("run", {"run": "baseline"}),
            ("context", {"context": "x" * 256}),
            ("context", {"context": "a\x1bb"}),
            ("author", {"author": ""}),
            ("columns", {"columns": [Column(name="a", type="int")] * 10_001}),
            ("columns", {"columns": [Column(name="x" * 1001, type="int")]}),
            ("columns", {"columns": [Column(name="a", type="x" * 256)]}),
            ("columns", {"columns": [Column(name="a", type="int", nulls=-1)]}),
            ("columns", {"columns": [Column(name="a", type="text", maximum="x" * 1001)]}),
        ],
    )
    def test_bad_input_names_the_field_and_leaves_nothing(
        self, services: Services, field: str, bad: dict[str, Any]
    ) -> None:
        request = LogDataset(**{"id": new_id(), "name": "digits", **bad})
        with pytest.raises(Invalid) as caught:
            services.datasets.log_dataset(request)
        assert caught.value.field == field
        assert listed(services) == []

    @pytest.mark.parametrize("text", HOSTILE)
    def test_any_text_comes_back_as_it_was(self, services: Services, text: str) -> None:
        column = Column(name=text, type=text, minimum=text, maximum=text)
        name = text if text.isprintable() and text.strip() else "x"
        dataset = log(services, name, source=text, columns=[column], tags={"t": text}).dataset
        assert (dataset.source, dataset.columns, dataset.tags) == (text, [column], {"t": text})
        assert services.datasets.get_dataset(GetDataset(dataset=name)).dataset == dataset
        assert [found.id for found in listed(services, search=name)] == [dataset.id]

    def test_a_dataset_is_found_by_id_name_and_digest(self, services: Services) -> None:
        old = log(services).dataset
        while now_ms() <= old.updated:
            time.sleep(0.001)
        new = log(services, digest=digest_of("new")).dataset
        for text, expected in {
            "digits": new,
            old.id: old,
            old.digest: old,
            old.digest[:8]: old,
            new.digest[:20]: new,
        }.items():
            assert services.datasets.get_dataset(GetDataset(dataset=text)).dataset == expected, text
        for text in ("digit", old.digest[:7], "f" * 64, new_id(), " "):
            with pytest.raises(NotFound):
                services.datasets.get_dataset(GetDataset(dataset=text))
        with pytest.raises(NotFound) as caught:
            services.datasets.get_dataset(GetDataset(dataset="digit"))
        assert caught.value.nearest == ["digits"]
        with pytest.raises(NotFound):
            services.datasets.get_dataset(GetDataset(project="other", dataset=old.id))

    def test_digits_that_begin_several_digests_are_not_enough(self, services: Services) -> None:
        one = log(services, "one", digest="abcdef12" + "0" * 56).dataset
        same = log(services, "same", digest=one.digest).dataset
        assert services.datasets.get_dataset(GetDataset(dataset="abcdef12")).dataset in (one, same)
        log(services, "two", digest="abcdef12" + "f" * 56)
        with pytest.raises(Invalid, match="more digits"):
            services.datasets.get_dataset(GetDataset(dataset="abcdef12"))
        assert services.datasets.get_dataset(GetDataset(dataset="abcdef120")).dataset in (one, same)

    def test_datasets_are_searched_ordered_and_paged(self, services: Services) -> None:
        for number in range(5):
            log(services, f"set-{number}")
        log(services, "set-0", digest=digest_of("other"))
        names, token = [], ""
        while True:
            page = services.datasets.list_datasets(ListDatasets(order_by="name", limit=2, page_token=token))
            names += [dataset.name for dataset in page.items]
            if not (token := page.next_page_token):
                break
        assert names == ["set-0", "set-0", "set-1", "set-2", "set-3", "set-4"]
        assert [dataset.name for dataset in listed(services, search="ET-3")] == ["set-3"]
        assert listed(services, search="%") == []
        assert len(listed(services, name="set-0")) == 2
        assert listed(services, name="set") == []
        for field, how in (
            ("order_by", {"order_by": "tags"}),
            ("limit", {"limit": 0}),
            ("limit", {"limit": 1001}),
        ):
            with pytest.raises(Invalid) as caught:
                listed(services, **how)
            assert caught.value.field == field


class LineageContract:
    """Override the fixture `services`, as for DatasetsContract."""

    @pytest.fixture
    def services(self) -> Services:
        raise NotImplementedError

    def test_a_version_is_traced_to_its_data_and_back(self, services: Services) -> None:
        run = new_id()
        dataset = log(services, run=run, context="training").dataset
        version = put(services, "clf", run=run).version
        refs = [f"dataset:{dataset.id}", f"run:{run}", f"version:{version.id}"]
        for reference in ("clf", "clf:1", "model:clf@latest", "digits", "dataset:digits", *refs[::2]):
            lineage = trace(services, reference)
            assert {node.ref for node in lineage.nodes} == set(refs), reference
            assert lineage.nodes[0].ref == lineage.of
            edges = {(edge.source, edge.target, edge.context) for edge in lineage.edges}
            assert edges == {(refs[0], refs[1], "training"), (refs[1], refs[2], "")}
            assert not lineage.more
        described = {node.ref: node for node in trace(services, "clf").nodes}
        assert described[refs[0]].label == "digits"
        assert described[refs[0]].note == dataset.digest[:8]
        assert described[refs[2]].label == "clf:1"
        assert described[refs[2]].note == "development, _v1"
        missing = described[refs[1]]
        assert (missing.kind, missing.label, missing.missing) == ("run", run[:8], True)

    def test_what_else_came_out_of_the_same_data_is_not_its_lineage(self, services: Services) -> None:
        mine, sibling = new_id(), new_id()
        log(services, run=mine)
        log(services, run=sibling)
        put(services, "mine", b"1", run=mine)
        put(services, "sibling", b"2", run=sibling)
        labels = {node.label for node in trace(services, "mine").nodes}
        assert labels == {"digits", mine[:8], "mine:1"}
        assert {"mine:1", "sibling:1"} < {node.label for node in trace(services, "digits").nodes}

    def test_what_stands_alone_is_a_lineage_of_one(self, services: Services) -> None:
        version = put(services, "clf").version
        lineage = trace(services, "clf")
        assert [node.ref for node in lineage.nodes] == [f"version:{version.id}"] == [lineage.of]
        assert lineage.edges == []

    def test_several_uses_are_several_edges(self, services: Services) -> None:
        run = new_id()
        for context in ("training", "test", ""):
            log(services, run=run, context=context)
        lineage = trace(services, "digits")
        assert len(lineage.nodes) == 2
        assert {edge.context for edge in lineage.edges} == {"training", "test", ""}

    def test_the_nearest_come_first_and_more_is_told(self, services: Services) -> None:
        runs = [new_id() for _ in range(4)]
        for number, run in enumerate(runs):
            log(services, run=run)
            put(services, "clf", f"{number}".encode(), run=run)
        assert [node.kind for node in trace(services, "digits").nodes] == [
            "dataset", *["run"] * 4, *["version"] * 4,
        ]  # fmt: skip
        cut = trace(services, "digits", limit=6)
        assert [node.kind for node in cut.nodes] == ["dataset", *["run"] * 4, "version"]
        assert (len(cut.edges), cut.more) == (5, True)
        assert not trace(services, "digits", limit=9).more
        for limit in (0, 5001):
            with pytest.raises(Invalid) as caught:
                trace(services, "digits", limit=limit)
            assert caught.value.field == "limit"

    def test_a_name_of_several_things_means_the_model_unless_said(self, services: Services) -> None:
        put(services, "digits")
        log(services, "digits")
        kinds = {text: trace(services, text).nodes[0].kind for text in ("digits", "dataset:digits")}
        assert kinds == {"digits": "version", "dataset:digits": "dataset"}

    def test_what_is_not_there_is_told_with_what_is_near(self, services: Services) -> None:
        put(services, "digits-clf")
        log(services, "digits-raw")
        with pytest.raises(NotFound) as caught:
            trace(services, "digits-clv")
        assert caught.value.nearest[0] == "digits-clf"
        assert set(caught.value.nearest) == {"digits-clf", "digits-raw"}
        with pytest.raises(NotFound, match="newest are: digits-clf:1"):
            trace(services, "digits-clf:9")
        for reference in ("dataset:digits-clf", "run:digits-clf", "model:digits-raw", f"version:{new_id()}"):
            with pytest.raises(NotFound):
                trace(services, reference)
        with pytest.raises(NotFound):
            trace(services, "digits-clf", project="other")
        with pytest.raises(NotSupported):
            trace(services, "kf::digits-clf")

    def test_a_run_that_is_no_id_is_refused(self, services: Services) -> None:
        with pytest.raises(Invalid) as caught:
            put(services, "clf", run="baseline")
        assert caught.value.field == "run"
        assert services.models.list_models(ListModels()).items == []

    def test_the_same_registration_again_makes_one_link(self, services: Services) -> None:
        run, id = new_id(), new_id()
        blob = services.blobs.upload(UploadBlob(claim=id), b"x")
        files = [FileRef(path="a", digest=blob.digest, size=blob.size)]
        request = RegisterVersion(model="clf", id=id, files=files, run=run)
        details: list[VersionDetail] = [services.models.register_version(request) for _ in range(2)]
        assert details[0] == details[1]
        assert len(trace(services, "clf").edges) == 1

    def test_a_registration_that_fails_leaves_no_link(self, services: Services) -> None:
        run, id = new_id(), new_id()
        dataset = log(services, run=run).dataset
        put(services, "clf", version="v1")
        blob = services.blobs.upload(UploadBlob(claim=id), b"x")
        files = [FileRef(path="a", digest=blob.digest, size=blob.size)]
        with pytest.raises(Conflict):
            services.models.register_version(
                RegisterVersion(model="clf", id=id, files=files, run=run, version="v1")
            )
        assert [node.kind for node in trace(services, f"dataset:{dataset.id}").nodes] == ["dataset", "run"]
        assert services.models.get_version(GetVersion(reference="clf")).version.number == 1
