"""The one parser for references to versions:

    [registry::]name[:number | :version-name | :"version name" | @alias | @stage | @latest]

A name alone means latest. A name or version name that contains `:` or `@` is put in double quotes.
"""

from __future__ import annotations

import re

from msgspec import Struct

from ..errors import Invalid

_PART = r'"(?:[^"\\]|\\.)*"|[^:@"]+'
_REFERENCE = re.compile(
    rf"(?:(?P<registry>[A-Za-z][A-Za-z0-9_-]*)::)?"
    rf"(?P<name>{_PART})"
    rf"(?::(?P<version>{_PART})|@(?P<alias>[^:@\"]+))?"
)


class Reference(Struct, frozen=True, kw_only=True):
    """Which version of which model; exactly one of number, version and alias is set."""

    name: str
    registry: str | None = None
    number: int | None = None
    version: str | None = None
    alias: str | None = None
    """An alias, a stage or `latest`."""

    def __str__(self) -> str:
        """The reference as a person would type it."""
        head = (f"{self.registry}::" if self.registry else "") + _quote(self.name)
        if self.number is not None:
            return f"{head}:{self.number}"
        if self.version is not None:
            return f"{head}:{_quote(self.version, digits=True)}"
        return f"{head}@{self.alias}"


def parse_reference(text: str, field: str = "reference") -> Reference:
    """The reference in `text`. Raises Invalid with the possible forms."""
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        message = f"{field}: {text[:80]!r} is not a reference; write name, name:2, name:v1.0 or name@latest"
        raise Invalid(message, field=field)
    registry, name, alias = match["registry"], _unquote(match["name"]), match["alias"]
    raw = match["version"]
    if raw is None:
        return Reference(registry=registry, name=name, alias=alias or "latest")
    if raw.isascii() and raw.isdigit() and len(raw) <= 9:
        return Reference(registry=registry, name=name, number=int(raw))
    return Reference(registry=registry, name=name, version=_unquote(raw))


def _unquote(part: str) -> str:
    return re.sub(r"\\(.)", r"\1", part[1:-1]) if part.startswith('"') else part


def _quote(part: str, *, digits: bool = False) -> str:
    if re.search(r'[:@"]', part) or part != part.strip() or (digits and part.isdigit()):
        return '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return part
