"""Only where the libraries are: see `make test-frameworks`."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("torch") else ["test_lightning.py"]
