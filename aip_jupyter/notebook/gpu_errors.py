"""An error of a session's cell as an exception here: of the same name, shown with the session's own lines."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..sessions.messages import Message
    from .gpu_front import Front

# IPython shows the first in a way of its own, which looks for the file; the next two mean something else when
# a coroutine raises them; the last needs what it consists of.
_SPECIAL: tuple[type[BaseException], ...] = (
    SyntaxError,
    StopIteration,
    StopAsyncIteration,
    *filter(None, [getattr(builtins, "BaseExceptionGroup", None)]),
)


_SHOWN = "_aip_shown"


def local_error(reply: Mapping[str, Any], *, interrupted: bool = False, shown: bool = False) -> BaseException:
    """The exception to raise for this reply. Whoever catches ValueError here catches the session's.

    `shown`: what it shows is there already, so that it only ends the cell; see `show_once`.
    """
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
        _SHOWN: shown,
    }
    base = _base(name) or _base(str(reply.get("aip_base", ""))) or Exception
    if shown and issubclass(base, SystemExit):  # of which IPython would warn a second time
        base = BaseException
    made: BaseException = type(name, (base,), members)()
    return made


def _base(name: str) -> type[BaseException] | None:
    """The exception of this name that every Python has, or what stands for it; None when there is none."""
    found: Any = getattr(builtins, name, None)
    if not (isinstance(found, type) and issubclass(found, BaseException)):
        return None
    if issubclass(found, _SPECIAL):
        return Exception if issubclass(found, Exception) else BaseException
    return found


def show_once(shell: Any, raised: BaseException) -> None:
    """Let this kernel's shell not show a second time what the session has shown.

    Only for this error: a frame of ours would stand in the traceback of one that fails to show itself.
    """
    if not getattr(raised, _SHOWN, False):
        return

    def show(kind: type[BaseException], error: BaseException, lines: list[str]) -> None:
        del shell._showtraceback
        if error is raised:
            shell._last_traceback = lines  # what the reply has
        else:
            shell._showtraceback(kind, error, lines)

    shell._showtraceback = show


class LastError:
    """Shows messages; of the errors among them, the one that the cell ends with only where the front does."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._held: Message | None = None
        self._ended = False

    def show(self, message: Message) -> None:
        """Show it. In the links' thread."""
        if message.type != "error" or self._front.shows_errors or self._ended:
            self._front.show(message)
            return
        if self._held is not None:  # the cell went on after it
            self._front.show(self._held)
        self._held = message

    def end(self, reply: Mapping[str, Any]) -> None:
        """The cell has ended, with this reply."""
        self._ended = True
        if self._held is not None and reply["status"] == "ok":
            self._front.show(self._held)
