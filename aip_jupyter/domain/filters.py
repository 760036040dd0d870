"""The text in which people ask for runs, as a tree of `domain.query`:

    metrics.loss < 0.3 and (params.opt = 'adam' or tags."my team" != 'x') and started > '2026-01-31'

    condition   comparison | condition AND condition | condition OR condition | ( condition )
    comparison  field operator value | field [NOT] IN (value, …) | map HAS 'key'
    operator    = == != <> < <= > >= CONTAINS LIKE
    field       name, status, … | params.KEY, tags.KEY, properties.KEY | metrics.KEY[.min | .max | .last]
    value       0.3, true, 'text', "text"; of a time an ISO date; of a duration seconds or 90s, 5m, 2h

Words are known in any case. A KEY with blanks or an operator's letters, or that ends like `.min`, is quoted:
metrics."best loss".min, metrics.`a.min`. LIKE takes a part between percent signs: '%part%'.
"""

from __future__ import annotations

import difflib
from typing import NoReturn, get_args

from ..errors import Invalid
from .filter_words import OF_FIELD, WANTS, Token, ValueOf, as_any, as_number, as_text, as_time, split_words
from .query import EVERYTHING, And, Compare, Condition, Operator, Or, Order, Scalar

MAX_FILTER = 10_000
"""Characters of one."""
MAX_BRACKETS = 40
"""How deep they go."""
MAX_COMPARISONS = 100
"""So many a filter has; each value of NOT IN is one. Each is looked up by itself, for every run."""
MAX_LISTED = 500
"""Values of all its INs."""

_TEXTS = ("name", "experiment", "author", "notebook", "device", "notes", "parent", "id")
_TIMES = ("started", "ended", "created", "updated")
_MAPS = ("metrics", "params", "tags", "properties")
FIELDS = (*_TEXTS, "status", *_TIMES, "duration", *_MAPS)
_SUMS = {"last": "metrics", "min": "minimum", "max": "maximum"}

_OPERATORS: dict[str, Operator] = {
    "==": "=",
    "<>": "!=",
    "like": "contains",
    "ilike": "contains",
    **{operator: operator for operator in get_args(Operator)},
}
_KEYWORDS = ("and", "or", "not", *(word for word in _OPERATORS if word.isalpha()))


def parse_filter(text: str) -> Condition:
    """The condition that a filter spells; everything for "". Invalid says where it is wrong."""
    return _Parser(text, "filter").filter()


def parse_order(text: str) -> Order:
    """The order that `metrics.acc desc` spells: a field as in a filter, then `asc` or `desc`."""
    return _Parser(text, "order_by").order()


class _Parser:
    """Recursive descent over the tokens of a text."""

    def __init__(self, text: str, field: str) -> None:
        self._text, self._field, self._depth, self._next = text, field, 0, 0
        self._comparisons = self._listed = 0
        if len(text) > MAX_FILTER:
            raise Invalid(
                f"{field}: {len(text):,} characters are too many, at most {MAX_FILTER:,}", field=field
            )
        self._tokens = split_words(text)
        if (end := self._tokens[-1]).place < len(text):
            is_open = text[end.place] in "'\"`"
            self._fail("this quote is not closed" if is_open else "this means nothing here", end)

    def filter(self) -> Condition:
        if len(self._tokens) == 1:
            return EVERYTHING
        condition = self._any_of()
        self._end("and, or")
        return condition

    def order(self) -> Order:
        path, _ = self._path()
        direction = self._take().text.lower() if self._is("asc", "desc") else ""
        self._end("asc, desc")
        return Order(path, descending=direction == "desc")

    def _any_of(self) -> Condition:
        terms = [self._all_of()]
        while self._is("or"):
            self._take()
            terms.append(self._all_of())
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    def _all_of(self) -> Condition:
        terms = [self._term()]
        while self._is("and"):
            self._take()
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else And(tuple(terms))

    def _term(self) -> Condition:
        if not self._is("("):
            return self._comparison()
        if self._depth == MAX_BRACKETS:
            self._fail(f"more than {MAX_BRACKETS} brackets in each other; write it flatter")
        self._depth += 1
        self._take()
        condition = self._any_of()
        self._expect(")")
        self._depth -= 1
        return condition

    def _comparison(self) -> Condition:
        if self._is("not"):
            self._fail("NOT goes with IN only; use != or turn the comparison around")
        whole = self._is(*_MAPS) and self._tokens[self._next + 1].text.lower() == "has"
        path, value_of = (self._take().text.lower(), as_text) if whole else self._path()
        negated = bool(self._is("not") and self._take())
        token = self._take()
        operator = _OPERATORS.get(token.text.lower()) if token.kind in ("word", "sign") else None
        if operator is None or (negated and operator != "in") or (operator == "has") != whole:
            signs = "has" if whole else "= != < <= > >= contains in"
            self._fail(f"expected one of {signs}", token)
        if operator == "in":
            values = self._list(path, value_of)
            self._count(len(values) if negated else 1)
            if negated:
                return And(tuple(Compare(path, "!=", value) for value in values))
            return Compare(path, "in", values)
        self._count(1)
        if operator == "contains" and value_of not in (as_text, as_any):
            self._fail("contains looks into texts; compare this with < or >", token)
        if operator in ("contains", "has"):
            part = self._value(path, as_text)
            return Compare(path, operator, self._part(str(part)) if "like" in token.text.lower() else part)
        return Compare(path, operator, self._value(path, value_of))

    def _count(self, comparisons: int) -> None:
        self._comparisons += comparisons
        if self._comparisons > MAX_COMPARISONS:
            self._fail(f"more than {MAX_COMPARISONS} comparisons; ask for less at once, or use IN")

    def _part(self, pattern: str) -> str:
        if len(pattern) < 2 or pattern.strip("%") != pattern[1:-1]:
            self._fail("LIKE finds a part of a text, written '%part%'", self._tokens[self._next - 1])
        return pattern[1:-1]

    def _list(self, path: str, value_of: ValueOf) -> tuple[Scalar, ...]:
        self._expect("(")
        values = [self._value(path, value_of)]
        while self._is(","):
            self._take()
            values.append(self._value(path, value_of))
        self._expect(")")
        self._listed += len(values)
        if self._listed > MAX_LISTED:
            self._fail(f"more than {MAX_LISTED} values of IN; ask for less at once")
        return tuple(values)

    def _path(self) -> tuple[str, ValueOf]:
        """The path of a field in the tree, and how its values are read."""
        token = self._take()
        name = token.text.lower()
        if token.kind != "word" or name not in FIELDS:
            near = difflib.get_close_matches(name, FIELDS, 2)
            advice = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(FIELDS)}"
            self._fail(f"expected a field; {advice}", token)
        if name not in _MAPS:
            return name, as_time if name in _TIMES else OF_FIELD.get(name, as_text)
        keys = self._keys()
        if not keys:
            self._fail(f"name a key: {name}.KEY", self._tokens[self._next])
        if name == "metrics":
            last = keys[-1]
            if len(keys) > 1 and last.kind == "word" and last.text.lower() in _SUMS:
                name = _SUMS[keys.pop().text.lower()]
        value_of = {"params": as_any, "properties": as_any, "tags": as_text}.get(name, as_number)
        return f"{name}.{'.'.join(key.text for key in keys)}", value_of

    def _keys(self) -> list[Token]:
        keys = []
        while self._is("."):
            self._take()
            token = self._take()
            if token.kind in ("sign", "end") or not token.text:
                self._fail("expected a key; quote it when it is more than a word", token)
            keys.append(token)
        return keys

    def _value(self, path: str, value_of: ValueOf) -> Scalar:
        token = self._take()
        if token.kind in ("sign", "end") or (token.kind == "word" and token.text.lower() in _KEYWORDS):
            self._fail(f"expected a value for {path}", token)
        try:
            return value_of(token)
        except (ValueError, OverflowError, Invalid):
            self._fail(f"{path} is compared with {WANTS[value_of]}", token)

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _is(self, *texts: str) -> bool:
        token = self._tokens[self._next]
        return token.kind in ("word", "sign") and token.text.lower() in texts

    def _expect(self, sign: str) -> None:
        if not self._is(sign):
            self._fail(f"expected {sign}", self._tokens[self._next])
        self._take()

    def _end(self, others: str) -> None:
        token = self._tokens[self._next]
        if token.kind != "end":
            self._fail(f"expected one of {others}, or the end", token)

    def _fail(self, what: str, token: Token | None = None) -> NoReturn:
        place = (token or self._tokens[self._next]).place
        before, after = self._text[max(0, place - 40) : place], self._text[place : place + 40]
        excerpt = " ".join(f"{before}▸{after}".split()).encode(errors="replace").decode()
        raise Invalid(f"{self._field}: {what}; at ▸ in {excerpt}", field=self._field)
