"""A session in the launcher form: what it is, and what to do with it."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from ..domain.sessions import Session
from .display import dim, element, frame
from .gpu_context import notebook_path
from .gpu_tables import gpu_text

_BUTTON = "110px"

Act = Callable[[Session], None]


class SessionRow:
    """One line. To stop it asks first, since the variables are gone with the session."""

    def __init__(self, session: Session, *, interrupt: Act, stop: Act) -> None:
        self.session = session
        self.interrupt_button = _button("Interrupt", "stop-circle-o", disabled=session.state != "busy")
        self.stop_button = _button("Stop", "power-off")
        self.sure_button = _button("Stop it", "power-off", button_style="danger")
        self.keep_button = _button("Keep it", "undo")
        label = widgets.HTML(_label(session), layout=widgets.Layout(flex="1 1 auto", min_width="0"))
        question = widgets.HTML(frame(dim("Its variables will be gone.")))
        self._question = widgets.HBox([question, self.sure_button, self.keep_button])
        self._question.layout.align_items = "center"
        self._usual = widgets.HBox([self.interrupt_button, self.stop_button])
        self.box = widgets.HBox([label, self._usual, self._question])
        self.box.layout = widgets.Layout(align_items="center", flex_flow="row wrap")
        self._ask(False)
        self.interrupt_button.on_click(lambda _: interrupt(session))
        self.stop_button.on_click(lambda _: self._ask(True))
        self.keep_button.on_click(lambda _: self._ask(False))
        self.sure_button.on_click(lambda _: stop(session))

    @property
    def asks(self) -> bool:
        """Whether it waits for an answer."""
        return bool(self._question.layout.display != "none")

    def _ask(self, asks: bool) -> None:
        self._usual.layout.display = "none" if asks else ""
        self._question.layout.display = "" if asks else "none"


def _button(description: str, icon: str, **how: object) -> widgets.Button:
    return widgets.Button(description=description, icon=icon, layout=widgets.Layout(width=_BUTTON), **how)


def _label(session: Session) -> str:
    ours = session.notebook and session.notebook == notebook_path()
    notebook = "this notebook" if ours else session.notebook.rpartition("/")[2]
    text = " · ".join(fact for fact in (gpu_text(session), session.state, notebook) if fact)
    return frame(element("div", element("strong", session.name), " ", dim(text)))
