"""The launcher form: `%gpu` without a word, and `aip.panels.Gpus()`.

It starts sessions, and interrupts and ends them. What takes longer than a moment runs in a thread, so that
cells can run beside it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from ..domain.names import check_model_name
from ..domain.sessions import CPU, FRACTIONS, GPU_TYPES, MAX_COUNT, GpuOffer, Session
from ..errors import AipError, Conflict
from ..sessions.background import background
from .arguments import quoted
from .connection import connect
from .display import dim, element, frame
from .form import INDENT, WIDTH, Field, in_thread
from .form_rules import without_field
from .gpu_api import interrupt_session, list_gpus, list_sessions, stop_session
from .gpu_form_rows import SessionRow
from .gpu_sessions import free_name, open_sessions
from .gpu_tables import Overview
from .gpu_wishes import Wish
from .progress import Progress, progress_html


class GpuForm:
    """A form that starts GPU sessions and looks after them. `project`: the one in use when left out."""

    def __init__(self, *, project: str | None = None) -> None:
        self._project = project or connect().project
        self._offers: list[GpuOffer] = []
        self._busy = False
        self._faults: dict[str, str] = {}
        """What was wrong with a field when the session was to start."""
        self._thread: threading.Thread | None = None
        self.rows: list[SessionRow] = []
        self.fields = {
            "gpu": Field(widgets.Dropdown, "GPU"),
            "session": Field(widgets.Text, "Name", placeholder="automatic, or such as big"),
            "count": Field(widgets.Dropdown, "Count", options=[1]),
            "fraction": Field(widgets.Dropdown, "Part", options=_fractions()),
        }
        self.start_button = widgets.Button(description="Start", button_style="primary", icon="play")
        self.refresh_button = widgets.Button(description="Refresh", icon="refresh")
        self.result = widgets.HTML(layout=widgets.Layout(margin=f"0 0 0 {INDENT}"))
        self._list = widgets.VBox()
        buttons = widgets.HBox([self.start_button, self.refresh_button])
        buttons.layout = widgets.Layout(margin=f"6px 0 6px {INDENT}")
        inputs = (field.box for field in self.fields.values())
        self.box = widgets.VBox([*inputs, buttons, self.result, self._list])
        self.box.layout = widgets.Layout(width=WIDTH)
        self.refresh()
        for name in ("gpu", "session", "count"):
            self.fields[name].input.observe(lambda _: self._changed(), names="value")
        self.start_button.on_click(lambda _: self.start())
        self.refresh_button.on_click(lambda _: self._in_thread(lambda: None))

    def _repr_mimebundle_(self, **how: Any) -> Any:
        """The widgets; where none show, the same as a table."""
        shown = self.box._repr_mimebundle_(**how)
        data, metadata = shown if isinstance(shown, tuple) else (shown, {})
        table = Overview(self._offers, [row.session for row in self.rows], project=self._project)
        return {**data, "text/plain": repr(table), "text/html": table._repr_html_()}, metadata

    def refresh(self) -> None:
        """Look again at the pool and its sessions."""
        self._offers = list(list_gpus())
        chosen, choices = self.fields["gpu"].value, _choices(self._offers)
        names = [name for _, name in choices]
        self.fields["gpu"].input.options = choices
        self.fields["gpu"].input.value = chosen if chosen in names else names[0]
        living = [s for s in list_sessions(project=self._project) if s.state != "dead"]
        self.rows = [SessionRow(session, interrupt=self.interrupt, stop=self.stop) for session in living]
        nothing = widgets.HTML(frame(dim(f"No GPU sessions in project {self._project!r}.")))
        self._list.children = [row.box for row in self.rows] or [nothing]
        self._check()

    def start(self) -> None:
        """Start a session as the fields say."""
        wish = self._wish()

        def work() -> None:
            with Progress(f"starting GPU session {wish.name}", show=self._show_progress):
                opened = background().submit(open_sessions().open(self._named(wish))).result()
            session = opened.session
            self.fields["session"].input.value = ""
            self._tell(f"GPU session {session.name!r} is there: %%gpu --session {quoted(session.name)}")

        self._in_thread(work)

    def interrupt(self, session: Session) -> None:
        """Interrupt the cell of this session."""
        self._in_thread(lambda: self._tell(repr(interrupt_session(session.id, project=session.project))))

    def stop(self, session: Session) -> None:
        """End this session: its row has asked."""
        self._in_thread(lambda: self._tell(repr(stop_session(session.id, project=session.project))))

    def wait(self) -> None:
        """Until what was begun is done."""
        if self._thread is not None:
            self._thread.join()

    def _wish(self) -> Wish:
        values = {name: field.input.value for name, field in self.fields.items()}
        return Wish(
            gpu=values["gpu"],
            name=values["session"].strip(),
            count=values["count"],
            fraction=values["fraction"],
            project=self._project,
        )

    def _named(self, wish: Wish) -> Wish:
        """With a name that nobody has: the form starts sessions, it does not find them."""
        taken = {session.name for session in list_sessions(project=self._project) if session.state != "dead"}
        if wish.name in taken:
            raise Conflict(f"session: the name {wish.name!r} is taken; choose another", field="session")
        name = wish.name or free_name(wish, taken)
        return Wish(gpu=wish.gpu, name=name, count=wish.count, fraction=wish.fraction, project=wish.project)

    def _in_thread(self, work: Callable[[], None]) -> None:
        if self._busy:
            return
        self._set_busy(True)
        self._tell("")
        self._thread = in_thread(work, self._failed, "aip-gpu-form", self._look_again)

    def _look_again(self) -> None:
        self._set_busy(False)
        try:
            self.refresh()
        except AipError as error:
            self._failed(error)

    def _failed(self, error: AipError) -> None:
        if error.field in self.fields:
            self._faults[error.field] = without_field(error)
            self._tell("")
        else:
            self._tell(error.message, bad=True)

    def _changed(self) -> None:
        self._faults = {}
        self._check()

    def _check(self) -> None:
        """Let only be chosen what there is, and say what is wrong with the name."""
        gpu, count = self.fields["gpu"].value, self.fields["count"].input
        most = next((offer.total for offer in self._offers if offer.type == gpu), MAX_COUNT)
        most = 1 if gpu == CPU else min(most, MAX_COUNT)
        if count.options != tuple(range(1, most + 1)):
            count.options = range(1, most + 1)
        part = self.fields["fraction"].input
        part.disabled = count.value > 1 or gpu == CPU
        if part.disabled:
            part.value = 100
        problem = _problem(self.fields["session"].value.strip())
        for name, field in self.fields.items():
            field.say(self._faults.get(name) or (problem if name == "session" else ""))
        self.start_button.disabled = self._busy or bool(problem)

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self.refresh_button.disabled = busy
        self._check()

    def _show_progress(self, progress: Progress) -> None:
        if not progress.finished:
            self.result.value = frame(progress_html(progress))

    def _tell(self, text: str, *, bad: bool = False) -> None:
        kind = {"class_": "aip-bad", "role": "alert"} if bad else {}
        self.result.value = frame(element("span", text, **kind)) if text else ""


def _problem(name: str) -> str:
    """What is wrong with a session's name; "" when nothing is."""
    try:
        if name:
            check_model_name(name, "session")
    except AipError as error:
        return without_field(error)
    return ""


def _choices(offers: list[GpuOffer]) -> list[tuple[str, str]]:
    """What to choose from, and how it is told."""
    if not offers:
        return [(f"{name} – the CPU stands in", name) for name in GPU_TYPES] + [(CPU, CPU)]
    return [(f"{each.type} – {each.free} of {each.total} free", each.type) for each in offers] + [(CPU, CPU)]


def _fractions() -> list[tuple[str, int]]:
    return [("the whole GPU" if part == 100 else f"{part} % of it", part) for part in sorted(FRACTIONS)[::-1]]
