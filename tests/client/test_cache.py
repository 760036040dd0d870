"""The cache of downloaded files: bounded, the ones used longest ago go first, and it never fails anybody."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from aip_jupyter.client.cache import Cache
from aip_jupyter.domain.artifacts import Artifact


def put(cache: Cache, folder: Path, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    (folder / "source").write_bytes(content)
    cache.put(digest, folder / "source")
    return digest


def artifact(path: str, run: str = "r1") -> Artifact:
    return Artifact(id=f"{run}-{path}", owner_id=run, path=path, size=1, digest="00" * 32)


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "home", 100)
    first, second = put(cache, tmp_path, b"1" * 40), put(cache, tmp_path, b"2" * 40)
    for age, digest in enumerate((second, first)):
        os.utime(tmp_path / "home" / "cache" / digest, (age + 1, age + 1))
    third = put(cache, tmp_path, b"3" * 40)
    assert cache.find(second) is None
    for digest, content in ((first, b"1" * 40), (third, b"3" * 40)):
        path = cache.find(digest)
        assert path is not None
        assert path.read_bytes() == content
        assert path.stat().st_mode & 0o077 == 0
    assert (tmp_path / "home" / "cache").stat().st_mode & 0o077 == 0


def test_what_is_larger_than_the_cache_is_not_kept_nor_anything_when_it_is_off(tmp_path: Path) -> None:
    small, off = Cache(tmp_path / "home", 10), Cache(tmp_path / "other", 0)
    assert small.find(put(small, tmp_path, b"1" * 11)) is None
    assert off.find(put(off, tmp_path, b"1")) is None
    off.remember("here", "r1", [artifact("a")], whole=True)
    assert not (tmp_path / "other").exists()


def test_what_runs_have_is_remembered_by_name_and_id(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "home", 100)
    cache.remember("here", "baseline", [artifact("a"), artifact("b/c")], whole=True)
    cache.remember("here", "baseline", [artifact("b/d")], whole=False)
    assert [each.path for each in cache.recall("here", "baseline")] == ["a", "b/c", "b/d"]
    assert [each.path for each in cache.recall("here", "r1")] == ["a", "b/c", "b/d"]
    assert list(cache.recall("elsewhere", "baseline")) == []
    cache.remember("here", "baseline", [artifact("a")], whole=True)
    assert [each.path for each in cache.recall("here", "baseline")] == ["a"]


def test_a_cache_that_is_damaged_is_begun_anew(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "home", 100)
    (tmp_path / "home" / "cache").mkdir(parents=True)
    (tmp_path / "home" / "cache" / "names.db").write_bytes(b"no database " * 1000)
    assert list(cache.recall("here", "r1")) == []
    cache.remember("here", "r1", [artifact("a")], whole=True)
    assert len(cache.recall("here", "r1")) == 1
    (tmp_path / "file").touch()
    nowhere = Cache(tmp_path / "file", 100)
    assert nowhere.find(put(nowhere, tmp_path, b"1")) is None
    assert list(nowhere.recall("here", "r1")) == []
