"""The connection as the notebook layer uses it. What is behind it is imported at first use only."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from .._version import __version__
from ..domain.system import Description, DoctorCheck, Nothing
from ..errors import AipError

if TYPE_CHECKING:
    from ..client.connect import Connection


def connect(*, refresh: bool = False) -> Connection:
    """The connection of this process; `refresh` looks again for the server."""
    from ..client import connect as client

    return client.connect(refresh=refresh)


def what_is_in_use(connection: Connection) -> Description:
    """Backends, categories and versions of the other side."""
    return connection.services.system.describe(Nothing())


def base_url(connection: Connection, in_use: Description) -> str:
    """The path below which the Jupyter server's pages are, for links; "" when there is no server."""
    return in_use.base_url if connection.mode == "server" else ""


def connection_checks(connection: Connection, in_use: Description) -> list[DoctorCheck]:
    """How the other side was found, and whether it runs the same version."""
    same = in_use.version == __version__
    return [
        DoctorCheck(name="connection", ok=True, found=f"{connection.mode}: {connection.how}"),
        DoctorCheck(
            name="versions",
            ok=same,
            found=__version__ if same else f"kernel {__version__}, server {in_use.version}",
            advice="" if same else "install the same version in both and restart them",
        ),
    ]


def no_connection(error: AipError) -> DoctorCheck:
    """That there is nobody to talk to."""
    return DoctorCheck(name="connection", ok=False, found=type(error).__name__, advice=error.message)


def saving_check() -> DoctorCheck:
    """Whether this kernel can save objects; the server's own packages do not matter for that."""
    has_skops = importlib.util.find_spec("skops") is not None
    return DoctorCheck(
        name="skops in this kernel",
        ok=has_skops,
        found="installed" if has_skops else "not installed",
        advice="" if has_skops else 'to save objects: pip install "aip-jupyter[sklearn]"',
    )
