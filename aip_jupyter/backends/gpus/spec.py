"""What an agent is to start, out of a request: what it needs must be on this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

from ...domain.names import check_id
from ...domain.records import now_ms
from ...domain.sessions import Session, StartSession
from ...errors import Invalid
from ...wire.agent import AgentSpec
from .nvml import Device

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_FRACTION = "AIP_SESSION_FRACTION"
"""Percent of its GPU that the session has; `sessions/gpu_memory.py` reads it."""


def check_request(request: StartSession) -> None:
    """Whether this machine can serve it. Invalid."""
    check_id(request.id, "id")
    here = socket.gethostname()
    if request.host != here:
        message = f"host: the notebook's kernel runs on {request.host!r}, the pool is for kernels on {here!r}"
        raise Invalid(message, field="host")
    if not os.path.isdir(request.folder):
        raise Invalid(
            f"folder: {request.folder!r} is not a folder; change into one that exists", field="folder"
        )
    if "\0" in request.python or not (os.path.isabs(request.python) and os.access(request.python, os.X_OK)):
        message = (
            f"python: {request.python!r} is not an interpreter that can be run; restart the notebook's kernel"
        )
        raise Invalid(message, field="python")
    for name, value in request.environment.items():
        # Only the name is told: values may be secrets.
        if not name or "=" in name or "\0" in name + value:
            raise Invalid(f"environment: {name[:80]!r} cannot be a variable", field="environment")


def new_session(request: StartSession, gpu: str, devices: Sequence[Device]) -> Session:
    """The session as it is told of while it starts."""
    now = now_ms()
    return Session(
        id=request.id,
        project=request.project,
        name=request.name,
        gpu=gpu,
        requested=request.gpu,
        count=request.count,
        devices=[device.uuid for device in devices],
        fraction=request.fraction,
        state="starting",
        notebook=request.notebook,
        author=request.author or "",
        created=now,
        active=now,
    )


def new_spec(request: StartSession, session: Session, idle: float, *, has_gpus: bool) -> AgentSpec:
    """What the agent reads."""
    environment = dict(request.environment)
    if session.devices or has_gpus:
        # Without one, in a pool that has some: what others have leased must not be seen.
        environment[_VISIBLE] = ",".join(session.devices)
    environment.pop(_FRACTION, None)
    if session.devices and session.fraction < 100:
        environment[_FRACTION] = str(session.fraction)
    return AgentSpec(
        session=session, python=request.python, folder=request.folder, environment=environment, idle=idle
    )
