"""The journal of log calls: what a process records, as bytes on the disk and on the wire.

A journal is a row of records, each

    length u32 | crc32 of the payload u32 | payload: msgpack of an Entry      (little-endian)

and its places are counted in bytes of records, over all segments. A segment is a file of fixed size that
begins with a header and is filled up with zeros, so that a length of 0 says: nothing more yet.

    "AIPJ" | version u16 | - u16 | place of its first record + 1 u64, 0 while it waits for its turn | journal
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Annotated
from zlib import crc32

import msgspec
from msgspec import Meta, Struct

from ..domain.datasets import LogDataset
from ..domain.records import PropertyValue
from ..domain.runs import Status
from ..errors import Incompatible, Invalid

VERSION = 1
MAX_PAYLOAD = 2**20
"""Bytes of one entry."""

_FRAME = struct.Struct("<II")
_HEADER = struct.Struct("<4sHHQ16s")
_MAGIC = b"AIPJ"
LENGTH = struct.Struct("<I")
FRAME_SIZE = _FRAME.size
HEADER_SIZE = _HEADER.size

POINTS = 4
_Step = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_Time = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""Milliseconds since the epoch."""


class Entry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """What one log call says: an array whose first item tells the kind."""

    run: str


class RunStarted(Entry, frozen=True, gc=False, tag=1):
    """All that is needed to make the run. Every journal that names a run begins with it, so that whoever
    comes first makes it; what comes later adds to it."""

    time: _Time
    name: str
    experiment: str
    tags: dict[str, str] = {}
    params: dict[str, PropertyValue] = {}
    notes: str = ""
    device: str = ""
    notebook: str = ""
    holder: str = ""
    author: str = ""
    parent: str = ""


class Params(Entry, frozen=True, gc=False, tag=2):
    """Params of the run; the first value of each stays."""

    values: dict[str, PropertyValue]


class Tags(Entry, frozen=True, gc=False, tag=3):
    """Tags of the run; the last value of each counts."""

    values: dict[str, str]


class Points(Entry, frozen=True, gc=False, tag=POINTS):
    """A point of each of these metrics. NaN and ±inf travel as they are."""

    step: _Step
    time: _Time
    values: dict[str, float]


class Notes(Entry, frozen=True, gc=False, tag=5):
    """The run's notes, instead of those that it has."""

    text: str


class RunEnded(Entry, frozen=True, gc=False, tag=6):
    """The run's end."""

    status: Status
    time: _Time
    holder: str = ""
    """The process that says so; one that the run was resumed from has no say any more."""


class DatasetUsed(Entry, frozen=True, gc=False, tag=7):
    """A dataset that the run uses."""

    dataset: LogDataset


class TextLogged(Entry, frozen=True, gc=False, tag=8):
    """A text of the run, instead of the one that it has under this name."""

    name: str
    text: str
    captured: bool = False
    """Whether it was recorded unasked."""


class Captured(Entry, frozen=True, gc=False, tag=9):
    """What was found out about where it runs: properties of the run."""

    facts: dict[str, PropertyValue]


class RunResumed(Entry, frozen=True, gc=False, tag=10):
    """The run goes on after its end, in this process."""

    time: _Time
    holder: str = ""


class RunGone(Entry, frozen=True, gc=False, tag=11):
    """The run has failed: its process is dead, as somebody else has found. It counts only while the run is
    said to be running in that process; what is stored of the run later takes it back."""

    time: _Time
    holder: str
    why: str


AnyEntry = (
    RunStarted
    | Params
    | Tags
    | Points
    | Notes
    | RunEnded
    | DatasetUsed
    | TextLogged
    | Captured
    | RunResumed
    | RunGone
)


class Fault(Struct, frozen=True):
    """Stands for a whole record whose entry is none, as far as this side knows."""

    run: str
    """"" when it cannot be told which it names."""
    what: str


pack_frame, _unpack_frame = _FRAME.pack, _FRAME.unpack_from
encode_entry = msgspec.msgpack.Encoder().encode
"""The payload of an entry's record. Of Points also as the plain tuple (POINTS, run, step, time, values)."""
_decode = msgspec.msgpack.Decoder(AnyEntry).decode
_NAMES_RUN = re.compile(rb"[\x92-\x9f].\xd9\x20([0-9a-f]{32})", re.DOTALL)
"""How an entry begins: an array of the kind, the run's id, …"""


def encode_points(run: str, step: int, time: int, values: dict[str, float]) -> bytes:
    """`encode_entry` of Points."""
    return encode_entry((POINTS, run, step, time, values))


def too_large(payload: bytes) -> Invalid:
    """The error for an entry of more than MAX_PAYLOAD bytes."""
    message = f"{len(payload):,} bytes are too much for one log call (at most {MAX_PAYLOAD:,}); log less"
    return Invalid(f"journal: {message}", field="journal")


def encode_frame(payload: bytes) -> bytes:
    """What stands before the payload in its record."""
    return pack_frame(len(payload), crc32(payload))


def encode_record(entry: AnyEntry) -> bytes:
    """The entry's record."""
    payload = encode_entry(entry)
    return encode_frame(payload) + payload


def decode_records(data: bytes, start: int) -> list[tuple[int, AnyEntry | Fault]]:
    """Each entry with the place behind its record; `start` is the place of the first.

    Ends before a record that is not complete yet. Invalid, with its place, for a damaged one. One that was
    written as it is, but says what cannot be, is a Fault: the journal would be stuck before it for ever.
    """
    found: list[tuple[int, AnyEntry | Fault]] = []
    for place, end, payload in _records(data, start):
        try:
            entry: AnyEntry | Fault = _decode(payload)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:  # ValueError: no UTF-8
            named = _NAMES_RUN.match(payload)
            entry = Fault(named[1].decode() if named else "", f"the record at {start + place} ({error})")
        found.append((start + end, entry))
    return found


def complete_records(data: bytes) -> tuple[int, int]:
    """How many bytes of whole records the data begins with, and how many records they are."""
    end = count = 0
    try:
        for _, end, _ in _records(data, 0):  # noqa: B007  # the last one is wanted
            count += 1
    except Invalid:
        pass  # what is behind a torn record was never acknowledged, or cannot be read any more
    return end, count


def _records(data: bytes, start: int) -> Iterator[tuple[int, int, bytes]]:
    """Where each record begins and ends in the data, and its payload, the checksum compared."""
    place, size = 0, len(data)
    while place + FRAME_SIZE <= size:
        length, checksum = _unpack_frame(data, place)
        if not length:
            return
        if length > MAX_PAYLOAD:
            raise _damaged(start + place, "its length")
        end = place + FRAME_SIZE + length
        if end > size:
            return
        payload = data[place + FRAME_SIZE : end]
        if crc32(payload) != checksum:
            raise _damaged(start + place, "its checksum")
        yield place, end, payload
        place = end


def _damaged(place: int, what: str) -> Invalid:
    message = f"records: the record at {place} is damaged ({what}); records are sent as the journal has them"
    return Invalid(message, field="records")


def encode_header(journal: str, base: int | None) -> bytes:
    """A segment's header; `base` is the place of its first record, None while it waits for its turn."""
    return _HEADER.pack(_MAGIC, VERSION, 0, 0 if base is None else base + 1, bytes.fromhex(journal))


def decode_header(data: bytes) -> tuple[str, int | None]:
    """The journal's id and the base. Invalid for what is no segment, Incompatible for a newer one."""
    if len(data) < HEADER_SIZE or not data.startswith(_MAGIC):
        raise Invalid("journal: this file is no segment of a journal", field="journal")
    _, version, _, base, journal = _HEADER.unpack_from(data)
    if version != VERSION:
        message = f"journal: written by a newer aip-jupyter (version {version}, this one knows {VERSION})"
        raise Incompatible(f"{message}; upgrade with: pip install -U aip-jupyter")
    return journal.hex(), base - 1 if base else None
