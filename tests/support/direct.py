"""Services over the gateway, in process and of a live server, for bytes that go straight to the store."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from aip_jupyter.client.direct import Direct
from aip_jupyter.client.endpoint import Reach
from aip_jupyter.client.resuming import Resuming
from aip_jupyter.client.uploads import HttpUploads
from aip_jupyter.domain.artifacts import Artifact, Blob, FileRef
from aip_jupyter.domain.models import RegisterVersion
from aip_jupyter.domain.uploads import PartAddress
from aip_jupyter.services.interface import Services
from aip_jupyter.services.local import LocalServices, open_platform
from aip_jupyter.services.settings import Settings

from .buckets import CREDENTIALS
from .live import LiveServer, live_server

SIZE = 20_000_000
"""Bytes: two parts."""


@contextmanager
def server_over(address: str, folder: Path) -> Iterator[LiveServer]:
    """A server whose bytes are in the storage at this address."""
    with live_server(folder, environ=environ_of(address)) as server:
        yield server


def environ_of(address: str) -> dict[str, str]:
    """The settings of such a server."""
    return {**CREDENTIALS, "AIP_STORAGE": "s3", "AIP_STORAGE_URL": address}


@contextmanager
def services_over(address: str, home: Path) -> Iterator[LocalServices]:
    """The same in this process."""
    services = open_platform(Settings(home=home, storage="s3", storage_url=address)).services()
    yield services
    services.close()


def sender(services: Services, home: Path) -> Direct:
    """What a kernel has; its requests go to services in this process."""
    uploads: HttpUploads = services.uploads  # type: ignore[assignment]
    return Direct(uploads, Reach(), Resuming(home, "a server"))


def write_file(path: Path, seed: int, size: int = SIZE) -> bytes:
    """A file with bytes of its own; those bytes."""
    data = random.Random(seed).randbytes(size)
    path.write_bytes(data)
    return data


def register(services: Services, claim: str, blob: Blob, project: str = "default") -> Artifact:
    """Make a version of one uploaded file."""
    file = FileRef(path="ein Modell.html", digest=blob.digest, size=blob.size)
    request = RegisterVersion(project=project, model="m", id=claim, files=[file])
    return services.models.register_version(request).artifacts[0]


def send(part: PartAddress, data: bytes, url: str = "") -> int:
    """What the store says to these bytes at the part's address."""
    parts = urlsplit(url or part.url)
    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=30)) as connection:
        connection.putrequest("PUT", f"{parts.path}?{parts.query}")
        for name, value in {"Content-Length": str(len(data)), **part.headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        with suppress(ConnectionError):  # it says no before it has read all
            connection.send(data)
        return connection.getresponse().status
