"""The promises about projects and access tokens, the same in process and over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aip_jupyter.domain.access import (
    ALL_RIGHTS,
    CreateProject,
    CreateToken,
    GetProject,
    GetToken,
    ListProjects,
    ListTokens,
    NewToken,
    RemoveRole,
    SetRole,
)
from aip_jupyter.domain.artifacts import FileRef, GetArtifact, UploadBlob
from aip_jupyter.domain.datasets import LogDataset
from aip_jupyter.domain.models import GetModel, GetVersion, ListModels, RegisterVersion
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.errors import Conflict, Invalid, NotFound
from aip_jupyter.services.interface import Services

from .services import put


def make(services: Services, stem: str = "p", **fields: Any) -> str:
    """A new project; its name."""
    name = f"{stem}-{new_id()}"
    services.projects.create_project(CreateProject(name=name, **fields))
    return name


def listed(services: Services, **how: Any) -> list[str]:
    return [
        project.name for project in services.projects.list_projects(ListProjects(limit=1000, **how)).items
    ]


def new_token(services: Services, project: str, name: str = "ci", **fields: Any) -> NewToken:
    return services.tokens.create_token(CreateToken(project=project, name=name, **fields))


class ProjectsContract:
    """Override the fixture `services`."""

    @pytest.fixture
    def services(self) -> Services:
        raise NotImplementedError

    def test_the_default_project_is_always_there(self, services: Services) -> None:
        assert "default" in listed(services)
        detail = services.projects.get_project(GetProject())
        assert (detail.project.name, detail.project.state) == ("default", "LIVE")
        with pytest.raises(Conflict, match="default"):
            services.projects.archive_project(GetProject())

    def test_a_project_is_made_once(self, services: Services) -> None:
        name = make(services, description="Seeing", author="ada")
        detail = services.projects.get_project(GetProject(project=name))
        assert (detail.project.description, detail.project.author) == ("Seeing", "ada")
        assert set(detail.rights) == ALL_RIGHTS
        assert name in listed(services)
        with pytest.raises(Conflict) as caught:
            services.projects.create_project(CreateProject(name=name))
        assert caught.value.field == "name"

    @pytest.mark.parametrize("author", ["", "a\nb", "x" * 256])
    def test_an_author_that_can_be_nobody(self, services: Services, author: str) -> None:
        with pytest.raises(Invalid, match=r"^author: "):
            services.projects.create_project(CreateProject(name="vision", author=author))

    @pytest.mark.parametrize("name", ["", "*", "a/b", "new", "Archive", "..", " x", "a\nb", "x" * 256])
    def test_names_that_cannot_be(self, services: Services, name: str) -> None:
        with pytest.raises(Invalid) as caught:
            services.projects.create_project(CreateProject(name=name))
        assert caught.value.field == "name"

    def test_a_project_that_is_not_there_is_not_found(self, services: Services) -> None:
        for ask in (
            lambda: services.models.list_models(ListModels(project="nowhere")),
            lambda: services.blobs.upload(UploadBlob(project="nowhere", claim=new_id()), b"x"),
            lambda: services.projects.get_project(GetProject(project="nowhere")),
            lambda: services.tokens.list_tokens(ListTokens(project="nowhere")),
        ):
            with pytest.raises(NotFound) as caught:
                ask()
            assert caught.value.field == "project"
        assert "nowhere" not in listed(services)

    def test_an_archived_project_can_be_read_only(self, services: Services) -> None:
        name = make(services)
        version = put(services, "m", project=name).version
        detail = services.projects.archive_project(GetProject(project=name))
        assert detail.project.state == "ARCHIVED"
        assert name not in listed(services)
        assert name in listed(services, archived=True)
        assert services.models.get_model(GetModel(project=name, model="m")).model.latest_id == version.id
        dataset = LogDataset(project=name, id=new_id(), name="d", digest="0" * 64, source="d.csv")
        for change in (
            lambda: services.blobs.upload(UploadBlob(project=name, claim=new_id()), b"x"),
            lambda: services.datasets.log_dataset(dataset),
        ):
            with pytest.raises(Conflict) as caught:
                change()
            assert caught.value.field == "project"
        services.projects.restore_project(GetProject(project=name))
        assert put(services, "m", project=name).version.number == 2
        assert name in listed(services)

    def test_roles(self, services: Services) -> None:
        name = make(services)
        services.projects.set_role(SetRole(project=name, user="ada", role="viewer"))
        services.projects.set_role(SetRole(project=name, user="*", role="member"))
        detail = services.projects.set_role(SetRole(project=name, user="ada", role="admin"))
        assert {"ada": "admin", "*": "member"}.items() <= detail.project.roles.items()
        services.projects.set_role(SetRole(project=name, user="bob", role="viewer"))
        detail = services.projects.remove_role(RemoveRole(project=name, user="ada"))
        assert "ada" not in detail.project.roles
        with pytest.raises(NotFound) as caught:
            services.projects.remove_role(RemoveRole(project=name, user="bib"))
        assert caught.value.nearest == ["bob"]
        with pytest.raises(Invalid):
            services.projects.set_role(SetRole(project=name, user="", role="viewer"))

    def test_roles_given_at_the_same_time_are_all_given(self, services: Services) -> None:
        name = make(services)
        users = [f"user {number}" for number in range(16)]

        def give(user: str) -> None:
            services.projects.set_role(SetRole(project=name, user=user, role="viewer"))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(give, users))
        roles = services.projects.get_project(GetProject(project=name)).project.roles
        assert set(users) <= roles.keys()

    def test_the_same_names_in_two_projects_are_two_things(self, services: Services) -> None:
        here, there = make(services), make(services)
        first = put(services, "m", b"one", project=here)
        put(services, "m", b"two", project=there)
        second = put(services, "m", b"three", project=there)
        assert (first.version.number, second.version.number) == (1, 2)
        found = services.models.get_version(GetVersion(project=here, reference="m"))
        assert found.version.id == first.version.id

    def test_bytes_of_another_project_cannot_be_claimed(self, services: Services) -> None:
        """To know a digest is not to have its bytes: they have to be uploaded, also when they are there."""
        here, there = make(services), make(services)
        detail = put(services, "m", b"secret", project=here)
        file = FileRef(path="model.bin", digest=detail.artifacts[0].digest or "", size=6)
        id = new_id()
        services.blobs.upload(UploadBlob(project=there, claim=id), b"other")
        for claim in (id, detail.version.id, new_id()):
            with pytest.raises((Invalid, Conflict)):
                services.models.register_version(
                    RegisterVersion(project=there, model="mine", id=claim, files=[file])
                )
        with pytest.raises(NotFound):
            services.blobs.get_artifact(GetArtifact(project=there, artifact=detail.artifacts[0].id))
        with pytest.raises(Invalid):
            services.blobs.upload(UploadBlob(project=there, claim=new_id(), digest=file.digest), b"guess!")


class TokensContract:
    """Override the fixture `services`."""

    @pytest.fixture
    def services(self) -> Services:
        raise NotImplementedError

    def test_a_token_is_told_once_and_then_listed_without_its_secret(self, services: Services) -> None:
        project = make(services)
        before = now_ms()
        token = new_token(services, project, scope="write", lifetime=3600.0, author="ada")
        assert token.text.startswith("aip_")
        assert token.text not in repr(token)
        (listed,) = services.tokens.list_tokens(ListTokens(project=project))
        assert listed == token.info
        assert (listed.name, listed.project, listed.scope, listed.author) == ("ci", project, "write", "ada")
        assert before + 3_600_000 <= listed.expires <= now_ms() + 3_600_000
        assert (listed.last_used, listed.is_expired) == (0, False)
        assert services.tokens.list_tokens(ListTokens(project=make(services))) == []

    def test_a_name_is_free_again_after_the_revocation(self, services: Services) -> None:
        project = make(services)
        first = new_token(services, project)
        with pytest.raises(Conflict) as caught:
            new_token(services, project)
        assert caught.value.field == "name"
        services.tokens.revoke_token(GetToken(project=project, token="ci"))
        second = new_token(services, project)
        assert first.text != second.text
        services.tokens.revoke_token(GetToken(project=project, token=second.info.id))
        assert services.tokens.list_tokens(ListTokens(project=project)) == []

    def test_a_token_that_is_not_there_is_told_with_the_near_names(self, services: Services) -> None:
        project = make(services)
        token = new_token(services, project, "deploy")
        for elsewhere, name in ((project, "deplyo"), (make(services), token.info.id)):
            with pytest.raises(NotFound) as caught:
                services.tokens.revoke_token(GetToken(project=elsewhere, token=name))
            assert caught.value.field == "token"
            assert caught.value.nearest == (["deploy"] if elsewhere == project else [])

    @pytest.mark.parametrize(
        "fields",
        [
            {"lifetime": 59.0},
            {"lifetime": 367 * 86400.0},
            {"lifetime": -1.0},
            {"name": ""},
            {"name": "a/b"},
            {"author": "x" * 256},
        ],
    )
    def test_what_breaks_a_rule_is_refused(self, services: Services, fields: dict[str, Any]) -> None:
        project = make(services)
        with pytest.raises(Invalid) as caught:
            services.tokens.create_token(CreateToken(**{"project": project, "name": "ci", **fields}))
        assert caught.value.field in fields
        assert services.tokens.list_tokens(ListTokens(project=project)) == []
