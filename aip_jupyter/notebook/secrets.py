"""Secrets that the user is given: shown where nothing is kept of what is shown, and nowhere else.

The outputs of a notebook are saved with it. So a new token's secret is in none of them: the sidebar's
renderer gets the token's id, and fetches the secret from the server into the page.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from ..domain.access import DownloadLink, NewToken
from ..errors import Conflict, Invalid
from ..redaction import Secret, keep_secret
from .display import code, dim, element, frame, html_facts, plain, text_facts, until_text

SECRET_MIME = "application/vnd.aip.secret+json"  # noqa: S105  # a media type
"""What tells a front end which secret it may fetch: the token's project, id and name."""

_SIDEBAR = "The AIP sidebar of JupyterLab shows the token here, once. Elsewhere: "
_ELSEWHERE = (
    "`.write_to(path)` writes it to a file that only you can read, and `aip token new` in a terminal makes "
    "one without a notebook. `.text` is the token itself: printing it would save it in the notebook."
)


class NewTokenCard:
    """An access token that was made just now. Its secret is in `.text` this one time, and never shown.

    `fetched` tells that the front end can get it from the server.
    """

    def __init__(self, token: NewToken, *, fetched: bool) -> None:
        self.info = token.info
        self._advice = (_SIDEBAR if fetched else "") + _ELSEWHERE
        self._fetched = fetched
        self._text = Secret(token.text)
        keep_secret(token.text)

    @property
    def text(self) -> str:
        """The token, secret and all. Printing it would save it in the notebook."""
        return self._text

    def write_to(self, path: str | os.PathLike[str]) -> Path:
        """Write the token to a new file that only you can read (0600), and nothing but the token.

        Raises Conflict when there is a file of this name already, Invalid when it cannot be written.
        """
        target = Path(path).expanduser()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            descriptor = os.open(target, flags, 0o600)
        except FileExistsError as error:
            message = f"path: there is a file {str(target)!r} already; give another name"
            raise Conflict(message, field="path") from error
        except OSError as error:
            message = f"path: {str(target)!r} cannot be written: {error.strerror}"
            raise Invalid(message, field="path") from error
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(self._text.encode())
        except OSError as error:
            target.unlink()
            message = f"path: {str(target)!r} cannot be written: {error.strerror}"
            raise Invalid(message, field="path") from error
        return target

    def __repr__(self) -> str:
        return "\n".join([text_facts([("new token", self.info.name), *self._facts()]), self._advice])

    def __reduce__(self) -> NoReturn:
        """A pickle would keep the secret."""
        raise TypeError("a new token cannot be pickled: its secret would be kept; use .write_to(path)")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Without the secret: what is displayed is kept in the notebook."""
        info = self.info
        bundle: dict[str, Any] = {"text/html": self._html(), "text/plain": repr(self)}
        if self._fetched:
            bundle[SECRET_MIME] = {"project": info.project, "token": info.id, "name": info.name}
        return bundle

    def _ipython_display_(self) -> None:
        """In a terminal, the secret itself: there nothing is kept."""
        if not in_terminal():
            raise NotImplementedError  # IPython then shows the bundle: its display protocol
        facts = text_facts([("new token", self.info.name), *self._facts()])
        print(f"{facts}\nIt is shown this once:\n\n{self._text}\n")

    def _html(self) -> str:
        parts = self._advice.split("`")
        words = [code(part) if index % 2 else dim(part) for index, part in enumerate(parts)]
        title = element("div", f"New access token {self.info.name}", class_="aip-title")
        return frame(title, html_facts(self._facts()), *words)

    def _facts(self) -> list[tuple[str, str]]:
        info = self.info
        return [("project", info.project), ("scope", info.scope), ("expires", until_text(info.expires))]


class DownloadLinkCard:
    """An address that gives a file's bytes to whoever has it, for a short time. It does not show itself."""

    def __init__(self, link: DownloadLink, base_url: str, what: str) -> None:
        self.expires = link.expires
        """Milliseconds since the epoch, UTC."""
        self._what = what
        self._url = Secret(f"{base_url.rstrip('/')}/{link.path}")
        keep_secret(link.path.partition("=")[2])

    @property
    def url(self) -> str:
        """The whole address. Printing it would save it in the notebook."""
        return self._url

    def __repr__(self) -> str:
        left = until_text(self.expires)
        valid = "expired" if left == "expired" else f"ends {left}"
        return plain(f"download link for {self._what}, {valid}; .url is the address, for whoever has it")

    def _repr_html_(self) -> str:
        return frame(element("div", repr(self)))


def in_terminal() -> bool:
    """Whether a person reads what is shown now in a terminal, so that nothing of it is kept."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is None and sys.stdout.isatty()
