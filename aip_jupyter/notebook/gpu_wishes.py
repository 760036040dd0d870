"""Which session a cell means: what the user has typed, and whether a session is that."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from ..domain.sessions import CPU, Session, same_type
from ..errors import Invalid
from .arguments import quoted


class Wish(Struct, frozen=True, kw_only=True):
    """What the user has typed."""

    gpu: str = ""
    name: str = ""
    count: int | None = None
    """None when not said: one GPU of a new session, as many as it has of one that has a name."""
    fraction: int | None = None
    """Percent; None when not said: all of it, likewise."""
    strict: bool = False
    project: str = ""
    """"" for the one in use."""


def fits(session: Session, wish: Wish) -> bool:
    """Whether it is what the user means, wherever it runs."""
    if wish.project not in ("", session.project) or wish.name not in ("", session.name, session.id):
        return False
    return not misfit(session, wish) and not (wish.strict and stands_in(session))


def misfit(session: Session, wish: Wish) -> str:
    """What the session has that is not what was asked for, as in `2 L40S, not 1`; "" when it is right.

    Without a name the notebook's own session of a type is meant, which has one whole GPU unless more is said.
    """
    types = (session.requested, session.gpu) if wish.name else (session.requested,)
    if wish.gpu and not any(same_type(wish.gpu, each) for each in types):
        return f"{session.requested or session.gpu}, not {wish.gpu}"
    usual = (1, 100) if wish.gpu and not wish.name else (session.count, session.fraction)
    count = usual[0] if wish.count is None else wish.count
    fraction = usual[1] if wish.fraction is None else wish.fraction
    if session.count != count:
        return f"{session.count} {session.requested}, not {count}"
    if session.fraction != fraction:
        return f"{session.fraction} % of its {session.requested}, not {fraction} %"
    return ""


def choose(found: Sequence[Session], wish: Wish) -> Session | None:
    """The one that is meant, of the notebook's own that fit. Invalid when several do alike.

    One that was started without a name comes before those that somebody has named.
    """
    best = min(map(_rank, found), default=0)
    first = [session for session in found if _rank(session) == best] if wish.gpu else list(found)
    if len(first) > 1:
        names = " and ".join(repr(session.name) for session in first)
        what = f"fit {wish.gpu}" if wish.gpu else "are this notebook's"
        advice = f"say which one: %%gpu --session {quoted(first[0].name)}"
        raise Invalid(f"session: {names} {what}; {advice}", field="session")
    return first[0] if first else None


def default_name(gpu: str, count: int, fraction: int) -> str:
    """What a session is called that nobody gives a name: `l40s`, `l40s-x2`, `l40s-50pct`."""
    several = f"-x{count}" if count > 1 else ""
    part = f"-{fraction}pct" if fraction < 100 else ""
    return f"{gpu.lower()}{several}{part}"


def stands_in(session: Session) -> bool:
    """Whether the CPU stands in for its GPU."""
    return session.gpu == CPU and session.requested not in ("", CPU)


def _rank(session: Session) -> int:
    """0 for the name that a session gets by itself, 1 for that with a number, 2 for one of the user's."""
    usual = default_name(session.requested, session.count, session.fraction)
    if session.name == usual:
        return 0
    return 1 if re.fullmatch(rf"{re.escape(usual)}-\d+", session.name) else 2
