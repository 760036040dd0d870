"""Access tokens from Python: what `import aip_jupyter as aip` offers for what runs without you.

    token = aip.create_token("ci", scope="publish", expires="90d")
    token.write_to("~/ci.token")
    aip.revoke_token("ci")

A token's secret is told once, and kept nowhere.
"""

from __future__ import annotations

from typing import get_args

from ..domain.access import CreateToken, GetToken, ListTokens, Scope, SignDownload
from ..domain.artifacts import Artifact
from ..domain.durations import as_field, parse_duration
from ..domain.models import GetVersion
from ..domain.references import Reference
from ..errors import Invalid, NotFound
from .connection import connect
from .namespace import nearest
from .secrets import DownloadLinkCard, NewTokenCard
from .token_tables import TokenNote, TokenTable
from .words import one_of


def create_token(
    name: str, *, scope: str = "read", project: str | None = None, expires: str = "30d"
) -> NewTokenCard:
    """Make an access token for one project; its secret is told this once.

    `scope` is what it may at most: read, publish (also register versions), write (also record and run code)
    or admin. `expires` is such as 30d, 12h, 90m. The result has it as `.text`, and `.write_to(path)`.

    Raises Invalid, Conflict (there is one of this name), Denied (more than you may yourself).
    """
    connection = connect()
    request = CreateToken(
        project=project or connection.project,
        name=name,
        scope=one_of(scope, "scope", get_args(Scope)),
        lifetime=parse_duration(expires, "expires"),
        author=connection.author,
    )
    try:
        token = connection.services.tokens.create_token(request)
    except Invalid as error:
        raise as_field(error, "expires") from None
    return NewTokenCard(token, fetched=connection.server is not None)


def list_tokens(*, project: str | None = None) -> TokenTable:
    """Your access tokens of a project, the newest first; all of them when you administer it.

    Returns a list of `TokenInfo` that shows itself as a table. Raises NotFound, Unavailable.
    """
    connection = connect()
    project = project or connection.project
    return TokenTable(connection.services.tokens.list_tokens(ListTokens(project=project)), project=project)


def revoke_token(name: str, *, project: str | None = None) -> TokenNote:
    """End an access token, by its name or id, and all that was made with it, at once.

    Raises NotFound with the names that there are.
    """
    connection = connect()
    project = project or connection.project
    connection.services.tokens.revoke_token(GetToken(project=project, token=name))
    return TokenNote(name, project, "is revoked: nothing can be done with it any more")


def download_link(
    ref: str, file: str = "", *, expires: str = "10m", project: str | None = None
) -> DownloadLinkCard:
    """An address for a file of a version, for whoever has no access: `.url`. It ends by itself, in an hour
    at the latest, and with the token that it was made with.

    Raises NotFound with what there is, Invalid (several files and none named; no server).
    """
    connection = connect()
    lifetime = parse_duration(expires, "expires")
    if connection.server is None:
        message = "link: there is no server here that could answer it; start JupyterLab, or set AIP_URL"
        raise Invalid(message, field="link")
    request = GetVersion(project=project or connection.project, reference=ref)
    detail = connection.services.models.get_version(request)
    exact = str(Reference(name=detail.model.name, number=detail.version.number))
    artifact = _file_of(exact, detail.artifacts, file)
    sign = SignDownload(project=request.project, artifact=artifact.id, lifetime=lifetime)
    try:
        signed = connection.services.blobs.sign_download(sign)
    except Invalid as error:
        raise as_field(error, "expires") from None
    return DownloadLinkCard(signed, connection.url, f"{artifact.path} of {exact}")


def _file_of(exact: str, files: list[Artifact], path: str) -> Artifact:
    known = [file.path for file in files]
    if not path and len(files) != 1:
        message = f"file: {exact} has {len(files)} files; name one, such as {', '.join(known[:5])}"
        raise Invalid(message, field="file")
    for file in files:
        if path in ("", file.path):
            if file.digest is None:
                message = f"file: {file.path!r} is not stored here but at {file.uri}; fetch it there"
                raise Invalid(message, field="file")
            return file
    near = nearest(path, known) or known[:5]
    message = f"file: {exact} has no file {path[:80]!r}; there is {', '.join(near)}"
    raise NotFound(message, field="file", nearest=near)
