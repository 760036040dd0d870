"""What a word on a magic's line means when the notebook has no such variable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.errors import NotFound
from aip_jupyter.notebook.namespace import MISSING, find_object


class Session:
    """Somebody who has other variables."""

    def __init__(self, **values: Any) -> None:
        self.values = values
        self.asked: list[str] = []

    def __call__(self, word: str) -> Any:
        self.asked.append(word)
        return self.values.get(word, MISSING)


def test_variables_go_before_those_of_elsewhere_before_files(work: Path) -> None:
    session = Session(clf="theirs", other="theirs")
    (work / "other").mkdir()
    assert find_object("clf", {"clf": "ours"}, elsewhere=session) == "ours"
    assert find_object("clf", {}, elsewhere=session) == "theirs"
    assert find_object("other", {}, elsewhere=session) == "theirs"
    assert session.asked == ["clf", "other"]


def test_nobody_is_asked_for_a_file_or_for_what_is_no_name(work: Path) -> None:
    session = Session()
    (work / "digits.csv").touch()
    assert find_object("digits.csv", {}, elsewhere=session) == Path("digits.csv")
    for word in ("out/digits.csv", "a b", "clf()"):
        with pytest.raises(NotFound):
            find_object(word, {}, elsewhere=session)
    assert session.asked == []
    with pytest.raises(NotFound, match=r"^data: there is no variable and no file"):
        find_object("search.best", {}, field="data", elsewhere=session)
    assert session.asked == ["search.best"]
