"""Claims in S3, which has no locks: small objects whose names are never used again, so that a late request of
somebody slow can only undo his own.

    claims/<id>/<group>          claim <id> is this group; renaming a claim gives its groups another name
    claims/<id>/<group>.moved    made once, by the one who renames it away from <id>
    groups/<group>/head          whose it is; a group without is dead, and holds nothing
    groups/<group>/<time>-<digest>    what it holds, in order

What holds a blob is asked of the blob's marks (`s3_marks`). A claim has a group per process that adds to it.
"""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import ExitStack

import msgspec
from msgspec.structs import replace

from ...domain import names
from ...domain.artifacts import Claim
from ...domain.records import now_ms
from . import refusals
from .s3_bucket import Bucket
from .s3_marks import Marks

_MOVED = ".moved"


class S3Claims:
    """The claims of one store."""

    def __init__(self, bucket: Bucket, marks: Marks) -> None:
        self._bucket = bucket
        self._marks = marks
        self._lock = threading.Lock()
        self._own: dict[str, tuple[str, str]] = {}
        """By claim: the group that this process has made of it, which may be gone by now, and its project."""

    def make(self, id: str, project: str, holder: str) -> str:
        """Our group of the claim, made unless it is there. Conflict when it belongs to another project."""
        with self._lock:
            found = self._named(id)
            self._check_project(id, found, project)
            own, _ = self._own.get(id, ("", ""))
            if own in found:
                return own
            group = uuid.uuid4().hex
            head = Claim(id=id, project=project, holder=holder, created=now_ms(), digests=[])
            self._bucket.put(f"groups/{group}/head", msgspec.json.encode(head))
            self._bucket.put(f"claims/{id}/{group}")
            with ExitStack() as undo:
                undo.callback(self._drop, id, group)
                # Another project may have been at it, unseen so far; then each of the two sees the other now.
                self._check_project(id, self._named(id), project)
                undo.pop_all()
            self._own[id] = group, project
            return group

    def add(self, id: str, project: str, holder: str, digest: str) -> None:
        """Put a digest under the claim; when it returns, `Marks.claimed` of the digest shows it.

        When the claim is given up meanwhile it is made again, for otherwise it would hold nothing.
        """
        group, owner = self._own.get(id, ("", ""))
        if owner != project:
            group = self.make(id, project, holder)
        while True:
            entry = f"groups/{group}/{time.time_ns():020d}-{digest}"
            self._bucket.together(self._bucket.put, [entry, self._marks.name(digest, group)])
            if self._bucket.size(f"claims/{id}/{group}") is not None:
                return
            group = self.make(id, project, holder)

    def get(self, id: str) -> Claim:
        """NotFound when there is none."""
        found = [self._group(group) for group in self._named(names.check_id(id, "claim"))]
        claim = _joined(id, [each for each in found if each])
        if claim is None:
            raise refusals.no_claim(id)
        return claim

    def all(self) -> list[Claim]:
        """Those that are there now; what a rename that was cut has left is tidied up."""
        ids: dict[str, set[str]] = {}
        for item in self._bucket.list("claims/").items:
            _, id, name = item.key.split("/")
            ids.setdefault(id, set()).add(name)
        moved = [(id, name) for id, found in ids.items() for name in found if name + _MOVED in found]
        for id, group in moved:
            self._forget(id, group)
        pairs = [(id, name) for id in sorted(ids) for name in _unmoved(ids[id])]
        claims = self._bucket.together(self._group, [group for _, group in pairs])
        parts: dict[str, list[Claim]] = {}
        for (id, _), claim in zip(pairs, claims, strict=True):
            if claim:
                parts.setdefault(id, []).append(claim)
        return [claim for id, found in parts.items() if (claim := _joined(id, found))]

    def groups(self, id: str) -> set[str]:
        """What holds for this claim; empty when there is none."""
        return set(self._named(id)) if id else set()

    def rename(self, id: str, to: str) -> Claim:
        """Give a claim another id. NotFound when there is none, or somebody else renames it just now."""
        for each in (id, to):
            names.check_id(each, "claim")
        self._own.pop(id, None)
        moved = [group for group in self._named(id) if self._move(id, to, group)]
        if not moved:
            raise refusals.no_claim(id)
        return self.get(to)

    def release(self, id: str) -> None:
        """Forget a claim."""
        self._own.pop(id, None)
        for group in self._named(id):
            self._drop(id, group)

    def _move(self, id: str, to: str, group: str) -> bool:
        """False when another was faster. The group always has a name, so that it holds all the while."""
        ours = uuid.uuid4().bytes
        marker = f"claims/{id}/{group}{_MOVED}"
        self._bucket.put(f"claims/{to}/{group}")
        # An answer that was lost makes the request be repeated, and then it is our own marker that is there.
        won = self._bucket.put_new(marker, ours) or self._bucket.get(marker) == ours
        # A marker can be made again when all is done, and the name gone.
        if not won or self._bucket.size(f"claims/{id}/{group}") is None:
            self._bucket.delete([f"claims/{to}/{group}", *([marker] if won else [])])
            return False
        self._forget(id, group)
        return True

    def _forget(self, id: str, group: str) -> None:
        """The name first: without its marker it would be a claim again."""
        self._bucket.delete([f"claims/{id}/{group}"])
        self._bucket.delete([f"claims/{id}/{group}{_MOVED}"])

    def _named(self, id: str) -> list[str]:
        """The groups that a claim is."""
        prefix = f"claims/{id}/"
        return _unmoved({item.key.removeprefix(prefix) for item in self._bucket.list(prefix).items})

    def _group(self, group: str) -> Claim | None:
        """What a group holds, and for whom. None when it is dead."""
        head = self._bucket.get(f"groups/{group}/head")
        if head is None:
            return None
        found = self._bucket.list(f"groups/{group}/").items
        digests = [item.key[-64:] for item in found if not item.key.endswith("/head")]
        return replace(msgspec.json.decode(head, type=Claim), digests=digests)

    def _check_project(self, id: str, groups: list[str], project: str) -> None:
        for group in groups:
            if (group, project) == self._own.get(id):
                continue
            head = self._bucket.get(f"groups/{group}/head")
            if head is not None and msgspec.json.decode(head, type=Claim).project != project:
                raise refusals.foreign_claim(id)

    def _drop(self, id: str, group: str) -> None:
        """Its head first: were it cut after the name, the group would hold for ever."""
        self._bucket.delete([f"groups/{group}/head"])
        self._bucket.delete([f"claims/{id}/{group}"])
        self._bucket.delete([item.key for item in self._bucket.list(f"groups/{group}/").items])


def _unmoved(found: set[str]) -> list[str]:
    return sorted(name for name in found if not name.endswith(_MOVED) and name + _MOVED not in found)


def _joined(id: str, parts: list[Claim]) -> Claim | None:
    """One claim of what its groups hold; as its first process made it."""
    if not parts:
        return None
    parts.sort(key=lambda part: part.created)
    digests = dict.fromkeys(digest for part in parts for digest in part.digests)
    return replace(parts[0], id=id, digests=list(digests))
