"""How magics read their line: quoting as in a shell, `?` help by argparse, one line when it is wrong.

Tokens keep their quotes until an argument's `type` removes them: references need theirs (`name:"3"` is the
version that is named 3), and a quoted text that begins with `-` is no option.
"""

from __future__ import annotations

import functools
import re
import shlex
from argparse import Namespace
from collections.abc import Callable
from typing import Any, TypeVar

from IPython.core import magic, magic_arguments
from IPython.core.error import UsageError

from ..errors import AipError, Invalid

_PIECES = r"""\\.|[^\s"'\\]|"(?:[^"\\]|\\.)*"|'[^']*'"""
_TOKEN = re.compile(rf"\s*((?:{_PIECES})+)\s*", re.DOTALL)
_ONE_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)

# Their types, where they have any, do not fit decorated methods.
_magic: Any = magic
_arguments: Any = magic_arguments

Magic = TypeVar("Magic", bound=Callable[..., Any])


class argument:  # noqa: N801  # stands in a list of declarations, as argparse's own does
    """An argument of a magic, as `argparse.add_argument` takes it."""

    def __init__(self, *names: str, **how: Any) -> None:
        self.names = names
        self.how = how


def line_magic(*declared: argument) -> Callable[[Magic], Magic]:
    """A line magic with these arguments, which `?` lists, and whose errors fail the cell in one line."""

    def decorate(function: Magic) -> Magic:
        registered: Magic = _magic.line_magic(fails_in_one_line(_parsed(function, declared)))
        return registered

    return decorate


def cell_magic(name: str, *declared: argument) -> Callable[[Magic], Magic]:
    """The same for a cell magic, whose line has these arguments. It may return something to be awaited."""

    def decorate(function: Magic) -> Magic:
        parsed: Any = _parsed(function, declared)
        parsed.parser.prog = f"%{name}"  # IPython puts one before it
        parsed.__doc__ = parsed.parser.format_help()
        registered: Magic = _magic.cell_magic(name)(fails_in_one_line(parsed))
        return registered

    return decorate


def _parsed(function: Magic, declared: tuple[argument, ...]) -> Magic:
    for one in reversed(declared):
        function = _arguments.argument(*one.names, **one.how)(function)
    parsed: Magic = _arguments.magic_arguments()(function)
    return parsed


def fails_in_one_line(magic: Magic) -> Magic:
    """Let our own errors fail the cell with one clear line; all others keep their traceback."""

    @functools.wraps(magic)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return magic(*args, **options)
        except AipError as error:
            raise one_line(error) from None

    return run  # type: ignore[return-value]  # wraps() keeps the signature, but cannot say so


def one_line(error: AipError) -> AipError:
    """The same error, shown by IPython without a traceback."""
    line = f"{type(error).__name__}: {error.message}"
    # IPython asks the exception itself how it wants to be shown.
    vars(error)["_render_traceback_"] = lambda: [line]
    return error


def parse(magic: Any, line: str) -> Namespace:
    """The arguments of a magic. Raises Invalid with the usage when they are not right."""
    try:
        arguments: Namespace = magic.parser.parse_intermixed_args(split(line))
    except UsageError as error:
        raise Invalid(f"{error}; usage: {usage(magic)}") from None
    return arguments


def usage(magic: Any) -> str:
    """The magic's usage, in one line."""
    return "%" + " ".join(magic.parser.format_usage().partition("%")[2].split())


def summary(magic: Any) -> str:
    """The first line of the magic's description."""
    return str(magic.parser.description).strip().partition("\n")[0]


def options(magic: Any) -> list[str]:
    """The magic's options."""
    return [name for action in magic.parser._actions for name in action.option_strings]


def options_with_value(magic: Any) -> list[str]:
    """Those behind which a value stands."""
    actions = [action for action in magic.parser._actions if action.nargs != 0]
    return [name for action in actions for name in action.option_strings]


def split(line: str) -> list[str]:
    """The line's words, with the quotes that they have."""
    tokens, position = [], len(line) - len(line.lstrip())
    while position < len(line):
        match = _TOKEN.match(line, position)
        if match is None:
            raise Invalid(f"a quotation mark is not closed: {line[position : position + 40]}")
        tokens.append(match[1])
        position = match.end()
    return tokens


def text(token: str) -> str:
    """A token without its quotes."""
    return "".join(shlex.split(token))


def reference(token: str) -> str:
    """A token that is a reference: quotes around the whole are the shell's, those inside its own."""
    return text(token) if token.startswith("'") or _ONE_QUOTED.fullmatch(token) else token


def is_expanded(value: str) -> bool:
    """Whether IPython would evaluate part of the value on a magic's line: what stands in braces or behind $.

    Names come from anybody, so such a one is never put on a line that somebody may run.
    """
    return bool(set("{}$") & set(value))


def quoted(value: str) -> str:
    """The value as one word on a magic's line."""
    return shlex.quote(value)
