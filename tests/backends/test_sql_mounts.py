"""A store is refused on file systems that several machines share."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.registry.sqlite import open_registry
from aip_jupyter.backends.sql import mounts
from aip_jupyter.errors import Unavailable

TABLE = [
    ("/", "ext4"),
    ("/home", "nfs4"),
    ("/home/ada/local", "xfs"),
    ("/mnt/share", "CIFS"),
    ("/mnt/shared disk", "btrfs"),
    ("/scratch", "ext4"),
    ("/scratch", "lustre"),
    ("/remote", "fuse.sshfs"),
    ("/bucket", "fuse.s3fs"),
    ("/usb", "fuseblk"),
    ("/boxed", "fuse.gocryptfs"),
]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/store.db", "ext4"),
        ("/home/ada/store.db", "nfs4"),
        ("/home/ada/local/store.db", "xfs"),
        ("/homework/store.db", "ext4"),
        ("/mnt/share/store.db", "cifs"),
        ("/mnt/shared disk/store.db", "btrfs"),
        ("/scratch/store.db", "lustre"),
        ("/remote/a/../../home/ada/local/x/store.db", "xfs"),
    ],
)
def test_the_longest_mount_point_counts(path: str, kind: str) -> None:
    assert mounts.file_system(Path(path), TABLE) == kind


def test_nothing_is_known_without_mounts() -> None:
    assert mounts.file_system(Path("/home/store.db"), []) == ""
    mounts.refuse_network(Path("/home/store.db"), [])


@pytest.mark.parametrize("folder", ["/home/ada", "/mnt/share", "/scratch", "/remote", "/bucket"])
def test_network_file_systems_are_refused(folder: str) -> None:
    with pytest.raises(Unavailable, match="AIP_HOME") as caught:
        mounts.refuse_network(Path(folder) / "store.db", TABLE)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("folder", ["/var", "/home/ada/local", "/mnt/shared disk", "/usb", "/boxed"])
def test_local_ones_are_not(folder: str) -> None:
    mounts.refuse_network(Path(folder) / "store.db", TABLE)


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "near").symlink_to(tmp_path / "far")
    table = [("/", "ext4"), (str(tmp_path / "far"), "nfs")]
    with pytest.raises(Unavailable):
        mounts.refuse_network(tmp_path / "near" / "store.db", table)


def test_this_machine_has_a_root() -> None:
    assert "/" in {point for point, _ in mounts.this_machine()}


def test_no_store_is_made_on_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "this_machine", lambda: [("/", "ext4"), (str(tmp_path), "nfs")])
    registry = open_registry(BackendConfig(home=tmp_path))
    with closing(registry), pytest.raises(Unavailable, match="network file system"):
        registry.check()
    assert list(tmp_path.iterdir()) == []
