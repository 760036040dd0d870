"""The words of a filter (see `filters`), and what they are worth as values of a field."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import NamedTuple, get_args

from .durations import parse_seconds
from .query import Scalar
from .runs import Status

_TOKEN = re.compile(
    r"""(?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`)
    |(?P<number>[+-]?(?:\d+(?:\.\d*)?|(?<!\w)\.\d+)(?:[eE][+-]?\d+)?(?![\w./:-]))
    |(?P<word>\w[\w/:@+-]*)
    |(?P<sign><=|>=|!=|==|<>|[=<>(),.])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"""\\([\\'"])""")


class Token(NamedTuple):
    kind: str
    """`text`, `number`, `word`, `sign`; `end` behind the last one, or where there is no word."""
    text: str
    """What it says: of a text, without quotes."""
    place: int


def split_words(text: str) -> list[Token]:
    """The tokens; the last is the end, or the place of what is none."""
    tokens, place = [], 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        match = _TOKEN.match(text, place)
        if match is None:
            break
        kind, said = str(match.lastgroup), match[0]
        if kind == "text":
            quote, said = said[0], said[1:-1]
            said = said if quote == "`" else _ESCAPED.sub(r"\1", said.replace(quote * 2, quote))
        tokens.append(Token(kind, said, place))
        place = match.end()
    return [*tokens, Token("end", "", place)]


ValueOf = Callable[[Token], Scalar]


def as_text(token: Token) -> Scalar:
    return token.text


def as_number(token: Token) -> Scalar:
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


def as_any(token: Token) -> Scalar:
    """A number, true or false, or a text."""
    if token.kind == "word" and token.text.lower() in ("true", "false"):
        return token.text.lower() == "true"
    return as_number(token) if token.kind == "number" else token.text


def as_status(token: Token) -> Scalar:
    if token.text.lower() not in get_args(Status):
        raise ValueError
    return token.text.lower()


def as_time(token: Token) -> Scalar:
    """Milliseconds since the epoch: given so, or as an ISO date; in UTC unless it says otherwise."""
    if token.kind == "number":
        return int(as_number(token))
    moment = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", token.text.strip()))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return round(moment.timestamp() * 1000)


def as_duration(token: Token) -> Scalar:
    """Milliseconds."""
    seconds = as_number(token) if token.kind == "number" else parse_seconds(token.text, "filter")
    return round(float(seconds) * 1000)


OF_FIELD: dict[str, ValueOf] = {"status": as_status, "duration": as_duration}
WANTS: dict[ValueOf, str] = {
    as_text: "a text",
    as_number: "a number, such as 0.3",
    as_any: "a number, true, false or a text",
    as_status: f"one of {', '.join(get_args(Status))}",
    as_time: "a time, such as '2026-01-31' or '2026-01-31T12:00'",
    as_duration: "seconds, or a text such as 90s, 5m, 2h",
}
