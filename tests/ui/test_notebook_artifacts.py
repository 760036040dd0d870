"""The artifacts of a run in a notebook: their table, one click that downloads, and nothing that runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from .lab import LabPage, in_both_themes

_LOG = """%load_ext aip_jupyter
import struct, zlib
import aip_jupyter as aip

def chunk(name, data):
    return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))

pixels = zlib.compress(b''.join(b'\\0' + b'\\x40\\x80\\xc0' * 64 for _ in range(64)))
header = struct.pack('>IIBBBBB', 64, 64, 8, 2, 0, 0, 0)
png = b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', header) + chunk(b'IDAT', pixels) + chunk(b'IEND', b'')
with aip.start_run('shown in a table', system_metrics=False):
    aip.log_artifact(png, 'plots/blue & ü.png')
    aip.log_artifact(b'<script>window.ran = true</script>', 'page.html')
    aip.log_artifact(b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.ran = true"/>', 'fake.png')
    aip.log_artifact(b'# <img src=x onerror="window.ran = true">', 'notes.md')
    aip.log_artifact({'lr': 0.1}, 'conf.json')
"""


def test_a_table_with_a_download_by_one_click(lab_page: LabPage, screenshot: Callable[[str], None]) -> None:
    page = lab_page.page
    lab_page.open_notebook("artifacts.ipynb")
    lab_page.run(_LOG)
    lab_page.run("%artifacts 'shown in a table'")
    table = page.locator(".jp-OutputArea table").last
    expect(table.locator("tfoot")).to_contain_text("5 files")
    in_both_themes(lab_page, screenshot, "artifacts-in-a-notebook")
    with page.expect_download() as waiting:
        table.get_by_role("row", name="page.html").get_by_role("link", name="download").click()
    download = waiting.value
    assert download.suggested_filename == "page.html"
    assert Path(download.path()).read_text() == "<script>window.ran = true</script>"


def test_a_look_at_one_runs_nothing(lab_page: LabPage) -> None:
    page = lab_page.page
    lab_page.open_notebook("one-artifact.ipynb")
    lab_page.run(_LOG.replace("shown in a table", "looked at"))
    lab_page.run("%artifacts 'looked at' 'plots/blue & ü.png'")
    image = page.locator(".jp-OutputArea .aip img")
    expect(image).to_be_visible()
    assert image.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [64, 64]
    for name, shown in (
        ("page.html", "not shown here"),
        ("fake.png", "not shown here"),
        ("notes.md", "onerror"),
    ):
        lab_page.run(f"%artifacts 'looked at' {name}")
        expect(page.locator(".jp-OutputArea .aip").last).to_contain_text(shown)
    assert page.evaluate("() => window.ran") is None
