"""How a kernel finds this server: `aip-<pid>.json` in Jupyter's runtime folder, for its owner's eyes only.

Jupyter's own `jpserver-<pid>.json` would give a kernel the whole server, and holds no token when the server
has a password. Ours opens our routes only.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path


def runtime_file(runtime_dir: Path, pid: int) -> Path:
    """The file of the server with this process id."""
    return runtime_dir / f"aip-{pid}.json"


def write_runtime_file(runtime_dir: Path, url: str, token: str, version: str, store: str) -> Path:
    """Write it, 0600 from the first moment on. `store` is the same after a restart on another port."""
    path = runtime_file(runtime_dir, os.getpid())
    handle, temporary = tempfile.mkstemp(prefix=".aip-", dir=runtime_dir)  # made 0600
    with os.fdopen(handle, "w") as out:
        about = {"url": url, "token": token, "pid": os.getpid(), "version": version, "store": store}
        json.dump(about, out)
    os.replace(temporary, path)
    return path
