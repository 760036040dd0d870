"""Deleting and restoring datasets from the notebook: what is asked, and what is told afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

import aip_jupyter as aip
from aip_jupyter.errors import Invalid, NotFound

from .conftest import Notebook
from .test_completion import offered

pytestmark = pytest.mark.usefixtures("no_run")


@pytest.fixture
def table(notebook: Notebook, work: Path) -> Path:
    """A file, recorded as `digits` and used by the run `baseline`."""
    path = work / "digits.csv"
    path.write_text("x\n1\n")
    notebook.run("%start_run baseline\n%log_dataset digits digits.csv\n%end_run")
    return path


def test_deleting_asks(notebook: Notebook, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = []
    answers = iter(["", "no", "y"])

    def answer(question: str) -> str:
        questions.append(question)
        return next(answers)

    monkeypatch.setattr("builtins.input", answer)
    dataset = aip.get_dataset("digits").dataset
    for left in (1, 1, 0):
        notebook.run("%delete_dataset digits")
        assert len(aip.list_datasets()) == left
    content = f"content {dataset.digest[:8]}, id {dataset.id}"
    assert questions[0] == f"Delete dataset digits ({content}), used by 1 run? [y/N] "
    assert table.exists()
    gone = notebook.fail("%delete_dataset digits --yes")
    assert "was deleted" in gone.message
    restored = notebook.run("%restore_dataset digits")
    assert restored.dataset.id == dataset.id
    assert "%restore_dataset" not in repr(restored)
    deleted = notebook.run("%delete_dataset digits --yes")
    assert repr(deleted).count(f"It is deleted; %restore_dataset {dataset.id} takes that back.") == 1
    assert len(questions) == 3


def test_where_nobody_can_be_asked_nothing_is_deleted(
    notebook: Notebook, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(question: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    assert "%delete_dataset DATASET --yes" in notebook.fail("%delete_dataset digits").message
    assert len(aip.list_datasets()) == 1


def test_a_name_with_several_contents_does_not_say_which(notebook: Notebook, table: Path) -> None:
    old = aip.get_dataset("digits").dataset
    table.write_text("x\n2\n")
    new = aip.log_dataset("digits", table).dataset
    for line in ("%delete_dataset digits", "%delete_dataset digits --yes"):
        told = notebook.fail(line).message
        assert f"several contents, {new.digest[:8]}, {old.digest[:8]} (the newest first)" in told
    with pytest.raises(Invalid, match="name one of these") as caught:
        aip.delete_dataset("digits")
    assert caught.value.field == "dataset"
    assert aip.delete_dataset(old.digest[:8]).dataset.id == old.id
    assert [dataset.id for dataset in aip.list_datasets()] == [new.id]
    assert aip.delete_dataset("digits").dataset.id == new.id  # now it is the only one
    assert aip.restore_dataset("digits").dataset.id == new.id  # the one last deleted


def test_what_is_deleted_is_listed_apart_and_says_so_elsewhere(notebook: Notebook, table: Path) -> None:
    id = aip.delete_dataset("digits").dataset.id
    assert "No datasets" in repr(notebook.run("%datasets"))
    listed = notebook.run("%datasets --deleted")
    assert [dataset.id for dataset in listed] == [id]
    for page in (repr(listed), listed._repr_html_()):
        assert "%restore_dataset DIGEST takes it back" in page
    assert "digits (deleted)" in repr(aip.get_run_datasets("baseline"))
    assert "deleted)" in repr(notebook.run("%lineage run:baseline"))
    (shown,) = [node for node in aip.get_lineage("run:baseline").nodes if node.kind == "dataset"]
    assert (shown.deleted, shown.missing) == (True, False)
    aip.restore_dataset(id)
    assert "can be restored" in repr(notebook.run("%datasets --deleted"))
    assert "deleted" not in repr(aip.get_run_datasets("baseline"))


def test_the_same_content_brings_it_back(notebook: Notebook, table: Path) -> None:
    id = aip.delete_dataset("digits").dataset.id
    again = aip.log_dataset("digits", table)
    assert again.dataset.id == id
    assert "deleted" not in repr(again)
    assert len(aip.list_datasets()) == 1


def test_what_is_not_there_cannot_be_deleted_or_restored(notebook: Notebook, table: Path) -> None:
    for line, near in {"%delete_dataset digit": "digits", "%restore_dataset digits": "not lately"}.items():
        error = notebook.fail(line)
        assert isinstance(error, NotFound)
        assert near in error.message


def test_tab(notebook: Notebook, table: Path) -> None:
    aip.log_dataset("letters", table)
    aip.delete_dataset("digits")
    assert offered(notebook, "%delete_dataset ") == ["%delete_dataset letters"]
    assert offered(notebook, "%restore_dataset ") == ["%restore_dataset digits"]
    assert "--yes" in offered(notebook, "%delete_dataset letters --y")[0]
