"""A session's messages, sent on to the notebook's front end as they are: content, metadata, buffers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..sessions.messages import Message


class Replay:
    """Sends messages under one request of the front end. From any thread: iopub has a queue of its own.

    `clear_output`, updates of a display and MIME types that nobody has heard of need no code here.
    """

    def __init__(self, kernel: Any, parent: Mapping[str, Any]) -> None:
        self._kernel = kernel
        self.parent = parent

    def show(self, message: Message) -> None:
        """Send it on."""
        metadata = {} if message.metadata == b"{}" else message.read_metadata()
        self.send(message.type, message.content, metadata, message.buffers)

    def send(
        self, kind: str, content: Any, metadata: Mapping[str, Any] = {}, buffers: Sequence[Any] = ()
    ) -> None:
        """Send this; the content as JSON or as a dict."""
        self._kernel.session.send(
            self._kernel.iopub_socket,
            kind,
            content,
            parent=self.parent,
            ident=self._kernel._topic(kind),
            metadata=dict(metadata),
            buffers=list(buffers),
        )
