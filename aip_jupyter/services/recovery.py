"""Finding and mending what a crash left behind: at start-up, and by `%aip check`.

Work in progress is never touched: a holder counts as gone only when it is provably dead, or when what it
holds is older than the grace time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..backends.process import is_alive, is_dead
from ..backends.registry.protocol import RegistryBackend
from ..backends.storage.protocol import StorageBackend
from ..backends.tracking.protocol import TrackingBackend
from ..domain.artifacts import Blob, Claim
from ..domain.changes import Delete, Intent
from ..domain.lineage import reference_to
from ..domain.records import now_ms
from ..domain.system import CheckReport, Finding
from ..errors import NotFound
from .blobs import BLOCK, drop_claim
from .finding import open_intents
from .links import links_to, withdraw_links


@dataclass
class StoreCheck:
    """One look at a store. `mend` also repairs; `verify` reads every blob."""

    registry: RegistryBackend
    storage: StorageBackend
    tracking: TrackingBackend
    grace: float
    mend: bool = True
    verify: bool = False
    findings: list[Finding] = field(default_factory=list)

    def run(self) -> CheckReport:
        """Everything, in the order in which one repair makes the next possible."""
        before = time.time()
        self.after_a_crash()
        # Blobs, then claims, then records: what is under way is in at least one of the later two.
        blobs = {blob.digest: blob for blob in self.storage.blobs()}
        claimed = {digest for claim in self.storage.claims() for digest in claim.digests}
        named = {*self.registry.digests(), *self.tracking.digests()}
        for digest in sorted(named - blobs.keys()):
            if not self._has(digest):  # it may have been published since
                self._tell("missing_bytes", f"sha256:{digest} is named by a record but not stored", False)
        for digest in sorted(blobs.keys() - named - claimed):
            self._orphan(blobs[digest], before)
        if self.verify:
            self._verify(blob for digest, blob in blobs.items() if digest in named)
        return CheckReport(
            named=len(named),
            blobs=len(blobs),
            bytes=sum(blob.size for blob in blobs.values()),
            findings=self.findings,
        )

    def after_a_crash(self) -> None:
        """Undo registrations whose process is gone, drop the claims and half uploads of dead processes."""
        for intent in open_intents(self.registry):
            if self._gone(intent.holder, intent.created):
                self._intent(intent)
        for claim in self.storage.claims():
            if self._gone(claim.holder, claim.created):
                self._claim(claim)
        self._staging()

    def _intent(self, intent: Intent) -> None:
        if self.mend:
            links = links_to(self.tracking, intent.project, reference_to("version", intent.target))
            withdraw_links(self.registry, self.tracking, links)
            self.registry.apply([Delete(Intent, intent.id)])
        self._tell("cut_registration", f"registration {intent.target} was cut before its record", self.mend)

    def _claim(self, claim: Claim) -> None:
        removed = 0
        if self.mend:
            removed = drop_claim(self.registry, self.tracking, self.storage, claim.id)
        what = f"upload {claim.id} was cut; {removed} of its {len(claim.digests)} blobs removed"
        self._tell("cut_registration", what, self.mend)

    def _gone(self, holder: str, created: int) -> bool:
        if is_dead(holder):
            return True
        return not is_alive(holder) and now_ms() - created > self.grace * 1000

    def _staging(self) -> None:
        if self.mend and (swept := self.storage.sweep()):
            self._tell("left_over", f"{swept} unfinished uploads of dead processes", True)

    def _orphan(self, blob: Blob, before: float) -> None:
        """Bytes that nothing names stay for the grace time: somebody may be about to use them again."""
        if self.mend and self.storage.remove(blob.digest, before - self.grace):
            self._tell("orphaned_bytes", f"sha256:{blob.digest} ({blob.size:,} bytes)", True)
        elif self._has(blob.digest):
            self._tell(
                "orphaned_bytes", f"sha256:{blob.digest} ({blob.size:,} bytes), kept until it is older", False
            )

    def _verify(self, blobs: Iterator[Blob]) -> None:
        for blob in blobs:
            hasher = hashlib.sha256()
            with self.storage.open(blob.digest) as source:
                while block := source.read(BLOCK):
                    hasher.update(block)
            if hasher.hexdigest() != blob.digest:
                self._tell("damaged_bytes", f"sha256:{blob.digest} does not match its bytes", False)

    def _has(self, digest: str) -> bool:
        try:
            self.storage.stat(digest)
        except NotFound:
            return False
        return True

    def _tell(self, kind: str, what: str, mended: bool) -> None:
        self.findings.append(Finding(kind=kind, what=what, mended=mended))  # type: ignore[arg-type]
