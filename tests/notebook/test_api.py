"""The Python API: its names and signatures are a promise."""

from __future__ import annotations

import inspect

import aip_jupyter as aip
from aip_jupyter.notebook import api

SIGNATURES = {
    "check_store": "(*, mend: 'bool' = True, verify: 'bool' = False) -> 'StoreReport'",
    "describe": "() -> 'Status'",
    "get_model": "(name: 'str', *, limit: 'int' = 20, project: 'str | None' = None) -> 'ModelCard'",
    "get_version": "(ref: 'str', *, project: 'str | None' = None) -> 'VersionCard'",
    "list_models": (
        "(search: 'str' = '', *, category: 'str' = '', tag: 'str' = '', author: 'str' = '', "
        "limit: 'int' = 100, project: 'str | None' = None) -> 'ModelTable'"
    ),
    "load_model": (
        "(ref: 'str', *, to: 'str | Path | None' = None, trust: 'bool' = False, "
        "project: 'str | None' = None) -> 'Any'"
    ),
    "register_model": (
        "(name: 'str', obj_or_path: 'Any', *, version: 'str | None' = None, category: 'str | None' = None, "
        "tags: 'Tags' = None, description: 'str' = '', "
        "properties: 'Mapping[str, PropertyValue] | None' = None, "
        "project: 'str | None' = None) -> 'VersionCard'"
    ),
}


def test_names_and_signatures_are_pinned() -> None:
    assert {name for name in aip.__all__ if not name.startswith("__")} == set(SIGNATURES)
    for name, signature in SIGNATURES.items():
        function = getattr(aip, name)
        assert function is getattr(api, name)
        assert str(inspect.signature(function)) == signature, name
        assert inspect.getdoc(function)
