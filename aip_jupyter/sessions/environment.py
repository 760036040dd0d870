"""Which variables of the notebook's kernel a session's kernel gets.

All but those that are about this very kernel, and those that are keys to Jupyter or to our backends: its
cells reach the notebook's server by what comes along with each of them.
"""

from __future__ import annotations

from collections.abc import Mapping

_PREFIXES = ("JPY_", "JUPYTERHUB_", "JUPYTER_SERVER_", "KERNEL_")
_NAMES = frozenset(
    ("AIP_TOKEN", "AIP_URL", "JUPYTER_TOKEN", "JUPYTER_GATEWAY_AUTH_TOKEN", "PYTEST_CURRENT_TEST")
)


def session_environment(environ: Mapping[str, str], *, embedded: bool = False) -> dict[str, str]:
    """The variables for the session.

    `embedded`: the notebook works without a server, so the session too opens the backends itself, and needs
    to know where they are.
    """
    return {name: value for name, value in environ.items() if not _stays(name, embedded)}


def _stays(name: str, embedded: bool) -> bool:
    backend = name.startswith("AIP_") and name.endswith("_URL") and not embedded
    return backend or name in _NAMES or name.startswith(_PREFIXES)
