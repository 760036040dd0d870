"""What happened to the sessions of a home, whichever process did it: seen in their records' files."""

from __future__ import annotations

import os
import threading
from collections import deque
from pathlib import Path

from ...domain.changes import Action, ChangeEvent
from ...errors import NotFound
from .folders import SessionFolder

_LENGTH = 10_000
_Signature = tuple[int, int, bool]


class SessionFeed:
    """Compares what it finds with what it found before: one look at a folder, and at each record's file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._known: dict[str, _Signature] | None = None
        self._projects: dict[str, str] = {}
        self._newest = 0
        self._events: deque[ChangeEvent] = deque(maxlen=_LENGTH)

    def changes_since(self, sequence: int) -> tuple[int, list[ChangeEvent]]:
        """The newest number, and the events behind `sequence`; none for -1."""
        with self._lock:
            self._look()
            if sequence < 0:
                return self._newest, []
            return self._newest, [event for event in self._events if event.sequence > sequence]

    def _look(self) -> None:
        found = self._signatures()
        first, known = self._known is None, self._known or {}
        self._known = found
        if found == known:
            return
        for id, signature in found.items():
            if signature != known.get(id):
                self._changed(id, signature, "updated" if id in known else "created", silent=first)
        for id in known.keys() - found.keys():
            self._tell(id, self._projects.pop(id), "deleted")

    def _signatures(self) -> dict[str, _Signature]:
        try:
            with os.scandir(self._folder) as entries:
                names = [entry.name for entry in entries if not entry.name.startswith(".")]
        except FileNotFoundError:
            return {}
        found = {name: SessionFolder(self._folder / name).signature() for name in names}
        return {name: signature for name, signature in found.items() if signature is not None}

    def _changed(self, id: str, signature: _Signature, action: Action, *, silent: bool) -> None:
        """Read whose it is, and tell of it; a dead one is buried by whoever sees it first."""
        folder = SessionFolder(self._folder / id)
        if not signature[2]:
            folder.bury()
        if id not in self._projects:
            try:
                self._projects[id] = folder.record().session.project
            except NotFound:  # removed meanwhile: as if it had not been seen
                if self._known is not None:
                    self._known.pop(id, None)
                return
        if not silent:
            self._tell(id, self._projects[id], action)

    def _tell(self, id: str, project: str, action: Action) -> None:
        self._newest += 1
        event = ChangeEvent(sequence=self._newest, project=project, kind="session", id=id, action=action)
        self._events.append(event)
