"""Registering what lives in a GPU session: real kernels, a real session."""

from __future__ import annotations

from pathlib import Path

from .gpu_cells import end_sessions, running_notebook

MAKE = """%%gpu cpu
only_there = {"weights": [1, 2]}
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
            loaded = notebook.run("same = %load_model m:2\nsame")
            assert loaded.shown == ["{'weights': [1, 2]}"]
            assert notebook.run("'only_there' in globals()").shown == ["False"]
            assert "cannot be pickled" in notebook.fail("%register_model m lock")["evalue"]
            assert "no variable" in notebook.fail("%register_model m Wrapped.nothing")["evalue"]
    finally:
        end_sessions(tmp_path / "home")


BIG = """import numpy as np, pandas as pd
big = np.arange(200_000.); frame = pd.DataFrame({'t': ['é', None] * 9000})"""
LARGE = """%%gpu cpu --in big,frame --out back,frame
back = big * 2; back[0] = 1; frame.loc[0, 't'] = 'x'; where = id(big)"""


def test_large_variables_are_told_and_not_sent_again(tmp_path: Path) -> None:
    try:
        with running_notebook(tmp_path / "home", tmp_path) as notebook:
            notebook.run(BIG)
            cell = notebook.run(LARGE)
            said = [each["content"] for each in cell.outputs if each["content"].get("metadata")]
            told = [
                each["data"]["text/plain"] for each in said if each["metadata"] == {"aip_notice": "values"}
            ]
            assert told[0].startswith(
                "→ big: ndarray float64 (200000,), 1.6 MB · frame: DataFrame (18000, 1)"
            )
            assert told[1].startswith("← back: ndarray float64 (200000,), 1.6 MB · frame: DataFrame ")
            shown = notebook.run("back[1] = 5; list(back[:2]), frame['t'][0], frame['t'][1] is big[0]").shown
            assert shown == ["([np.float64(1.0), np.float64(5.0)], 'x', False)"]
            cell = notebook.run("%%gpu cpu --in big\nid(big) == where")
            assert cell.shown == ["True"]
            assert cell.notices["values"] == "→ big: unchanged"
            assert "values" not in notebook.run("%%gpu cpu --in frame --out frame\n1").notices
    finally:
        end_sessions(tmp_path / "home")
