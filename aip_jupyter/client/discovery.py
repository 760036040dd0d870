"""How a kernel or script finds its server (DESIGN decision 8):

explicit URL > `aip-<JPY_PARENT_PID>.json` in the runtime folder > JupyterHub's variables > none, which means
the services in process on the same configuration.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Struct

from ..backends.process import is_running
from ..errors import Invalid
from ..services.settings import Settings


class Server(Struct, frozen=True, kw_only=True):
    """A server to talk to."""

    url: str
    token: str
    how: str
    """How it was found, for people."""

    def __repr__(self) -> str:
        """Without the token."""
        return f"Server(how={self.how!r})"


def find_server(settings: Settings, environ: Mapping[str, str], folders: list[Path]) -> Server | None:
    """The server to use, or None. `folders` are where runtime files may be.

    Raises Invalid when what was configured cannot be used.
    """
    if settings.url:
        return _explicit(settings)
    return _from_runtime_file(environ, folders) or _from_hub(environ)


def _explicit(settings: Settings) -> Server:
    if not settings.url.startswith(("http://", "https://")):
        raise Invalid("AIP_URL: must begin with http:// or https://", field="AIP_URL")
    parts = urlsplit(settings.url)
    if not settings.url.isprintable() or not settings.token.isascii() or "@" in parts.netloc:
        message = "AIP_URL: give the address alone, such as http://127.0.0.1:8888/, and a token in AIP_TOKEN"
        raise Invalid(message, field="AIP_URL")
    # Jupyter prints its address with the token behind it, and that is what people copy.
    token = settings.token or parse_qs(parts.query).get("token", [""])[0]
    url = parts._replace(query="", fragment="").geturl()
    return Server(url=url, token=token, how="AIP_URL")


def _from_runtime_file(environ: Mapping[str, str], folders: list[Path]) -> Server | None:
    """The file that the server which started this kernel wrote; one of a dead server is no server."""
    parent = environ.get("JPY_PARENT_PID", "")
    if not parent.isdigit() or not is_running(int(parent)):
        return None
    for folder in folders:
        found = _read(folder / f"aip-{parent}.json")
        if found is not None:
            return Server(url=found.url, token=found.token, how="the Jupyter server of this kernel")
    return None


class _RuntimeFile(Struct):
    url: str
    token: str


def _read(path: Path) -> _RuntimeFile | None:
    """The file's content; None when there is none. One that somebody else could have written is refused."""
    try:
        with path.open() as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.getuid() or status.st_mode & 0o077:
                message = f"{path}: must belong to you alone (mode 0600); delete it and restart Jupyter"
                raise Invalid(message, field="AIP_URL")
            return msgspec.json.decode(file.read(), type=_RuntimeFile)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise Invalid(f"{path}: is damaged; delete it and restart Jupyter", field="AIP_URL") from error


def _from_hub(environ: Mapping[str, str]) -> Server | None:
    """A single-user server of JupyterHub gives its kernels its own address and token."""
    url, token = environ.get("JUPYTERHUB_SERVICE_URL", ""), environ.get("JUPYTERHUB_API_TOKEN", "")
    if not url.startswith(("http://", "https://")) or not token:
        return None
    return Server(url=url, token=token, how="JupyterHub")


def runtime_folders(environ: Mapping[str, str]) -> list[Path]:
    """Where runtime files may be: beside the kernel's connection file, then Jupyter's runtime folder."""
    from jupyter_core.paths import jupyter_runtime_dir

    folders = [Path(jupyter_runtime_dir())]
    connection = _connection_file()
    if connection is not None:
        folders.insert(0, connection.parent)
    return folders


def _connection_file() -> Path | None:
    import sys

    kernel = sys.modules.get("ipykernel.connect")
    if kernel is None:
        return None
    try:
        return Path(kernel.get_connection_file())
    except RuntimeError:  # not in a kernel
        return None
