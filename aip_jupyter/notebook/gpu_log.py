"""What a session has printed, read from the journal that its agent keeps."""

from __future__ import annotations

from collections import deque

from msgspec.structs import replace

from ..domain.sessions import GetOutput, OutputMessage
from ..services.interface import Sessions

REACH = 10_000
"""How many messages are looked at, at most: the last ones."""


def read_log(sessions: Sessions, request: GetOutput, lines: int) -> str:
    """The last lines of text: what was printed, what was shown as text, tracebacks."""
    request, texts = replace(request, after=-REACH, limit=1000), deque[str](maxlen=REACH)
    while True:
        output = sessions.get_output(request)
        if not output.messages:
            break
        texts.extend(map(_text, output.messages))
        request = replace(request, after=output.newest)
    kept = "".join(texts).splitlines()[-lines:]
    return "\n".join(kept)


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
