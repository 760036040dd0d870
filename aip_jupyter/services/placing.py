"""Which GPU a session gets: the type asked for, the CPU instead, or a refusal that says what there is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from ..domain.records import now_ms
from ..domain.sessions import CPU, GPU_TYPES, GpuOffer, Session
from ..errors import GpuNotAvailable, Invalid

_TYPE = re.compile(r"[A-Za-z0-9][\w.+-]{0,63}", re.ASCII)
_SAME = {"a10g": "A10"}
"""Names that GPUs also go by."""
_NEAR = 0.8
"""How alike two names are when one may be a slip of the other: L40 and L4, not V100 and H100."""


class Placing:
    """A GPU type asked of a pool. Raises when it cannot be had, not even later."""

    def __init__(self, offers: Sequence[GpuOffer], asked: str, *, strict: bool = False) -> None:
        self._offers = offers
        if not _TYPE.fullmatch(asked):
            raise Invalid(f"gpu: {asked[:80]!r} is not a GPU type, such as L40S", field="gpu")
        known = {name.lower(): name for name in (*GPU_TYPES, CPU, *(offer.type for offer in offers))}
        known.update(_SAME)
        self.requested = known.get(asked.lower(), asked)
        """In the spelling of the pool, or our own."""
        self._near = [] if asked.lower() in known else _near(asked, known)
        self.gpu = self._place(strict)
        """What it gets: `requested`, or `cpu` for a stand-in."""

    def _place(self, strict: bool) -> str:
        if self.requested == CPU or any(offer.type == self.requested for offer in self._offers):
            return self.requested
        if self._offers:
            raise self._refusal(f"this pool has no {self.requested}")
        if self._near:
            raise self._refusal(f"there is no GPU type {self.requested}")
        if strict:
            message = f"there is no GPU here for {self.requested}; leave out strict and the CPU stands in"
            raise self._refusal(message)
        return CPU

    def taken(self, sessions: Sequence[Session], project: str) -> GpuNotAvailable:
        """That all GPUs of the type are in use, by which sessions, and how one becomes free."""
        holders = [each for each in sessions if each.gpu == self.gpu and each.state != "dead"]
        ours = [session for session in holders if session.project == project]
        who = [_holder(session) for session in ours]
        if len(ours) < len(holders):
            others = len(holders) - len(ours)
            who.append(f"{others} session{'' if others == 1 else 's'} of other projects")
        free = f"; free one with %gpu stop {ours[0].name}" if ours else ""
        return self._refusal(f"every {self.gpu} is taken by {' and '.join(who) or 'others'}{free}")

    def _refusal(self, message: str) -> GpuNotAvailable:
        labels = [offer.label for offer in self._offers]
        advice = f"; did you mean {' or '.join(self._near)}?" if self._near else ""
        there_is = f"; there is {', '.join(labels)}" if labels else ""
        return GpuNotAvailable(f"gpu: {message}{there_is}{advice}", field="gpu", offers=labels)


def _near(asked: str, known: dict[str, str]) -> list[str]:
    lower = asked.lower()
    longer = [name for name in known if name.startswith(f"{lower}-")]
    return sorted({known[name] for name in longer or difflib.get_close_matches(lower, known, 3, _NEAR)})


def _holder(session: Session) -> str:
    minutes = (now_ms() - session.created) // 60_000
    since = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
    notebook = f" of {session.notebook}" if session.notebook else ""
    return f"{session.name!r}{notebook} (for {since})"
