"""Trait types of our own."""

from __future__ import annotations

import ast
from typing import Any

from traitlets import List, TraitError, Unicode

from ..backends.plugins import Seam, installed
from ..services.settings import split_list


class Names(List[str]):
    """A list of names. On a command line, `a,b` is what it is in the environment; traitlets' own list takes
    what is no Python list for None, without a word, which would be no restriction at all.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Unicode(), None, allow_none=True, **kwargs)

    def from_string(self, s: str) -> Any:
        return ast.literal_eval(s) if s.startswith("[") else list(split_list(s))

    def from_string_list(self, s_list: list[str]) -> Any:
        return [name for s in s_list for name in self.from_string(s)]


class BackendName(Unicode[Any, Any]):
    """The name of an installed backend: an entry point. Its help, and its error, list the choices."""

    def __init__(self, seam: Seam, **kwargs: Any) -> None:
        self.seam = seam
        kwargs["help"] = f"{kwargs.get('help', '')} Installed: {', '.join(sorted(installed(seam)))}."
        super().__init__(allow_none=True, default_value=None, **kwargs)

    def validate(self, obj: Any, value: Any) -> Any:
        value = super().validate(obj, value)
        choices = installed(self.seam)
        if value is not None and value not in choices:
            raise TraitError(
                f"{self.seam}: there is no backend {value!r}; installed are: {', '.join(sorted(choices))}"
            )
        return value
