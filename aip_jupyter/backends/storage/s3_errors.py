"""What S3, or the way to it, says: as errors of ours, with what to do next and never with a secret.

An answer's own text is not shown: some stores put access keys and whole requests into it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from botocore import exceptions as boto
from urllib3.exceptions import HTTPError

from ...errors import AipError, StorageFull, Unavailable
from .s3_settings import S3Settings

_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the server's environment, or the profile"
_REGIONS = ("AuthorizationHeaderMalformed", "PermanentRedirect", "301", "IllegalLocationConstraintException")

_ADVICE = {
    "NoSuchBucket": "there is no bucket {bucket!r}; make it, or correct AIP_STORAGE_URL",
    "InvalidBucketName": "{bucket!r} is no name of a bucket; correct AIP_STORAGE_URL",
    "InvalidAccessKeyId": "the access key is not known there; look at " + _KEYS,
    "SignatureDoesNotMatch": "the secret key is not that of the access key; look at " + _KEYS,
    "ExpiredToken": "the credentials have expired; renew them, see " + _KEYS,
    "InvalidToken": "the session token is not valid; renew the credentials, see " + _KEYS,
    "AccessDenied": "the access key has no right to do this; let it read, write, list, delete in {bucket!r}",
    "403": "the access key is not known there, or has no right; look at " + _KEYS,
    "RequestTimeTooSkewed": "this machine's clock is more than 15 minutes off; set it",
    "SlowDown": "it is asked too much at once; try again in a minute",
    "503": "it does not answer now; try again in a minute",
}
_FULL = ("QuotaExceeded", "EntityTooLarge", "InsufficientStorage", "XMinioStorageFull", "507")


@contextlib.contextmanager
def s3_errors(settings: S3Settings) -> Iterator[None]:
    """Raise what boto3 says of this bucket as StorageFull or Unavailable."""
    try:
        yield
    except (boto.BotoCoreError, boto.ClientError, HTTPError) as error:
        raise _explain(error, settings) from None


def status_of(error: Any) -> int:
    """The HTTP status of a ClientError."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def code_of(error: Any) -> str:
    """S3's own word for a ClientError; the HTTP status where an answer has no body."""
    return str(error.response.get("Error", {}).get("Code", "")) or str(status_of(error))


def _explain(error: Exception, settings: S3Settings) -> AipError:
    where = f"storage: {settings.location}"
    if isinstance(error, boto.ClientError):
        code = code_of(error)
        if code in _FULL:
            return StorageFull(f"{where}: no room ({code}); delete what is not needed, or raise the quota")
        if code in _REGIONS:
            return Unavailable(f"{where}: the bucket is in another region; add region=… to AIP_STORAGE_URL")
        advice = _ADVICE.get(code) or _ADVICE.get(str(status_of(error)), "look at the log of that store")
        return Unavailable(f"{where}: {advice.format(bucket=settings.bucket)} ({code})")
    if isinstance(
        error, (boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError)
    ):
        return Unavailable(f"{where}: there are no credentials; set {_KEYS}=… in AIP_STORAGE_URL")
    if isinstance(error, boto.ProfileNotFound):
        message = f"{where}: there is no profile {settings.profile!r}; add it to ~/.aws/config of the server"
        return Unavailable(message)
    if isinstance(error, boto.SSLError):
        message = (
            "its certificate is not trusted; give the file with its authority as ca=… in AIP_STORAGE_URL"
        )
        return Unavailable(f"{where}: {message}")
    if isinstance(error, (boto.ParamValidationError, boto.InvalidRegionError)):
        return Unavailable(f"{where}: bucket or region cannot be right; correct AIP_STORAGE_URL")
    kind = type(error).__name__
    return Unavailable(
        f"{where}: no answer ({kind}); is it running, and is the endpoint in AIP_STORAGE_URL right?"
    )
