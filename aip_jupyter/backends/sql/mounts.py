"""Where SQLite must not live: its write-ahead log needs memory that is shared, which no network disk has."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from ...errors import Unavailable

NETWORK = re.compile(
    r"(fuse\.)?(acfs|afpfs|afs|beegfs|ceph|cifs|coda|davfs|gfs2?|glusterfs|gpfs|lustre|ncpfs|nfs4?|ocfs2"
    r"|orangefs|panfs|pvfs2|smb[23]?|smbfs|webdav|wekafs)"
    r"|fuse\.(blobfuse2?|ceph-fuse|curlftpfs|dbfs|gcsfuse|goofys|juicefs|mount-s3|rclone|s3fs|s3ql|seaweedfs"
    r"|sshfs)"
)
"""The types of file systems that several machines share."""

Mount = tuple[str, str]
"""Where it is mounted, and its file system's type."""


def refuse_network(path: Path, mounts: Iterable[Mount] | None = None) -> None:
    """Raise Unavailable when the file is, or would be, on a network file system."""
    kind = file_system(path, this_machine() if mounts is None else mounts)
    if NETWORK.fullmatch(kind):
        message = (
            f"the store {path} is on a network file system ({kind}), where SQLite loses data; "
            "set AIP_HOME to a folder on a local disk"
        )
        raise Unavailable(message)


def file_system(path: Path, mounts: Iterable[Mount]) -> str:
    """The type of the file system that the path is on; "" when unknown. Links are followed."""
    real = os.path.realpath(path)
    best = ("", "")
    for point, kind in mounts:
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        # a later mount on the same point hides the earlier one
        if inside and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1].lower()


def this_machine() -> list[Mount]:
    """What is mounted here."""
    import psutil

    return [(part.mountpoint, part.fstype) for part in psutil.disk_partitions(all=True)]
