"""Storages in the gateway that the tests share: one bucket, a prefix of its own for each test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.storage import s3_bucket
from aip_jupyter.backends.storage.s3 import S3Storage, open_storage
from aip_jupyter.backends.storage.s3_settings import S3Settings

from .ceph import ACCESS_KEY, SECRET_KEY, Gateway, gateway

BUCKET = "tests"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Nothing of whoever runs the tests."""


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A running gateway, one for all processes of this run."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with gateway(folder / "ceph") as running:
        yield running


@pytest.fixture(scope="module")
def credentials() -> Iterator[None]:
    """The gateway's first user, as boto3 finds it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("AWS_", "CEPH_")):
                patch.delenv(name)
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def s3(ceph: Gateway, credentials: None) -> Any:
    """A client of boto3's own, for what a storage does not do; the bucket is there."""
    client = boto3.client("s3", endpoint_url=ceph.url, region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def address(s3: Any, ceph: Gateway) -> str:
    """That of an empty storage."""
    return address_at(ceph.url)


def address_at(endpoint: str) -> str:
    """That of an empty storage, by way of an endpoint."""
    return f"s3://{BUCKET}/a prefix/{uuid.uuid4().hex}?endpoint={endpoint}"


_MAKE = s3_bucket._make_client
_made: dict[str, Any] = {}


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Storages share a client: to make one takes boto3 a tenth of a second."""

    def shared(settings: S3Settings) -> Any:
        if settings.endpoint not in _made:
            _made[settings.endpoint] = _MAKE(settings)
        return _made[settings.endpoint]

    monkeypatch.setattr(s3_bucket, "_make_client", shared)


@pytest.fixture
def storage(address: str, clients: None) -> Iterator[S3Storage]:
    """An empty storage."""
    storage = open_at(address)
    yield storage
    storage.close()


def open_at(address: str) -> S3Storage:
    """The storage at an address."""
    return open_storage(BackendConfig(home=Path("/nonexistent"), url=address))
