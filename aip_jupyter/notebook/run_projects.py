"""Which project a run is of, and what may refer to it: nothing of another project."""

from __future__ import annotations

from ..client.connect import Destination, connect, destination
from .active_run import ActiveRun
from .run_state import active_run


def destination_in(project: str | None) -> Destination:
    """Where the run goes. Only for a project that somebody has typed is anybody asked."""
    if project is None:
        return destination()
    from .projects import check_writable

    return destination()._replace(project=check_writable(project))


def active_run_in(project: str | None) -> ActiveRun | None:
    """The active run when it is one of this project, or of the one in use: nothing refers to another's.

    Raises Unavailable when nobody says which project is in use.
    """
    run = active_run()
    if run is None:
        return None
    wanted = project or destination().project
    if wanted == run.project:  # also where both are the one that the server has in use, whatever that is
        return run
    first = connect().first_project
    return run if (wanted or first) == (run.project or first) else None


def other_run_note(project: str | None) -> list[str]:
    """A line that tells that the active run is not recorded with what is made in this project."""
    run = active_run()
    if run is None or active_run_in(project) is run:
        return []
    of = run.project or connect().first_project
    return [f"Run {run.name} is of project {of!r}, so this is not linked to it."]
