"""A run while what was recorded of it is added: of what cannot be stored its notes tell, all else is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from msgspec.structs import replace

from ..domain import names
from ..domain.records import PropertyValue, now_ms
from ..domain.runs import MAX_NOTES, Run, check_params, check_text
from ..domain.texts import MAX_TEXT, Text, text_id
from ..errors import Invalid
from ..wire.journal import (
    AnyEntry,
    Captured,
    Fault,
    Notes,
    Params,
    RunEnded,
    RunGone,
    RunResumed,
    RunStarted,
    Tags,
    TextLogged,
)
from .contact import ENDED_BY, RESUMED_FROM
from .deletion import DELETED, DELETED_WITH
from .rights import BEGAN_IN

P = ParamSpec("P")
ONCE = ("notes", "device", "notebook", "holder", "parent")
"""What the first that knows it says of a run."""
MAX_NOTE = 1000
"""Characters of what the notes tell of one fault."""
MAX_FACTS = 200
"""Properties of a run."""
OURS = frozenset((BEGAN_IN, ENDED_BY, RESUMED_FROM, DELETED, DELETED_WITH))
"""The properties that are not for whoever records to say."""


class Draft:
    """A run while entries are added to it."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._params = dict(run.params)
        self._tags = dict(run.tags)
        self._notes = [run.notes]
        self._properties = dict(run.properties)
        self._texts: dict[str, Text] = {}

    def finish(self) -> Run:
        """The run after all that was added."""
        return replace(
            self._run,
            params=self._params,
            tags=self._tags,
            notes="\n".join(filter(None, self._notes))[:MAX_NOTES],
            properties=self._properties,
        )

    @property
    def texts(self) -> list[Text]:
        """The texts that were added; each replaces the one that the run has under its name."""
        return list(self._texts.values())

    def note(self, text: str) -> None:
        """One more line in its notes."""
        self._notes.append(text[:MAX_NOTE].replace("\0", "\ufffd"))

    def take_back(self) -> None:
        """It is recorded: whoever said that its process is gone said too much."""
        if self._properties.pop(ENDED_BY, None) is not None:
            self._run = replace(self._run, status="running", ended=None)

    def add(self, entry: AnyEntry | Fault) -> None:
        """What this entry says."""
        if not isinstance(entry, RunGone):
            self.take_back()
        match entry:
            case RunStarted():
                for name in ONCE:
                    self._say_once(name, getattr(entry, name))
                self._tag({key: value for key, value in entry.tags.items() if key not in self._tags})
                self._log_params(entry.params)
            case Params():
                self._log_params(entry.values)
            case Tags():
                self._tag(entry.values)
            case Notes():
                if self._can_be(check_text, entry.text, "notes"):
                    self._notes = [entry.text]
            case TextLogged():
                self._log_text(entry)
            case Captured():
                self._capture(entry.facts)
            case RunResumed() | RunEnded() | RunGone():
                self._turn(entry)
            case Fault():
                self.note(f"not recorded: {entry.what}")
            case _:
                raise Invalid(f"records: {type(entry).__name__} is no state of a run", field="records")

    def _turn(self, entry: RunResumed | RunEnded | RunGone) -> None:
        """It ends, or goes on."""
        run = self._run
        if isinstance(entry, RunResumed):
            self._run = replace(run, status="running", ended=None)
            if entry.holder and self._can_be(check_text, entry.holder, "holder"):
                self._run = replace(self._run, holder=entry.holder)
                if run.holder not in ("", entry.holder):
                    self._properties[RESUMED_FROM] = run.holder
        elif isinstance(entry, RunEnded):
            # What an earlier process has logged may come after it was resumed by others.
            others = RESUMED_FROM in self._properties and entry.holder not in ("", run.holder)
            if not others:
                self._run = replace(run, status=entry.status, ended=entry.time)
        elif (run.status, run.holder) == ("running", entry.holder) and self._can_be(
            check_text, entry.why, ENDED_BY
        ):
            self._run = replace(run, status="failed", ended=entry.time)
            self._properties[ENDED_BY] = entry.why

    def _log_text(self, entry: TextLogged) -> None:
        if self._can_be(names.check_store_name, entry.name, "text") and self._can_be(
            check_text, entry.text, f"text {entry.name}", MAX_TEXT
        ):
            run = self._run
            self._texts[entry.name] = Text(
                id=text_id(run.id, entry.name),
                project=run.project,
                author=run.author,
                created=now_ms(),
                run_id=run.id,
                name=entry.name,
                text=entry.text,
                captured=entry.captured,
            )

    def _capture(self, facts: dict[str, PropertyValue]) -> None:
        for key, value in facts.items():
            if key in OURS:
                self.note(f"not recorded: property {key!r} is kept for aip-jupyter itself")
            elif len(self._properties) >= MAX_FACTS and key not in self._properties:
                self.note(f"not recorded: property {key!r}, a run has at most {MAX_FACTS}")
            elif self._can_be(check_params, {key: value}, "properties"):
                self._properties[key] = value

    def _say_once(self, name: str, text: str) -> None:
        known = any(self._notes) if name == "notes" else getattr(self._run, name)
        if not text or known or not self._can_be(check_text, text, name):
            return
        if name == "parent" and (text == self._run.id or not self._can_be(names.check_id, text, name)):
            return
        if name == "notes":
            self._notes = [text]
        else:
            self._run = replace(self._run, **{name: text})

    def _tag(self, tags: dict[str, str]) -> None:
        for key, value in tags.items():
            if self._can_be(names.check_tags, {key: value}):
                self._tags[key] = value

    def _log_params(self, params: dict[str, PropertyValue]) -> None:
        """What was logged first stays; another value later is told in the notes."""
        for key, value in params.items():
            if not self._can_be(check_params, {key: value}):
                continue
            first = self._params.setdefault(key, value)
            if first != value or type(first) is not type(value):
                self.note(f"param {key}: {value!r} was logged later; {first!r} stays")

    def _can_be(self, check: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> bool:
        try:
            check(*args, **kwargs)
        except Invalid as error:
            self.note(f"not recorded: {error.message}")
            return False
        return True
