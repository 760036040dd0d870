"""One training as it is logged: into the active run, else into a run of its own that ends with it."""

from __future__ import annotations

import contextlib
import traceback
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ...client.journal import warn
from ...domain.records import PropertyValue
from ...errors import Invalid
from ...redaction import redact
from ..active_run import ActiveRun, status_after
from ..capture_profile import cut_clean
from ..run_state import active_run
from ..runs import start_run

T = TypeVar("T")

_MAX_VALUE = 500
"""Characters of a param that is no number."""
_MAX_RUNS = 1000
_trained: OrderedDict[str, Counter[str]] = OrderedDict()
"""By run of other people: what was trained in it, by name."""
_told: set[str] = set()


def guarded(what: str, log: Callable[[], T]) -> T | None:
    """Log. A training never fails because of it: its user is told, once for each fault."""
    try:
        return log()
    except Exception as error:  # noqa: BLE001  # the outermost guard of what is done in other people's code
        with contextlib.suppress(Exception):  # of other people, too: it may not be able to say what it is
            _tell(what, error)
        return None


def _tell(what: str, error: Exception) -> None:
    place = traceback.extract_tb(error.__traceback__)[-1]
    if (key := f"{type(error).__name__} {place.filename}:{place.lineno}") not in _told:
        _told.add(key)
        warn(f"{what} is not logged: {type(error).__name__}: {redact(str(error))}"[:500])


class Training:
    """A training of something with this name. Params are told apart when a run sees several of them."""

    def __init__(self, name: str, tags: Mapping[str, str]) -> None:
        run = active_run()
        self.is_own = run is None
        self.run: ActiveRun = start_run(name, tags={**tags}) if run is None else run
        self.prefix = "" if self.is_own else _prefix(self.run, name)
        if not self.is_own:
            self.run.set_tags({f"{self.prefix}{key}": value for key, value in tags.items()})

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Numbers, texts and bools as they are, all else as people read it."""
        plain = {f"{self.prefix}{key}": plain_param(value) for key, value in params.items()}
        try:
            self.run.log_params(plain)
        except Invalid:  # somebody has logged other values by himself
            for key, value in plain.items():
                guarded(f"param {key}", lambda key=key, value=value: self.run.log_params({key: value}))  # type: ignore[misc]

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """What is no number is left out."""
        numbers = {f"{self.prefix}{key}": value for key, value in metrics.items() if _is_number(value)}
        if numbers and self.run.is_running:
            self.run.log_metrics(numbers, step)

    def end(self, error: BaseException | None = None) -> None:
        """It is over."""
        if self.is_own and self.run.is_running:
            self.run.end(status_after(error))


def _prefix(run: ActiveRun, name: str) -> str:
    """The first training of a run has none."""
    seen = _trained.setdefault(run.id, Counter())
    while len(_trained) > _MAX_RUNS:
        _trained.popitem(last=False)
    is_first = not seen
    seen[name] += 1
    if is_first:
        return ""
    return f"{name}." if seen[name] == 1 else f"{name}-{seen[name]}."


def plain_param(value: Any) -> PropertyValue:
    """As a run can keep it."""
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool) or (isinstance(value, int) and value.bit_length() < 64):
        return value
    if isinstance(value, float) and value - value == 0:  # neither NaN nor infinite
        return value
    if isinstance(value, str):
        return cut_clean(value, _MAX_VALUE)
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return f"{value.__module__}.{value.__qualname__}"
    return cut_clean(repr(value), _MAX_VALUE)


def _is_number(value: Any) -> bool:
    try:
        float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError):
        return False
    return not isinstance(value, (str, bytes))
