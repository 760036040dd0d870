"""What a cell has logged is stored before it ends: who looks next, in the notebook, finds it.

Without that a notebook would ask for a run a moment before its session has sent what belongs to it.
"""

from __future__ import annotations

import sys

PATIENCE = 2.0
"""Seconds that the end of a cell waits for the store."""

_JOURNALS = "aip_jupyter.client.journals"
_is_worth_it = True
"""Whether the store has taken all within that time when a cell last waited."""


def store_logged() -> None:
    """Wait for it; not at all where nothing was logged, or where the store does not keep up anyway."""
    global _is_worth_it
    module = sys.modules.get(_JOURNALS)  # a session that logs nothing never loads it
    if module is None:
        return
    if not any(journal.count_unsent() for journal in module.JOURNALS.all()):
        _is_worth_it = True
    elif _is_worth_it:
        _is_worth_it = not module.JOURNALS.flush(PATIENCE)
