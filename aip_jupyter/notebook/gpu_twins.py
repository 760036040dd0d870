"""A cell's output comes twice to who follows it: from the journal, and live. Each message is shown once."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable

from ..sessions.messages import Message

LATE = 10_000
"""So many messages the live output may be behind the journal."""


class Twins:
    """Tells which live messages were read in the journal already, whichever of the two was faster."""

    def __init__(self) -> None:
        self._read: OrderedDict[str, None] = OrderedDict()
        """The ids of what was read, and has not come live."""
        self._live: deque[Message] = deque(maxlen=LATE)
        """What has come live, and was not read."""

    def read(self, message: Message) -> None:
        """It was read in the journal."""
        id = message.header.msg_id
        if self._live and any(each.header.msg_id == id for each in self._live):
            while self._live.popleft().header.msg_id != id:
                pass  # the journal has the same order: it has passed these too
        else:
            self._read[id] = None
            if len(self._read) > LATE:
                self._read.popitem(last=False)

    def live(self, message: Message) -> None:
        """It has come live, while the journal is read."""
        if not self._is_read(message):
            self._live.append(message)

    def after(self, show: Callable[[Message], object]) -> Callable[[Message], None]:
        """The journal is read to the end: show what it did not have, and what comes live from now on."""
        while self._live:
            show(self._live.popleft())

        def shown(message: Message) -> None:
            if not self._is_read(message):
                show(message)

        return shown

    def _is_read(self, message: Message) -> bool:
        id = message.header.msg_id
        if id not in self._read:
            return False
        del self._read[id]
        return True
