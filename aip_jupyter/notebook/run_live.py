"""Curves that grow while a run trains: one output, updated in place.

What this process logs is taken from where it is logged; what others log for the run, such as a cell in a
session, is asked for every two seconds. A thread draws what is new, at most once a second and in less than a
twentieth of the time. When the run ends the curves stay, with their controls.
"""

from __future__ import annotations

import contextvars
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from ..client.context import get_context
from ..domain.comparison import CompareRuns
from ..domain.runs import GetRun
from ..errors import AipError, NotFound
from .active_run import ActiveRun
from .connection import connect
from .display import dim, element, frame, plain
from .run_card import drawn_keys, in_notebook, is_system
from .run_curves import RunCurves
from .run_reading import store_what_waits
from .run_series import POINTS, Point, Series, points_of, thinned
from .run_state import known_run, needed_run
from .run_svg import curves_svg
from .run_words import LOST, number_text

PACE = 1.0
"""Seconds between two pictures, at least."""
ASK = 2.0
"""Seconds between two questions to the store, for what others log."""
SHARE = 0.05
"""Of the time at most so much goes into pictures."""
MOST = 16_000
"""So many points of a metric are kept: then half of them go, and the peaks stay."""
PANELS = 9
"""So many metrics are drawn while it trains."""
KEPT = 100_000
"""Calls that may wait to be drawn; of more, the first are not."""

_log = logging.getLogger(__name__)

Show = Callable[[dict[str, Any]], None]


def watch_run(
    run: str | ActiveRun = "", metrics: Sequence[str] | None = None, *, project: str | None = None
) -> None:
    """Show the curves of a run and let them grow while it trains: the active run, or one by name or id.

    The output stands in the cell that calls this, is updated in place, and keeps its last state, with
    controls, when the run ends. Log calls wait for nothing. `metrics` are those to draw. Where no notebook
    shows anything, nothing happens. Raises NotFound with what is near, Invalid when no run is active.

        with aip.start_run("baseline"):
            aip.watch_run()
            for step in range(1000):
                aip.log_metrics({"loss": train()}, step=step)
    """
    local = _local(run)
    if in_notebook():
        name = run if isinstance(run, str) else ""
        RunWatch(local, metrics, name=name, project=project).start(_output())


def _local(run: str | ActiveRun) -> ActiveRun | None:
    """The run of this process that is meant; None when others record it, or it has ended."""
    if isinstance(run, ActiveRun):
        return run
    if not run:
        return needed_run()
    known = known_run(run)
    return known if known is not None and known.is_running else None


class RunWatch:
    """Looks at a run, and draws it until it ends."""

    def __init__(
        self,
        local: ActiveRun | None,
        metrics: Sequence[str] | None = None,
        *,
        name: str = "",
        project: str | None = None,
    ) -> None:
        self._local = local
        self._metrics = metrics
        self._project = project
        self._calls: deque[tuple[int, int, dict[str, float]]] = deque(maxlen=KEPT)
        self._listener = self._calls.append
        self._points: dict[str, list[Point]] = {}
        self._told: dict[str, int] = {}
        """Up to which time the store has told of each metric."""
        self._taken = 0.0
        """When something was last logged here."""
        self._has_asked = False
        self._is_new = True
        self._is_lost = False
        """Whether its process is out of contact, which may pass."""
        self._lock = threading.RLock()
        """Held for what takes no time."""
        self._stopped = threading.Event()
        if local is not None:
            self.id, self.name, self.started = local.id, local.name, local.started
            self.status: str = local.status
            local.listeners = (*local.listeners, self._listener)
        else:
            connection = connect()
            store_what_waits(connection)
            self._project = project or connection.project
            found = connection.services.runs.get_run(GetRun(project=self._project, run=name)).run
            self.id, self.name, self.started, self.status = found.id, found.name, found.started, found.status

    def start(self, show: Show) -> None:
        """Show it now; from now on one thread draws, and another one asks, for whom drawing does not wait."""
        self._show = show
        self._show(self.picture())
        for name, work, pace in (("aip-watch", self.draw, PACE), ("aip-watch-ask", self.ask, ASK)):
            # What a thread shows belongs to this cell.
            run = contextvars.copy_context().run
            threading.Thread(target=run, args=(self._repeat, work, pace), name=name, daemon=True).start()
        events = _events()
        if events is not None:
            events.register("post_run_cell", self._cell_ended)

    def stop(self) -> None:
        """Leave the picture as it is."""
        self._stopped.set()
        if self._local is not None:
            kept = (each for each in self._local.listeners if each is not self._listener)
            self._local.listeners = tuple(kept)
        events = _events()
        if events is not None:
            with suppress(ValueError):  # nothing was shown, or it has stopped before
                events.unregister("post_run_cell", self._cell_ended)

    def _repeat(self, work: Callable[[], None], pace: float) -> None:
        wait = 0.0
        while not self._stopped.wait(wait):
            began = time.monotonic()
            try:
                work()
            except AipError:
                pass  # perhaps the next time
            except Exception:  # noqa: BLE001  # the outermost guard of a thread
                _log.exception("cannot watch the run")
                self.stop()
            wait = max(pace, (time.monotonic() - began) / SHARE)

    def _cell_ended(self, _: Any = None) -> None:
        """What the cell has logged is shown with it: who runs notebooks without a browser looks no longer."""
        self.draw()
        # In a session nobody tells when the notebook's run ends.
        context = get_context()
        if context is not None and context.run is not None and context.run.id == self.id:
            self._finish()

    def draw_into(self, show: Show) -> None:
        """Draw now, here."""
        self._show = show
        self.draw()

    def draw(self) -> None:
        """Take what was logged here, and show what is new; when the run has ended, what stays."""
        with self._lock:
            if self._stopped.is_set():
                return
            self._take()
            if self.status != "running":
                self._finish()
            elif self._is_new:
                self._show(self.picture())
            self._is_new = False

    def _take(self) -> None:
        if self._local is not None:
            self.status = self._local.status  # before its last points are taken
        fresh = [self._calls.popleft() for _ in range(len(self._calls))]
        for step, time_ms, values in fresh:
            for key, value in values.items():
                if time_ms > self._told.get(key, -1):
                    self._points.setdefault(key, []).append(Point(step, time_ms, value))
        for key, points in self._points.items():
            if len(points) > MOST:
                self._points[key] = thinned(points, MOST // 2)
        if fresh:
            self._is_new, self._taken = True, time.monotonic()

    def ask(self) -> None:
        """Have the store tell what others have logged, unless the run is recorded here and busy."""
        if self._has_asked and time.monotonic() - self._taken < ASK:
            return
        connection = connect()
        runs = connection.services.runs
        project = self._project or (self._local.project if self._local else "") or connection.project
        try:
            detail = runs.get_run(GetRun(project=project, run=self.id))
        except NotFound:  # it has just begun
            return
        keys = drawn_keys([metric.key for metric in detail.metrics if self._is_drawn(metric.key)])
        request = CompareRuns(project=project, runs=[self.id], keys=keys, points=POINTS)
        found = runs.compare_runs(request).histories if keys else []
        with self._lock:
            self._has_asked = True
            for history in (history for each in found for history in each.histories):
                self._merge(history.key, points_of(history))
            if self._local is None:
                self._is_new |= detail.is_lost != self._is_lost
                self._is_lost, self.status = detail.is_lost, detail.run.status

    def _merge(self, key: str, stored: list[Point]) -> None:
        """Before the points that are known from here come those that only the store knows."""
        known = self._points.get(key, [])
        if not stored or (known and _ends(known) == _ends(stored)):
            return
        told = self._told[key] = max(point.time for point in stored)
        self._points[key] = [*stored, *(point for point in known if point.time > told)]
        self._is_new = True

    def _is_drawn(self, key: str) -> bool:
        return not is_system(key) if self._metrics is None else key in self._metrics

    def series(self) -> list[Series]:
        """The curves, as far as they are known."""
        keys = [key for key in self._points if self._is_drawn(key)]
        return [Series(self.name, key, sorted(self._points[key], key=_place), self.started) for key in keys]

    def picture(self) -> dict[str, Any]:
        """What is shown while it runs: it is light, and does not flicker when it is replaced."""
        shown = [series._replace(points=thinned(series.points)) for series in self.series()[:PANELS]]
        numbers = ", ".join(f"{each.key} {number_text(each.points[-1].value)}" for each in shown)
        words = numbers or "no metric yet"
        state = f"◌ {LOST}" if self._is_lost else "● running"
        head = element("div", element("strong", self.name), f" {state} ", dim(words))
        html = frame(head, curves_svg(shown) if shown else None, wide=True)
        return {"text/html": html, "text/plain": f"run {plain(self.name)} ({state[2:]}): {plain(words)}"}

    def _finish(self) -> None:
        """What stays: the curves with their controls."""
        ended = "" if self.status == "running" else f" – {self.status}"
        curves = RunCurves(self.series(), f"{self.name}{ended}")
        self._show(curves._repr_mimebundle_() if curves.keys else self.picture())
        self.stop()


def _place(point: Point) -> tuple[int, int]:
    return point.step, point.time


def _ends(points: Sequence[Point]) -> tuple[tuple[int, int], tuple[int, int]]:
    return _place(points[0]), _place(points[-1])


def _events() -> Any:
    """Where the shell tells that a cell has ended; None outside of one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "events", None)


def _output() -> Show:
    """An output of the cell that runs, replaced from then on."""
    from IPython import display

    show: Any = display.display
    handle: Any = None

    def update(bundle: dict[str, Any]) -> None:
        nonlocal handle
        if handle is None:
            handle = show(bundle, raw=True, display_id=True)
        else:
            handle.update(bundle, raw=True)

    return update
