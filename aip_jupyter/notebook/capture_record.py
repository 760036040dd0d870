"""One run while it is found out where it comes from, and which texts others of this process have already."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..domain.records import PropertyValue
from ..redaction import redact
from ..wire.journal import Captured, TextLogged
from .active_run import ActiveRun
from .capture_code import MAX_CODE
from .capture_profile import cut

if TYPE_CHECKING:
    from ..client.connect import Destination

SHARED_FOR = 60.0
"""Seconds in which a run says that another has the same text, instead of having it once more."""
_MAX = MAX_CODE + 20_000
"""Characters of a text: what stands for a secret may be longer than that was."""


class Held(NamedTuple):
    """A text that a run has."""

    digest: bytes
    run: str
    since: float


_latest: dict[tuple[Destination, str], Held] = {}
"""The text of each kind that this process has recorded last, by where: none is found elsewhere."""


class Record:
    """What is recorded of one run of this process, unasked."""

    def __init__(
        self, run: ActiveRun, folder: Path, *, parent: Record | None = None, resumed: bool = False
    ) -> None:
        self.run = run
        self.folder = folder
        self.parent = parent
        self.since = time.monotonic()
        self.earlier: list[str] = []
        """The cells before it."""
        self.cells: list[str] | None = None
        """The cells from the one on in which it began; None when they are its parent's, or there are none."""
        self.saved = 0
        """How many of them are recorded."""
        self._resumed = resumed
        self._held: dict[str, Held] = {}

    def state(self, facts: dict[str, PropertyValue]) -> None:
        """Record facts. Those of a run that goes on in another place stand beside those of its beginning."""
        if self._resumed:
            facts = {f"resumed.{key}": value for key, value in facts.items()}
        if facts:
            self.run.append_captured(Captured(self.run.id, facts))

    def keep(self, kind: str, name: str, raw: str) -> None:
        """Record a text without its secrets, or which run has it."""
        if not raw:
            return
        digest = hashlib.sha256(raw.encode(errors="replace")).digest()
        if (held := self._known(kind, digest)) is not None:
            self._held[kind] = held
            self.state({f"{kind}.run": held.run})
            return
        self._held[kind] = Held(digest, self.run.id, time.monotonic())
        if self._resumed:
            top, _, rest = name.partition("/")
            name = f"{top}/resumed/{rest}"
        else:
            _latest[self.run.to, kind] = self._held[kind]
        text = cut(redact(raw), _MAX)
        self.run.append_captured(TextLogged(self.run.id, name, text, captured=True))

    def take_from_parent(self, kind: str) -> None:
        """Say that the parent has this text for both."""
        held = self.parent._held.get(kind) if self.parent is not None else None
        if held is not None:
            self._held[kind] = held
            self.state({f"{kind}.run": held.run})

    def _known(self, kind: str, digest: bytes) -> Held | None:
        """The same text of the parent, or of a run that began just before."""
        if self._resumed:
            return None
        held = self.parent._held.get(kind) if self.parent is not None else None
        if held is not None and held.digest == digest:
            return held
        held = _latest.get((self.run.to, kind))
        if held is not None and held.digest == digest and time.monotonic() < held.since + SHARED_FOR:
            return held if held.run != self.run.id else None
        return None
