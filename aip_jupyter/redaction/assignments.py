"""`name = "value"` in its many spellings: code, configuration, JSON, headers, command lines and diffs.

The text is walked from name to name. Where a value is a secret, the walk goes on behind it; else at its
beginning, since it may hold further names. A string is looked through once for each kind of quote at most.
"""

from __future__ import annotations

import re

from . import MARK
from .values import CODE, SCHEME_WORD, Value, covered, is_secret

# Names, and what may stand between a name and its value.
_START = r"(?:(?<![A-Za-z])|(?<=\\[nrt])|(?<=[a-z0-9])(?=[A-Z]))"
_KEYS = "api|access|secret|private|signing|encryption|account|auth|master|shared[_-]?access"
_NAME = re.compile(
    rf"""(?:
      (?P<header>(?<![\w-])(?i:(?:proxy-)?authorization|(?:set-)?cookie(?=["'\]]{{0,2}}[ ]?[:,])))
    | (?P<strong>(?i:pass(?:word|wd|phrase)s?)
        | {_START}(?i:secret|credential|(?:{_KEYS})[_-]?key)(?i:s?)
        | (?<=_)(?:PASS|PWD|pwd))
    | (?P<weak>{_START}(?i:token))
    )(?![A-Za-z_-])""",
    re.VERBOSE | re.ASCII,
)
_HINTS = ("token", "secret", "pass", "pwd", "key", "credential", "authorization", "cookie")
"""Every name has one of them."""
_BETWEEN = re.compile(
    r"""\d{0,2}(?P<close>\\?["'`]?)\]?
    (?:[ \t]{0,16}:[ \t]{0,16}[A-Za-z][\w.\[\]|,\ ]{0,60}?[ \t](?==[^=]))?
    (?:(?P<left>[ \t]{0,16})(?P<sign>=>|:=|={1,3}|!=|:(?!//)|,)(?P<right>[ \t]{0,16})|(?P<space>[ \t]{1,4}))
    (?:\([ \t]{0,4})?(?:[A-Za-z]{1,2}(?=["']))?""",
    re.VERBOSE,
)
_BARE_HEAD = re.compile(r"[^\s\"'`,;&)}\]<>]{1,256}")
_BARE_ALL = re.compile(r"(?:\[redacted\]|[^\s\"'`,;&)}\]<>])+")
_TO_END = re.compile(r"[^\r\n]*")
_STRINGS = {
    quote: re.compile(rf"[^{quote}\\\r\n]*(?:\\[^\r\n][^{quote}\\\r\n]*)*") for quote in ('"', "'", "`")
}
_ESCAPED = {quote: re.compile(rf"[^{quote}\r\n]*") for quote in ('"', "'", "`")}

# What stands before a name decides when it is followed by a space or a comma.
_OPTION = re.compile(
    r"(?:(?<![\w-])--[\w.-]*|(?:%(?:set_)?env|\bENV)[ \t]+\w*|\blogin[ \t]+\S{1,64}\s+)$", re.ASCII
)
_SETTER = re.compile(
    r"(?:get|getenv|pop|setdefault|putenv|setenv|setattr)\([ ]{0,4}(?:\w{1,40},[ ])?[\"'][\w.-]*$"
)
_PAIR = re.compile(r"\(b?[\"']$")
_WORD_BEFORE = re.compile(r"([A-Za-z]+)[_-]?$")
_NO_SECRET_TOKENS = frozenset(
    """
    pad eos bos unk mask sep cls special stop start end next prev page image audio video input output
    first last max min num per each sync continuation forced decoder current new extra added word sub
    """.split()  # noqa: SIM905  # shorter to read
)


def without_assigned(text: str) -> str:
    """`name = "value"` and its many spellings in code, configuration, JSON and command lines."""
    lower = text.lower()
    if not any(hint in lower for hint in _HINTS):  # much faster than to look for names
        return text
    done: list[str] = []
    copied = position = 0
    unclosed: set[str] = set()
    while name := _NAME.search(text, position):
        position = name.end()
        value = _value_of(text, name, unclosed)
        if value is None or not is_secret(value):
            continue
        end = value.end if value.is_quoted else _end_of(text, value)
        lines = text[value.start : end].split("\n")
        shown = "\n".join([MARK if lines[0] else "", *map(covered, lines[1:])])
        done += (text[copied : value.start], shown)
        copied = position = end
    return "".join([*done, text[copied:]])


def _end_of(text: str, value: Value) -> int:
    found = _BARE_ALL.match(text, value.start)
    return max(found.end(), value.end) if found else value.end


def _value_of(text: str, name: re.Match[str], unclosed: set[str]) -> Value | None:
    """What the name is given; None when it is given nothing, or not known to be given what follows."""
    between = _BETWEEN.match(text, name.end())
    if between is None:
        return None
    before = text[max(0, name.start() - 80) : name.start()]
    if not _belongs(before, between, name):
        return None
    start, sign = between.end(), between["sign"] or " "
    quote = _quote_at(text, start)
    start += len(quote)
    scheme = SCHEME_WORD.match(text, start) if name["header"] else None
    start = scheme.end() if scheme else start
    if quote:
        end = _end_of_string(text, start, quote, unclosed)
    elif name["header"] and sign == ":" and not scheme:
        end = _end_of_header(text, name, start)
    else:
        found = None if CODE.match(text, start) else _BARE_HEAD.match(text, start)
        end = found.end() if found else start
    if end == start:
        return None
    return Value(
        start,
        end,
        text[start:end],
        name.lastgroup or "",
        bool(quote),
        name[0] == "token" and not before[-1:].isidentifier() and before[-1:] != "-",
        sign,
        not between["left"] and not between["right"],
        text[end : end + 1] in ("", "\n", "\r"),
    )


def _belongs(before: str, between: re.Match[str], name: re.Match[str]) -> bool:
    """Whether what follows is this name's value."""
    if between["space"]:
        return not between["close"] and _OPTION.search(before) is not None
    if between["sign"] == ",":
        if not between["close"]:
            return False
        return (_PAIR if name["header"] else _SETTER).search(before) is not None
    if name["weak"] and (word := _WORD_BEFORE.search(before[-24:])):
        return re.split(r"(?<=[a-z])(?=[A-Z])", word[1])[-1].lower() not in _NO_SECRET_TOKENS
    return True


def _quote_at(text: str, start: int) -> str:
    for quote in ('"""', "'''", '\\"', "\\'", '"', "'", "`"):
        if text.startswith(quote, start):
            return quote
    return ""


def _end_of_string(text: str, start: int, quote: str, unclosed: set[str]) -> int:
    """Where the string ends that began with this quote; at the end of the line when it does not."""
    if len(quote) == 3 and quote not in unclosed:
        end = text.find(quote, start)
        if end >= 0:
            return end
        unclosed.add(quote)  # nor will it be found from further on
    patterns = _ESCAPED if quote[0] == "\\" else _STRINGS
    found = patterns[quote[-1]].match(text, start)
    end = found.end() if found else start
    return end - 1 if quote[0] == "\\" and end > start and text[end - 1] == "\\" else end


def _end_of_header(text: str, name: re.Match[str], start: int) -> int:
    """The end of the line, or of the string that the header stands in."""
    around = text[name.start() - 1 : name.start()]
    found = (_STRINGS.get(around) or _TO_END).match(text, start)
    return found.end() if found else start
