"""What every registry backend finds: `domain.query.matches` and `order_key` are the meaning."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from msgspec.structs import replace

from aip_jupyter.backends.registry.protocol import RegistryBackend
from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.models import Model, Version
from aip_jupyter.domain.query import (
    And,
    Compare,
    Condition,
    Or,
    Order,
    Query,
    field_value,
    matches,
    order_key,
)
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import Invalid

from .pages import all_pages
from .records import a_model, a_version

EXAMPLES = [
    a_model("alpha", category="CV", tags={"team": "red", "bare": ""}, version_count=1, created=30),
    a_model("Beta", category="NLP", tags={"team": "blue"}, version_count=2, created=20, latest_number=1),
    a_model("gamma_1", author="ada", properties={"acc": 0.5, "n": 1}, created=20, latest_number=10),
    a_model("gamma%1", author="bob", properties={"acc": "0.5", "n": 1.0}, created=10, latest_name="v1"),
    a_model("délta", state="ARCHIVED", properties={"acc": 2, "n": True}, latest_pinned=True, created=20),
]

FOUND: list[tuple[Condition, str]] = [
    (And(()), "alpha Beta gamma_1 gamma%1 délta"),
    (Or(()), ""),
    (Compare("name", "=", "alpha"), "alpha"),
    (Compare("name", "=", "Alpha"), ""),
    (Compare("name", "!=", "alpha"), "Beta gamma_1 gamma%1 délta"),
    (Compare("name", "<", "alpha"), "Beta"),
    (Compare("name", ">=", "gamma_1"), "gamma_1"),
    (Compare("name", "contains", "ALPH"), "alpha"),
    (Compare("name", "contains", "b"), "Beta"),
    (Compare("name", "contains", "_"), "gamma_1"),
    (Compare("name", "contains", "%"), "gamma%1"),
    (Compare("name", "contains", "é"), "délta"),
    (Compare("name", "contains", "É"), ""),
    (Compare("name", "contains", ""), "alpha Beta gamma_1 gamma%1 délta"),
    (Compare("name", "in", ("alpha", "délta", 3)), "alpha délta"),
    (Compare("name", "in", ()), ""),
    (Compare("name", "=", 5), ""),
    (Compare("name", "!=", 5), "alpha Beta gamma_1 gamma%1 délta"),
    (Compare("name", "<", 5), ""),
    (Compare("state", "=", "LIVE"), "alpha Beta gamma_1 gamma%1"),
    (Compare("version_count", "=", 1), "alpha"),
    (Compare("version_count", ">", 0.5), "alpha Beta"),
    (Compare("version_count", "=", "1"), ""),
    (Compare("version_count", "=", True), "alpha"),
    (Compare("version_count", "contains", "1"), ""),
    (Compare("version_count", "in", (1, 2.0, "x")), "alpha Beta"),
    (Compare("latest_pinned", "=", True), "délta"),
    (Compare("latest_pinned", "!=", True), "alpha Beta gamma_1 gamma%1"),
    (Compare("latest_number", ">", 0), "Beta gamma_1"),
    (Compare("latest_number", "!=", 1), "alpha gamma_1 gamma%1 délta"),
    (Compare("latest_name", "contains", "v"), "gamma%1"),
    (Compare("tags", "has", "team"), "alpha Beta"),
    (Compare("tags", "has", "bare"), "alpha"),
    (Compare("tags", "has", "red"), ""),
    (Compare("tags.team", "=", "red"), "alpha"),
    (Compare("tags.bare", "=", ""), "alpha"),
    (Compare("tags.team", "!=", "red"), "Beta gamma_1 gamma%1 délta"),
    (Compare("tags.team", "in", ("red", "blue")), "alpha Beta"),
    (Compare("tags.team", "contains", "LU"), "Beta"),
    (Compare("properties", "has", "acc"), "gamma_1 gamma%1 délta"),
    (Compare("properties.acc", ">", 0.4), "gamma_1 délta"),
    (Compare("properties.acc", ">=", "0"), "gamma%1"),
    (Compare("properties.acc", "=", 0.5), "gamma_1"),
    (Compare("properties.acc", "!=", 0.5), "alpha Beta gamma%1 délta"),
    (Compare("properties.acc", "contains", "5"), "gamma%1"),
    (Compare("properties.acc", "in", ("0.5", 2)), "gamma%1 délta"),
    (Compare("properties.n", "=", 1), "gamma_1 gamma%1 délta"),
    (Compare("properties.n", "=", True), "gamma_1 gamma%1 délta"),
    (Or((Compare("author", "=", "ada"), Compare("author", "=", "bob"))), "gamma_1 gamma%1"),
    (And((Compare("tags", "has", "team"), Or((Compare("category", "=", "NLP"),)))), "Beta"),
]

REFUSED: list[tuple[str, Query]] = [
    ("nonsense", Query(where=Compare("nonsense", "=", 1))),
    ("nonsense", Query(order=Order("nonsense"))),
    ("__class__", Query(where=Compare("__class__", "=", 1))),
    ("name.x", Query(where=Compare("name.x", "=", 1))),
    ("tags.", Query(where=Compare("tags.", "=", "x"))),
    ("tags", Query(where=Compare("tags", "=", "x"))),
    ("tags", Query(order=Order("tags"))),
    ("name", Query(where=Compare("name", "has", "x"))),
    ("tags.x", Query(where=Compare("tags.x", "has", "x"))),
    ("name", Query(where=Compare("name", "in", "abc"))),
    ("name", Query(where=Compare("name", "=", ("a", "b")))),
    ("name", Query(where=Compare("name", "contains", 5))),
    ("name", Query(where=Compare("name", "contains", "x" * 100_000))),
    ("name", Query(where=Compare("name", "like", "x"))),  # type: ignore[arg-type]
    ("version_count", Query(where=Compare("version_count", ">", float("nan")))),
    ("version_count", Query(where=Compare("version_count", ">", 2**70))),
    ("filter", Query(where=And((Compare("name", "=", "x"),) * 5_000))),
    ("filter", Query(where=Compare("name", "in", ("x",) * 100_000))),
    ("limit", Query(limit=0)),
    ("limit", Query(limit=-1)),
    ("page_token", Query(page_token="damaged")),
    ("page_token", Query(page_token="é")),
]

SORTABLE = ["id", "name", "description", "created", "latest_number", "latest_name", "latest_pinned"]
SORTABLE += ["version_count", "properties.x", 'properties."y.z"', "tags.x", "key", "updated"]

NUMBERS = [
    0,
    1,
    -1,
    10,
    2**53,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    0.5,
    1.0,
    -0.0,
    0.1 + 0.2,
    float(2**53),
    1e300,
]
TEXTS = ["", "a", "A", "b", "é", "É", "%", "_", "a_b", "1", "0.5", "true", "'", '"', "\\", "🤖", "\uffff"]

numbers = st.sampled_from(NUMBERS) | st.booleans() | st.floats(-1e9, 1e9, allow_subnormal=False)
texts = st.sampled_from(TEXTS) | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=3)
scalars = numbers | texts
keys = st.sampled_from(["x", '"y.z"', "é", ""])

comparisons = st.one_of(
    st.builds(
        Compare, st.sampled_from(SORTABLE), st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), scalars
    ),
    st.builds(Compare, st.sampled_from(SORTABLE), st.just("in"), st.lists(scalars, max_size=3).map(tuple)),
    st.builds(Compare, st.sampled_from(SORTABLE), st.just("contains"), texts),
    st.builds(Compare, st.sampled_from(["tags", "properties"]), st.just("has"), keys),
)
conditions = st.recursive(
    comparisons,
    lambda terms: st.builds(
        lambda kind, items: kind(tuple(items)), st.sampled_from([And, Or]), st.lists(terms)
    ),
    max_leaves=5,
)
models = st.lists(
    st.builds(
        lambda **fields: a_model(**fields),
        name=texts,
        description=texts,
        created=st.integers(0, 2),
        latest_number=st.none() | st.integers(0, 2),
        latest_name=st.none() | texts,
        latest_pinned=st.booleans(),
        version_count=st.integers(0, 2),
        tags=st.dictionaries(keys, texts, max_size=2),
        properties=st.dictionaries(keys, scalars, max_size=2),
    ),
    max_size=7,
    unique_by=lambda model: model.name,
)


class QueryContract:
    """The part of the contract that is about `find`."""

    @pytest.fixture
    def registry(self) -> RegistryBackend:
        raise NotImplementedError("say how to open an empty registry")

    @pytest.mark.parametrize(("condition", "expected"), FOUND, ids=str)
    def test_conditions(self, registry: RegistryBackend, condition: Condition, expected: str) -> None:
        registry.apply([*map(Put, EXAMPLES), Put(a_model("alpha", project="other"))])
        found = registry.find(Model, "default", Query(where=condition, order=Order("key"))).items
        assert [model.name for model in found] == expected.split()
        assert [model.name for model in EXAMPLES if matches(model, condition)] == expected.split()

    @pytest.mark.parametrize(("field", "query"), REFUSED, ids=lambda value: str(value)[:60])
    def test_what_cannot_be_asked_is_refused(
        self, registry: RegistryBackend, field: str, query: Query
    ) -> None:
        with pytest.raises(Invalid) as caught:
            registry.find(Model, "default", query)
        assert caught.value.field == field
        assert field in caught.value.message

    def test_deep_brackets_are_refused(self, registry: RegistryBackend) -> None:
        where: Condition = Compare("name", "=", "x")
        for _ in range(5_000):
            where = And((where,))
        with pytest.raises(Invalid, match="brackets"):
            registry.find(Model, "default", Query(where=where))

    def test_a_wide_filter_is_answered(self, registry: RegistryBackend) -> None:
        registry.apply([*map(Put, EXAMPLES)])
        where = Or(tuple(Compare("tags.team", "=", str(n)) for n in range(400)))
        assert registry.find(Model, "default", Query(where=where)).items == []
        names = tuple(str(n) for n in range(9_000))
        where = Or((where, Compare("name", "in", (*names, "Beta"))))
        assert [m.name for m in registry.find(Model, "default", Query(where=where)).items] == ["Beta"]

    def test_lists_have_items(self, registry: RegistryBackend) -> None:
        model = a_model()
        versions = [
            a_version(model, n, aliases=aliases) for n, aliases in enumerate([["a"], ["b", "a"], []], 1)
        ]
        registry.apply([*map(Put, versions)])
        for alias, numbers in (("a", [1, 2]), ("b", [2]), ("c", [])):
            query = Query(where=Compare("aliases", "has", alias), order=Order("number"))
            assert [v.number for v in registry.find(Version, "default", query).items] == numbers

    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("field", ["created", "latest_number", "properties.acc", "category", "id"])
    @pytest.mark.parametrize("limit", [1, 2, 5, 100])
    def test_pages_join_to_the_sorted_whole(
        self, registry: RegistryBackend, field: str, descending: bool, limit: int
    ) -> None:
        registry.apply([*map(Put, EXAMPLES)])
        query = Query(order=Order(field, descending), limit=limit)
        pages = list(all_pages(registry, Model, "default", query))
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
        assert len(pages) == -(-len(EXAMPLES) // limit)
        expected = sorted(
            EXAMPLES, key=lambda m: order_key(Order(field), field_value(m, field), m.id), reverse=descending
        )
        assert [m.id for page in pages for m in page] == [m.id for m in expected]

    def test_missing_values_come_before_numbers_before_texts(self, registry: RegistryBackend) -> None:
        registry.apply([*map(Put, EXAMPLES)])
        up = registry.find(Model, "default", Query(order=Order("properties.acc"))).items
        assert [m.properties.get("acc") for m in up] == [None, None, 0.5, 2, "0.5"]
        down = registry.find(Model, "default", Query(order=Order("properties.acc", descending=True))).items
        assert down == up[::-1]

    def test_a_page_continues_where_the_last_one_ended(self, registry: RegistryBackend) -> None:
        registry.apply([Put(a_model(name)) for name in "bdfh"])
        query = Query(order=Order("name"), limit=2)
        first = registry.find(Model, "default", query)
        registry.apply([Put(a_model(name)) for name in "aceg"])
        second = registry.find(Model, "default", replace(query, page_token=first.next_page_token))
        assert [m.name for m in first.items] == ["b", "d"]
        assert [m.name for m in second.items] == ["e", "f"]

    def test_a_token_belongs_to_its_order(self, registry: RegistryBackend) -> None:
        registry.apply([*map(Put, EXAMPLES)])
        token = registry.find(Model, "default", Query(order=Order("name"), limit=1)).next_page_token
        for order in (Order("created"), Order("name", descending=True)):
            with pytest.raises(Invalid):
                registry.find(Model, "default", Query(order=order, page_token=token))

    @pytest.mark.parametrize(
        "value", [None, True, -1, 2**64 - 1, 1e308, float("nan"), "", "\0", [1], {"a": 1}]
    )
    @pytest.mark.parametrize("field", ["name", "created", "latest_number", "latest_pinned", "properties.acc"])
    def test_a_forged_token_does_no_harm(self, registry: RegistryBackend, field: str, value: Any) -> None:
        registry.apply([*map(Put, EXAMPLES)])
        raw = msgspec.msgpack.encode([field, False, value, "zz"])
        token = base64.urlsafe_b64encode(raw).decode()
        try:
            registry.find(Model, "default", Query(order=Order(field), page_token=token))
        except Invalid as error:
            assert error.field == "page_token"  # noqa: PT017

    @settings(
        max_examples=150,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @for_all(
        records=models,
        where=conditions,
        order=st.builds(Order, st.sampled_from(SORTABLE), st.booleans()),
        limit=st.integers(1, 4),
    )
    def test_find_is_what_matches_says(
        self, registry: RegistryBackend, records: list[Model], where: Condition, order: Order, limit: int
    ) -> None:
        project = new_id()
        registry.apply([Put(replace(record, project=project)) for record in records])
        stored = [registry.get(Model, project, record.id) for record in records]
        expected = sorted(
            (record for record in stored if matches(record, where)),
            key=lambda record: order_key(order, field_value(record, order.field), record.id),
            reverse=order.descending,
        )
        query = Query(where=where, order=order, limit=limit)
        found = [record for page in all_pages(registry, Model, project, query) for record in page]
        assert found == expected
