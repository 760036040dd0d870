"""GPU sessions and the pool as they show themselves. All stay usable as records."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.sessions import CPU, GpuOffer, Session
from .display import Html, age_html, age_text, code, dim, element, frame, html_table, plain, text_table
from .gpu_context import notebook_path
from .listing import Listing

_SESSION_COLUMNS = ("name", "GPU", "state", "notebook", "cells", "author", "started", "last cell")
_OFFER_COLUMNS = ("type", "GPUs", "free", "memory")


class SessionTable(Listing[Session]):
    """GPU sessions, as a list that shows itself as a table."""

    def __init__(self, sessions: Sequence[Session], *, project: str) -> None:
        super().__init__(sessions)
        self._project = project

    def __repr__(self) -> str:
        if not self._items:
            return f"{self._nothing()} Start one with {_START}"
        rows = [(*_cells(s), age_text(s.created), age_text(s.active)) for s in self._items]
        return "\n".join([text_table(_SESSION_COLUMNS, rows), *map(plain, _reasons(self._items))])

    def _repr_html_(self) -> str:
        if not self._items:
            return frame(dim(self._nothing()), dim(" Start one with "), code(_START))
        rows = [(*_cells(s), age_html(s.created), age_html(s.active)) for s in self._items]
        reasons = (element("div", dim(reason)) for reason in _reasons(self._items))
        return frame(html_table(_SESSION_COLUMNS, rows), *reasons)

    def _nothing(self) -> str:
        return f"No GPU sessions in project {self._project!r}."


class Overview(SessionTable):
    """The pool and the sessions of a project; also the list of the sessions."""

    def __init__(self, offers: Sequence[GpuOffer], sessions: Sequence[Session], *, project: str) -> None:
        super().__init__(sessions, project=project)
        self.gpus = GpuTable(offers)

    def __repr__(self) -> str:
        return f"{self.gpus!r}\n\n{super().__repr__()}"

    def _repr_html_(self) -> str:
        return self.gpus._repr_html_() + super()._repr_html_()


class GpuTable(Listing[GpuOffer]):
    """The GPU types of the pool, as a list that shows itself as a table."""

    def __init__(self, offers: Sequence[GpuOffer]) -> None:
        super().__init__(offers)

    def __repr__(self) -> str:
        return text_table(_OFFER_COLUMNS, map(_offer_cells, self._items)) if self._items else _NO_GPU

    def _repr_html_(self) -> str:
        if not self._items:
            return frame(dim(_NO_GPU))
        return frame(html_table(_OFFER_COLUMNS, map(_offer_cells, self._items)))


class SessionNote:
    """A session, and what has just been done with it."""

    def __init__(self, session: Session, what: str) -> None:
        self.session = session
        self._what = what

    def __repr__(self) -> str:
        return plain(f"GPU session {self.session.name!r} ({gpu_text(self.session)}) {self._what}")

    def _repr_html_(self) -> str:
        return frame(element("div", repr(self)))


def gpu_text(session: Session) -> str:
    """`L40S`, `L40S ×2`, `L40S 50 %`, or `cpu for L40S` where the CPU stands in."""
    stands_in = session.gpu == CPU and session.requested not in ("", CPU)
    gpu = f"{CPU} for {session.requested}" if stands_in else session.gpu
    if session.count > 1:
        return f"{gpu} ×{session.count}"
    return gpu if session.fraction == 100 else f"{gpu} {session.fraction} %"


_START = "%%gpu L40S"
_NO_GPU = "There is no GPU here: the CPU stands in for every type."


def _cells(session: Session) -> tuple[str | Html, ...]:
    notebook = notebook_path() or None
    return (
        session.name,
        gpu_text(session),
        session.state,
        f"{session.notebook} (this one)" if session.notebook == notebook else session.notebook,
        str(session.cells),
        session.author,
    )


def _reasons(sessions: Sequence[Session]) -> list[str]:
    """Why the dead ones have ended."""
    dead = [session for session in sessions if session.state == "dead" and session.reason]
    return [f"{session.name} ended: {session.reason}" for session in dead]


def _offer_cells(offer: GpuOffer) -> tuple[str, ...]:
    memory = f"{offer.memory / 1024:.0f} GiB" if offer.memory else ""
    return offer.type, str(offer.total), str(offer.free), memory
