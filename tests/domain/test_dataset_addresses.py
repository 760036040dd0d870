"""Addresses of data: what tells one content from another stays, what lets somebody in does not."""

from __future__ import annotations

import pytest

from aip_jupyter.domain.datasets import public_uri


@pytest.mark.parametrize(
    "address",
    [
        "s3://bucket/raw/2024.parquet?versionId=3HL4kqtJlcpXroDTDmJ",
        "gs://bucket/raw.csv#1579287380533984",
        "gs://bucket/raw.csv?generation=1579287380533984",
        "https://host/x.csv?etag=%22686897696a7c876b7e%22&part=2",
        "abfss://container@account.dfs.core.windows.net/raw",
        "hf://datasets/org/name@revision/train.parquet",
        "data/tokens.csv?token=1",
    ],
)
def test_versions_and_paths_stay(address: str) -> None:
    assert public_uri(address) == address


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://me:s3cret@host:8443/x", "https://host:8443/x"),
        ("https://s3cret@host/x", "https://host/x"),
        (
            "https://b.s3.amazonaws.com/x?versionId=3&X-Amz-Signature=s3cret&X-Amz-Security-Token=s3cret",
            "https://b.s3.amazonaws.com/x?versionId=3",
        ),
        ("https://b/x?X%2DAmz%2DSignature=s3cret", "https://b/x"),
        ("https://b/x?AWSAccessKeyId=s3cret&Signature=s3cret&Expires=9", "https://b/x?Expires=9"),
        (
            "https://a.blob.core.windows.net/c/x?sv=2022&sig=s3cret",
            "https://a.blob.core.windows.net/c/x?sv=2022",
        ),
        ("https://host/x?key=s3cret&pwd=s3cret", "https://host/x"),
        ("https://host/x#access_token=s3cret&page=2", "https://host/x#page=2"),
        ("abfss://name:s3cret@account/x", "abfss://account/x"),
        ("gcs://bucket/x", "gs://bucket/x"),
    ],
)
def test_credentials_go(address: str, kept: str) -> None:
    assert public_uri(address) == kept
