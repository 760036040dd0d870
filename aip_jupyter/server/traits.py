"""Trait types of our own."""

from __future__ import annotations

from typing import Any

from traitlets import TraitError, Unicode

from ..backends.plugins import Seam, installed


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
