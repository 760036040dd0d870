"""What a value is: a secret, or what only stands where one could: code, a placeholder, a path, a word."""

from __future__ import annotations

import re
from dataclasses import dataclass

from . import MARK

CODE = re.compile(r"[A-Za-z_][\w.]*[(\[{]|[$(\[{<*%|>!&]")
"""A call or a look-up begins here, or what else a secret without quotes does not begin with."""
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\.?", re.ASCII)
_PROSE = re.compile(r"[A-Za-z]+(?:-[a-z]+)*[.:?!…]?")
_NUMBER = re.compile(r"[-+]?[\d._]+(?:[eE][-+]?\d+)?")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}|\$\([^()]*\)|\$\w+|%\(\w+\)s|%[sr]|<[^<>]*>")
_PATH = re.compile(r"(?:~|\.{1,2})?/(?:[a-z0-9_.-]+/)*[\w.-]*", re.ASCII)
SCHEME_WORD = re.compile(r"(?i:bearer|basic|token|digest|negotiate|apikey)[ \t]+")
_PLAIN = frozenset(
    """
    none null nil true false str string bytes int float bool any object optional number text unicode
    required missing unset empty invalid wrong unknown expired revoked hidden changed refused given ok
    yes no
    """.split()  # noqa: SIM905  # shorter to read
)
_LEFT, _RIGHT = " \t>+-\"'", " \t\r\"',;\\"
"""What stands around the lines of a secret in diffs and strings."""


@dataclass
class Value:
    """What an assignment gives to a name."""

    start: int
    end: int
    text: str
    kind: str
    """`header`, `strong` (a password, a secret) or `weak` (a token, which may be a word's)."""
    is_quoted: bool
    is_plain_name: bool
    """The name is `token` alone."""
    sign: str
    is_tight: bool
    """No spaces around the sign."""
    is_last: bool
    """Nothing else follows on its line."""


def is_secret(value: Value) -> bool:
    """Whether it must not be shown."""
    text = value.text
    if value.kind == "weak" and value.is_quoted and not _is_quoted_token(value):
        return False
    if text == MARK or text.lower() in _PLAIN or is_template(text):
        return False
    return value.is_quoted or value.kind == "header" or _is_bare_secret(value)


def _is_quoted_token(value: Value) -> bool:
    """A token in a string; in other texts, `token` is a word like others, and so are its values."""
    text = value.text
    if len(text) < 8 or len(text.split(None, 1)) > 1 or "://" in text or is_path(text) or text[0] in "<[":
        return False
    return not (value.is_plain_name and text.isalpha())


def _is_bare_secret(value: Value) -> bool:
    """A value without quotes: a secret in a configuration, a log or a command; in code, a variable's name."""
    text = value.text
    strong = value.kind == "strong"
    if is_path(text) or (not strong and (len(text) < 8 or "://" in text)):
        return False
    if _NUMBER.fullmatch(text):
        return strong and len(text) >= 4 and (value.is_tight or value.is_last)
    if value.sign == " ":
        return not text.startswith("-")
    has_digit = any(map(str.isdigit, text))
    is_name = _IDENTIFIER.fullmatch(text) is not None
    if not is_name and not _PROSE.fullmatch(text):
        return True
    if has_digit and "." not in text:
        spaced = value.sign != ":" and not value.is_tight
        return len(text) >= (6 if strong else 16 if spaced else 8)
    if not value.is_last or text.endswith((".", ":")):
        return False
    if value.sign == ":":
        return strong and text[0].islower()
    return strong and value.is_tight and "." not in text


def is_random(value: str) -> bool:
    """Whether it can hardly be a word: the key of a metric is called `key` too."""
    kinds = (str.islower, str.isupper, str.isdigit)
    return len(value) >= 16 and all(any(map(kind, value)) for kind in kinds)


def is_template(value: str) -> bool:
    """Whether it only says where the secret comes from: `{password}`, `$TOKEN`, `<your token>`."""
    rest = _PLACEHOLDER.sub("", SCHEME_WORD.sub("", value))
    return not any(map(str.isalnum, rest))


def is_path(value: str) -> bool:
    """Whether it is the name of a file. Random text may hold slashes too, but seldom only lower case."""
    return _PATH.fullmatch(value) is not None


def inner(line: str) -> str:
    """A line of a secret without diff marker, indentation and the quotes of a string."""
    return line.lstrip(_LEFT).rstrip(_RIGHT)


def covered(line: str) -> str:
    """The line with a mark for what is inside."""
    secret = inner(line)
    start = len(line) - len(line.lstrip(_LEFT))
    return line[:start] + MARK + line[start + len(secret) :] if secret else line
