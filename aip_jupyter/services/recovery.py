"""Finding and mending what a crash left behind: at start-up, and by `%aip check`.

Work in progress is never touched: a holder counts as gone only when it is provably dead, or when what it
holds is older than the grace time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..backends.process import is_alive, is_dead
from ..domain.artifacts import Blob, Claim
from ..domain.changes import Delete, Intent
from ..domain.lineage import reference_to
from ..domain.records import now_ms
from ..domain.system import CheckReport, Finding
from ..errors import NotFound
from .blobs import BLOCK, drop_claim
from .finding import named_digests, open_intents
from .links import links_to, withdraw_links
from .losses import losers
from .purging import Purged, only_named_by, purge, to_purge

if TYPE_CHECKING:
    from .local import Platform


@dataclass
class StoreCheck:
    """One look at a store. `mend` also repairs; `verify` reads every blob."""

    platform: Platform
    mend: bool = True
    verify: bool = False
    grace: float = -1
    """Seconds for which bytes stay that nothing names; less than 0: the configured time."""
    findings: list[Finding] = field(default_factory=list)
    _blobs: dict[str, Blob] = field(default_factory=dict)
    _cut: list[Claim] = field(default_factory=list)
    """The claims that would be dropped."""

    def __post_init__(self) -> None:
        platform = self.platform
        self._registry, self._tracking, self._storage = platform.registry, platform.tracking, platform.storage
        self._grace = platform.settings.garbage_grace if self.grace < 0 else self.grace

    def run(self) -> CheckReport:
        """Everything, in the order in which one repair makes the next possible."""
        before = time.time()
        purged = purge(self.platform) if self.mend else to_purge(self.platform)
        # Blobs, then claims, then records: what is under way is in at least one of the later two.
        self._blobs = {blob.digest: blob for blob in self._storage.blobs()}
        self.after_a_crash()
        cut = {claim.id for claim in self._cut}
        claimed = held_by(claim for claim in self._storage.claims() if claim.id not in cut)
        named = set(named_digests(self._registry, self._tracking))
        missing = [digest for digest in named - self._blobs.keys() if not self._has(digest)]
        self._lost("missing_bytes", "is not stored", missing)  # what was published since is there
        free = self._blobs.keys() - claimed - named
        self._tell_cut(free)
        for digest in sorted(free - held_by(self._cut)):
            self._orphan(self._blobs[digest], before)
        self._tell_purged(purged, claimed)
        if self.verify:
            damaged = [digest for digest in sorted(named & self._blobs.keys()) if self._is_damaged(digest)]
            self._lost("damaged_bytes", "does not match its bytes", damaged)
        return CheckReport(
            named=len(named),
            blobs=len(self._blobs),
            bytes=sum(blob.size for blob in self._blobs.values()),
            freed=sum(finding.size for finding in self.findings),
            findings=self.findings,
        )

    def after_a_crash(self) -> None:
        """Undo registrations whose process is gone, drop the claims and half uploads of dead processes."""
        for intent in open_intents(self._registry):
            if self._gone(intent.holder, intent.created):
                self._intent(intent)
        for claim in self._storage.claims():
            if self._gone(claim.holder, claim.created):
                self._claim(claim)
        self._staging()

    def _intent(self, intent: Intent) -> None:
        is_version = intent.action == "register_version"
        if self.mend:
            if is_version:
                links = links_to(self._tracking, intent.project, reference_to("version", intent.target))
                withdraw_links(self._registry, self._tracking, links)
            self._registry.apply([Delete(Intent, intent.id)])
        what = "registration" if is_version else "the logging of what was uploaded under"
        self._tell("cut_registration", f"{what} {intent.target} was cut before its record", self.mend)

    def _claim(self, claim: Claim) -> None:
        """Drop it; without mending `run` tells of it, when it knows what else has its bytes."""
        if not self.mend:
            self._cut.append(claim)
            return
        removed = drop_claim(self._registry, self._tracking, self._storage, claim.id)
        size = sum(blob.size for digest in removed if (blob := self._blobs.pop(digest, None)))
        what = f"upload {claim.id} was cut; {len(removed)} of its {len(claim.digests)} blobs removed"
        self._tell("cut_registration", what, True, size)

    def _tell_cut(self, free: Set[str]) -> None:
        left = set(free)
        for claim in self._cut:
            its = left.intersection(claim.digests)
            left -= its
            what = (
                f"upload {claim.id} was cut; {len(its)} of its {len(claim.digests)} blobs are nobody else's"
            )
            self._tell("cut_registration", what, False, self._size(its))

    def _gone(self, holder: str, created: int) -> bool:
        if is_dead(holder):
            return True
        return not is_alive(holder) and now_ms() - created > self._grace * 1000

    def _staging(self) -> None:
        if self.mend and (swept := self._storage.sweep()):
            self._tell("left_over", f"{swept} unfinished uploads of dead processes", True)

    def _orphan(self, blob: Blob, before: float) -> None:
        """Bytes that nothing names stay for the grace time: somebody may be about to use them again."""
        what = f"sha256:{blob.digest} ({blob.size:,} bytes)"
        if not self.mend:
            self._tell("orphaned_bytes", f"{what}, removed when it is old enough", False, blob.size)
        elif self._storage.remove(blob.digest, before - self._grace):
            self._tell("orphaned_bytes", what, True, blob.size)
        elif self._has(blob.digest):
            self._tell("orphaned_bytes", f"{what}, kept until it is older", False)

    def _tell_purged(self, purged: Purged, claimed: Set[str]) -> None:
        """What was purged, or would be, and then with the bytes that nothing else would name."""
        left = only_named_by(self.platform, purged) & self._blobs.keys() - claimed
        for line, digests in purged.told():
            its = left.intersection(digests)
            left -= its
            self._tell("purged", line, self.mend, self._size(its))

    def _lost(self, kind: str, what: str, digests: Collection[str]) -> None:
        """Nothing can be made up for what is lost: whose it is, is told."""
        names = losers(self.platform, digests)
        for digest in sorted(digests):
            self._tell(kind, f"sha256:{digest} {what}: {names[digest]}", False)

    def _is_damaged(self, digest: str) -> bool:
        hasher = hashlib.sha256()
        try:
            with self._storage.open(digest) as source:
                while block := source.read(BLOCK):
                    hasher.update(block)
        except NotFound:  # removed since, with its last record
            return False
        return hasher.hexdigest() != digest

    def _has(self, digest: str) -> bool:
        try:
            self._storage.stat(digest)
        except NotFound:
            return False
        return True

    def _size(self, digests: Iterable[str]) -> int:
        return sum(self._blobs[digest].size for digest in digests)

    def _tell(self, kind: str, what: str, mended: bool, size: int = 0) -> None:
        finding = Finding(kind=kind, what=what, mended=mended, size=size)  # type: ignore[arg-type]
        self.findings.append(finding)


def held_by(claims: Iterable[Claim]) -> set[str]:
    """The digests that these hold."""
    return {digest for claim in claims for digest in claim.digests}
