"""Access tokens as they show themselves: what may be told of them. A new one is in `secrets`."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.access import TokenInfo
from .display import (
    Html,
    age_html,
    age_text,
    dim,
    element,
    frame,
    html_table,
    plain,
    text_table,
    until_html,
    until_text,
)
from .listing import Listing

_COLUMNS = ("name", "scope", "author", "made", "last used", "expires")


class TokenTable(Listing[TokenInfo]):
    """Access tokens, as a list that shows itself as a table."""

    def __init__(self, tokens: Sequence[TokenInfo], *, project: str) -> None:
        super().__init__(tokens)
        self._project = project

    def __repr__(self) -> str:
        if not self._items:
            return self._nothing()
        return text_table(_COLUMNS, [_text_cells(token) for token in self._items])

    def _repr_html_(self) -> str:
        if not self._items:
            return frame(dim(self._nothing()))
        return frame(html_table(_COLUMNS, [_html_cells(token) for token in self._items]))

    def _nothing(self) -> str:
        return f"No access tokens in project {self._project!r}. Make one with %aip token new NAME"


class TokenNote:
    """What has just been done with an access token."""

    def __init__(self, name: str, project: str, what: str) -> None:
        self.name = name
        self.project = project
        self._what = what

    def __repr__(self) -> str:
        return plain(f"Access token {self.name!r} of project {self.project!r} {self._what}")

    def _repr_html_(self) -> str:
        return frame(element("div", repr(self)))


def _text_cells(token: TokenInfo) -> tuple[str, ...]:
    used = age_text(token.last_used) if token.last_used else "never"
    return token.name, token.scope, token.author, age_text(token.created), used, until_text(token.expires)


def _html_cells(token: TokenInfo) -> tuple[str | Html, ...]:
    used = age_html(token.last_used) if token.last_used else dim("never")
    return token.name, token.scope, token.author, age_html(token.created), used, until_html(token.expires)
