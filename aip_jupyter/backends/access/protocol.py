"""What an access backend does: it keeps projects and access tokens."""

from __future__ import annotations

from typing import Protocol

from ..records.protocol import RecordBackend


class AccessBackend(RecordBackend, Protocol):
    """`RecordBackend` of Project, one per name, and AccessToken, one per name of an owner in a project.

    All of them are kept in `domain.access.EVERYWHERE`.
    """
