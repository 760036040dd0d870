"""GPU sessions: live kernels on a GPU, each owned by its agent, and the pools that they come from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct, field

from .records import DEFAULT_PROJECT, Request

CPU = "cpu"
"""The type of a stand-in where a pool has no GPU at all."""

GPU_TYPES = ("T4", "L4", "A10", "L40S", "A100-40G", "A100-80G", "H100")
"""The types with a name of ours. Every other GPU keeps a tidy form of its own name."""

_ALIASES = {"a10g": "A10"}
"""Names that GPUs also go by."""

MAX_COUNT = 8
"""The most GPUs of one session."""
FRACTIONS = (25, 50, 75, 100)
"""Percent of a GPU that a session may have."""

SessionState = Literal["starting", "idle", "busy", "dead"]


def known_types(offered: Iterable[str] = ()) -> dict[str, str]:
    """Each GPU type that can be asked for, by its name in small letters, and those of a pool."""
    names = {name.lower(): name for name in (*GPU_TYPES, CPU, *offered)}
    return {**names, **_ALIASES}


def same_type(one: str, other: str) -> bool:
    """Whether two spellings mean one GPU type: `a10g` is an A10."""
    known = known_types()
    return known.get(one.lower(), one).lower() == known.get(other.lower(), other).lower()


class Session(Struct, frozen=True, kw_only=True):
    """A live kernel that keeps its variables between cells."""

    id: str
    project: str = DEFAULT_PROJECT
    name: str
    """Unique among the living sessions of a project."""
    gpu: str
    """The GPU type that it has; `cpu` for a stand-in."""
    requested: str = ""
    """The GPU type that was asked for."""
    count: int = 1
    """How many GPUs were asked for."""
    devices: list[str] = field(default_factory=list)
    """The UUIDs of its GPUs."""
    state: SessionState
    reason: str = ""
    """Why it is dead, in one line."""
    notebook: str = ""
    """The path of the notebook that it belongs to."""
    author: str = ""
    created: int
    """Milliseconds since the epoch."""
    active: int
    """When it last began or ended a cell; milliseconds since the epoch."""
    cells: int = 0
    """How many cells it has run."""
    cell: str = ""
    """The id of the request that it works on, which is that of the front end's own; "" when it runs none."""
    python: str = ""
    """The version of its interpreter, such as `3.11`."""
    fraction: int = 100
    """Percent of its GPU that it may use; less than 100 when others share it."""


class Grant(Struct, frozen=True, kw_only=True):
    """A session, and how to talk to its kernel and its agent. Holds keys: never shown, never logged."""

    session: Session
    connection: dict[str, str | int]
    """Jupyter's connection information of the kernel, with its CurveZMQ keys."""
    agent: dict[str, str | int]
    """Address and CurveZMQ key of the agent."""
    host: str = ""
    """The machine that both run on, as `socket.gethostname` says there."""

    def __repr__(self) -> str:
        """Without the keys."""
        return f"Grant(session={self.session!r})"


class GpuOffer(Struct, frozen=True, kw_only=True):
    """A GPU type that a pool has."""

    type: str
    total: int
    free: int
    """Those of which nobody has a part."""
    memory: int = 0
    """MiB per GPU."""

    @property
    def label(self) -> str:
        """`L4 ×2 (1 free)`; all of them are free when nothing is said."""
        free = "" if self.free == self.total else f" ({self.free or 'none'} free)"
        return f"{self.type} ×{self.total}{free}"


class GetGpus(Request, frozen=True, kw_only=True):
    """What the pool has."""


class StartSession(Request, frozen=True, kw_only=True):
    """Start a session for a notebook."""

    project: str = DEFAULT_PROJECT
    id: str
    """The new session's id, made by the caller: asking again with the same id returns the same session."""
    name: str
    gpu: str
    """The GPU type; in any case of letters."""
    strict: bool = False
    """Refuse when the pool has no GPU at all, instead of letting the CPU stand in."""
    count: int = 1
    """How many GPUs of the type."""
    fraction: int = 100
    """Percent of a GPU: 25, 50, 75 or 100; less than 100 only of a single one."""
    notebook: str = ""
    host: str
    """The machine that the notebook's kernel runs on, as `socket.gethostname` says."""
    python: str
    """The notebook kernel's interpreter."""
    folder: str
    """The notebook kernel's working folder."""
    environment: dict[str, str] = field(default_factory=dict)
    """The variables that the session's kernel gets. May hold secrets: never shown, never logged."""
    author: str | None = None

    def __repr__(self) -> str:
        """Without the variables."""
        return f"StartSession(id={self.id!r}, name={self.name!r}, gpu={self.gpu!r})"


class ListSessions(Request, frozen=True, kw_only=True):
    """The sessions of a project: the living ones, and those that died within the last minutes."""

    project: str = DEFAULT_PROJECT


class GetSession(Request, frozen=True, kw_only=True):
    """A session by its id or name."""

    project: str = DEFAULT_PROJECT
    session: str


class Interruption(Struct, frozen=True, kw_only=True):
    """What became of an interrupt."""

    session: Session
    stopped: bool
    """Whether the session runs nothing any more."""
    steps: list[str] = field(default_factory=list)
    """What was done, in order, each in a few words; [] when it ran nothing."""
    where: str = ""
    """Where in the user's code it is, when it could not be stopped."""


class Ending(Struct, frozen=True, kw_only=True):
    """How a session was ended."""

    session: Session
    """As it was before."""
    steps: list[str] = field(default_factory=list)
    """What was done, in order, each in a few words; [] when it had ended already."""


class PeekSession(Request, frozen=True, kw_only=True):
    """Look at a value in a session, also while that runs a cell."""

    project: str = DEFAULT_PROJECT
    session: str
    expression: str
    """A Python expression, most often a variable's name."""


class Peek(Struct, frozen=True, kw_only=True):
    """A value as it was at that moment."""

    type: str
    """The name of its class."""
    data: dict[str, str]
    """How it shows itself: texts by MIME type, `text/plain` at least."""


class Stack(Struct, frozen=True, kw_only=True):
    """What a session's threads do at this moment."""

    text: str
    """Readable lines, the user's own thread first."""
    native: bool = False
    """Whether it is inside native code that holds the interpreter."""


class GetOutput(Request, frozen=True, kw_only=True):
    """What a session has printed and shown, from a number on."""

    project: str = DEFAULT_PROJECT
    session: str
    after: int = 0
    """The number of the last message that is known; -N: only the last N."""
    limit: int = 200
    """The most messages, at most 1,000."""


class OutputMessage(Struct, frozen=True, kw_only=True):
    """A message of the kernel's iopub channel, without its buffers."""

    number: int
    time: int
    """When it came; milliseconds since the epoch."""
    cell: str
    """The id of the request that it belongs to."""
    type: str
    """Such as `stream`, `display_data`, `error`, `execute_input`, `status`."""
    content: Any
    metadata: Any


class SessionOutput(Struct, frozen=True, kw_only=True):
    """A part of what a session has printed and shown."""

    messages: list[OutputMessage]
    oldest: int
    """The number of the oldest message that is still there; 0 when there is none."""
    newest: int
    """Ask again behind this number."""


class GpuUsage(Struct, frozen=True, kw_only=True):
    """One GPU of a session, at one moment."""

    uuid: str
    load: int
    """Percent."""
    used: int
    """MiB."""
    total: int
    """MiB."""


class SessionUsage(Struct, frozen=True, kw_only=True):
    """What a session uses, at one moment."""

    session: str
    """Its id."""
    time: int
    """Milliseconds since the epoch."""
    cpu: float
    """Percent of one processor since it was asked last, of all its processes."""
    memory: int
    """Bytes of main memory of all its processes."""
    memory_total: int = 0
    """Bytes of main memory that its machine has; 0 when it is not known."""
    gpus: list[GpuUsage] = field(default_factory=list)
    """[] without a GPU, or without NVML."""


class ListUsage(Request, frozen=True, kw_only=True):
    """What the living sessions of a project use."""

    project: str = DEFAULT_PROJECT
