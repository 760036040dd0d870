"""Files of runs as people leave them behind: plain ones, and some with evil in them."""

from __future__ import annotations

import struct
import zlib

MARK = "document.title = 'it has run'"
"""What a script in a file would do; the tests look for its trace."""

TABLE = b'name,value\n"a, quoted",1\nplain,2\n'


def png(width: int = 160, height: int = 90) -> bytes:
    """A picture: a slope of grey."""

    def part(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    rows = b"".join(
        b"\0" + bytes((x + y) * 255 // (width + height) for x in range(width)) for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")
    )


PLAIN: dict[str, bytes] = {
    "checkpoints/epoch 1/weights.pt": bytes(range(256)) * 300,
    "checkpoints/epoch 2/weights.pt": bytes(range(256)) * 400,
    "config.json": b'{"lr": 0.1, "layers": [64, 10]}',
    "empty.txt": b"",
    "plots/slope.png": png(),
    "report.md": b"# A report\n\nIt *works*: **0.97**.\n",
    "table.csv": TABLE,
    "train.py": b"import aip_jupyter as aip\n\naip.log_metrics({'loss': 0.1})\n",
    "\u6a21\u578b \u2013 \xfc.ipynb": b"{}",
}

EVIL: dict[str, bytes] = {
    "evil.html": f"<!doctype html><title>quiet</title><script>{MARK}</script>".encode(),
    "evil.md": (
        f'# evil\n\n<script>{MARK}</script><img src=x onerror="{MARK}">'
        '<img alt="seen" src="http://tracker.invalid/x.png">'
        f'<iframe srcdoc="<script>parent.{MARK}</script>"></iframe>'
        f"\n\n[click](javascript:{MARK.replace(' ', '')})\n\n![seen](http://tracker.invalid/y.png)\n"
    ).encode(),
    "evil.png": f"<script>{MARK}</script>".encode(),
    "evil.svg": f'<svg xmlns="http://www.w3.org/2000/svg" onload="{MARK}"/>'.encode(),
    "evil.txt": f"<script>{MARK}</script>\u202eevil".encode(),
}
