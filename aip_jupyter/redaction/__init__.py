"""What never leaves: one function that takes secrets out of text, for logs, errors and captured records.

    redact('client = connect("db", password="hunter2")')   'client = connect("db", password="[redacted]")'

It knows the secrets in use, by value (`keep_secret`, and environment variables whose names say that they are
secret), and how secrets usually look (`rules`, which is compiled at first use).
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterable
from typing import Any

MARK = "[redacted]"
"""What stands where a secret was."""
MIN_LENGTH = 8
"""Characters of the shortest secret that is known by value: a shorter one would be in ordinary words."""
MAX_KEPT = 1000
"""How many registered secrets are remembered, the latest: a long-lived server sees many kernels."""


_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Secret(str):
    """A text that does not show itself in a repr, and so not in `%tb` or a Verbose traceback either.

    It is the text in all other ways. msgspec encodes plain `str` only: give it `str(secret)`.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(…)"


class Hidden(dict[str, Any]):
    """A dict whose values do not show themselves either, such as the environment."""

    def __repr__(self) -> str:
        return "Hidden(…)"


_lock = threading.Lock()
_kept: dict[str, None] = {}


def _after_fork() -> None:
    """In the child: a thread that it does not have may have held the lock."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def keep_secret(value: str) -> None:
    """From now on, this value is taken out of every text. One of fewer than 8 characters is ignored."""
    value = str(value)
    if len(value) < MIN_LENGTH:
        return
    with _lock:
        _kept.pop(value, None)
        _kept[value] = None
        while len(_kept) > MAX_KEPT:
            del _kept[next(iter(_kept))]


def redact(text: str) -> str:
    """The text with `[redacted]` for every secret in it; names, quotes and lines stay.

    Never raises; takes time proportional to the text's length; the same again for what it has returned.
    """
    text = str(text)
    try:
        from . import rules
    except ImportError:  # a process that ends, or that has given up its rights, imports nothing any more
        return _without_all(text, _kept)
    return rules.apply_rules(_without_all(text, _secrets_in_use()))


def _secrets_in_use() -> set[str]:
    from .rules import is_secret_variable
    from .values import is_path

    with _lock:
        found = set(_kept)
    for name in os.environ:
        if is_secret_variable(name):
            value = os.environ.get(name, "")
            if len(value) >= MIN_LENGTH and not is_path(value):
                found.add(value)
    return found


def _without_all(text: str, secrets: Iterable[str]) -> str:
    """All forms of all of them, the longest first, since one may begin with another."""
    forms = {form for secret in list(secrets) if secret not in MARK for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        if form in text:
            text = _without(text, form)
    return text


@functools.lru_cache(2 * MAX_KEPT)
def _forms(secret: str) -> frozenset[str]:
    """As it is, as it stands in an address, and as a repr or JSON shows it."""
    if secret.isascii() and secret.isalnum():
        return frozenset((secret,))
    encoded = secret.encode(errors="surrogatepass")
    quoted = "".join(chr(byte) if chr(byte) in _UNRESERVED else f"%{byte:02X}" for byte in encoded)
    escaped = secret.replace("\\", "\\\\").replace('"', '\\"')
    return frozenset((secret, quoted, repr(str(secret))[1:-1], escaped))


def _without(text: str, secret: str) -> str:
    """A mark is never taken apart, so that doing it twice is doing it once."""
    marks = "\n".join([MARK] * (secret.count("\n") + 1))
    return MARK.join(part.replace(secret, marks) for part in text.split(MARK))
