"""Texts that several runs have, and one of them keeps: when that one is purged, the next one gets them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec.structs import replace

from ..backends.tracking.protocol import TrackingBackend
from ..domain.changes import Change, Put
from ..domain.query import Compare, Or
from ..domain.records import PropertyValue
from ..domain.runs import Run
from ..domain.texts import Text, text_id
from .finding import records_by_id, records_of

_KINDS = ("source", "environment", "before", "changes")
"""A run without a text of such a kind has a property `KIND.run`, the id of the run that has it."""
_NAMES = {
    "source/before.py": "before",
    "source/changes.diff": "changes",
    "environment/requirements.txt": "environment",
}


def referring(tracking: TrackingBackend, project: str, ids: Collection[str]) -> dict[str, list[Run]]:
    """Of each of these runs those that say that it has a text of theirs, the oldest first."""
    where = Or(tuple(Compare(f"properties.{kind}.run", "in", tuple(ids)) for kind in _KINDS))
    found: dict[str, list[Run]] = {id: [] for id in ids}
    known = records_of(tracking, Run, project, where)
    for run in sorted(known, key=lambda each: (each.started, each.id)):
        named = {str(run.properties.get(f"{kind}.run")) for kind in _KINDS}
        for id in named & found.keys():
            found[id].append(run)
    return found


def handed_on(tracking: TrackingBackend, run: Run, others: Sequence[Run]) -> Iterator[Change]:
    """What gives its texts to these runs: each to the first that lacks it; the rest refer to that one."""
    heirs: dict[str, str] = {}
    for other in others:
        properties: dict[str, PropertyValue] = {**other.properties}
        own = {_kind(info.name) for info in tracking.texts(run.project, other.id)}
        for kind in _KINDS:
            if properties.get(f"{kind}.run") == run.id:
                del properties[f"{kind}.run"]
                if kind not in own and heirs.setdefault(kind, other.id) != other.id:
                    properties[f"{kind}.run"] = heirs[kind]
        yield Put(replace(other, properties=properties))
    names = [info.name for info in tracking.texts(run.project, run.id) if info.captured] if heirs else []
    ids = [text_id(run.id, name) for name in names]
    for text in records_by_id(tracking, Text, run.project, ids).values():
        heir = heirs.get(_kind(text.name))
        if heir is not None:
            yield Put(replace(text, id=text_id(heir, text.name), run_id=heir, revision=0))


def _kind(name: str) -> str:
    """Of a text; what is in `source/resumed/…` is of the run that went on only."""
    folder, _, rest = name.partition("/")
    return _NAMES.get(name) or (folder if folder == "source" and "/" not in rest else "")
