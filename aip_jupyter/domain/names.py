"""The rules for names, each in one place, with the sentence that explains it.

`check_store_name` is the store's own, wide rule, since outside clients use what they like.
The others belong to our front doors (magics, forms, our API).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import Invalid

MAX_NAME = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
_PLAIN = re.compile(r"[\w .+\-]+")
_RESERVED_STARTS = ("tmp_", "_tmp_", "#")
_RESERVED_VERSIONS = ("latest",)
_RESERVED_PROJECTS = ("archive", "list", "new", "restore", "use")
_ID = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def check_store_name(name: str, field: str) -> str:
    """1–255 characters, none of them a control character."""
    if not isinstance(name, str):
        raise Invalid(f"{field}: give a text, not {str(name)[:40]} ({type(name).__name__})", field=field)
    if not name:
        raise Invalid(f"{field}: give a name", field=field)
    if len(name) > MAX_NAME:
        raise Invalid(f"{field}: {len(name)} characters is too long, at most {MAX_NAME}", field=field)
    if _CONTROL.search(name):
        raise Invalid(f"{field}: {name!r} has control characters; use letters and digits", field=field)
    return name


def storable(text: str) -> str:
    """What `check_store_name` takes of a text that nobody has typed: at most so long, \ufffd for the rest."""
    return harmless(text)[:MAX_NAME]


def harmless(text: str) -> str:
    """The text with \ufffd for what a terminal would obey: control characters, and what cannot be written."""
    return _CONTROL.sub("\ufffd", text)


def check_model_name(name: str, field: str = "model") -> str:
    """A model's name as our front doors accept it."""
    check_store_name(name, field)
    for start in _RESERVED_STARTS:
        if name.startswith(start):
            message = f"{field}: {name!r} may not begin with {start!r}; that is kept for work in progress"
            raise Invalid(message, field=field)
    return _check_plain(name, field)


def check_project_name(name: str, field: str = "project") -> str:
    """A project's name as a person may choose it."""
    check_store_name(name, field)
    if name.lower() in _RESERVED_PROJECTS:
        raise Invalid(f"{field}: {name!r} is a word of %aip project; choose another name", field=field)
    return _check_plain(name, field)


def check_version_name(name: str, field: str = "version") -> str:
    """A version's name as a person may choose it."""
    check_store_name(name, field)
    if name.startswith("_"):
        message = f"{field}: {name!r} may not begin with '_'; such names are given automatically. Try 'v1.0'"
        raise Invalid(message, field=field)
    if name.isdigit():
        message = f"{field}: {name!r} is only digits, which means a version's number. Try 'v{name}'"
        raise Invalid(message, field=field)
    if name.lower() in _RESERVED_VERSIONS:
        raise Invalid(f"{field}: {name!r} is the pointer to the newest version; choose another", field=field)
    return _check_plain(name, field)


def _check_plain(name: str, field: str) -> str:
    if name != name.strip() or not _PLAIN.fullmatch(name) or not name.strip("."):
        message = f"{field}: {name!r} may have letters, digits, spaces inside, and . _ - + only"
        raise Invalid(message, field=field)
    return name


def check_category(category: str, allowed: Sequence[str], field: str = "category") -> str:
    """The category in the configured spelling; any case is accepted. An empty list allows all."""
    if not allowed:
        return check_store_name(category, field)
    for known in allowed:
        if category.strip().lower() == known.lower():
            return known
    message = f"{field}: {category!r} is not allowed; choose one of: {', '.join(allowed)}"
    raise Invalid(message, field=field)


def check_tags(tags: dict[str, str], field: str = "tags") -> dict[str, str]:
    """Keys follow the store's rule; values have at most 5,000 characters, none that cannot be stored."""
    for key, value in tags.items():
        check_store_name(key, field)
        if len(value) > 5000:
            raise Invalid(f"{field}: the value of {key!r} has more than 5,000 characters", field=field)
        if _UNSTORABLE.search(value):
            message = f"{field}: the value of {key!r} has characters that cannot be stored"
            raise Invalid(f"{message} (NUL or half a pair)", field=field)
    return tags


def check_id(value: str, field: str) -> str:
    """A public id: 32 lower-case hex digits."""
    if not _ID.fullmatch(value):
        raise Invalid(f"{field}: {value[:80]!r} is not an id (32 hex digits)", field=field)
    return value


def check_digest(value: str, field: str) -> str:
    """A SHA-256 digest: 64 lower-case hex digits."""
    if not _DIGEST.fullmatch(value):
        message = f"{field}: {value[:80]!r} is not a SHA-256 digest (64 hex digits)"
        raise Invalid(message, field=field)
    return value


def check_path(path: str, field: str) -> str:
    """A display path inside a version or run: relative, `/` between folders, no `.`, `..` or `\\`."""
    parts = path.split("/")
    if (
        not path
        or len(path) > 1024
        or _CONTROL.search(path)
        or "\\" in path
        or any(part in ("", ".", "..") or len(part.encode(errors="surrogatepass")) > 255 for part in parts)
        or re.match(r"[A-Za-z]:", path)
    ):
        message = f"{field}: {path[:80]!r} is not a relative path such as weights/model.bin"
        raise Invalid(message, field=field)
    return path
