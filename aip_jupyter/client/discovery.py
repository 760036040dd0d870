"""How a kernel or script finds its server (DESIGN decision 8):

explicit URL > `aip-<JPY_PARENT_PID>.json` in the runtime folder > JupyterHub's variables > another living
server of the same store, for a kernel whose own has died > none, which means the services in process on the
same configuration.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Struct

from ..backends.process import is_running
from ..errors import AipError, Invalid
from ..redaction import Secret
from ..services.journal_files import server_store, store_of
from ..services.settings import Settings
from ..wire.errors import UNREADABLE


class Server(Struct, frozen=True, kw_only=True):
    """A server to talk to."""

    url: str
    token: str
    how: str
    """How it was found, for people."""
    store: str = ""
    """What it keeps runs in, when its runtime file says so: the same after a restart on another port."""

    @property
    def stores(self) -> tuple[str, ...]:
        """What a journal may say of its store to belong there; the best first."""
        by_address = server_store(self.url)
        return (self.store, by_address) if self.store else (by_address,)

    def __repr__(self) -> str:
        """Without the token."""
        return f"Server(how={self.how!r})"


def find_server(settings: Settings, environ: Mapping[str, str], folders: list[Path]) -> Server | None:
    """The server to use, or None. `folders` are where runtime files may be.

    Raises Invalid when what was configured cannot be used.
    """
    if settings.url:
        return _explicit(settings, folders)
    return (
        _from_runtime_file(environ, folders)
        or _from_hub(environ)
        or (_of_same_store(settings, folders) if _is_orphan(environ) else None)
    )


def notebook_server(url: str, token: str, settings: Settings, folders: list[Path]) -> Server | None:
    """In a session: the notebook's server, or the one that took its place since the cell came."""
    if not url:
        return None
    there = next((found for found in _living(folders) if found.url == url), None)
    if there is None and (other := _of_same_store(settings, folders)):
        return other
    store = there.store if there else ""
    return Server(url=url, token=Secret(token), how="the notebook of this session", store=store)


def _explicit(settings: Settings, folders: list[Path]) -> Server:
    if not settings.url.startswith(("http://", "https://")):
        raise Invalid("AIP_URL: must begin with http:// or https://", field="AIP_URL")
    try:
        parts = urlsplit(settings.url)
        parts.port  # noqa: B018  # looks at it: it is a property that raises
    except ValueError:
        message = "AIP_URL: is no address; give one such as http://127.0.0.1:8888/"
        raise Invalid(message, field="AIP_URL") from None
    if not settings.url.isprintable() or not settings.token.isascii() or "@" in parts.netloc:
        message = "AIP_URL: give the address alone, such as http://127.0.0.1:8888/, and a token in AIP_TOKEN"
        raise Invalid(message, field="AIP_URL")
    # Jupyter prints its address with the token behind it, and that is what people copy.
    token = Secret(settings.token or parse_qs(parts.query).get("token", [""])[0])
    url = parts._replace(query="", fragment="").geturl()
    store = next((found.store for found in _living(folders) if found.url.rstrip("/") == url.rstrip("/")), "")
    return Server(url=url, token=token, how="AIP_URL", store=store)


def _from_runtime_file(environ: Mapping[str, str], folders: list[Path]) -> Server | None:
    """The file that the server which started this kernel wrote; one of a dead server is no server."""
    parent = environ.get("JPY_PARENT_PID", "")
    if not parent.isdigit() or not is_running(int(parent)):
        return None
    for folder in folders:
        found = _read(folder / f"aip-{parent}.json")
        if found is not None:
            how = "the Jupyter server of this kernel"
            return Server(url=found.url, token=Secret(found.token), how=how, store=found.store)
    return None


def _is_orphan(environ: Mapping[str, str]) -> bool:
    """Whether this is a kernel whose server has died."""
    parent = environ.get("JPY_PARENT_PID", "")
    return parent.isdigit() and not is_running(int(parent))


def _of_same_store(settings: Settings, folders: list[Path]) -> Server | None:
    """A living server that keeps its runs where this configuration would."""
    store = store_of(settings)
    for found in _living(folders):
        if found.store == store:
            how = "another Jupyter server of the same store"
            return Server(url=found.url, token=Secret(found.token), how=how, store=store)
    return None


def _living(folders: list[Path]) -> Iterator[_RuntimeFile]:
    """The runtime files of servers that run, and that nobody else could have written."""
    for folder in folders:
        for path in sorted(folder.glob("aip-*.json")):
            pid = path.stem.removeprefix("aip-")
            if pid.isdigit() and is_running(int(pid)):
                with contextlib.suppress(AipError):
                    found = _read(path)
                    if found is not None:
                        yield found


class _RuntimeFile(Struct):
    url: str
    token: str
    store: str = ""

    def __repr__(self) -> str:
        """Without the token."""
        return f"_RuntimeFile(url={self.url!r})"


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
    except UNREADABLE as error:
        raise Invalid(f"{path}: is damaged; delete it and restart Jupyter", field="AIP_URL") from error


def _from_hub(environ: Mapping[str, str]) -> Server | None:
    """A single-user server of JupyterHub gives its kernels its own address and token."""
    url, token = environ.get("JUPYTERHUB_SERVICE_URL", ""), environ.get("JUPYTERHUB_API_TOKEN", "")
    if not url.startswith(("http://", "https://")) or not token:
        return None
    return Server(url=url, token=Secret(token), how="JupyterHub")


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
    except (RuntimeError, OSError):  # not in a kernel, or in a session's, which has no such file
        return None
