"""What a session has printed that has ended: its journal is still in its folder, and read there."""

from __future__ import annotations

from pathlib import Path

from ...domain.sessions import Session
from ...wire.agent import OUTPUT, Answer, Order, unframed

READ = 8 * 1024 * 1024
"""About how many bytes one answer has, like an agent's."""


def output_of(folder: Path, session: Session, order: Order) -> Answer:
    """What the session's agent would answer to an order for output."""
    files = sorted((int(path.name.removeprefix(OUTPUT)), path) for path in folder.glob(f"{OUTPUT}*"))
    messages, size, oldest, newest = list[bytes](), 0, 0, 0
    for index, (first, path) in enumerate(files):
        following = files[index + 1][0] if index + 1 < len(files) else None
        if following is not None and following <= order.after + 1:
            oldest, newest = oldest or first, following - 1  # nothing in it is asked for
            continue
        for number, entry in enumerate(unframed(path.read_bytes()), first):
            oldest, newest = oldest or first, number
            if number > order.after:
                messages.append(entry)
                size += len(entry)
                if size >= READ:
                    return Answer(session=session, messages=messages, oldest=oldest, newest=newest)
    return Answer(session=session, messages=messages, oldest=oldest, newest=newest)
