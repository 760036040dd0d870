"""Lengths of time as people write them: `30d`, `12h`, `90m`, `45s`."""

from __future__ import annotations

import re

from ..errors import Invalid

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_DURATION = re.compile(r"([0-9]{1,9})([dhms])")


def parse_duration(text: str, field: str) -> float:
    """Seconds. Invalid with the possible forms."""
    match = _DURATION.fullmatch(str(text).strip().lower())
    if match is None or int(match[1]) == 0:
        message = f"{field}: {str(text)[:80]!r} is not a length of time; write 30d, 12h, 90m or 45s"
        raise Invalid(message, field=field)
    return int(match[1]) * _UNITS[match[2]]


def parse_seconds(text: str, field: str) -> float:
    """The same, or a plain number of seconds: `90`, `90s`, `10m`, `1h`."""
    plain = str(text).strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", plain) and float(plain) > 0:
        return float(plain)
    return parse_duration(text, field)


def as_field(error: Invalid, field: str) -> Invalid:
    """What is wrong with a `lifetime`, in the words of whoever gave it under another name."""
    if error.field != "lifetime":
        return error
    return Invalid(f"{field}{error.message.removeprefix('lifetime')}", field=field)
