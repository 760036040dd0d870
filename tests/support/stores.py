"""Fresh stores for tests that need one, and not what makes it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aip_jupyter.backends.sql import migrate


@contextmanager
def copied_stores(fresh: Path) -> Iterator[None]:
    """In this process, a store that is not there yet begins as a copy of this one: no steps are applied."""
    make = migrate._migrate

    def copy(path: Path) -> None:
        beside = path.with_name(f"{path.name}-{os.getpid()}")
        try:
            if path.exists():
                raise FileExistsError(path)
            migrate._create(beside)
            shutil.copyfile(fresh, beside)
            beside.replace(path)  # others may look at it already
        except OSError:
            make(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "_migrate", copy)
        yield
