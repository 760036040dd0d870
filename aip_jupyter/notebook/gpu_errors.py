"""An error of a session's cell as an exception here: of the same name, shown with the session's own lines."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any

# IPython shows the first in a way of its own, which looks for the file; the next two mean something else when
# a coroutine raises them; the last needs what it consists of.
_SPECIAL: tuple[type[BaseException], ...] = (
    SyntaxError,
    StopIteration,
    StopAsyncIteration,
    *filter(None, [getattr(builtins, "BaseExceptionGroup", None)]),
)


def local_error(reply: Mapping[str, Any], *, interrupted: bool = False) -> BaseException:
    """The exception to raise for this reply. Whoever catches ValueError here catches the session's."""
    name = str(reply["ename"])
    if interrupted and name == "CancelledError":  # what an interrupt is to a cell that awaits
        name = "KeyboardInterrupt"
    text = str(reply["evalue"])
    lines = [str(line) for line in reply["traceback"]]
    members = {
        "__init__": lambda self: None,
        "__str__": lambda self: text,
        # IPython asks the exception itself how it wants to be shown.
        "_render_traceback_": lambda self: lines,
    }
    made: BaseException = type(name, (_base(name),), members)()
    return made


def _base(name: str) -> type[BaseException]:
    found: Any = getattr(builtins, name, None)
    usable = isinstance(found, type) and issubclass(found, (Exception, KeyboardInterrupt))
    base: type[BaseException] = found if usable and not issubclass(found, _SPECIAL) else Exception
    return base
