"""Every setting, once: its environment variable, default and meaning.

The server's traits (`server.app`) and a kernel without a server take their defaults from here; the
documentation's table is checked against it. Order: real environment, then `.env` in the given folder, then
the default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from ..errors import Invalid
from ..redaction import Hidden

DEFAULT_CATEGORIES = (
    "Image Classification",
    "Object Detection",
    "Text Classification",
    "Text Generation",
    "Embedding",
    "Tabular Classification",
    "Tabular Regression",
    "Time Series",
    "Recommendation",
    "Other",
)


class Setting(NamedTuple):
    """One setting as documentation shows it."""

    name: str
    variable: str
    help: str


SETTINGS = (
    Setting(
        "home", "AIP_HOME", "Folder for store, files and journals; a local disk (default: user data folder)"
    ),
    Setting("project", "AIP_PROJECT", "The project in use until another is chosen"),
    Setting("user", "AIP_USER", "Who did it, before the Jupyter user, the git e-mail and the system user"),
    Setting(
        "categories", "AIP_CATEGORIES", "Allowed model categories, separated by commas; empty allows all"
    ),
    Setting("registry", "AIP_REGISTRY", "Registry backend, by its entry point's name"),
    Setting("registry_url", "AIP_REGISTRY_URL", "Where the registry backend keeps or finds its records"),
    Setting("storage", "AIP_STORAGE", "Storage backend, by its entry point's name"),
    Setting("storage_url", "AIP_STORAGE_URL", "Where the storage backend keeps or finds its bytes"),
    Setting("tracking", "AIP_TRACKING", "Tracking backend, by its entry point's name"),
    Setting("tracking_url", "AIP_TRACKING_URL", "Where the tracking backend keeps or finds its runs"),
    Setting("datasets", "AIP_DATASETS", "Dataset backend, by its entry point's name"),
    Setting("datasets_url", "AIP_DATASETS_URL", "Where the dataset backend keeps or finds its records"),
    Setting("gpus", "AIP_GPUS", "Pool of GPUs, by its entry point's name"),
    Setting("gpus_url", "AIP_GPUS_URL", "Where the pool of GPUs is"),
    Setting("access", "AIP_ACCESS", "Access backend (projects and tokens), by its entry point's name"),
    Setting("access_url", "AIP_ACCESS_URL", "Where the access backend keeps or finds its records"),
    Setting(
        "admins",
        "AIP_ADMINS",
        "Users who administer every project, separated by commas; empty: all who may log in",
    ),
    Setting("session_idle", "AIP_SESSION_IDLE", "Seconds without a cell after which a GPU session ends"),
    Setting(
        "session_grant",
        "AIP_SESSION_GRANT",
        "Seconds that a GPU session may record for its notebook without another cell",
    ),
    Setting(
        "url", "AIP_URL", "Jupyter server to use from a kernel or script, such as http://127.0.0.1:8888/"
    ),
    Setting("token", "AIP_TOKEN", "Token for AIP_URL"),
    Setting("gpu", "AIP_GPU", "GPU type of notebooks that run on a GPU session as a whole"),
    Setting(
        "link",
        "AIP_LINK",
        "How a notebook reaches GPU sessions: zmq (directly), websocket (through the server), or auto",
    ),
    Setting("capture", "AIP_CAPTURE", "Whether runs record where they come from by themselves: on or off"),
    Setting(
        "system_metrics",
        "AIP_SYSTEM_METRICS",
        "Whether runs record what they use of processor, memory and GPU: on or off",
    ),
    Setting(
        "cache",
        "AIP_CACHE",
        "Bytes of downloaded files that are kept for when the store cannot be reached; 0: none",
    ),
    Setting("workers", "AIP_WORKERS", "Threads per backend in the server"),
    Setting("deadline", "AIP_DEADLINE", "Seconds the server waits for a backend before it answers 503"),
    Setting("garbage_grace", "AIP_GARBAGE_GRACE", "Seconds that bytes without a record are kept"),
)
SECRETS = frozenset(
    {"registry_url", "storage_url", "tracking_url", "datasets_url", "gpus_url", "access_url", "token", "url"}
)
"""Never shown: they are, or may hold, credentials."""


OF_KERNELS = ("url", "token", "gpu", "link", "capture", "system_metrics", "cache")
"""Of kernels and scripts alone: a server has no use for them."""

CHOICES = {
    "link": ("auto", "zmq", "websocket"),
    "capture": ("on", "off"),
    "system_metrics": ("on", "off"),
}
"""The values that a setting may have."""

MAY_BE_ZERO = ("cache",)

LISTS = ("categories", "admins")
"""Names separated by commas; empty is a value too."""


class Settings(Struct, frozen=True, kw_only=True):
    """The settings in force. See SETTINGS for the meanings."""

    home: Path
    project: str = ""
    """`default` when empty; a kernel then takes its server's."""
    user: str = ""
    categories: tuple[str, ...] = DEFAULT_CATEGORIES
    registry: str = "sqlite"
    registry_url: str = ""
    storage: str = "local"
    storage_url: str = ""
    tracking: str = "sqlite"
    tracking_url: str = ""
    datasets: str = "sqlite"
    datasets_url: str = ""
    gpus: str = "local"
    gpus_url: str = ""
    access: str = "sqlite"
    access_url: str = ""
    admins: tuple[str, ...] = ()
    session_idle: float = 1800.0
    session_grant: float = 43200.0
    url: str = ""
    token: str = ""
    gpu: str = ""
    link: str = "auto"
    capture: str = "on"
    system_metrics: str = "on"
    cache: float = 10 * 2.0**30
    workers: int = 4
    deadline: float = 30.0
    garbage_grace: float = 86400.0

    def __repr__(self) -> str:
        """Without what a traceback or a log must not show."""
        shown = (name for name in self.__struct_fields__ if name not in SECRETS)
        return f"Settings({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


def load_settings(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """The settings from the environment and from `.env` in `folder`. Invalid names the variable at fault."""
    real = Hidden(os.environ if environ is None else environ)
    values = Hidden({**_dotenv(folder), **real})
    if "AIP_URL" in values and "AIP_URL" not in real:
        # A folder from elsewhere may name a server, but not be given a token that was meant for another.
        values["AIP_TOKEN"] = _dotenv(folder).get("AIP_TOKEN", "")
    found = Hidden()
    for setting in SETTINGS:
        text = values.get(setting.variable, "")
        if text or (setting.name in LISTS and setting.variable in values):
            found[setting.name] = _parse(setting, text)
    found.setdefault("home", _default_home())
    return Settings(**found)


def _parse(setting: Setting, text: str) -> Any:
    if setting.name in LISTS:
        return split_list(text)
    if setting.name == "home":
        return Path(text).expanduser().absolute()
    kind = Settings.__annotations__[setting.name]
    target = {"int": int, "float": float}.get(kind, str)
    value: Any
    try:
        value = msgspec.convert(text, target, strict=False)
    except msgspec.ValidationError as error:
        message = f"{setting.variable}: {text!r} is not a number; {setting.help.lower()}"
        raise Invalid(message, field=setting.variable) from error
    if setting.name in CHOICES and text not in CHOICES[setting.name]:
        message = f"{setting.variable}: {text!r} is not one of {', '.join(CHOICES[setting.name])}"
        raise Invalid(message, field=setting.variable)
    if target is not str and not (value > 0 or (value == 0 and setting.name in MAY_BE_ZERO)):  # NaN is not
        raise Invalid(f"{setting.variable}: {text!r} must be more than 0", field=setting.variable)
    return value


def working_folder() -> Path:
    """The working folder; "." for one that was removed, which has no `.env` and no repository."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path()


def split_list(text: str) -> tuple[str, ...]:
    """The names in a comma-separated list."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _dotenv(folder: Path | None) -> dict[str, str]:
    if folder is None or not (folder / ".env").is_file():
        return {}
    from dotenv import dotenv_values

    return {key: value for key, value in dotenv_values(folder / ".env").items() if value is not None}


def _default_home() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("aip-jupyter", appauthor=False))
