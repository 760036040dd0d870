"""A TCP proxy that does what networks do: resets connections in the middle, and changes bytes."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

_BLOCK = 65_536


class Proxy:
    """Passes on what comes, until it is told otherwise. `up` is towards the server."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._left: dict[str, int] = {}
        """Bytes until a connection is reset, by direction; and until a byte is changed."""
        self.resets = 0
        self.changes = 0
        self.passed = 0
        """Bytes that went up."""
        self._alarm: tuple[int, Callable[[], object]] | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The endpoint to use in place of the target's."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def reset_after(self, count: int, direction: str) -> None:
        """Once so many more bytes have passed, reset the connection that brings the next ones."""
        with self._lock:
            self._left[direction] = count

    def change_after(self, count: int) -> None:
        """Once so many more bytes have gone up, change one."""
        with self._lock:
            self._left["change"] = count

    def when_passed(self, count: int, call: Callable[[], object]) -> None:
        """Once so many bytes have gone up in all, call this."""
        with self._lock:
            self._alarm = count, call

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)  # type: ignore[arg-type]
                threading.Thread(target=self._serve, args=(client, server), daemon=True).start()

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        with client, server:
            down = threading.Thread(target=self._pass, args=(server, client, "down"), daemon=True)
            down.start()
            self._pass(client, server, "up")
            down.join()

    def _pass(self, source: socket.socket, target: socket.socket, direction: str) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_BLOCK):
                if self._over(direction, len(data)):
                    self.resets += 1
                    for end in (source, target):
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        end.shutdown(socket.SHUT_RDWR)
                    return
                if direction == "up" and self._over("change", len(data)):
                    self.changes += 1
                    data = data[:-1] + bytes([data[-1] ^ 1])
                if direction == "up":
                    self._count(len(data))
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def _count(self, count: int) -> None:
        with self._lock:
            self.passed += count
            alarm = self._alarm if self._alarm and self.passed >= self._alarm[0] else None
            if alarm:
                self._alarm = None
        if alarm:
            alarm[1]()

    def _over(self, what: str, count: int) -> bool:
        with self._lock:
            if what not in self._left:
                return False
            self._left[what] -= count
            if self._left[what] > 0:
                return False
            del self._left[what]
            return True


@contextlib.contextmanager
def proxy(target: str) -> Iterator[Proxy]:
    """A proxy in front of a server."""
    with contextlib.closing(Proxy(target)) as running:
        yield running
