"""What Tab completion knows by name: models, runs, datasets, projects, tokens, GPU types, sessions.

It never raises and never waits long: what the server knows is fetched by a thread and kept for some seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from ..domain.runs import RunDetail

PATIENCE = 0.4
"""Seconds that a press of Tab may wait for the server."""
FRESH = 5.0
"""Seconds for which an answer is used again."""

CHOICES = {
    "--split": ("train", "validation", "test"),
    "--context": ("training", "validation", "test"),
    "--count": ("1", "2", "4", "8"),
    "--fraction": ("25", "50", "75", "100"),
    "--timeout": ("10m", "1h", "12h"),
}
"""What is offered behind options whose values are numbers."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Remembered(Generic[T]):
    """A list that a thread fetches: at once when that is quick, else at the next press of Tab."""

    def __init__(self, fetch: Callable[[], list[T]]) -> None:
        self._fetch = fetch
        self._values: list[T] = []
        self._since = float("-inf")
        self._thread: threading.Thread | None = None

    def __call__(self) -> list[T]:
        """What is known; after at most PATIENCE."""
        if time.monotonic() - self._since > FRESH:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="aip-completion", daemon=True)
                self._thread.start()
            self._thread.join(PATIENCE)
        return self._values

    def _run(self) -> None:
        try:
            self._values = self._fetch()
        except Exception:  # noqa: BLE001  # the outermost guard of a thread: nobody asked for an error here
            _log.debug("no completions", exc_info=True)
        self._since = time.monotonic()


def models() -> list[str]:
    """The names of the models."""
    from .api import list_models
    from .arguments import is_expanded

    return [model.name for model in list_models(limit=1000) if not is_expanded(model.name)]


def categories() -> list[str]:
    """The categories that a model may have."""
    from .connection import connect, what_is_in_use

    return what_is_in_use(connect()).categories


def gpus() -> list[str]:
    """The GPU types."""
    from ..domain.sessions import CPU, GPU_TYPES
    from .gpu_api import list_gpus

    return list(dict.fromkeys((*(offer.type for offer in list_gpus()), *GPU_TYPES, CPU)))


def sessions() -> list[str]:
    """The names of the GPU sessions."""
    from .arguments import is_expanded
    from .gpu_api import list_sessions

    return [session.name for session in list_sessions() if not is_expanded(session.name)]


_VARIABLES = "' '.join(n for n in globals() if n[:1] != '_' and n not in get_ipython().user_ns_hidden)"


def session_variables(name: str) -> list[str]:
    """The names in a session, also while that runs a cell; "" for the one that this notebook used last."""
    import ast

    from ..domain.sessions import PeekSession
    from .connection import connect
    from .gpu_api import list_sessions
    from .gpu_context import notebook_path

    living = [session for session in list_sessions() if session.state in ("idle", "busy")]
    own = [session for session in living if session.notebook == notebook_path()]
    meant = [each for each in living if each.name == name] if name else own
    if not meant:
        return []
    session = max(meant, key=lambda session: session.active)
    request = PeekSession(project=session.project, session=session.id, expression=_VARIABLES)
    peek = connect().services.sessions.peek_session(request)
    return sorted(str(ast.literal_eval(peek.data["text/plain"])).split())


def runs(*, deleted: bool = False) -> list[RunDetail]:
    """The newest of them."""
    from .run_reading import list_runs

    return list(list_runs(limit=1000, deleted=deleted))


def artifacts(run: str, *, deleted: bool = False) -> list[str]:
    """The paths of a run's artifacts, and their folders."""
    from .arguments import is_expanded
    from .artifacts import list_artifacts

    found: dict[str, None] = {}
    for artifact in list_artifacts(run, deleted=deleted):
        *folders, _ = artifact.path.split("/")
        found |= dict.fromkeys("/".join(folders[: depth + 1]) for depth in range(len(folders)))
        found[artifact.path] = None
    return [path for path in found if not is_expanded(path)]


def statuses(*, ended: bool) -> list[str]:
    """How a run may stand; or only how it may have ended."""
    from typing import get_args

    from ..domain.runs import Status

    return [status for status in get_args(Status) if not (ended and status == "running")]


def frameworks() -> list[str]:
    """Those whose trainings can log by themselves."""
    from .autolog.options import FRAMEWORKS

    return list(FRAMEWORKS)


def datasets(*, deleted: bool = False) -> list[str]:
    """The names of the datasets; `deleted`: of those that can be restored."""
    from .arguments import is_expanded
    from .datasets import list_datasets

    names = dict.fromkeys(dataset.name for dataset in list_datasets(deleted=deleted, limit=1000))
    return [name for name in names if not is_expanded(name)]


def projects() -> list[str]:
    """The names of the projects."""
    from .projects import list_projects

    return [project.name for project in list_projects(archived=True)]


def users() -> list[str]:
    """Who has a role in the project."""
    from .arguments import is_expanded
    from .projects import get_project

    return [user for user in get_project().roles if not is_expanded(user)]


def tokens() -> list[str]:
    """The names of the access tokens."""
    from .arguments import is_expanded
    from .tokens import list_tokens

    return [token.name for token in list_tokens() if not is_expanded(token.name)]


def words_of(kind: str) -> tuple[str, ...]:
    """The words of a type that is one of some words."""
    from typing import get_args

    from ..domain import access

    return get_args(getattr(access, kind))
