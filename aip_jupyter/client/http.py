"""`services.interface.Services` over HTTP: every call made from the route table."""

from __future__ import annotations

from pathlib import Path

from .artifacts import HttpArtifacts
from .blobs import HttpBlobs
from .datasets import HttpDatasets
from .lineage import HttpLineage
from .models import HttpModels
from .projects import HttpProjects
from .runs import HttpRuns
from .sessions import HttpSessions
from .system import HttpSystem
from .tokens import HttpTokens
from .transport import Transport
from .uploads import HttpUploads


class HttpServices:
    """All use cases of the server at `url` (its base URL, such as http://127.0.0.1:8888/user/a/)."""

    def __init__(self, url: str, token: str, home: Path | None = None) -> None:
        """With a home, uploads that are cut are remembered there, and gone on with by another process."""
        self._transport = Transport(url, token)
        self.projects = HttpProjects(self._transport)
        self.tokens = HttpTokens(self._transport)
        self.models = HttpModels(self._transport)
        self.runs = HttpRuns(self._transport)
        self.artifacts = HttpArtifacts(self._transport)
        self.datasets = HttpDatasets(self._transport)
        self.lineage = HttpLineage(self._transport)
        self.sessions = HttpSessions(self._transport)
        self.blobs = HttpBlobs(self._transport, home)
        self.uploads = HttpUploads(self._transport)
        self.system = HttpSystem(self._transport)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()
