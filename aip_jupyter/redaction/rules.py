"""How secrets look when nobody has told us their values. Compiled at import: import it at first use.

Every pattern of this folder begins where a run of its own characters begins, or is bounded, so that no text
makes it look at the same characters again and again.
"""

from __future__ import annotations

import binascii
import functools
import re

from . import MARK
from .assignments import without_assigned
from .values import covered, inner, is_random, is_template

# Known shapes. Lengths and alphabets as their issuers give them, a little wider: they change.
_SHAPES = re.compile(
    r"""aip_[A-Za-z0-9-]{8,}_[A-Za-z0-9_-]{8,}
    | (?:(?<![A-Za-z0-9])|(?<=\\[nrt]))(?:
      (?:(?<![_-])|(?<=^-))eyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){1,4}\.?
    | (?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])
    | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,} | glpat-[A-Za-z0-9_-]{20,}
    | hf_[A-Za-z0-9]{20,} | pypi-[A-Za-z0-9_-]{20,} | npm_[A-Za-z0-9]{30,}
    | sk-(?:(?:proj|svcacct|admin|ant|or|live|test)-[A-Za-z0-9_-]{16,}|[A-Za-z0-9]{20,})
    | [rs]k_(?:live|test)_[A-Za-z0-9]{16,}
    | xox[a-z](?:-[A-Za-z0-9]+)+ | xapp-[A-Za-z0-9-]{10,} | AIza[A-Za-z0-9_-]{30,}
    )""",
    re.VERBOSE | re.MULTILINE,
)
_KEY_BLOCK = re.compile(
    r"(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)((?:(?!-----)[\s\S])*)(-*END)?"
)
_KEY_LINE = re.compile(r"[A-Za-z0-9+/=\\]*|[A-Za-z-]+: .*")
_USER = re.compile(r"(?<=://)([^\s/?#@:\"'<>]*:)([^\s/?#\"'<>]+)(?=@)")
_QUERY = re.compile(
    r"""(?<=[?&;\#])(?i:
      (?P<name>(?!(?:next|prev|page)[\w-]{0,20}token)(?:[\w-]{0,40}[_-])?
        (?:token|secret|passw(?:or)?d|sig|signature|credential|api[_-]?key|access[_-]?key|xsrf)|apikey)
    | (?P<key>key))=(?P<value>(?:\[redacted\]|[^\s&;\#"'`<>,()\[\]{}\\])+)""",
    re.VERBOSE | re.ASCII,
)
_SCHEME = re.compile(r"(?<![\w-])(?i:(bearer)|basic)[ \t]{1,4}([A-Za-z0-9._~+/-]{6,}={0,2})")
_AUTH_PAIR = re.compile(
    r"""((?:\bauth[ ]{0,4}=[ ]{0,4}|BasicAuth)\([ ]{0,4}["'][^"'\n]{0,200}["'],[ ]{0,4}(["']))
    ([^"'\n]+)(?=\2)""",
    re.VERBOSE,
)

_VARIABLE = re.compile(
    r"""(?:^|_)(?:TOKEN|SECRET|PASS|PASSWD|PWD|PASSPHRASE|CREDENTIAL|API_?KEY
      |(?:ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION)_KEY)S?(?:_|$)|PASSWORD""",
    re.VERBOSE,
)
_NO_SECRET_VARIABLE = re.compile(
    r"_(?:PATH|FILE|FILENAME|DIR|FOLDER|URL|URI|NAME|ID|HOST|PORT|TYPE|PROVIDER|TTL|EXPIRES|LIFETIME)$"
)


def apply_rules(text: str) -> str:
    """The text without what looks like a secret."""
    if "PRIVATE KEY" in text:
        text = _KEY_BLOCK.sub(_key_block, text)
    text = _SHAPES.sub(MARK, text)
    text = without_assigned(text)
    text = _AUTH_PAIR.sub(rf"\1{MARK}", text)
    text = _QUERY.sub(_query, text)
    text = _USER.sub(lambda found: found[0] if is_template(found[2]) else found[1] + MARK, text)
    return _SCHEME.sub(_scheme, text)


@functools.lru_cache(4096)
def is_secret_variable(name: str) -> bool:
    """Whether the environment variable's name says that its value is secret."""
    name = name.upper()
    return _VARIABLE.search(name) is not None and _NO_SECRET_VARIABLE.search(name) is None


def _key_block(found: re.Match[str]) -> str:
    """Its lines covered; without an end, those that can belong to a key."""
    lines = found[2].split("\n")
    count = len(lines)
    if found[3] is None:
        foreign = (i for i, line in enumerate(lines) if not _KEY_LINE.fullmatch(inner(line)))
        count = next(foreign, count)
    return found[1] + "\n".join([*map(covered, lines[:count]), *lines[count:]]) + (found[3] or "")


def _query(found: re.Match[str]) -> str:
    value = found["value"]
    if is_template(value) or (found["key"] and not is_random(value)):
        return found[0]
    return found[0][: -len(value)] + MARK


def _scheme(found: re.Match[str]) -> str:
    value = found[2]
    if found[1]:
        is_secret = len(value) >= 20 or any(letter.isdigit() for letter in value)
    else:
        try:
            decoded = binascii.a2b_base64(value + "=" * (-len(value) % 4))
            is_secret = b":" in decoded and decoded.isascii()
        except ValueError:
            is_secret = False
    return found[0][: -len(value)] + MARK if is_secret else found[0]
