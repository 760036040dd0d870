"""An error of a session's cell as an exception here: of the same name, shown with the session's own lines."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any


def local_error(reply: Mapping[str, Any], *, interrupted: bool = False) -> BaseException:
    """The exception to raise for this reply. Whoever catches ValueError here catches the session's."""
    name = "KeyboardInterrupt" if interrupted else str(reply["ename"])
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
    # IPython shows syntax errors in a way of its own, which looks for the file.
    base: type[BaseException] = found if usable and not issubclass(found, SyntaxError) else Exception
    return base
