"""The rules for names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aip_jupyter.domain import names
from aip_jupyter.errors import Invalid

BAD_MODELS = [
    "",
    "tmp_x",
    "_tmp_x",
    "#x",
    "x" * 256,
    "../x",
    "a/b",
    "a\\b",
    "a\x00b",
    "a\nb",
    "a\u2028b",
    "..",
    " a",
    "a ",
    'a"b',
    "a:b",
    "a@b",
    "<script>",
]
GOOD_MODELS = ["digits-clf", "x" * 255, "Überschrift 2", "模型", "a.b+c_d", "_x", "7"]


@pytest.mark.parametrize("name", BAD_MODELS)
def test_bad_model_names_are_refused_naming_the_field(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        names.check_model_name(name)
    assert caught.value.field == "model"
    assert caught.value.message.startswith("model: ")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("name", GOOD_MODELS)
def test_good_model_names_come_back_as_they_are(name: str) -> None:
    assert names.check_model_name(name) == name


@pytest.mark.parametrize("name", ["_v1", "_x", "3", "latest", "LATEST", "a:b", "", "v\t1"])
def test_bad_version_names(name: str) -> None:
    with pytest.raises(Invalid, match=r"^version: "):
        names.check_version_name(name)


def test_the_store_takes_what_outside_clients_use() -> None:
    for name in ("a/b", "a:b", "#x", "<b>", "x" * 255):
        assert names.check_store_name(name, "name") == name


@pytest.mark.parametrize(
    "path",
    ["", "/", "/a", "a/", "a//b", "../a", "a/..", "a/./b", "a\\b", "C:/a", "a\x00", "x" * 1025, "é" * 200],
)
def test_bad_paths(path: str) -> None:
    with pytest.raises(Invalid, match=r"^files: "):
        names.check_path(path, "files")


def test_good_paths() -> None:
    for path in ("model.skops", "a/b/c.bin", "with blank/ü.txt", "..a/b..", ".hidden"):
        assert names.check_path(path, "files") == path


def test_categories_are_found_in_any_case_and_the_message_lists_them() -> None:
    allowed = ("Image Classification", "Other")
    assert names.check_category("image classification", allowed) == "Image Classification"
    with pytest.raises(Invalid, match="Image Classification, Other"):
        names.check_category("Cooking", allowed)
    assert names.check_category("Cooking", ()) == "Cooking"


@pytest.mark.parametrize(
    ("check", "bad"),
    [(names.check_id, "ABC"), (names.check_id, "0" * 31), (names.check_digest, "../" + "0" * 61)],
)
def test_ids_and_digests(check: Callable[[str, str], str], bad: str) -> None:
    with pytest.raises(Invalid, match=r"^what: "):
        check(bad, "what")


def test_tags() -> None:
    with pytest.raises(Invalid, match=r"^tags: "):
        names.check_tags({"": "x"})
    with pytest.raises(Invalid, match="5,000"):
        names.check_tags({"a": "x" * 5001})
