"""What is in use, whether it is well, and mending, in process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from .._version import __version__
from ..domain.access import ListProjects
from ..domain.records import DEFAULT_PROJECT
from ..domain.system import BackendInfo, CheckReport, CheckStore, Description, DoctorCheck, Nothing
from ..errors import AipError
from .callers import Caller, author_of
from .projects import LocalProjects
from .recovery import StoreCheck
from .rights import rights_in

if TYPE_CHECKING:
    from .local import Platform

LOW_SPACE = 2**30
"""Bytes of free disk below which the doctor warns."""


class LocalSystem:
    """`services.interface.System` over the opened platform."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self._platform = platform
        self._caller = caller
        self._sees_all = "admin" in caller.rights

    def describe(self, request: Nothing) -> Description:
        """What is in use."""
        platform = self._platform
        settings = platform.settings
        backends = [
            BackendInfo(
                seam=seam,
                name=getattr(settings, seam),
                location=backend.location if self._sees_all else "",
                capabilities=sorted(backend.capabilities),
            )
            for seam, backend in platform.seams
        ]
        return Description(
            version=__version__,
            mode=platform.mode,
            home=str(settings.home) if self._sees_all else "",
            project=self._caller.project or self._first_project(),
            author=author_of(None, settings.user, self._caller),
            categories=list(settings.categories),
            backends=backends,
            rights=sorted(self._caller.rights),
            base_url=platform.base_url,
        )

    def _first_project(self) -> str:
        """The configured one; for who has no part in it, the first in which he has."""
        platform, caller = self._platform, self._caller
        configured = platform.settings.project or DEFAULT_PROJECT
        if caller.is_owner or rights_in(platform.access, platform.settings, caller.user, configured):
            return configured
        page = LocalProjects(platform, caller).list_projects(ListProjects(limit=1))
        return page.items[0].name if page.items else configured

    def doctor(self, request: Nothing) -> list[DoctorCheck]:
        """Look at each backend and at what they stand on."""
        platform = self._platform
        settings = platform.settings
        looks = [
            *(
                _probe(f"{seam} ({getattr(settings, seam)})", backend.check)
                for seam, backend in platform.seams
            ),
            self._disk(),
        ]
        return [
            *map(self._shown, looks),
            _package("skops", "sklearn", "saving scikit-learn models"),
            _package("jupyterlab", "lab", "the sidebar"),
        ]

    def _shown(self, look: DoctorCheck) -> DoctorCheck:
        """What is found tells of all projects, and where they are kept: that is for who administers them."""
        if self._sees_all:
            return look
        advice = "" if look.ok else "ask who runs this server"
        return DoctorCheck(name=look.name, ok=look.ok, found="well" if look.ok else "not well", advice=advice)

    def check_store(self, request: CheckStore) -> CheckReport:
        """Find, and mend, what a crash left behind."""
        return StoreCheck(self._platform, request.mend, request.verify).run()

    def _disk(self) -> DoctorCheck:
        home = self._platform.settings.home
        existing = next(folder for folder in (home, *home.parents) if folder.exists())
        free = shutil.disk_usage(existing).free
        advice = "" if free > LOW_SPACE else f"make room, or set AIP_HOME to a larger disk than {existing}"
        return DoctorCheck(name="disk", ok=not advice, found=f"{free / 2**30:.1f} GiB free", advice=advice)


def _probe(name: str, look: Callable[[], str]) -> DoctorCheck:
    try:
        return DoctorCheck(name=name, ok=True, found=look())
    except AipError as error:
        return DoctorCheck(name=name, ok=False, found=type(error).__name__, advice=error.message)


def _package(name: str, extra: str, purpose: str) -> DoctorCheck:
    try:
        return DoctorCheck(name=name, ok=True, found=version(name))
    except PackageNotFoundError:
        advice = f'for {purpose}: pip install "aip-jupyter[{extra}]"'
        return DoctorCheck(name=name, ok=False, found="not installed", advice=advice)
