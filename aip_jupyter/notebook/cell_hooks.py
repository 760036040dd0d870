"""What looks at every cell of a shell: at its text before it runs, at its beginning and at its end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class CellHooks(ABC):
    """Hooks of one shell, until they are removed."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        shell.input_transformers_post.append(self.transform)
        shell.events.register("pre_run_cell", self._begins)
        shell.events.register("post_run_cell", self._ended)

    def remove(self) -> None:
        """Let go of the shell."""
        self._shell.input_transformers_post.remove(self.transform)
        self._shell.events.unregister("pre_run_cell", self._begins)
        self._shell.events.unregister("post_run_cell", self._ended)

    @abstractmethod
    def transform(self, lines: list[str]) -> list[str]:
        """The lines that are run instead of these."""

    @abstractmethod
    def _begins(self, info: Any) -> None:
        """A cell begins, perhaps inside another one."""

    @abstractmethod
    def _ended(self, result: Any) -> None:
        """The cell that began last has ended; there is no result of one that was interrupted in an await.

        The cell in which the extension was loaded ends without having begun here.
        """
