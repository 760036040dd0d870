"""What is no server of ours, but answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.runs import GetRun
from aip_jupyter.errors import Unavailable


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """The address of what gives this answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [200, 502])
@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[]", b'{"run": "\xff"}', b'{"error": {"code": "x", "message": "\xff"}}', b"[" * 10**5],
)
def test_what_it_answers_is_one_error_that_says_so(status: int, body: bytes) -> None:
    with answering(status, body) as url:
        services = HttpServices(url, "")
        with pytest.raises(Unavailable):
            services.runs.get_run(GetRun(run="a"))
        services.close()
