"""What a session's cell asks by `input()` and `getpass()`, asked where the notebook asks."""

from __future__ import annotations

import getpass

from msgspec import Struct

END = "\x04"
"""The answer that ends the input: the session raises EOFError."""


class Question(Struct):
    """The content of an `input_request`."""

    prompt: str = ""
    password: bool = False


def ask(question: Question) -> str:
    """Ask, in the notebook's own thread: the kernel has put its own questions in the place of these two."""
    try:
        return getpass.getpass(question.prompt) if question.password else input(question.prompt)
    except (EOFError, OSError, RuntimeError):  # nobody is there, or he has closed the input
        return END
