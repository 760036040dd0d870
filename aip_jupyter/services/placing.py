"""Which GPU a session gets: the type asked for, the CPU instead, or a refusal that says what there is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from ..domain.records import now_ms
from ..domain.sessions import CPU, FRACTIONS, MAX_COUNT, GpuOffer, Session, known_types
from ..errors import GpuNotAvailable, Invalid

_TYPE = re.compile(r"[A-Za-z0-9][\w.+-]{0,63}", re.ASCII)
_NEAR = 0.8
"""How alike two names are when one may be a slip of the other: L40 and L4, not V100 and H100."""


class Placing:
    """GPUs asked of a pool. Raises when they cannot be had, not even later."""

    def __init__(
        self,
        offers: Sequence[GpuOffer],
        asked: str,
        *,
        strict: bool = False,
        count: int = 1,
        fraction: int = 100,
    ) -> None:
        self._offers = offers
        self._count = count
        self._fraction = fraction
        if not _TYPE.fullmatch(asked):
            raise Invalid(f"gpu: {asked[:80]!r} is not a GPU type, such as L40S", field="gpu")
        known = known_types(offer.type for offer in offers)
        self.requested = known.get(asked.lower(), asked)
        """In the spelling of the pool, or our own."""
        self._near = [] if asked.lower() in known else _near(asked, known)
        self.gpu = self._place(strict)
        """What it gets: `requested`, or `cpu` for a stand-in."""
        self._check_amount()

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

    def _check_amount(self) -> None:
        count, fraction = self._count, self._fraction
        if not 1 <= count <= MAX_COUNT:
            raise Invalid(f"count: {count} is not between 1 and {MAX_COUNT}", field="count")
        if fraction not in FRACTIONS:
            choices = ", ".join(map(str, FRACTIONS))
            raise Invalid(f"fraction: {fraction} is not one of {choices} percent", field="fraction")
        if count > 1 and fraction < 100:
            message = f"fraction: {fraction} % of {count} GPUs cannot be had; leave out count or fraction"
            raise Invalid(message, field="fraction")
        if self.requested == CPU and (count, fraction) != (1, 100):
            field = "count" if count > 1 else "fraction"
            raise Invalid(f"{field}: a session on the CPU has no GPU; leave out {field}", field=field)
        total = next((offer.total for offer in self._offers if offer.type == self.gpu), count)
        if count > total:
            message = f"count: this pool has {total} {self.gpu}, not {count}; ask for {total} at most"
            raise Invalid(message, field="count")

    def taken(self, sessions: Sequence[Session], project: str) -> GpuNotAvailable:
        """That too many GPUs of the type are in use, by which sessions, and how one becomes free."""
        holders = [each for each in sessions if each.gpu == self.gpu and each.state != "dead"]
        ours = [session for session in holders if session.project == project]
        who = [_holder(session) for session in ours]
        if len(ours) < len(holders):
            others = len(holders) - len(ours)
            who.append(f"{others} session{'' if others == 1 else 's'} of other projects")
        free = f"; free one with %gpu stop {ours[0].name}" if ours else ""
        return self._refusal(f"{self._lack()} taken by {' and '.join(who) or 'others'}{free}")

    def _lack(self) -> str:
        if self._count > 1:
            return f"there are not {self._count} {self.gpu} free: some are"
        if self._fraction < 100:
            return f"no {self.gpu} has {self._fraction} % left: all are"
        return f"every {self.gpu} is"

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
