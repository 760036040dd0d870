"""Tokens as they come back: who they stand for, and when they end."""

from __future__ import annotations

import dataclasses
import os
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest
from msgspec.structs import replace

from aip_jupyter.domain.access import (
    EVERYWHERE,
    AccessToken,
    CreateProject,
    CreateToken,
    DeriveToken,
    GetToken,
    ListTokens,
    SetRole,
    SignDownload,
)
from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.datasets import LogDataset
from aip_jupyter.domain.models import ListModels
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.domain.sessions import GetSession, StartSession
from aip_jupyter.domain.system import Nothing
from aip_jupyter.errors import Conflict, Denied, Invalid, NotFound, Unauthenticated, Unavailable
from aip_jupyter.services.callers import Caller
from aip_jupyter.services.local import Platform, open_platform
from aip_jupyter.services.rights import rights_in
from aip_jupyter.services.settings import Settings
from aip_jupyter.services.signing import Signer
from aip_jupyter.wire.journal import Points

from ..contracts.services import put
from ..contracts.services_run_faults import Sender, started

ADA = Caller(user="ada", rights=frozenset(("read", "publish", "write", "execute", "delegate")))


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    memory = dict.fromkeys(("registry", "storage", "tracking", "datasets", "gpus", "access"), "memory")
    settings = Settings(home=tmp_path / "home", gpus_url="L4:2", **memory)  # type: ignore[arg-type]
    platform = open_platform(settings, "server")
    platform.services().projects.create_project(CreateProject(name="vision"))
    yield platform
    platform.close()


def token(platform: Platform, caller: Caller = ADA, **fields: Any) -> str:
    request = CreateToken(**{"project": "vision", "name": "ci", "scope": "write", **fields})
    return platform.services(caller).tokens.create_token(request).text


def test_an_access_token_stands_for_its_owner_in_its_project(platform: Platform) -> None:
    caller = platform.credentials.check(token(platform))
    assert (caller.user, caller.project, caller.runs, caller.is_owner) == ("ada", "vision", None, False)
    assert caller.rights == {"read", "publish", "write", "execute"}


@pytest.mark.parametrize(
    ("scope", "rights"),
    [("read", {"read"}), ("publish", {"read", "publish"})],
)
def test_scopes(platform: Platform, scope: str, rights: set[str]) -> None:
    assert platform.credentials.check(token(platform, scope=scope)).rights == rights


def test_nobody_makes_a_token_that_may_more_than_himself(platform: Platform) -> None:
    viewer = replace(ADA, rights=frozenset(("read", "delegate")))
    for caller, scope in ((viewer, "publish"), (viewer, "write"), (ADA, "admin")):
        with pytest.raises(Denied) as caught:
            token(platform, caller, scope=scope)
        assert caught.value.field == "scope"
    with pytest.raises(Denied):
        token(platform, replace(ADA, rights=frozenset(("read", "publish", "write"))), scope="read")


def test_only_the_owner_and_who_administers_see_and_end_a_token(platform: Platform) -> None:
    token(platform)
    bob = platform.services(replace(ADA, user="bob"))
    with pytest.raises(NotFound):
        bob.tokens.revoke_token(GetToken(project="vision", token="ci"))
    with pytest.raises(NotFound):
        bob.tokens.pick_up_token(GetToken(project="vision", token="ci"))
    admin = platform.services(Caller(user="root"))
    with pytest.raises(NotFound, match="shown"):  # seen, but the secret is not his
        admin.tokens.pick_up_token(GetToken(project="vision", token="ci"))
    admin.tokens.revoke_token(GetToken(project="vision", token="ci"))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text + "x",
        lambda text: text[:10] + ("1" if text[10] == "0" else "0") + text[11:],
        lambda text: "aip_",
        lambda text: "aip_x_y",
        lambda text: "aip_" + "0" * 32 + "_" + text[37:],
        lambda text: "aip_\0_x",
        lambda text: "aip_" + "x" * 10_000,
        lambda text: "a.b.c",
        lambda text: "é.ü.🚀",
    ],
)
def test_what_is_not_quite_it_is_refused(platform: Platform, change: Any) -> None:
    with pytest.raises(Unauthenticated):
        platform.credentials.check(change(token(platform)))


def test_no_token_makes_others(platform: Platform) -> None:
    caller = platform.credentials.check(token(platform, Caller(user="root"), scope="admin"))
    assert "admin" in caller.rights
    for scope in ("read", "admin"):
        with pytest.raises(Denied):
            token(platform, caller, scope=scope, name="child")


def test_a_call_about_a_project_names_one(platform: Platform) -> None:
    bound = platform.credentials.check(token(platform, scope="read"))
    for caller in (bound, Caller()):
        with pytest.raises(Invalid) as caught:
            platform.services(caller).models.list_models(ListModels(project=""))
        assert caught.value.field == "project"


def test_two_people_may_use_the_same_name(platform: Platform) -> None:
    token(platform)
    token(platform, replace(ADA, user="bob"))
    admin = platform.services(Caller(user="root"))
    assert {each.author for each in admin.tokens.list_tokens(ListTokens(project="vision"))} == {"bob", "ada"}
    with pytest.raises(Conflict) as caught:  # whose is meant?
        admin.tokens.revoke_token(GetToken(project="vision", token="ci"))
    assert "ada's is" in caught.value.message
    assert len(admin.tokens.list_tokens(ListTokens(project="vision"))) == 2
    platform.services(ADA).tokens.revoke_token(GetToken(project="vision", token="ci"))
    (left,) = admin.tokens.list_tokens(ListTokens(project="vision"))
    assert left.author == "bob"
    # The name of one may be the id of another.
    token(platform, name=left.id)
    platform.services(ADA).tokens.revoke_token(GetToken(project="vision", token=left.id))
    token(platform, name=left.id)
    admin.tokens.revoke_token(GetToken(project="vision", token=left.id))
    assert [each.author for each in admin.tokens.list_tokens(ListTokens(project="vision"))] == ["ada"]


def test_a_revoked_and_an_expired_token_are_refused_at_once(platform: Platform) -> None:
    first = token(platform)
    platform.credentials.check(first)
    platform.services(ADA).tokens.revoke_token(GetToken(project="vision", token="ci"))
    second = token(platform)
    record = platform.access.get(AccessToken, EVERYWHERE, second.split("_")[1])
    platform.access.apply([Put(replace(record, expires=now_ms()))])
    for text in (first, second):
        with pytest.raises(Unauthenticated):
            platform.credentials.check(text)


def test_only_a_digest_is_kept(platform: Platform, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "disk")
    on_disk = open_platform(settings, "server")
    text = on_disk.services().tokens.create_token(CreateToken(name="ci")).text
    on_disk.credentials.check(text)
    secret = text.split("_", 2)[2].encode()
    on_disk.close()
    kept = b"".join(path.read_bytes() for path in settings.home.rglob("*") if path.is_file())
    assert b"accesstoken" in kept
    assert secret not in kept


def test_the_last_use_is_noted_without_a_write_for_each(platform: Platform) -> None:
    text = token(platform)
    before = now_ms()
    for _ in range(3):
        platform.credentials.check(text)
    record = platform.access.get(AccessToken, EVERYWHERE, text.split("_")[1])
    assert record.last_used >= before
    assert record.revision == 2


def test_a_use_beside_the_revocation_does_not_bring_it_back(platform: Platform) -> None:
    text = token(platform)
    platform.credentials.check(text)
    id = text.split("_")[1]
    record = platform.access.get(AccessToken, EVERYWHERE, id)
    platform.access.apply([Put(replace(record, last_used=0))])
    stop = threading.Event()

    def use() -> None:
        while not stop.is_set():
            try:
                platform.credentials.check(text)
            except Unauthenticated:
                return

    with ThreadPoolExecutor(4) as pool:
        users = [pool.submit(use) for _ in range(4)]
        platform.services(ADA).tokens.revoke_token(GetToken(project="vision", token="ci"))
        stop.set()
        for user in users:
            user.result()
    with pytest.raises(NotFound):
        platform.access.get(AccessToken, EVERYWHERE, id)


def test_roles_are_those_of_the_moment(platform: Platform) -> None:
    settings = replace(platform.settings, admins=("root",))
    projects = platform.services().projects

    def rights(user: str, project: str = "vision") -> frozenset[str]:
        return rights_in(platform.access, settings, user, project)

    assert rights("root", "nowhere") >= {"admin"}
    assert rights("ada") == rights("") == rights("ada", "nowhere") == frozenset()
    assert rights("ada", "") == {"read", "delegate"}
    projects.set_role(SetRole(project="vision", user="ada", role="member"))
    assert rights("ada") == {"read", "publish", "write", "execute", "delegate"}
    projects.set_role(SetRole(project="vision", user="*", role="viewer"))
    assert rights("bob") == rights("") == {"read", "delegate"}
    assert "write" in rights("ada")
    assert rights_in(platform.access, platform.settings, "anybody", "vision") >= {"admin"}


def test_who_has_no_part_in_the_default_begins_where_he_has_one(platform: Platform) -> None:
    team = dataclasses.replace(platform, settings=replace(platform.settings, admins=("root",)))
    team.services().projects.set_role(SetRole(project="vision", user="ada", role="viewer"))

    def first(user: str) -> str:
        caller = Caller(user=user, rights=frozenset(("read",)), is_owner=user == "root")
        return team.services(caller).system.describe(Nothing()).project

    assert [first(user) for user in ("root", "ada", "nobody")] == ["default", "vision", "default"]


def session_of(platform: Platform) -> str:
    request = StartSession(
        project="vision", id=new_id(), name="s", gpu="L4", host="here", python="python", folder="."
    )
    return platform.services(ADA).sessions.start_session(request).session.id


def derive(platform: Platform, session: str, caller: Caller = ADA, **fields: Any) -> str:
    request = DeriveToken(project="vision", session=session, **fields)
    return platform.services(caller).sessions.derive_token(request).text


def test_a_sessions_token_is_for_its_project_and_runs_and_ends_with_it(platform: Platform) -> None:
    session, run = session_of(platform), new_id()
    text = derive(platform, session, runs=[run])
    caller = platform.credentials.check(text)
    assert (caller.user, caller.project, caller.runs) == ("ada", "vision", frozenset((run,)))
    assert caller.rights == {"read", "publish", "write"}
    platform.services(ADA).sessions.stop_session(GetSession(project="vision", session=session))
    with pytest.raises(Unauthenticated):
        platform.credentials.check(text)


def test_a_sessions_token_ends_with_the_token_that_it_was_made_with(platform: Platform) -> None:
    caller = platform.credentials.check(token(platform))
    text = derive(platform, session_of(platform), caller)
    platform.credentials.check(text)
    platform.services(ADA).tokens.revoke_token(GetToken(project="vision", token="ci"))
    with pytest.raises(Unauthenticated):
        platform.credentials.check(text)


def test_a_session_adds_to_its_own_runs_only(platform: Platform) -> None:
    """Those that the notebook gave it, and those that it began itself, also in a later call."""
    given, foreign = started(name="given"), started(name="foreign")
    owner = platform.services()
    for run in (given, foreign):
        Sender(owner, project="vision").send(run)
    caller = platform.credentials.check(derive(platform, session_of(platform), runs=[given.run]))
    journal = Sender(platform.services(caller), project="vision")
    journal.send(Points(given.run, 0, 0, {"loss": 1.0}))
    own = started(name="own")
    journal.send(own, Points(own.run, 0, 0, {"loss": 1.0}))
    journal.send(Points(own.run, 1, 0, {"loss": 0.5}))
    with pytest.raises(Denied):
        journal.send(Points(foreign.run, 0, 0, {"loss": 0.0}))
    later = Sender(platform.services(caller), project="vision")
    later.send(Points(own.run, 2, 0, {"loss": 0.0}))
    services = platform.services(caller)
    dataset = LogDataset(project="vision", id=new_id(), name="d", digest="0" * 64, source="d.csv")
    for id in (given.run, own.run):
        put(services, "m", project="vision", run=id)
        services.datasets.log_dataset(replace(dataset, run=id))
    with pytest.raises(Denied):
        put(services, "m", project="vision", run=foreign.run)
    with pytest.raises(Denied):
        services.datasets.log_dataset(replace(dataset, run=foreign.run))


def claims(**changed: Any) -> dict[str, Any]:
    return {"aud": "session", "exp": 2**33, "user": "", "token": "", "project": "vision", **changed}


def test_only_what_this_home_signed_counts(platform: Platform, tmp_path: Path) -> None:
    session = session_of(platform)
    given = {"session": session, "runs": []}
    platform.credentials.check(derive(platform, session))
    key = (platform.settings.home / "signing.key").read_bytes()
    other = Signer(tmp_path / "elsewhere").sign("session", 60.0, user="", token="", project="vision", **given)
    forged = [
        other.text,
        jwt.encode(claims(**given), None, "none"),
        jwt.encode(claims(**given, aud="download"), key, "HS256"),
        jwt.encode(claims(**given, exp=1), key, "HS256"),
        jwt.encode({**claims(**given), "exp": None}, key, "HS256"),
        jwt.encode(claims(**given), bytes([key[0] ^ 1]) + key[1:], "HS256"),
        platform.signer.sign("download", 60.0, user="", token="", project="vision", artifact="x").text,
    ]
    for text in forged:
        with pytest.raises(Unauthenticated):
            platform.credentials.check(text)


def test_an_address_is_for_one_file_and_ends_with_its_token(platform: Platform) -> None:
    owner = platform.services()
    artifact = put(owner, "m", project="vision").artifacts[0]
    other = put(owner, "m", b"other", project="vision").artifacts[0]
    caller = platform.credentials.check(token(platform, scope="read"))
    request = SignDownload(project="vision", artifact=artifact.id)
    link = platform.services(caller).blobs.sign_download(request)
    signature = link.path.partition("signature=")[2]
    assert signature not in repr(link)
    found = platform.credentials.check_link(signature, "vision", artifact.id)
    assert found.project == "vision"
    assert found.rights == {"read"}
    for project, id in (("vision", other.id), ("default", artifact.id)):
        with pytest.raises(Unauthenticated):
            platform.credentials.check_link(signature, project, id)
    with pytest.raises(Unauthenticated):
        platform.credentials.check(signature)
    platform.services(ADA).tokens.revoke_token(GetToken(project="vision", token="ci"))
    with pytest.raises(Unauthenticated):
        platform.credentials.check_link(signature, "vision", artifact.id)
    for lifetime in (0.0, 3601.0, -1.0):
        with pytest.raises(Invalid):
            owner.blobs.sign_download(replace(request, lifetime=lifetime))


def test_of_many_that_make_the_key_one_wins(tmp_path: Path) -> None:
    signers = [Signer(tmp_path / "home") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda signer: signer.sign("session", 60.0).text, signers))
    for signer, text in zip(signers, reversed(tokens), strict=True):
        signer.read("session", text)
    path = tmp_path / "home" / "signing.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["signing.key"]


def test_a_key_that_others_may_read_or_that_is_cut_is_not_used(tmp_path: Path) -> None:
    Signer(tmp_path).sign("session", 60.0)
    path = tmp_path / "signing.key"
    path.chmod(0o640)
    with pytest.raises(Unavailable, match="remove"):
        Signer(tmp_path).sign("session", 60.0)
    path.chmod(0o600)
    os.truncate(path, 16)
    with pytest.raises(Unavailable, match="remove"):
        Signer(tmp_path).sign("session", 60.0)
