"""The registration form: `%register_model` without arguments.

It checks as one types. Saving the object holds the kernel, since the object must not change meanwhile; the
upload runs in a thread, and cells can run beside it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from ..domain.models import Model, VersionDetail
from ..errors import AipError, NotFound
from .api import list_models
from .connection import base_url, connect, what_is_in_use
from .display import dim, element, frame
from .form_rules import Entry, outcome, problems, without_field
from .namespace import estimators
from .progress import Progress, progress_html
from .register import check_details, packed, refuse_taken, run_for, send
from .tables import VersionCard

if TYPE_CHECKING:
    from ..client.connect import Connection

LABEL_WIDTH = "110px"
INDENT = "120px"
"""Where inputs begin: behind the label and the margins that widgets have."""
WIDTH = "min(100%, 600px)"
FILE_CHOICE = "a file or folder …"

_log = logging.getLogger(__name__)


class Field:
    """An input with its label, and a line below it for what is wrong."""

    def __init__(self, kind: Any, label: str, **how: Any) -> None:
        style = {"description_width": LABEL_WIDTH}
        self.input = kind(description=label, style=style, layout=widgets.Layout(width="auto"), **how)
        self.message = widgets.HTML(layout=widgets.Layout(margin=f"0 0 4px {INDENT}", display="none"))
        self.box = widgets.VBox([self.input, self.message])
        self.touched = False

    @property
    def value(self) -> str:
        """The text in it."""
        return self.input.value or ""

    @property
    def problem(self) -> str:
        """The message as it is shown; "" when none is."""
        return str(self.message.value)

    def say(self, problem: str) -> None:
        """Show what is wrong, or nothing."""
        self.message.value = _bad(problem) if problem else ""
        self.message.layout.display = "" if problem else "none"


class RegisterForm:
    """A form that registers a model of the namespace, or files."""

    def __init__(self, namespace: Mapping[str, Any], hidden: Iterable[str] = ()) -> None:
        self._namespace = namespace
        self._in_use = what_is_in_use(connect())
        self._known: dict[str, Model] = {}
        self._busy = False
        self._thread: threading.Thread | None = None
        self.fields = self._make_fields(estimators(namespace, hidden))
        self.outcome = widgets.HTML(layout=widgets.Layout(margin=f"0 0 0 {INDENT}"))
        self.button = widgets.Button(description="Register", button_style="primary", icon="upload")
        self.button.layout = widgets.Layout(margin=f"6px 0 6px {INDENT}")
        self.result = widgets.HTML(layout=widgets.Layout(margin=f"0 0 0 {INDENT}"))
        self.box = widgets.VBox(
            [
                *(field.box for field in self.fields.values()),
                self.outcome,
                self.button,
                self.result,
            ],
            layout=widgets.Layout(width=WIDTH),
        )
        self._know_models()
        for name, field in self.fields.items():
            field.input.observe(lambda _, name=name: self._typed(name), names="value")
        self.button.on_click(lambda _: self.submit())
        self._check()

    def _make_fields(self, candidates: list[str]) -> dict[str, Field]:
        objects = [(f"{name} – {type(self._namespace[name]).__name__}", name) for name in candidates]
        categories = self._in_use.categories
        choice: dict[str, Any] = {"options": [("–", ""), *((name, name) for name in categories)]}
        return {
            "object": Field(widgets.Dropdown, "Object", options=[*objects, (FILE_CHOICE, "")]),
            "path": Field(widgets.Text, "Path", placeholder="weights.bin, or a folder"),
            "name": Field(widgets.Combobox, "Name", placeholder="digits-clf"),
            "version": Field(widgets.Text, "Version", placeholder="automatic, or such as v1.0"),
            "category": Field(widgets.Dropdown, "Category", **choice)
            if categories
            else Field(widgets.Text, "Category"),
            "tags": Field(widgets.Text, "Tags", placeholder="demo, stage=test"),
            "description": Field(widgets.Textarea, "Description", rows=2),
        }

    def _repr_mimebundle_(self, **how: Any) -> Any:
        return self.box._repr_mimebundle_(**how)

    @property
    def entry(self) -> Entry:
        """What the fields hold now."""
        values = {name: field.value for name, field in self.fields.items()}
        return Entry(variable=values.pop("object") or None, **values)

    def submit(self) -> None:
        """Check, save, and let a thread upload and register."""
        entry = self.entry
        self._set_busy(True)
        self.result.value = ""
        progress = Progress(f"registering {entry.name}", show=self._show_progress)
        # The thread closes it; here only what fails before there is one.
        stack = ExitStack()
        try:
            connection = connect()  # %aip may have made another one since
            project = connection.project
            details = check_details(entry.details(project, run_for(project)), self._in_use.categories)
            refuse_taken(connection, details)
            stack.enter_context(progress)
            package = stack.enter_context(packed(self._source(entry), progress))
        except AipError as error:
            stack.close()
            self._failed(error)
            return
        except BaseException:
            stack.close()
            self._set_busy(False)
            raise

        def work() -> None:
            with stack:
                detail = send(connection, details, package, progress)
            self._registered(connection, detail, package.notes)

        self._thread = in_thread(work, self._failed, "aip-register")

    def wait(self) -> None:
        """Until the upload is over."""
        if self._thread is not None:
            self._thread.join()

    def _source(self, entry: Entry) -> Any:
        if entry.variable is None:
            return Path(entry.path.strip())
        if entry.variable not in self._namespace:
            message = f"object: there is no variable {entry.variable!r} any more; show the form again"
            raise NotFound(message, field="object")
        return self._namespace[entry.variable]

    def _registered(self, connection: Connection, detail: VersionDetail, notes: list[str]) -> None:
        card = VersionCard(detail, base_url=base_url(connection, self._in_use), notes=notes)
        self.fields["version"].input.value = ""
        with suppress(AipError):  # it is registered, whether or not the list can be read again
            self._know_models()
        self._set_busy(False)
        self.result.value = card._repr_html_()

    def _know_models(self) -> None:
        self._known = {model.name: model for model in list_models(limit=1000)}
        self.fields["name"].input.options = tuple(sorted(self._known))

    def _typed(self, name: str) -> None:
        self.fields[name].touched = True
        self._check()

    def _check(self) -> None:
        """Show what is wrong with what was touched, what would be made, and whether the button works."""
        entry = self.entry
        wrong = problems(entry)
        self.fields["path"].box.layout.display = "none" if entry.variable else ""
        for name, field in self.fields.items():
            field.say(wrong.get(name, "") if field.touched else "")
        self.button.disabled = self._busy or bool(wrong)
        self.outcome.value = "" if "name" in wrong else frame(dim(outcome(entry, self._known)))

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self._check()

    def _failed(self, error: AipError) -> None:
        self._set_busy(False)
        field = self.fields.get(error.field or "")
        if field is not None:
            field.say(without_field(error))
        else:
            self.result.value = _bad(error.message)

    def _show_progress(self, progress: Progress) -> None:
        self.result.value = "" if progress.finished else frame(progress_html(progress))


def in_thread(
    work: Callable[[], None],
    failed: Callable[[AipError], None],
    name: str,
    ended: Callable[[], None] = lambda: None,
) -> threading.Thread:
    """Do it in a thread of this name. There `failed` is told why it has failed, and `ended` comes last."""

    def guard() -> None:
        try:
            work()
        except AipError as error:
            failed(error)
        except Exception as error:  # noqa: BLE001  # the outermost guard of a thread
            _log.exception("a form could not do it")
            failed(AipError(f"{type(error).__name__}: {error}"))
        finally:
            ended()

    thread = threading.Thread(target=guard, name=name, daemon=True)
    thread.start()
    return thread


def _bad(problem: str) -> str:
    return frame(element("span", problem, class_="aip-bad", role="alert"))
