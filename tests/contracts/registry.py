"""What every registry backend does. A test class per backend inherits this and says how to open one."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec.structs import replace

from aip_jupyter.backends.registry.protocol import RegistryBackend
from aip_jupyter.domain.changes import AnyRecord, Delete, Intent, Put
from aip_jupyter.domain.models import Model, Version
from aip_jupyter.domain.query import Compare, Query
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.errors import Conflict, Invalid, NotFound

from .records import EVERYTHING_SET, EXTREME, HOSTILE, a_model, a_version, an_artifact, an_intent
from .registry_queries import QueryContract


def given(record: AnyRecord) -> AnyRecord:
    """The record without what the store gives."""
    return replace(record, key=0, revision=0, updated=0)


class RegistryContract(QueryContract):
    """Override the fixture `registry` with an empty registry."""

    @pytest.mark.parametrize("record", EVERYTHING_SET, ids=lambda record: type(record).__name__)
    def test_a_record_comes_back_as_it_was(self, registry: RegistryBackend, record: AnyRecord) -> None:
        before = now_ms()
        registry.apply([Put(record)])
        stored = registry.get(type(record), "vision", record.id)
        assert given(stored) == given(record)
        assert (stored.revision, type(stored)) == (1, type(record))
        assert 1 <= stored.key <= 999_999_999
        assert before <= stored.updated <= now_ms()

    def test_what_the_store_gives_is_not_taken_from_the_record(self, registry: RegistryBackend) -> None:
        model = a_model(key=77, revision=9, updated=5)
        registry.apply([Put(model)])
        stored = registry.get(Model, "default", model.id)
        assert (stored.key, stored.revision) == (1, 1)
        assert stored.updated > 5

    def test_a_record_is_found_only_by_its_own_project_kind_and_id(self, registry: RegistryBackend) -> None:
        model = a_model()
        registry.apply([Put(model)])
        for kind, project, id in (
            (Model, "other", model.id),
            (Version, "default", model.id),
            (Model, "default", new_id()),
            (Model, "default", "' OR 1=1 --"),
        ):
            with pytest.raises(NotFound):
                registry.get(kind, project, id)

    def test_putting_again_replaces_and_counts(self, registry: RegistryBackend) -> None:
        model = a_model(created=5)
        registry.apply([Put(model)])
        first = registry.get(Model, "default", model.id)
        registry.apply([Put(replace(model, name="renamed", tags={"a": "b"}))])
        second = registry.get(Model, "default", model.id)
        assert (second.name, second.tags, second.created) == ("renamed", {"a": "b"}, 5)
        assert (second.key, second.revision) == (first.key, 2)

    def test_updated_strictly_increases(self, registry: RegistryBackend) -> None:
        model = a_model()
        times = []
        for _ in range(20):
            registry.apply([Put(model), Put(model)])
            times.append(registry.get(Model, "default", model.id).updated)
        assert all(after - before >= 2 for before, after in itertools.pairwise(times))

    def test_keys_are_never_given_twice(self, registry: RegistryBackend) -> None:
        keys = []
        for _ in range(3):
            model = a_model()
            registry.apply([Put(model)])
            keys.append(registry.get(Model, "default", model.id).key)
            registry.apply([Delete(Model, model.id)])
        assert len(set(keys)) == 3

    def test_what_was_returned_is_a_copy(self, registry: RegistryBackend) -> None:
        model = a_model(tags={"a": "1"})
        registry.apply([Put(model)])
        model.tags["given"] = ""
        registry.get(Model, "default", model.id).tags["got"] = ""
        registry.find(Model, "default", Query()).items[0].tags["found"] = ""
        assert registry.get(Model, "default", model.id).tags == {"a": "1"}

    def test_deleting(self, registry: RegistryBackend) -> None:
        model = a_model()
        registry.apply([Put(model)])
        registry.apply([Delete(Model, model.id)])
        with pytest.raises(NotFound):
            registry.get(Model, "default", model.id)
        registry.apply([Delete(Model, model.id), Delete(Version, new_id())])

    def test_no_changes(self, registry: RegistryBackend) -> None:
        registry.apply([])
        assert registry.changes_since(0) == (0, [])

    def test_expect_lets_the_revision_pass_that_it_names(self, registry: RegistryBackend) -> None:
        model, version = a_model(), a_version(a_model())
        registry.apply([Put(model)], {model.id: 0})
        registry.apply([Put(model)], {model.id: 1})
        registry.apply([Put(version)], {model.id: 2, version.id: 0})
        assert registry.get(Version, "default", version.id).revision == 1

    @pytest.mark.parametrize("expected", [0, 2, 99])
    def test_expect_stops_what_was_changed_meanwhile(self, registry: RegistryBackend, expected: int) -> None:
        model = a_model()
        registry.apply([Put(model)])
        with pytest.raises(Conflict):
            registry.apply([Put(replace(model, name="mine"))], {model.id: expected})
        assert registry.get(Model, "default", model.id).name == "digits"

    def test_expect_stops_what_was_deleted_meanwhile(self, registry: RegistryBackend) -> None:
        model, intent = a_model(), an_intent()
        with pytest.raises(Conflict):
            registry.apply([Put(model), Delete(Intent, intent.id)], {intent.id: 1})
        with pytest.raises(NotFound):
            registry.get(Model, "default", model.id)

    @pytest.mark.parametrize(
        ("field", "value", "make"),
        [
            ("name", "digits", lambda m, v: a_model("digits")),
            ("external id", "x-1", lambda m, v: a_model("other", external_id="x-1")),
            ("number", 1, lambda m, v: a_version(m, 1, name="other")),
            ("name", "_v1", lambda m, v: a_version(m, 2, name="_v1")),
            ("external id", "x-2", lambda m, v: a_version(m, 2, external_id="x-2")),
            ("path", "model.bin", lambda m, v: an_artifact(v)),
        ],
    )
    def test_a_name_is_taken_once(
        self,
        registry: RegistryBackend,
        field: str,
        value: object,
        make: Callable[[Model, Version], AnyRecord],
    ) -> None:
        model = a_model(external_id="x-1")
        version = a_version(model, external_id="x-2")
        registry.apply([Put(model), Put(version), Put(an_artifact(version))])
        second = make(model, version)
        with pytest.raises(Conflict) as caught:
            registry.apply([Put(second)])
        assert caught.value.message.startswith(
            f"{type(second).__name__.lower()}: the {field} {value!r} is taken"
        )
        assert caught.value.field == field.replace(" ", "_")

    def test_names_are_free_elsewhere(self, registry: RegistryBackend) -> None:
        model, other = a_model(external_id="x"), a_model("Digits")
        version = a_version(model, external_id="x")
        registry.apply([Put(model), Put(other), Put(version), Put(an_artifact(version))])
        registry.apply(
            [
                Put(a_model(project="two", external_id="x")),
                Put(a_version(other)),
                Put(an_artifact(version, "other.bin")),
                Put(an_artifact(a_version(other))),
            ]
        )
        assert len(registry.find(Model, "default", Query()).items) == 2

    def test_a_name_is_free_again_when_it_was_given_up(self, registry: RegistryBackend) -> None:
        first = a_model()
        registry.apply([Put(first)])
        registry.apply([Put(replace(first, name="renamed")), Put(a_model("digits"))])
        registry.apply([Delete(Model, first.id), Put(a_model("renamed"))])
        with pytest.raises(Conflict):  # in order: the name is still there when it is taken
            registry.apply([Put(a_model("new")), Put(a_model("new"))])

    def test_an_id_of_another_project_is_out_of_reach(self, registry: RegistryBackend) -> None:
        theirs = a_model(project="theirs")
        registry.apply([Put(theirs)])
        with pytest.raises(Conflict, match="id"):
            registry.apply([Put(replace(theirs, project="ours", name="stolen"))])
        assert registry.get(Model, "theirs", theirs.id).name == "digits"

    def test_a_failed_apply_leaves_nothing(self, registry: RegistryBackend) -> None:
        kept, model, intent = a_model("kept"), a_model("new"), an_intent()
        registry.apply([Put(kept), Put(intent)])
        newest, _ = registry.changes_since(-1)
        with pytest.raises(Conflict):
            registry.apply(
                [
                    Put(model),
                    Delete(Intent, intent.id),
                    Delete(Model, kept.id),
                    Put(model),
                    Put(a_model("new")),
                ]
            )
        assert [m.name for m in registry.find(Model, "default", Query()).items] == ["kept"]
        assert registry.intents() == [("default", intent.id)]
        assert registry.changes_since(newest) == (newest, [])
        registry.apply([Put(model)], {model.id: 0, kept.id: 1})

    @pytest.mark.parametrize("text", HOSTILE, ids=ascii)
    def test_any_text_is_only_text(self, registry: RegistryBackend, text: str) -> None:
        model = a_model(text, project=text, tags={text: text}, properties={text: text}, external_id=text)
        registry.apply([Put(a_model("other", project=text)), Put(model)])
        assert given(registry.get(Model, text, model.id)) == model
        for condition in (
            Compare("name", "=", text),
            Compare("name", "contains", text),
            Compare("name", "in", (text,)),
            Compare("tags", "has", text),
            Compare(f"tags.{text}", "=", text),
            Compare(f"properties.{text}", "contains", text),
        ):
            found = registry.find(Model, text, Query(where=condition)).items
            assert [m.id for m in found] == [model.id], condition
        with pytest.raises(Conflict):
            registry.apply([Put(a_model(text, project=text))])

    @pytest.mark.parametrize(
        "value",
        [1, 1.0, True, 0, 0.0, -0.0, False, "", "1", "true", "null", "\u2028", '{"a": 1}', *EXTREME],
        ids=repr,
    )
    def test_properties_keep_their_types(self, registry: RegistryBackend, value: Any) -> None:
        model = a_model(properties={"x": value})
        registry.apply([Put(model)])
        back = registry.get(Model, "default", model.id).properties["x"]
        assert (type(back), repr(back)) == (type(value), repr(value))

    @pytest.mark.parametrize(
        "fields",
        [
            {"properties": {"x": float("nan")}},
            {"properties": {"x": float("-inf")}},
            {"properties": {"x": 2**63}},
            {"properties": {"x": None}},
            {"properties": {"x\0": 1}},
            {"properties": {"x": [1]}},
            {"tags": {"x": 1}},
            {"description": "a\0b"},
            {"name": "half \ud83d of a pair"},
            {"name": None},
            {"version_count": 2**64},
            {"state": "GONE"},
        ],
        ids=ascii,
    )
    def test_what_would_not_come_back_is_refused(self, registry: RegistryBackend, fields: Any) -> None:
        with pytest.raises(Invalid):
            registry.apply([Put(a_model("before")), Put(a_model(**fields))])
        assert registry.find(Model, "default", Query()).items == []

    def test_texts_that_cannot_be_are_refused_in_questions(self, registry: RegistryBackend) -> None:
        for text in ("a\0", "\ud800"):
            with pytest.raises(Invalid):
                registry.get(Model, "default", text)
            with pytest.raises(Invalid):
                registry.find(Model, text, Query())
            with pytest.raises(Invalid):
                registry.find(Model, "default", Query(where=Compare("name", "=", text)))

    def test_digests_of_all_projects(self, registry: RegistryBackend) -> None:
        version = a_version(a_model())
        stored = [an_artifact(version, str(n), digest=f"{n % 3:064x}", project=f"p{n % 2}") for n in range(6)]
        registry.apply([*map(Put, stored), Put(an_artifact(version, "far", uri="s3://b/k"))])
        assert set(registry.digests()) == {f"{n:064x}" for n in range(3)}

    def test_intents_of_all_projects(self, registry: RegistryBackend) -> None:
        intents = [an_intent(project=project) for project in ("a", "b", "b")]
        registry.apply([Put(intent) for intent in intents])
        registry.apply([Delete(Intent, intents[0].id)])
        assert sorted(registry.intents()) == sorted(("b", intent.id) for intent in intents[1:])

    def test_changes_are_told_in_order(self, registry: RegistryBackend) -> None:
        assert registry.changes_since(-1) == (0, [])
        model = a_model(project="p")
        version = a_version(model)
        artifact, intent = an_artifact(version), an_intent()
        registry.apply([Put(intent)])
        registry.apply([Put(model), Put(version), Put(artifact), Delete(Intent, intent.id)])
        middle, events = registry.changes_since(0)
        assert [(e.project, e.kind, e.id, e.action) for e in events] == [
            ("p", "model", model.id, "created"),
            ("p", "version", version.id, "created"),
            ("p", "artifact", artifact.id, "created"),
        ]
        assert middle == events[-1].sequence
        registry.apply([Put(model), Delete(Version, version.id), Delete(Version, new_id())])
        newest, later = registry.changes_since(middle)
        assert [(e.kind, e.action) for e in later] == [("model", "updated"), ("version", "deleted")]
        numbers = [e.sequence for e in [*events, *later]]
        assert numbers == sorted(set(numbers))
        assert registry.changes_since(0) == (newest, [*events, *later])
        assert registry.changes_since(newest) == (newest, [])
        assert registry.changes_since(newest + 5) == (newest, [])
        assert registry.changes_since(-1) == (newest, [])

    def test_threads_do_not_disturb_each_other(self, registry: RegistryBackend) -> None:
        def work(thread: int) -> None:
            for n in range(10):
                model = a_model(f"{thread}-{n}", project=f"p{thread}")
                registry.apply([Put(model)])
                assert registry.get(Model, model.project, model.id).name == model.name
                assert len(registry.find(Model, model.project, Query()).items) == n + 1
                registry.changes_since(0)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        _, events = registry.changes_since(0)
        assert len({event.id for event in events}) == 80

    def test_one_of_several_threads_gets_the_name(self, registry: RegistryBackend) -> None:
        start = threading.Barrier(8)

        def work(_: int) -> bool:
            start.wait()
            try:
                registry.apply([Put(a_model("wanted"))])
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(work, range(8))) == 1

    def test_no_update_is_lost_with_expect(self, registry: RegistryBackend) -> None:
        model = a_model()
        registry.apply([Put(model)])

        def add_one() -> bool:
            now = registry.get(Model, "default", model.id)
            try:
                registry.apply(
                    [Put(replace(now, version_count=now.version_count + 1))], {now.id: now.revision}
                )
            except Conflict:
                return False
            return True

        def work(_: int) -> None:
            done = 0
            while done < 5:
                done += add_one()

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(work, range(6)))
        assert registry.get(Model, "default", model.id).version_count == 30

    def test_check_says_what_it_found_and_changes_nothing(self, registry: RegistryBackend) -> None:
        registry.apply([Put(a_model())])
        before = registry.changes_since(0)
        found = registry.check()
        assert "1 models" in found
        assert "\n" not in found
        assert registry.changes_since(0) == before

    def test_it_says_what_it_can_and_where_it_is(self, registry: RegistryBackend) -> None:
        assert {"models", "changes", "transactions"} <= registry.capabilities
        assert registry.location

    def test_closing_twice(self, registry: RegistryBackend) -> None:
        registry.apply([Put(a_model())])
        registry.close()
        registry.close()
