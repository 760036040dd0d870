"""A pool in this process's memory: its sessions are records without kernels, to test the rules above it."""

from __future__ import annotations

import threading
from collections import deque

from msgspec.structs import replace

from ...domain.changes import Action, ChangeEvent
from ...domain.records import now_ms
from ...domain.sessions import CPU, GpuOffer, Grant, Session, SessionUsage, Stack, StartSession
from ...domain.system import Capability
from ...errors import Conflict, GpuNotAvailable, Invalid, NotFound
from ...wire.agent import Answer, Order
from ..config import BackendConfig

_FEED_LENGTH = 10_000


def open_gpus(config: BackendConfig) -> MemoryPool:
    """A new pool with the GPUs that the address declares: `L4:2,A10` is two L4 and one A10, "" none."""
    return MemoryPool(_declared(config.url))


class MemoryPool:
    """`GpuBackend` over dictionaries."""

    capabilities: frozenset[Capability] = frozenset(("sessions", "changes"))
    location = "the memory of this process"

    def __init__(self, gpus: dict[str, int]) -> None:
        self._lock = threading.Lock()
        self._gpus = gpus
        self._sessions: dict[str, Session] = {}
        self._newest = 0
        self._feed: deque[ChangeEvent] = deque(maxlen=_FEED_LENGTH)

    @property
    def feed(self) -> str:
        return f"memory of {id(self)}"

    def offers(self) -> list[GpuOffer]:
        with self._lock:
            return [
                GpuOffer(type=gpu, total=n, free=list(self._left(gpu).values()).count(100))
                for gpu, n in self._gpus.items()
            ]

    def start(self, request: StartSession, gpu: str) -> Grant:
        with self._lock:
            if request.id in self._sessions:
                return _grant(self._sessions[request.id])
            living = [session for session in self._sessions.values() if session.project == request.project]
            if any(session.name == request.name for session in living):
                raise Conflict(f"session: the name {request.name!r} is taken", field="session")
            devices = [] if gpu == CPU else self._take(gpu, request.count, request.fraction)
            session = Session(
                id=request.id,
                project=request.project,
                name=request.name,
                gpu=gpu,
                requested=request.gpu,
                count=request.count,
                devices=devices,
                fraction=request.fraction,
                state="idle",
                notebook=request.notebook,
                author=request.author or "",
                created=now_ms(),
                active=now_ms(),
            )
            self._sessions[session.id] = session
            self._tell(session, "created")
            return _grant(session)

    def sessions(self) -> list[Session]:
        with self._lock:
            return list(self._sessions.values())

    def grant(self, id: str) -> Grant:
        with self._lock:
            return _grant(self._get(id))

    def ask(self, id: str, order: Order) -> Answer:
        """There is no kernel: nothing runs, and nothing was printed."""
        with self._lock:
            session = replace(self._get(id), active=now_ms())
            self._sessions[id] = session
            self._tell(session, "updated")
            fault = f"session {session.name!r} has no kernel" if order.do == "peek" else ""
            stack = Stack(text="It has no kernel, and so no thread.")
            return Answer(session=session, stopped=True, fault=fault, stack=stack, usage=_usage(session))

    def stop(self, id: str) -> list[str]:
        with self._lock:
            session = self._sessions.pop(id, None)
            if session is None:
                return []
            self._tell(session, "deleted")
            return ["forgot it"]

    def changes_since(self, sequence: int) -> tuple[int, list[ChangeEvent]]:
        with self._lock:
            if sequence < 0:
                return self._newest, []
            return self._newest, [event for event in self._feed if event.sequence > sequence]

    def check(self) -> str:
        gpus = ", ".join(offer.label for offer in self.offers()) or "no GPU, the CPU stands in"
        return f"{gpus}; sessions without kernels, which end with this process"

    def close(self) -> None:
        """Nothing is held."""

    def _take(self, gpu: str, count: int, fraction: int) -> list[str]:
        left = self._left(gpu)
        fitting = sorted((name for name in left if left[name] >= fraction), key=left.__getitem__)
        if len(fitting) < count:
            raise GpuNotAvailable(f"gpu: every {gpu} is taken", field="gpu")
        return fitting[:count]

    def _left(self, gpu: str) -> dict[str, int]:
        """Percent of each GPU that nobody has."""
        left = {f"{gpu}-{number}": 100 for number in range(self._gpus.get(gpu, 0))}
        for session in self._sessions.values():
            for device in session.devices if session.gpu == gpu else ():
                left[device] -= session.fraction
        return left

    def _get(self, id: str) -> Session:
        if id not in self._sessions:
            raise NotFound(f"session: there is none with the id {id!r}", field="session")
        return self._sessions[id]

    def _tell(self, session: Session, action: Action) -> None:
        self._newest += 1
        event = ChangeEvent(
            sequence=self._newest, project=session.project, kind="session", id=session.id, action=action
        )
        self._feed.append(event)


def _usage(session: Session) -> SessionUsage:
    return SessionUsage(session=session.id, time=now_ms(), cpu=0.0, memory=0)


def _grant(session: Session) -> Grant:
    return Grant(session=session, connection={}, agent={})


def _declared(url: str) -> dict[str, int]:
    gpus: dict[str, int] = {}
    for word in url.split(",") if url else []:
        name, _, count = word.strip().partition(":")
        if not name or not (count or "1").isdigit():
            message = f"gpus_url: {word!r} is not a GPU type with a number, such as L4:2"
            raise Invalid(message, field="gpus_url")
        gpus[name] = int(count or 1)
    return gpus
