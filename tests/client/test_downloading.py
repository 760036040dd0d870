"""Downloads from a real server that are cut: gone on with, verified, and nothing half there."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from aip_jupyter.client import downloading, uploading
from aip_jupyter.client.http import HttpServices
from aip_jupyter.client.transport import ROUTE_OF
from aip_jupyter.domain.artifacts import FileRef, GetArtifact, LogArtifacts, UploadBlob
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import Invalid, Unavailable
from aip_jupyter.notebook.files import find_files
from aip_jupyter.wire.ranges import entity_tag

from ..support.live import LiveServer, free_port, live_server
from ..support.proxy import Proxy, proxy

CONTENT = os.urandom(6 * 2**20)
"""Too little to come straight from a store, enough to be cut."""


class Stored(NamedTuple):
    """A file of a run, and the server that has it."""

    server: LiveServer
    artifact: str
    digest: str

    @property
    def request(self) -> GetArtifact:
        return GetArtifact(artifact=self.artifact)

    @property
    def path(self) -> str:
        return f"aip/v1/projects/default/artifacts/{self.artifact}/content"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    with live_server(tmp_path_factory.mktemp("server")) as server:
        services = server.services()
        claim = new_id()
        blob = services.blobs.upload(UploadBlob(claim=claim), CONTENT)
        file = FileRef(path="a.bin", digest=blob.digest, size=blob.size)
        (artifact,) = services.artifacts.log_artifacts(LogArtifacts(run=new_id(), claim=claim, files=[file]))
        services.close()
        yield Stored(server, artifact.id, blob.digest)


@pytest.fixture
def between(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setattr(downloading, "AGAIN", (0.0, 0.0))
    with proxy(stored.server.url) as running:
        yield running


@pytest.fixture
def services(between: Proxy, stored: Stored) -> Iterator[HttpServices]:
    services = HttpServices(between.url, stored.server.token)
    yield services
    services.close()


@pytest.mark.parametrize("cut", [100_000, 2**20 + 7, 5 * 2**20, len(CONTENT) - 1])
def test_what_is_cut_on_the_way_is_gone_on_with(
    between: Proxy, services: HttpServices, stored: Stored, tmp_path: Path, cut: int
) -> None:
    progress: list[int] = []
    between.reset_after(cut, "down")
    services.blobs.download(stored.request, tmp_path / "a.bin", progress.append)
    assert between.resets == 1
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert os.listdir(tmp_path) == ["a.bin"]
    assert sum(progress) == len(CONTENT)


def test_the_next_download_goes_on_where_a_killed_process_was(stored: Stored, tmp_path: Path) -> None:
    part = tmp_path / f".aip-{stored.digest[:32]}.part"
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from aip_jupyter.client.http import HttpServices\n"
        "from aip_jupyter.domain.artifacts import GetArtifact\n"
        "url, token, artifact, target = sys.argv[1:]\n"
        "done = 0\n"
        "def progress(count):\n"
        "    global done\n"
        "    done += count\n"
        "    if done >= 2 * 2**20:\n"
        "        print('there', flush=True)\n"
        "        time.sleep(60)\n"
        "HttpServices(url, token).blobs.download(GetArtifact(artifact=artifact), Path(target), progress)\n"
    )
    arguments = [stored.server.url, stored.server.token, stored.artifact, str(tmp_path / "a.bin")]
    child = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"there\n"
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    assert os.listdir(tmp_path) == [part.name]
    before = part.stat().st_size
    assert before >= 2**20
    with proxy(stored.server.url) as between:
        between.reset_after(len(CONTENT), "down")  # all of it would not pass
        services = HttpServices(between.url, stored.server.token)
        services.blobs.download(stored.request, tmp_path / "a.bin")
        services.close()
        assert between.resets == 0
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("left", [b"something else", b"x" * (len(CONTENT) + 1), CONTENT])
def test_what_lies_there_of_something_else_does_no_harm(
    services: HttpServices, stored: Stored, tmp_path: Path, left: bytes
) -> None:
    part = tmp_path / f".aip-{stored.digest[:32]}.part"
    part.write_bytes(left)
    services.blobs.download(stored.request, tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_link_in_the_place_of_what_has_arrived_is_not_followed(
    services: HttpServices, stored: Stored, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / f".aip-{stored.digest[:32]}.part").symlink_to("mine")
    with pytest.raises(Unavailable):
        services.blobs.download(stored.request, tmp_path / "a.bin")
    assert (tmp_path / "mine").read_text() == "mine"


def test_two_downloads_of_the_same_do_not_disturb_each_other(
    services: HttpServices, stored: Stored, tmp_path: Path
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def one(name: str) -> Path:
        return services.blobs.download(stored.request, tmp_path / name)

    with ThreadPoolExecutor(4) as pool:
        for path in pool.map(one, "abca"):
            assert path.read_bytes() == CONTENT
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "c"]


def test_nobody_there_is_told_at_once_and_leaves_nothing(stored: Stored, tmp_path: Path) -> None:
    services = HttpServices(f"http://127.0.0.1:{free_port()}/", "")
    route = ROUTE_OF["blobs.download"]
    source = services.blobs._transport.source(route, stored.path.removeprefix("aip/v1"), stored.digest)
    with pytest.raises(Unavailable):
        downloading.fetch(source, stored.digest, tmp_path / "a.bin")
    services.close()
    assert os.listdir(tmp_path) == []


def test_an_upload_that_is_cut_is_sent_again(
    between: Proxy, services: HttpServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "AGAIN", (0.0,))
    content = os.urandom(len(CONTENT))
    (tmp_path / "a").write_bytes(content)
    (file,) = find_files(tmp_path / "a", "path")
    progress: list[int] = []
    between.reset_after(len(content) // 2, "up")
    (ref,) = uploading.upload_files(services.blobs, UploadBlob(claim=new_id()), [file], progress.append)
    assert (between.resets, ref.digest) == (1, hashlib.sha256(content).hexdigest())
    assert sum(progress) == len(content)


def test_a_file_that_changes_on_its_way_is_not_stored(services: HttpServices, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(CONTENT)
    (file,) = find_files(tmp_path / "a", "path")

    def change(count: int) -> None:
        with (tmp_path / "a").open("ab") as out:
            out.write(b"more")

    with pytest.raises(Invalid, match="'a' changed"):
        uploading.upload_files(services.blobs, UploadBlob(claim=new_id()), [file], change)


def test_ranges_are_answered_as_the_standard_has_it(stored: Stored) -> None:
    with stored.server.http() as client:
        whole = client.get(stored.path)
        assert (whole.status_code, whole.headers["Accept-Ranges"]) == (200, "bytes")
        assert whole.headers["ETag"] == entity_tag(stored.digest)
        part = client.get(stored.path, headers={"Range": "bytes=5-8"})
        assert (part.status_code, part.content) == (206, CONTENT[5:9])
        assert part.headers["Content-Range"] == f"bytes 5-8/{len(CONTENT)}"
        assert "sandbox" in part.headers["Content-Security-Policy"]
        end = client.get(stored.path, headers={"Range": "bytes=-3"})
        assert (end.status_code, end.content) == (206, CONTENT[-3:])
        beyond = client.get(stored.path, headers={"Range": f"bytes={len(CONTENT)}-"})
        assert (beyond.status_code, beyond.content) == (416, b"")
        other = client.get(stored.path, headers={"Range": "bytes=5-8", "If-Range": '"other"'})
        assert (other.status_code, len(other.content)) == (200, len(CONTENT))
    services = stored.server.services()
    assert services.blobs.read_head(stored.request, 10) == CONTENT[:10]
    services.close()
    assert hashlib.sha256(CONTENT).hexdigest() == stored.digest


def test_an_empty_file_goes_both_ways(services: HttpServices, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    claim = new_id()
    refs = uploading.upload_files(
        services.blobs, UploadBlob(claim=claim), list(find_files(tmp_path / "empty", "path"))
    )
    (artifact,) = services.artifacts.log_artifacts(LogArtifacts(run=new_id(), claim=claim, files=refs))
    target = services.blobs.download(GetArtifact(artifact=artifact.id), tmp_path / "back")
    assert (artifact.size, target.read_bytes()) == (0, b"")
    assert services.blobs.read_head(GetArtifact(artifact=artifact.id), 10) == b""
