"""The S3 storage against a real Ceph gateway: the contract."""

from __future__ import annotations

from ..contracts.storage import StorageContract
from ..support.buckets import address, ceph, clients, credentials, s3, storage

__all__ = ["address", "ceph", "clients", "credentials", "s3", "storage"]


class TestS3Storage(StorageContract):
    """Whole."""

    ROUNDS = 8
    THREADS, PIECES = 6, 8  # two neighbours share some
