"""What every access backend does: it keeps projects, one per name, and access tokens."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from aip_jupyter.backends.access.protocol import AccessBackend
from aip_jupyter.domain.access import EVERYWHERE, AccessToken, Project
from aip_jupyter.domain.changes import Delete, Put
from aip_jupyter.domain.query import Compare, Condition, Or, Order, Query
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import Conflict, NotFound

from .records import HOSTILE


def a_project(name: str, **fields: Any) -> Project:
    return Project(id=new_id(), name=name, **fields)


def a_token(name: str, **fields: Any) -> AccessToken:
    given = {"of_project": "vision", "owner": "ada", "scope": "write", "digest": "0" * 64, "expires": 2**40}
    return AccessToken(id=new_id(), name=name, **{**given, **fields})


def names(access: AccessBackend, where: Condition) -> list[str]:
    query = Query(where=where, order=Order("name"))
    return [project.name for project in access.find(Project, EVERYWHERE, query).items]


class AccessContract:
    """Override the fixture `access` with an empty backend."""

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_project_comes_back_as_it_was(self, access: AccessBackend, name: str) -> None:
        record = a_project(name, description=name, roles={name: "member", "*": "viewer"}, state="ARCHIVED")
        access.apply([Put(record)])
        stored = access.get(Project, EVERYWHERE, record.id)
        assert replace(stored, key=0, revision=0, updated=0) == record
        assert names(access, Compare("name", "=", name)) == [name]
        assert names(access, Compare("roles", "has", name)) == [name]

    def test_a_token_comes_back_as_it_was(self, access: AccessBackend) -> None:
        record = a_token("ci", expires=2**42 + 1, last_used=2**41 + 1)
        access.apply([Put(record)])
        stored = access.get(AccessToken, EVERYWHERE, record.id)
        assert replace(stored, key=0, revision=0, updated=0) == record
        with pytest.raises(NotFound):
            access.get(AccessToken, "vision", record.id)

    def test_a_name_is_taken_once(self, access: AccessBackend) -> None:
        access.apply([Put(a_project("vision")), Put(a_token("ci")), Put(a_token("ci", of_project="speech"))])
        access.apply([Put(a_token("ci", owner="bob"))])
        for record in (a_project("vision"), a_token("ci")):
            with pytest.raises(Conflict) as caught:
                access.apply([Put(record)])
            assert caught.value.field == "name"
        access.apply([Put(a_project("Vision"))])

    def test_projects_by_who_has_a_part(self, access: AccessBackend) -> None:
        roles: dict[str, Any] = {
            "a": {"ada": "viewer"},
            "b": {"*": "member"},
            "c": {"adam": "admin"},
            "d": {},
        }
        access.apply([Put(a_project(name, roles=of)) for name, of in roles.items()])
        assert names(access, Compare("roles", "has", "ada")) == ["a"]
        assert names(access, Or((Compare("roles", "has", "ada"), Compare("roles", "has", "*")))) == ["a", "b"]

    def test_of_two_that_change_a_project_one_is_told(self, access: AccessBackend) -> None:
        access.apply([Put(a_project("vision"))])
        first = access.find(Project, EVERYWHERE, Query()).items[0]
        access.apply([Put(replace(first, roles={"ada": "admin"}))], {first.id: first.revision})
        with pytest.raises(Conflict):
            access.apply([Put(replace(first, roles={"bob": "admin"}))], {first.id: first.revision})

    def test_projects_are_told_and_tokens_are_not(self, access: AccessBackend) -> None:
        before, _ = access.changes_since(-1)
        token, project = a_token("ci"), a_project("vision")
        access.apply([Put(token), Put(project)])
        access.apply([Delete(AccessToken, token.id)])
        _, events = access.changes_since(before)
        assert [(event.project, event.kind, event.id) for event in events] == [("*", "project", project.id)]
