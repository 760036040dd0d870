"""A session's agent: the small detached process that owns a kernel.

`python -m aip_jupyter.sessions.agent FOLDER` reads and deletes FOLDER/spec.json, starts the kernel, keeps
what it prints from its first byte on, obeys orders, ends the session when it is idle for long, and says in
FOLDER/agent.json how things stand. It outlives the notebook and the server, and ends with its kernel.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from ..wire.agent import RECORD, SPEC, AgentRecord, AgentSpec
from .child import Child

LOG = "agent.log"


def main(folder: Path) -> None:
    """Be the agent of the session whose folder this is, until it ends."""
    os.umask(0o077)
    path = folder / SPEC
    spec = msgspec.json.decode(path.read_bytes(), type=AgentSpec)
    path.unlink()
    # The kernel loads for most of a second: it starts before this process loads what it needs itself.
    try:
        child = Child(spec.python, spec.folder, spec.environment, folder / LOG)
    except OSError as error:
        _cannot_start(folder, spec, f"the kernel cannot be started: {error.strerror}: {error.filename}")
        return
    import asyncio
    import signal

    for number in (signal.SIGINT, signal.SIGHUP):  # meant for the terminal or the notebook that it outlives
        signal.signal(number, signal.SIG_IGN)
    from .owner import Owner

    asyncio.run(Owner(folder, spec, child).run())


def _cannot_start(folder: Path, spec: AgentSpec, reason: str) -> None:
    from ..backends.process import this_process
    from .record import write_record

    session = msgspec.structs.replace(spec.session, state="dead", reason=reason)
    write_record(folder / RECORD, AgentRecord(session=session, agent=this_process()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
