"""References to versions, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aip_jupyter.domain.references import Reference, parse_reference
from aip_jupyter.errors import Invalid

FORMS = {
    "digits": Reference(name="digits", alias="latest"),
    "digits@latest": Reference(name="digits", alias="latest"),
    "digits@production": Reference(name="digits", alias="production"),
    "digits:2": Reference(name="digits", number=2),
    "digits:v1.0": Reference(name="digits", version="v1.0"),
    'digits:"3"': Reference(name="digits", version="3"),
    'digits:"a version"': Reference(name="digits", version="a version"),
    "kubeflow::digits:2": Reference(registry="kubeflow", name="digits", number=2),
    '"odd: name":2': Reference(name="odd: name", number=2),
}


@pytest.mark.parametrize("text", FORMS)
def test_the_forms(text: str) -> None:
    assert parse_reference(text) == FORMS[text]


@pytest.mark.parametrize("text", ["", "a:", "a@", ":2", "@latest", "a:1:2", "a@b@c", 'a"b', "::a"])
def test_what_is_no_reference_is_told_with_the_forms(text: str) -> None:
    with pytest.raises(Invalid, match="name@latest"):
        parse_reference(text)


_names = st.text(min_size=1, max_size=20).filter(lambda text: text == text.strip() and text.isprintable())


@given(name=_names, version=_names)
def test_every_reference_is_read_back_as_it_was_written(name: str, version: str) -> None:
    reference = Reference(name=name, version=version)
    assert parse_reference(str(reference)) == reference
    numbered = Reference(name=name, number=7)
    assert parse_reference(str(numbered)) == numbered
