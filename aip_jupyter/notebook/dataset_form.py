"""The form that records data: `aip.panels.LogDataset()`.

It says what it is going to record as one chooses. Data in memory is read while the kernel is held, since it
must not change meanwhile; files are read in a thread, and cells can run beside it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import ipywidgets as widgets

from ..client.connect import destination
from ..errors import AipError, NotFound
from .capture import Captured, capture
from .capture_memory import Memory
from .capture_options import Options
from .completion_lists import CHOICES
from .dataset_form_rules import Entry, offered, outcome, problems, suggested_name
from .dataset_recording import Asked, ask, store
from .dataset_tables import DatasetCard
from .datasets import list_datasets
from .display import Html, dim, element, frame, join
from .form import INDENT, WIDTH, Field, in_thread
from .form_rules import without_field
from .progress import Progress, progress_html
from .run_projects import active_run_in

ELSEWHERE = "a file, a folder or an address …"
TEXT = "Record data: aip.panels.LogDataset() is a form, %log_dataset NAME DATA does the same."
_ROWS = (("as far as it is quick", "some"), ("all of them", "all"), ("none of them", "none"))


class LogDataset:
    """A form that records data: a variable of the notebook, a file, a folder or an address.

    It offers the data frames, arrays and datasets that the notebook has when it is shown, suggests a name,
    and says what it will record before it does. `project` is the one in use when left out.

        aip.panels.LogDataset()
    """

    def __init__(self, *, project: str | None = None) -> None:
        self._project = project
        self._namespace, hidden = _notebook()
        self._known = Counter[str]()
        """The names that there are, and how many contents each has."""
        self._suggested = ""
        self._busy = False
        self._thread: threading.Thread | None = None
        self.card: DatasetCard | None = None
        """What was recorded last."""
        self.fields = _fields(offered(self._namespace, hidden))
        self.outcome = widgets.HTML(layout=widgets.Layout(margin=f"0 0 0 {INDENT}"))
        self.button = widgets.Button(description="Record", button_style="primary", icon="database")
        self.button.layout = widgets.Layout(margin=f"6px 0 6px {INDENT}")
        self.result = widgets.HTML(layout=widgets.Layout(margin=f"0 0 0 {INDENT}"))
        inputs = widgets.VBox(
            [field.box for field in self.fields.values()], layout=widgets.Layout(width=WIDTH)
        )
        self.box = widgets.VBox([inputs, self.outcome, self.button, self.result])
        self._look()
        self._suggest()
        for name, field in self.fields.items():
            field.input.observe(partial(self._typed, name), names="value")
        self.button.on_click(lambda _: self.submit())
        self._check()

    def _repr_mimebundle_(self, **how: Any) -> Any:
        """The widgets; where none show, how to do the same."""
        shown = self.box._repr_mimebundle_(**how)
        data, metadata = shown if isinstance(shown, tuple) else (shown, {})
        return {**data, "text/plain": TEXT, "text/html": frame(dim(TEXT))}, metadata

    @property
    def entry(self) -> Entry:
        """What the fields hold now."""
        values = {name: field.input.value for name, field in self.fields.items()}
        return Entry(variable=values.pop("data") or None, **values)

    def submit(self) -> None:
        """Check, read the data and record it: of files in a thread, as is all that goes to the server."""
        entry = self.entry
        self._set_busy(True)
        self.result.value = ""
        try:
            asked = ask(entry.name.strip(), entry.said, self._project)
            read = partial(self._read, entry, _options(entry))
            found = None if entry.variable is None else read()
        except AipError as error:
            self._failed(error)
            return
        except BaseException:
            self._set_busy(False)
            raise
        self._thread = in_thread(lambda: self._store(asked, found or read()), self._failed, "aip-log-dataset")

    def wait(self) -> None:
        """Until it is recorded."""
        if self._thread is not None:
            self._thread.join()

    def _read(self, entry: Entry, how: Options) -> Captured:
        with Progress(f"reading {entry.name.strip()}", show=self._show_progress) as progress:
            if entry.variable is None:
                return capture(entry.path.strip(), "", progress, how)
            if entry.variable not in self._namespace:
                message = f"data: there is no variable {entry.variable!r} any more; show the form again"
                raise NotFound(message, field="data")
            return capture(self._namespace[entry.variable], f"variable {entry.variable}", progress, how)

    def _store(self, asked: Asked, found: Captured) -> None:
        self.card = store(asked, found)
        self._look()
        self._set_busy(False)
        self.result.value = self.card._repr_html_()

    def _look(self) -> None:
        """What there is already; whoever cannot be asked now may take data all the same."""
        with suppress(AipError):
            self._known = Counter(each.name for each in list_datasets(limit=1000, project=self._project))
            self.fields["name"].input.options = tuple(sorted(self._known))

    def _typed(self, name: str, change: object) -> None:
        self.fields[name].touched = True
        if name in ("data", "path"):
            self._suggest()
        self._check()

    def _suggest(self) -> None:
        """A name, unless there is one that somebody has typed."""
        field = self.fields["name"]
        if field.value in ("", self._suggested):
            self._suggested = suggested_name(self.entry)
            field.input.value = self._suggested

    def _check(self) -> None:
        """Show what is wrong with what was touched, what would be recorded, and whether the button works."""
        entry = self.entry
        wrong = problems(entry)
        self.fields["path"].box.layout.display = "none" if entry.variable else ""
        for name, field in self.fields.items():
            field.say(wrong.get(name, "") if field.touched else "")
        self.button.disabled = self._busy or bool(wrong)
        self.outcome.value = (
            "" if wrong.keys() & {"path", "name"} else frame(*map(_line, self._foretold(entry)))
        )

    def _foretold(self, entry: Entry) -> list[str]:
        data = self._namespace.get(entry.variable) if entry.variable else None
        name = entry.name.strip()
        count = self._known[name]
        so_far = f", which has {count} {'contents' if count > 1 else 'content'} so far"
        called = f"as {name}{so_far}" if count else f"as the new dataset {name}"
        return [f"records {' · '.join(outcome(entry, data))}", called, self._purpose(entry)]

    def _purpose(self, entry: Entry) -> str:
        try:
            run = active_run_in(self._project)
        except AipError:  # which project is in use is not known now
            return ""
        if run is None:
            return "of no run: none is active"
        if entry.output:
            return f"made by run {run.name}"
        return f"used by run {run.name} for {entry.said.purpose}"

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self._check()

    def _failed(self, error: AipError) -> None:
        self._set_busy(False)
        at = "path" if error.field == "data" and self.entry.variable is None else error.field
        if field := self.fields.get(at or ""):
            field.say(without_field(error))
            self.result.value = ""
        else:
            self.result.value = frame(element("span", error.message, class_="aip-bad", role="alert"))

    def _show_progress(self, progress: Progress) -> None:
        self.result.value = "" if progress.finished else frame(progress_html(progress))


def _notebook() -> tuple[Mapping[str, Any], Iterable[str]]:
    """The notebook's variables, and the names of those that nobody gave; none outside of one."""
    from IPython import get_ipython

    shell: Any = get_ipython()
    return ({}, ()) if shell is None else (shell.user_ns, shell.user_ns_hidden)


def _fields(found: list[tuple[str, str]]) -> dict[str, Field]:
    free = {"ensure_option": False}
    return {
        "data": Field(widgets.Dropdown, "Data", options=[*found, (ELSEWHERE, "")]),
        "path": Field(widgets.Text, "Path", placeholder="digits.csv, a folder, or s3://bucket/key"),
        "name": Field(widgets.Combobox, "Name", placeholder="digits", **free),
        "split": Field(widgets.Combobox, "Split", options=CHOICES["--split"], placeholder="none", **free),
        "context": Field(
            widgets.Combobox,
            "Used for",
            options=CHOICES["--context"],
            placeholder="as the split says",
            **free,
        ),
        "output": Field(widgets.Checkbox, "the run made it", indent=True),
        "tags": Field(widgets.Text, "Tags", placeholder="demo, owner=sales"),
        "profile": Field(widgets.Dropdown, "Look at rows", options=_ROWS),
    }


def _options(entry: Entry) -> Options:
    memory = Memory(destination().home)
    return Options(memory, whole=entry.profile == "all", profile=entry.profile != "none")


def _line(text: str) -> Html:
    return join([element("div", dim(text))])
