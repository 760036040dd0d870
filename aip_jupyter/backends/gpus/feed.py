"""What happened to the sessions of a home, whichever process did it: seen in their records' files."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from pathlib import Path

from ...domain.changes import Action, ChangeEvent
from ...errors import NotFound
from .folders import REMEMBERED, SessionFolder, Signature, signature

_LENGTH = 10_000


class SessionFeed:
    """Compares what it finds with what it found before: one look at a folder, and at each record's file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._known: dict[str, Signature] | None = None
        self._projects: dict[str, str] = {}
        self._newest = 0
        self._events: deque[ChangeEvent] = deque(maxlen=_LENGTH)

    def changes_since(self, sequence: int) -> tuple[int, list[ChangeEvent]]:
        """The newest number, and the events behind `sequence`; none for -1."""
        with self._lock:
            self._look()
            if not 0 <= sequence < self._newest:
                return self._newest, []
            return self._newest, [event for event in self._events if event.sequence > sequence]

    def _look(self) -> None:
        found = self._signatures()
        first, known = self._known is None, self._known or {}
        oldest = time.time() - REMEMBERED
        for id, seen in list(found.items()):
            if seen == known.get(id) and (seen.alive or seen.time > oldest):
                continue
            if not self._read(id, seen):
                del found[id]
            elif not first:
                self._tell(id, self._projects[id], "updated" if id in known else "created")
        for id in known.keys() - found.keys():
            self._tell(id, self._projects.pop(id), "deleted")
        self._known = found

    def _signatures(self) -> dict[str, Signature]:
        try:
            with os.scandir(self._folder) as entries:
                paths = {entry.name: entry.path for entry in entries if not entry.name.startswith(".")}
        except FileNotFoundError:
            return {}
        found = ((name, signature(path)) for name, path in paths.items())
        return {name: seen for name, seen in found if seen is not None}

    def _read(self, id: str, seen: Signature) -> bool:
        """Learn whose it is; who sees a dead one first buries it. False when nothing is left of it."""
        folder = SessionFolder(self._folder / id)
        if not seen.alive:
            folder.bury()
        try:
            self._projects[id] = folder.record().session.project
        except NotFound:
            return False
        return True

    def _tell(self, id: str, project: str, action: Action) -> None:
        self._newest += 1
        event = ChangeEvent(sequence=self._newest, project=project, kind="session", id=id, action=action)
        self._events.append(event)
