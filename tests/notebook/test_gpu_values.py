"""Registering what lives in a GPU session: real kernels, a real session."""

from __future__ import annotations

from pathlib import Path

from .gpu_cells import end_sessions, running_notebook

MAKE = """%%gpu cpu
from sklearn.dummy import DummyClassifier
only_there = DummyClassifier().fit([[0], [1]], [1, 1])
class Wrapped: model = only_there
lock = __import__("threading").Lock()"""


def test_a_model_is_found_in_the_session(tmp_path: Path) -> None:
    try:
        with running_notebook(tmp_path / "home", tmp_path) as notebook:
            assert "no variable" in notebook.fail("%register_model m only_there")["evalue"]
            notebook.run(MAKE)
            cell = notebook.run("%register_model m only_there")
            assert cell.text == "only_there is taken from GPU session 'cpu'.\n"
            notebook.run("%register_model m Wrapped.model")
            loaded = notebook.run("same = %load_model m:2\nsame.predict([[0]])")
            assert loaded.shown == ["array([1])"]
            assert notebook.run("'only_there' in globals()").shown == ["False"]
            assert "cannot be pickled" in notebook.fail("%register_model m lock")["evalue"]
            assert "no variable" in notebook.fail("%register_model m Wrapped.nothing")["evalue"]
    finally:
        end_sessions(tmp_path / "home")
