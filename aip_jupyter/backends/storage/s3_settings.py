"""What the address of an S3 storage says: `s3://bucket/prefix?endpoint=…&region=…&ca=…&addressing=…&profile=…`.

Credentials are never in it: boto3 finds them in the server's environment, in a profile, or from the machine.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

from ...errors import Invalid

Addressing = Literal["path", "virtual"]
Direct = Literal["yes", "kernels", "no"]

_FORM = "s3://bucket/prefix?endpoint=https://host:port"
_OPTIONS = ("endpoint", "region", "ca", "addressing", "profile", "direct")


class S3Settings(Struct, frozen=True, kw_only=True):
    """Where the bucket is, and how to talk to it."""

    bucket: str
    prefix: str = ""
    """Empty, or ends with a slash."""
    endpoint: str = ""
    """Empty for AWS, or where boto3's own settings say."""
    region: str = ""
    ca: str = ""
    """A file with the certificates to trust; empty for the system's."""
    addressing: Addressing | None = None
    """`path` puts the bucket into the path, `virtual` into the host's name. None: boto3 decides."""
    profile: str = ""
    direct: Direct = "yes"
    """Who is sent to the store itself: kernels and browsers, only kernels, nobody."""

    @property
    def location(self) -> str:
        """For people; it holds no credentials."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/") + (
            f" at {self.endpoint}" if self.endpoint else ""
        )


def read_address(url: str, environ: Mapping[str, str] = os.environ) -> S3Settings:
    """The settings in an address; `CEPH_ENDPOINT_URL` counts where it has no endpoint. Invalid says why."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _invalid(f"this is no address; it looks like {_FORM}") from error
    if parts.scheme != "s3" or not parts.hostname:
        raise _invalid(f"the s3 storage needs an address such as {_FORM}")
    if "@" in parts.netloc:
        raise _invalid(
            "leave the credentials out of the address; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for "
            "the server, or name a profile"
        )
    if port is not None or parts.fragment:
        raise _invalid(f"after s3:// comes the bucket; the server's address is an option: {_FORM}")
    options = _options(parts.query)
    endpoint = _endpoint(options.get("endpoint") or environ.get("CEPH_ENDPOINT_URL", ""))
    addressing = options.get("addressing") or ("path" if endpoint else None)
    if addressing not in (None, "path", "virtual"):
        raise _invalid("addressing is path or virtual")
    direct = options.get("direct", "yes")
    if direct not in ("yes", "kernels", "no"):
        raise _invalid("direct is yes, kernels or no")
    prefix = unquote(parts.path).strip("/")
    return S3Settings(
        bucket=parts.netloc,
        prefix=f"{prefix}/" if prefix else "",
        endpoint=endpoint,
        region=options.get("region", ""),
        ca=options.get("ca", ""),
        addressing=cast("Addressing | None", addressing),
        profile=options.get("profile", ""),
        direct=cast("Direct", direct),
    )


def _options(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name in options:
        if name not in _OPTIONS:
            raise _invalid(f"there is no option {name[:40]!r}; there are {', '.join(_OPTIONS)}")
    return options


def _endpoint(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc):
        raise _invalid(
            "the endpoint is an address such as https://ceph.example.org:8080, without credentials"
        )
    return url


def _invalid(what: str) -> Invalid:
    return Invalid(f"storage_url: {what}", field="storage_url")
