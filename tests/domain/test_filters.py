"""The text in which people ask for runs."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aip_jupyter.backends.checks import check_query
from aip_jupyter.domain.filters import (
    FIELDS,
    MAX_BRACKETS,
    MAX_COMPARISONS,
    MAX_FILTER,
    MAX_LISTED,
    parse_filter,
    parse_order,
)
from aip_jupyter.domain.query import EVERYTHING, And, Compare, Condition, Or, Order, Query
from aip_jupyter.domain.runs import Run
from aip_jupyter.errors import Invalid

DAY = 1_769_817_600_000
"""2026-01-31 in UTC."""

LOSS, ADAM = Compare("metrics.loss", "<", 0.3), Compare("params.opt", "=", "adam")

MEANT: list[tuple[str, Condition]] = [
    ("", EVERYTHING),
    (" \n ", EVERYTHING),
    ("metrics.loss < 0.3", LOSS),
    ("metrics.loss<0.3", LOSS),
    ("metrics.loss < 0.3 and params.opt = 'adam'", And((LOSS, ADAM))),
    (
        "metrics.loss < 0.3 AND params.opt == \"adam\" And status = 'completed' and author != 'x'",
        And((LOSS, ADAM, Compare("status", "=", "completed"), Compare("author", "!=", "x"))),
    ),
    ("metrics.loss < 0.3 or params.opt = adam", Or((LOSS, ADAM))),
    ("name = a or metrics.loss < .3 and params.opt=adam", Or((Compare("name", "=", "a"), And((LOSS, ADAM))))),
    (
        "(name = a or metrics.loss < 3e-1) and params.opt=adam",
        And((Or((Compare("name", "=", "a"), LOSS)), ADAM)),
    ),
    ("((metrics.loss < +0.3))", LOSS),
    ("metrics.loss.min > -5", Compare("minimum.loss", ">", -5)),
    ("metrics.loss.MAX <> 5", Compare("maximum.loss", "!=", 5)),
    ("metrics.loss.last >= 1e3", Compare("metrics.loss", ">=", 1000.0)),
    ("metrics.'best loss'.min < 1", Compare("minimum.best loss", "<", 1)),
    ("metrics.`a.min` < 1", Compare("metrics.a.min", "<", 1)),
    ("metrics.`a.min`.max < 1", Compare("maximum.a.min", "<", 1)),
    ("metrics.min < 1", Compare("metrics.min", "<", 1)),
    ("metrics.val/loss < 1", Compare("metrics.val/loss", "<", 1)),
    ('metrics."val/loss" < 1', Compare("metrics.val/loss", "<", 1)),
    ("metrics.模型 < 1", Compare("metrics.模型", "<", 1)),
    ("metrics.5 < 1", Compare("metrics.5", "<", 1)),
    ("metrics.and < 1", Compare("metrics.and", "<", 1)),
    ("metrics has loss", Compare("metrics", "has", "loss")),
    ("params.model.lr = 0.1", Compare("params.model.lr", "=", 0.1)),
    ("params.layers = 3", Compare("params.layers", "=", 3)),
    ("params.flag = TRUE", Compare("params.flag", "=", True)),
    ("params.flag = 'true'", Compare("params.flag", "=", "true")),
    ("properties.`git commit` = '0abc'", Compare("properties.git commit", "=", "0abc")),
    ("tags.fold = 3", Compare("tags.fold", "=", "3")),
    ("tags HAS 'my team'", Compare("tags", "has", "my team")),
    ("name contains 'Base'", Compare("name", "contains", "Base")),
    ("name LIKE '%base_line%'", Compare("name", "contains", "base_line")),
    ("name = 5", Compare("name", "=", "5")),
    ("name = 'it''s'", Compare("name", "=", "it's")),
    (r"name = 'it\'s'", Compare("name", "=", "it's")),
    (r"name = 'C:\data\\'", Compare("name", "=", "C:\\data\\")),
    ('name = "say ""x"""', Compare("name", "=", 'say "x"')),
    ("name = '; DROP TABLE run; --'", Compare("name", "=", "; DROP TABLE run; --")),
    ("NAME = 'A'", Compare("name", "=", "A")),
    ("status in (failed, 'KILLED')", Compare("status", "in", ("failed", "killed"))),
    ("params.lr IN (0.1, 1, 'auto')", Compare("params.lr", "in", (0.1, 1, "auto"))),
    ("name not in (a, b)", And((Compare("name", "!=", "a"), Compare("name", "!=", "b")))),
    ("started > '2026-01-31'", Compare("started", ">", DAY)),
    ("started > 2026-01-31", Compare("started", ">", DAY)),
    ("ended <= '2026-01-31T01:00:00.5+01:00'", Compare("ended", "<=", DAY + 500)),
    ("ended <= 2026-01-31T00:30Z", Compare("ended", "<=", DAY + 1_800_000)),
    ("started > 1769817600000", Compare("started", ">", DAY)),
    ("duration > 90", Compare("duration", ">", 90_000)),
    ("duration > 1.5", Compare("duration", ">", 1500)),
    ("duration > 90s", Compare("duration", ">", 90_000)),
    ("duration > '5m'", Compare("duration", ">", 300_000)),
    ("duration in (2h, 1)", Compare("duration", "in", (7_200_000, 1000))),
    ("parent = '' and id != '0'", And((Compare("parent", "=", ""), Compare("id", "!=", "0")))),
]

WRONG = {
    "metrics.loss <": "expected a value for metrics.loss",
    "metrics.loss < 0.3 and": "expected a field",
    "metrics.loss < and": "expected a value",
    "metrics.loss 0.3": "expected one of = !=",
    "metrics.loss is 3": "expected one of = !=",
    "metrics < 1": "name a key: metrics.KEY",
    "metrics. < 1": "expected a key",
    "metrics.`` < 1": "expected a key",
    "metrics.loss < 'low'": "a number, such as 0.3",
    "metrics.loss < 1e999": "a number, such as 0.3",
    "metrics.loss contains 'x'": "contains looks into texts",
    "metric.loss < 1": "did you mean metrics",
    "statsu = failed": "did you mean status",
    "xyzzy = 1": "there are name, experiment",
    "5 = 5": "expected a field",
    "'name' = 5": "expected a field",
    "status = finished": "one of running, completed, failed, killed",
    "started > yesterday": "a time, such as",
    "started > '2026-13-31'": "a time, such as",
    "duration > 5x": "90s, 5m, 2h",
    "name = 'open": "this quote is not closed",
    "name = `open": "this quote is not closed",
    "name = a; name = b": "this means nothing here",
    "name = a name = b": "expected one of and, or",
    "name = a)": "expected one of and, or",
    "(name = a": "expected )",
    "name in ()": "expected a value",
    "name in a": "expected (",
    "name in (a b)": "expected )",
    "name like 'a%'": "LIKE finds a part",
    "name like '%'": "LIKE finds a part",
    "name like 'a'": "LIKE finds a part",
    "not name = a": "NOT goes with IN only",
    "name not = a": "expected one of",
    "tags has": "expected a value",
    "name has x": "expected one of = !=",
    "tags.a has x": "expected one of = !=",
    "(" * (MAX_BRACKETS + 1) + "name = a": "brackets in each other",
    "name = " + "a" * MAX_FILTER: "too many",
    " or ".join(["name = a"] * (MAX_COMPARISONS + 1)): "more than 100 comparisons",
    " and ".join(["name not in (a, b)"] * (MAX_COMPARISONS // 2 + 1)): "more than 100 comparisons",
    " or ".join(["id in (a, b)"] * (MAX_COMPARISONS // 2)) + f" or id in (a{', b' * MAX_LISTED})": "of IN",
}


@pytest.mark.parametrize(("text", "condition"), MEANT)
def test_what_a_filter_means(text: str, condition: Condition) -> None:
    assert parse_filter(text) == condition
    check_query(Run, "default", Query(where=condition))


@pytest.mark.parametrize(("text", "says"), WRONG.items(), ids=[text[:30] for text in WRONG])
def test_what_is_wrong_is_said_with_its_place(text: str, says: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_filter(text)
    assert caught.value.field == "filter"
    assert caught.value.message.startswith("filter: ")
    assert says in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 400


def test_the_place_is_marked() -> None:
    with pytest.raises(Invalid, match=r"at ▸ in metrics.loss < 0.3 and ▸statsu = 'failed'$"):
        parse_filter("metrics.loss < 0.3\n and statsu = 'failed'")
    with pytest.raises(Invalid, match=r"at ▸ in name =▸$"):
        parse_filter("name =")


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("started desc", Order("started", True)),
        ("started", Order("started")),
        ("metrics.acc ASC", Order("metrics.acc")),
        ("metrics.'val/acc'.max desc", Order("maximum.val/acc", True)),
        ("params.lr", Order("params.lr")),
        ("duration desc", Order("duration", True)),
        ("updated", Order("updated")),
    ],
)
def test_orders(text: str, order: Order) -> None:
    assert parse_order(text) == order


@pytest.mark.parametrize(
    "text", ["", "params", "name up", "name desc asc", "nmae", "desc", "metrics.", "name,"]
)
def test_orders_that_are_none(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_order(text)
    assert caught.value.field == "order_by"


def test_every_field_can_be_asked_for_and_ordered_by() -> None:
    for field in FIELDS:
        for end in ("", ".x", ".x.min"):
            with contextlib.suppress(Invalid):
                check_query(Run, "default", Query(order=parse_order(field + end)))
                break
        else:
            raise AssertionError(field)


WORDS = (
    "and OR not in has contains like = == != <> <= > >= ( ) , . ' \" ` \\ % ; -- 'a b' \"x\" `k` 0.3 -5 "
    "1e999 2026-01-31 90s true min max asc desc é 模 🤖 ٣ ²"
)
PIECES = [*FIELDS, *WORDS.split(" "), " ", "\n", "\0", "\ud800", "9" * 30, "1" * 400]


@settings(max_examples=600, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join)
    | st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
    | st.text(max_size=40)
)
def test_whatever_is_written_is_understood_or_refused_in_our_words(text: str) -> None:
    with contextlib.suppress(Invalid):
        check_query(Run, "default", Query(where=parse_filter(text)))
    with contextlib.suppress(Invalid):
        check_query(Run, "default", Query(order=parse_order(text)))


def test_filters_as_large_as_can_be_are_read() -> None:
    parse_filter(" or ".join(["name = a"] * MAX_COMPARISONS))
    parse_filter(f"id in (a{', b' * (MAX_LISTED - 1)})")


@pytest.mark.timeout(60)  # where each place is tried again from each other, it takes minutes
@pytest.mark.parametrize("text", ["metrics.a < {}x", "metrics.a < {}.{}x", "metrics.a < 1e{}x"])
def test_long_numbers_that_are_none_are_read_in_one_go(text: str) -> None:
    long = text.replace(
        "{}", "1" * (MAX_FILTER // 2 - 50) if text.count("{}") > 1 else "1" * (MAX_FILTER - 50)
    )
    for _ in range(40):
        for parse in (parse_filter, parse_order):
            with pytest.raises(Invalid):
                parse(long)


@pytest.mark.parametrize("seed", range(30))
def test_a_letter_too_many_or_too_few_is_understood_or_refused(seed: int) -> None:
    dice = random.Random(seed)
    for text, _ in MEANT:
        place = dice.randint(0, len(text))
        for changed in (text[:place] + text[place + 1 :], text[:place] + dice.choice(PIECES) + text[place:]):
            with contextlib.suppress(Invalid):
                check_query(Run, "default", Query(where=parse_filter(changed)))
