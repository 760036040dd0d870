"""What `aip flush` does with uploads that wait: it sends them, shows them, drops them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..client.connect import Connection
from ..client.kept import Kept, kept_ids, waiting
from ..client.kept_sender import send_kept
from .commands import print_table, time_text


def kept_named(home: Path, words: Sequence[str]) -> list[str]:
    """The uploads that wait and whose ids begin with one of these words."""
    return [id for id in kept_ids(home) if words and id.startswith(tuple(words))]


def send_uploads(connection: Connection, only: Sequence[str] = ()) -> bool:
    """Send them all, or only some; whether none is left of those."""
    if not kept_ids(connection.settings.home):
        return True
    sent = send_kept(connection, connection.settings.home, only, wait=True)
    for reason in sent.kept.values():
        print(f"KEPT   {reason}")
    print(f"{sent.files:,} artifacts of {sent.uploads} uploads sent, {sent.size:,} bytes")
    return not sent.kept


def show_uploads(home: Path, only: Sequence[str] = ()) -> None:
    """A table of those that wait, or only of some; nothing when none does."""
    found = [kept for kept in waiting(home) if not only or kept.id in only]
    if found:
        print_table(("UPLOAD", "BEGUN", "FILES", "BYTES", "PROJECT", "STORE", "RUN"), map(_row, found))


def _row(kept: Kept) -> tuple[str, ...]:
    about = kept.about
    return (
        kept.id,
        time_text(kept.created),
        f"{kept.count:,}",
        f"{kept.size:,}",
        about.project or "(the one in use)",
        about.store,
        about.run_name or about.run,
    )
