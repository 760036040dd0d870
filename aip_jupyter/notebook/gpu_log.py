"""What a session has printed, read from the journal that its agent keeps."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from ..domain.sessions import GetOutput, OutputMessage
from ..services.interface import Sessions

REACHES = (500, 10_000)
"""How many messages are looked at, the last ones: most often the first number has all the lines."""


def read_log(sessions: Sessions, request: GetOutput, lines: int) -> str:
    """The last lines of text: what was printed, what was shown as text, tracebacks."""
    kept: list[str] = []
    for reach in REACHES:
        kept = "".join(_texts(sessions, replace(request, after=-reach, limit=1000))).splitlines()
        if len(kept) > lines:  # one more: the first may have begun before
            break
    return "\n".join(kept[-lines:])


def _texts(sessions: Sessions, request: GetOutput) -> Iterator[str]:
    while (output := sessions.get_output(request)).messages:
        yield from map(_text, output.messages)
        request = replace(request, after=output.newest)


def _text(message: OutputMessage) -> str:
    if not message.cell:  # what the kernel says while it starts
        return ""
    if message.type == "stream":
        return str(message.content["text"])
    if message.type == "error":
        return "\n".join(message.content["traceback"]) + "\n"
    if message.type in ("display_data", "execute_result") and "text/plain" in message.content["data"]:
        return f"{message.content['data']['text/plain']}\n"
    return ""
