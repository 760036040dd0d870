"""What the kernel of a whole notebook answers by itself, while there is no session to ask."""

from __future__ import annotations

import platform
from typing import Any

from .._version import __version__
from ..errors import AipError
from ..sessions.front_ends import answer
from ..sessions.messages import VERSION, Message

_LANGUAGE = {
    "name": "python",
    "version": platform.python_version(),
    "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "pygments_lexer": "ipython3",
    "nbconvert_exporter": "python",
    "file_extension": ".py",
}


def answers_alone(request: Message, fault: AipError) -> list[Message]:
    """All that comes of this message; `fault` is why there is no session."""
    if not request.type.endswith("_request"):
        return []
    error = _error(fault)
    told = [answer(request, "iopub", "error", error)] if request.type == "execute_request" else []
    reply = answer(
        request, request.channel, request.type.replace("_request", "_reply"), _reply(request, error)
    )
    busy, idle = (
        answer(request, "iopub", "status", {"execution_state": state}) for state in ("busy", "idle")
    )
    return [busy, *told, reply, idle]


def _reply(request: Message, error: dict[str, Any]) -> dict[str, Any]:
    if request.type == "kernel_info_request":
        return {
            "status": "ok",
            "protocol_version": VERSION,
            "implementation": "aip-jupyter",
            "implementation_version": __version__,
            "language_info": _LANGUAGE,
            "banner": "This notebook runs on a GPU session, which starts with the next cell.\n",
            "help_links": [],
        }
    if request.type == "comm_info_request":
        return {"status": "ok", "comms": {}}
    return {"status": "error", "execution_count": 0, **error}


def _error(fault: AipError) -> dict[str, Any]:
    name = type(fault).__name__
    return {"ename": name, "evalue": fault.message, "traceback": [f"{name}: {fault.message}"]}
