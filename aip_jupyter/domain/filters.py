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
import math
import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import NamedTuple, NoReturn, get_args

from ..errors import Invalid
from .durations import parse_seconds
from .query import EVERYTHING, And, Compare, Condition, Operator, Or, Order, Scalar
from .runs import Status

MAX_FILTER = 10_000
"""Characters of one."""
MAX_BRACKETS = 40
"""How deep they go."""

_TEXTS = ("name", "experiment", "author", "notebook", "device", "notes", "parent", "id")
_TIMES = ("started", "ended", "created", "updated")
_MAPS = ("metrics", "params", "tags", "properties")
FIELDS = (*_TEXTS, "status", *_TIMES, "duration", *_MAPS)
_SUMS = {"last": "metrics", "min": "minimum", "max": "maximum"}

_TOKEN = re.compile(
    r"""(?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`)
    |(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w./:-]))
    |(?P<word>\w[\w/:@+-]*)
    |(?P<sign><=|>=|!=|==|<>|[=<>(),.])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"""\\([\\'"])""")
_OPERATORS: dict[str, Operator] = {
    "==": "=",
    "<>": "!=",
    "like": "contains",
    "ilike": "contains",
    **{operator: operator for operator in get_args(Operator)},
}
_KEYWORDS = ("and", "or", "not", *(word for word in _OPERATORS if word.isalpha()))


class _Token(NamedTuple):
    kind: str
    """`text`, `number`, `word`, `sign`, or `end`."""
    text: str
    """What it says: of a text, without quotes."""
    place: int


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
        if len(text) > MAX_FILTER:
            raise Invalid(
                f"{field}: {len(text):,} characters are too many, at most {MAX_FILTER:,}", field=field
            )
        self._tokens = self._tokenize()

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

    def _tokenize(self) -> list[_Token]:
        tokens, place = [], 0
        while place < len(self._text):
            if self._text[place].isspace():
                place += 1
            elif match := _TOKEN.match(self._text, place):
                kind, said = str(match.lastgroup), match[0]
                if kind == "text":
                    quote, said = said[0], said[1:-1]
                    said = said if quote == "`" else _ESCAPED.sub(r"\1", said.replace(quote * 2, quote))
                tokens.append(_Token(kind, said, place))
                place = match.end()
            else:
                what = (
                    "this quote is not closed" if self._text[place] in "'\"`" else "this means nothing here"
                )
                self._fail(what, _Token("end", "", place))
        return [*tokens, _Token("end", "", len(self._text))]

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
        path, value_of = (self._take().text.lower(), _as_text) if whole else self._path()
        negated = bool(self._is("not") and self._take())
        token = self._take()
        operator = _OPERATORS.get(token.text.lower()) if token.kind in ("word", "sign") else None
        if operator is None or (negated and operator != "in") or (operator == "has") != whole:
            signs = "has" if whole else "= != < <= > >= contains in"
            self._fail(f"expected one of {signs}", token)
        if operator == "in":
            values = self._list(path, value_of)
            if negated:
                return And(tuple(Compare(path, "!=", value) for value in values))
            return Compare(path, "in", values)
        if operator == "contains" and value_of not in (_as_text, _as_any):
            self._fail("contains looks into texts; compare this with < or >", token)
        if operator in ("contains", "has"):
            part = self._value(path, _as_text)
            return Compare(path, operator, self._part(str(part)) if "like" in token.text.lower() else part)
        return Compare(path, operator, self._value(path, value_of))

    def _part(self, pattern: str) -> str:
        if len(pattern) < 2 or pattern.strip("%") != pattern[1:-1]:
            self._fail("LIKE finds a part of a text, written '%part%'", self._tokens[self._next - 1])
        return pattern[1:-1]

    def _list(self, path: str, value_of: _Value) -> tuple[Scalar, ...]:
        self._expect("(")
        values = [self._value(path, value_of)]
        while self._is(","):
            self._take()
            values.append(self._value(path, value_of))
        self._expect(")")
        return tuple(values)

    def _path(self) -> tuple[str, _Value]:
        """The path of a field in the tree, and how its values are read."""
        token = self._take()
        name = token.text.lower()
        if token.kind != "word" or name not in FIELDS:
            near = difflib.get_close_matches(name, FIELDS, 2)
            advice = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(FIELDS)}"
            self._fail(f"expected a field; {advice}", token)
        if name not in _MAPS:
            return name, _as_time if name in _TIMES else _OF_FIELD.get(name, _as_text)
        keys = self._keys()
        if not keys:
            self._fail(f"name a key: {name}.KEY", self._tokens[self._next])
        if name == "metrics":
            last = keys[-1]
            if len(keys) > 1 and last.kind == "word" and last.text.lower() in _SUMS:
                name = _SUMS[keys.pop().text.lower()]
        value_of = {"params": _as_any, "properties": _as_any, "tags": _as_text}.get(name, _as_number)
        return f"{name}.{'.'.join(key.text for key in keys)}", value_of

    def _keys(self) -> list[_Token]:
        keys = []
        while self._is("."):
            self._take()
            token = self._take()
            if token.kind in ("sign", "end") or not token.text:
                self._fail("expected a key; quote it when it is more than a word", token)
            keys.append(token)
        return keys

    def _value(self, path: str, value_of: _Value) -> Scalar:
        token = self._take()
        if token.kind in ("sign", "end") or (token.kind == "word" and token.text.lower() in _KEYWORDS):
            self._fail(f"expected a value for {path}", token)
        try:
            return value_of(token)
        except (ValueError, OverflowError, Invalid):
            self._fail(f"{path} is compared with {_WANTS[value_of]}", token)

    def _take(self) -> _Token:
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

    def _fail(self, what: str, token: _Token | None = None) -> NoReturn:
        place = (token or self._tokens[self._next]).place
        before, after = self._text[max(0, place - 40) : place], self._text[place : place + 40]
        excerpt = " ".join(f"{before}▸{after}".split())
        raise Invalid(f"{self._field}: {what}; at ▸ in {excerpt}", field=self._field)


_Value = Callable[[_Token], Scalar]


def _as_text(token: _Token) -> Scalar:
    return token.text


def _as_number(token: _Token) -> Scalar:
    if token.kind != "number":
        raise ValueError
    if token.text.lstrip("+-").isdecimal():
        whole = int(token.text)
        if -(2**63) <= whole < 2**63:
            return whole
    value = float(token.text)
    if not math.isfinite(value):
        raise ValueError
    return value


def _as_any(token: _Token) -> Scalar:
    """A number, true or false, or a text."""
    if token.kind == "word" and token.text.lower() in ("true", "false"):
        return token.text.lower() == "true"
    return _as_number(token) if token.kind == "number" else token.text


def _as_status(token: _Token) -> Scalar:
    if token.text.lower() not in get_args(Status):
        raise ValueError
    return token.text.lower()


def _as_time(token: _Token) -> Scalar:
    """Milliseconds since the epoch: given so, or as an ISO date; in UTC unless it says otherwise."""
    if token.kind == "number":
        return int(_as_number(token))
    moment = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", token.text.strip()))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return round(moment.timestamp() * 1000)


def _as_duration(token: _Token) -> Scalar:
    """Milliseconds."""
    seconds = _as_number(token) if token.kind == "number" else parse_seconds(token.text, "filter")
    return round(float(seconds) * 1000)


_OF_FIELD: dict[str, _Value] = {"status": _as_status, "duration": _as_duration}
_WANTS: dict[_Value, str] = {
    _as_text: "a text",
    _as_number: "a number, such as 0.3",
    _as_any: "a number, true, false or a text",
    _as_status: f"one of {', '.join(get_args(Status))}",
    _as_time: "a time, such as '2026-01-31' or '2026-01-31T12:00'",
    _as_duration: "seconds, or a text such as 90s, 5m, 2h",
}
