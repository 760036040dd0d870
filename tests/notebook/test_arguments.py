"""How a magic's line is read."""

from __future__ import annotations

import pytest

from aip_jupyter.errors import Invalid
from aip_jupyter.notebook.arguments import parse, quoted, reference, split, text, usage
from aip_jupyter.notebook.magics import ModelMagics
from aip_jupyter.notebook.words import parse_properties, tidy_properties, tidy_tags


def words(line: str) -> list[str]:
    return [text(token) for token in split(line)]


def test_quotes_join_words_as_in_a_shell() -> None:
    assert words("""a "b c" 'd "e"' f\\ g --x="y z" #h """) == ["a", "b c", 'd "e"', "f g", "--x=y z", "#h"]
    assert words("") == []
    assert words('""') == [""]


@pytest.mark.parametrize("line", ['"open', "it's", 'a "b'])
def test_an_open_quotation_is_told(line: str) -> None:
    with pytest.raises(Invalid, match="quotation mark is not closed"):
        split(line)


@pytest.mark.parametrize(
    ("token", "meant"),
    [
        ("digits-clf@latest", "digits-clf@latest"),
        ('digits:"3"', 'digits:"3"'),
        ('"a:b":2', '"a:b":2'),
        ('"digits clf:2"', "digits clf:2"),
        ("'\"a:b\":2'", '"a:b":2'),
    ],
)
def test_a_reference_keeps_the_quotes_inside(token: str, meant: str) -> None:
    assert split(token) == [token]
    assert reference(token) == meant


@pytest.mark.parametrize("value", ["digits-clf:2", "digits clf:2", '"a:b":2', "it's:1"])
def test_a_reference_survives_the_way_through_a_line(value: str) -> None:
    assert [reference(token) for token in split(quoted(value))] == [value]


def test_a_quoted_text_may_begin_with_a_dash() -> None:
    arguments = parse(ModelMagics.register_model, 'm clf --description "--not-an-option"')
    assert arguments.description == "--not-an-option"


def test_wrong_usage_shows_the_usage_in_one_line() -> None:
    with pytest.raises(Invalid) as caught:
        parse(ModelMagics.load_model, "m --frob")
    assert caught.value.message == (
        "unrecognized arguments: --frob; usage: "
        "%load_model [--as NAME] [--to FOLDER] [--trust] [--project PROJECT] REF"
    )
    with pytest.raises(Invalid, match="arguments are required: REF; usage: %load_model"):
        parse(ModelMagics.load_model, "")
    with pytest.raises(Invalid, match="invalid int value"):
        parse(ModelMagics.models, "--limit many")


def test_the_usage_is_one_line_for_every_magic() -> None:
    for name, method in ModelMagics.magics["line"].items():
        line = usage(getattr(ModelMagics, method if isinstance(method, str) else method.__name__))
        assert line.startswith(f"%{name} ")
        assert "\n" not in line


def test_properties_get_their_types() -> None:
    found = parse_properties(["i=-3", "f=0.5", "e=1e-3", "b=True", "s=v1.0", "u=a=b", "z= x ", "n="])
    assert found == {"i": -3, "f": 0.5, "e": 0.001, "b": True, "s": "v1.0", "u": "a=b", "z": "x", "n": ""}
    assert isinstance(found["i"], int)


@pytest.mark.parametrize("word", ["nan", "inf", "1e999", "9" * 25])
def test_what_json_cannot_carry_stays_text(word: str) -> None:
    assert parse_properties([f"x={word}"]) == {"x": word}


@pytest.mark.parametrize("word", ["accuracy", "=1", " =1"])
def test_a_property_needs_a_key_and_a_value(word: str) -> None:
    with pytest.raises(Invalid, match="is not K=V"):
        parse_properties([word])


def test_properties_from_python_become_plain() -> None:
    import numpy as np

    found = tidy_properties({"f": np.float32(0.5), "i": np.int64(3), "b": np.bool_(True), "d": np.float64(1)})
    assert found == {"f": 0.5, "i": 3, "b": True, "d": 1.0}
    assert [type(value) for value in found.values()] == [float, int, bool, float]
    with pytest.raises(Invalid, match="'x' is a list"):
        tidy_properties({"x": [1]})


def test_tags_are_a_dict_or_words() -> None:
    assert tidy_tags(["demo", "stage = test", "u=a=b"]) == {"demo": "", "stage": "test", "u": "a=b"}
    assert tidy_tags({"demo": ""}) == {"demo": ""}
    assert tidy_tags(None) == {}


@pytest.mark.parametrize("tags", ["demo", {"a": 1}, [1]])
def test_other_tags_are_refused(tags: object) -> None:
    with pytest.raises(Invalid, match=r"^tags: "):
        tidy_tags(tags)  # type: ignore[arg-type]
