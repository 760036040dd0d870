"""What a storage backend does: keep bytes under their SHA-256, and claims on bytes not yet named by a record.

The order that loses nothing: stage → write → commit (publishes under a claim) → records → release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

from ...domain.artifacts import Blob, Claim
from ...domain.system import Capability

Progress = Callable[[int], None]
"""Called with the number of bytes done since the last call."""


class Staging(Protocol):
    """Bytes on their way in. Leaving the `with` block without `commit` drops them."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append. StorageFull when there is no room; then nothing is kept."""

    def commit(self, expected: str = "") -> Blob:
        """Publish atomically under the claim. Invalid when `expected` is given and differs."""

    def abort(self) -> None:
        """Drop what was written. After commit or abort this does nothing.

        It may come from another thread while one writes or commits; it then waits for that.
        """

    def __enter__(self) -> Staging: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class StorageBackend(Protocol):
    """Content-addressed bytes. Safe to use from several threads and processes.

    Every method may raise Unavailable. The tests in `tests/contracts/storage.py` are the definition.
    """

    capabilities: frozenset[Capability]

    @property
    def location(self) -> str:
        """Where the bytes are, for people; never with credentials."""

    def stage(self, claim: str, project: str, holder: str) -> Staging:
        """Begin to store one blob under a claim (made when it is the first of this id).

        Conflict when the claim's id belongs to another project.
        """

    def put_file(
        self, path: Path, claim: str, project: str, holder: str, progress: Progress | None = None
    ) -> Blob:
        """Store a copy of a local file (by reflink where the disk has it, never a hard link).

        Invalid when it is no regular file, or changes while it is read.
        """

    def hold(self, digest: str, claim: str, project: str, holder: str) -> Blob:
        """Put bytes that are there under a claim, as if they had been stored again. NotFound: there are none.

        Who knows a digest need not have the bytes: the services see to whose they are.
        """

    def open(self, digest: str) -> BinaryIO:
        """The bytes, seekable. NotFound when there are none.

        What was opened is read on after its removal when the store gives it; else a read raises NotFound.
        """

    def stat(self, digest: str) -> Blob:
        """NotFound when there are no such bytes."""

    def claims(self) -> list[Claim]:
        """All claims of all projects."""

    def get_claim(self, claim: str) -> Claim:
        """NotFound when there is none."""

    def release(self, claim: str) -> None:
        """Forget a claim; its blobs stay until collected. A claim that is not there is no error."""

    def blobs(self) -> Iterator[Blob]:
        """All published blobs."""

    def rename_claim(self, claim: str, to: str) -> Claim:
        """Give a claim another id, atomically: what it holds stays held. NotFound when there is none."""

    def remove(self, digest: str, before: float, beside: str = "") -> bool:
        """Remove a blob that no claim (besides `beside`) holds, last published or claimed before `before`.

        `before` is in seconds since the epoch, as `time.time()` gives it; the blob's own time is set
        from the same clock on every publication and claim, also of bytes that were there already.
        Both conditions are checked atomically against other processes: whoever reads the time, then
        the claims and the records, then calls this, cannot remove what was claimed, recorded and
        released meanwhile. True when removed, False when kept or not there.
        """

    def sweep(self) -> int:
        """Drop what dead writers left in staging; how many."""

    def check(self) -> str:
        """Try a write without effect; what was found, in one line. Raises when it fails."""

    def close(self) -> None:
        """Give back what is held. Closing twice is no error."""
