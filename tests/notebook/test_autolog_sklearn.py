"""Trainings of scikit-learn that log by themselves: real estimators, in this process."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier
from sklearn.cluster import KMeans
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import aip_jupyter as aip
from aip_jupyter.client.journals import JOURNALS
from aip_jupyter.errors import Invalid, NotFound
from aip_jupyter.notebook import autolog as package
from aip_jupyter.notebook import run_state
from aip_jupyter.notebook.autolog import sklearn_fits, training
from aip_jupyter.notebook.run_card import RunCard

from .conftest import Notebook

X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 5.0], [3.0, 4.0]] * 5)
Y = np.array([0, 0, 1, 1] * 5)


@pytest.fixture(autouse=True)
def logging(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Switched on, and off again."""
    monkeypatch.setenv("AIP_CAPTURE", "off")
    training._told.clear()
    aip.autolog()
    yield
    aip.autolog(disable=True)
    run_state.forget_all()
    JOURNALS.close()


def _runs() -> list[Any]:
    assert not JOURNALS.flush(60)
    return list(reversed(list(aip.list_runs())))


def _only() -> RunCard:
    (detail,) = _runs()
    return aip.get_run(detail.run.id)


def test_a_fit_is_a_run() -> None:
    clf = LogisticRegression(C=0.5)
    assert clf.fit(X, Y) is clf
    card = _only()
    assert (card.run.name, card.run.status) == ("LogisticRegression", "completed")
    assert (card.params["C"], card.params["max_iter"], card.params["solver"]) == (0.5, 100, "lbfgs")
    assert card.params["class_weight"] == "None"
    assert card.run.tags["estimator_class"] == "sklearn.linear_model._logistic.LogisticRegression"
    assert card.metrics["training_score"].last == clf.score(X, Y)
    assert float(card.metrics["fit_seconds"].last) > 0
    assert aip.active_run() is None


def test_only_what_a_user_calls_is_logged() -> None:
    make_pipeline(StandardScaler(), LogisticRegression(C=2.0)).fit(X, Y)
    card = _only()
    assert card.run.name == "Pipeline"
    assert card.params["logisticregression.C"] == 2.0
    assert str(card.params["logisticregression"]).startswith("LogisticRegression(")
    trees = [("a", DecisionTreeClassifier()), ("b", LogisticRegression())]
    VotingClassifier(trees).fit(X, Y)
    BaggingClassifier(LogisticRegression(), n_estimators=3).fit(X, Y)
    assert [detail.run.name for detail in _runs()] == ["Pipeline", "VotingClassifier", "BaggingClassifier"]


def test_what_a_search_fits_in_threads_is_not_logged() -> None:
    from joblib import parallel_backend  # type: ignore[import-untyped]

    with parallel_backend("threading", n_jobs=3):
        GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=2).fit(X, Y)
    assert [detail.run.name for detail in _runs() if not detail.run.parent] == ["GridSearchCV"]


def test_a_search() -> None:
    aip.autolog("sklearn", child_runs=2)
    search = GridSearchCV(LogisticRegression(), {"C": [0.01, 1.0, 10.0]}, cv=2).fit(X, Y)
    outer, *parts = (aip.get_run(detail.run.id) for detail in _runs())
    assert outer.params["best.C"] == search.best_params_["C"]
    assert outer.params["estimator.max_iter"] == 100
    assert outer.metrics["best_score"].last == search.best_score_
    assert "training_score" not in outer.metrics
    assert len(parts) == 2
    for part in parts:
        assert (part.run.parent, part.run.status) == (outer.run.id, "completed")
        assert part.params["C"] in (0.01, 1.0, 10.0)
        assert float(part.metrics["mean_test_score"].last) > 0


def test_in_an_active_run_the_trainings_are_told_apart() -> None:
    with aip.start_run("mine"):
        StandardScaler().fit(X)
        for strength in (1.0, 2.0):
            LogisticRegression(C=strength).fit(X, Y)
        Ridge().fit(X, Y)
        assert aip.active_run() is not None
    card = _only()
    assert card.run.name == "mine"
    assert (card.params["C"], card.params["LogisticRegression-2.C"]) == (1.0, 2.0)
    assert "Ridge.alpha" in card.params
    assert "with_mean" not in card.params
    assert card.metrics["LogisticRegression-2.training_score"].count == 1


def test_params_that_were_logged_by_hand_stay(capsys: pytest.CaptureFixture[str]) -> None:
    with aip.start_run("mine"):
        aip.log_param("C", "mine")
        LogisticRegression(C=1.0).fit(X, Y)
    card = _only()
    assert (card.params["C"], card.params["max_iter"]) == ("mine", 100)
    assert "does not change" in capsys.readouterr().err


def test_what_fails_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="inconsistent"):
        LogisticRegression().fit(X, Y[:3])
    assert _only().run.status == "failed"

    def broken(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(sklearn_fits, "Training", broken)
    for _ in range(2):
        assert LogisticRegression().fit(X, Y).score(X, Y) > 0.5
    assert capsys.readouterr().err.count("a fault of ours") == 1
    assert len(_runs()) == 1


class OfMine(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Defined after scikit-learn was imported, before `autolog`."""

    def __init__(self, width: int = 3, key: str = "") -> None:
        self.width = width
        self.key = key

    def fit(self, x: Any, y: Any) -> OfMine:
        """A docstring."""
        self.classes_ = np.unique(y)
        LogisticRegression().fit(x, y)
        return self

    def predict(self, x: Any) -> Any:
        return np.zeros(len(x))


class Mixin:
    """Fits, and is no estimator."""

    def fit(self, x: Any, y: Any = None) -> Any:
        return self


def test_classes_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "hunter2-hunter2")

    class Later(OfMine):
        def fit(self, x: Any, y: Any) -> Later:
            super().fit(x, y)
            return self

    class Mixed(Mixin, BaseEstimator):  # type: ignore[misc]
        def predict(self, x: Any) -> Any:
            return x

    OfMine(width=5, key="hunter2-hunter2").fit(X, Y)
    Later().fit(X, Y)
    Mixed().fit(X)
    assert [detail.run.name for detail in _runs()] == ["OfMine", "Later", "Mixed"]
    params = _runs()[0].run.params
    assert (params["width"], params["key"]) == (5, "[redacted]")


def test_scikit_learn_sees_the_classes_as_they_were() -> None:
    import inspect

    assert inspect.isfunction(LogisticRegression.fit)
    assert list(inspect.signature(LogisticRegression().fit).parameters) == ["X", "y", "sample_weight"]
    assert OfMine.fit.__doc__ == OfMine().fit.__doc__ == "A docstring."
    assert is_classifier(OfMine())
    fitted = clone(OfMine(width=7)).fit(X, Y)
    assert pickle.loads(pickle.dumps(fitted)).width == 7
    cls = type("Local", (OfMine,), {"fit": lambda self, x, y: self, "__module__": "__main__"})
    there = pickle.loads(cloudpickle.dumps(cls))
    assert there.fit.__name__ == "<lambda>"


def test_a_score_needs_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Counting(OfMine):
        def fit(self, x: Any, y: Any) -> Counting:
            self.classes_ = np.unique(y)
            return self

        def score(self, x: Any, y: Any, sample_weight: Any = None) -> float:
            asked.append((len(x), len(y)))
            return 0.25

    monkeypatch.setattr(sklearn_fits, "MAX_ROWS", 8)
    Counting().fit(X, y=Y)
    KMeans(2, n_init=1).fit(X)
    aip.autolog("sklearn", training_score=False)
    Counting().fit(X, Y)
    assert asked == [(8, 8)]
    first, second, third = _runs()
    assert [metric.key for metric in first.metrics] == ["fit_seconds", "training_score"]
    assert [metric.key for metric in second.metrics] == ["fit_seconds"]
    assert [metric.key for metric in third.metrics] == ["fit_seconds"]


def test_twice_changes_nothing_and_disabling_takes_all_back() -> None:
    aip.autolog()
    aip.autolog("scikit-learn")
    LogisticRegression().fit(X, Y)
    assert len(_runs()) == 1
    aip.autolog(disable=True)
    for cls in (LogisticRegression, OfMine, KMeans):
        assert type(cls.__dict__["fit"]).__name__ == "function"
    assert "__init_subclass__" not in BaseEstimator.__dict__
    LogisticRegression().fit(X, Y)
    assert len(_runs()) == 1
    aip.autolog(disable=True)


def test_what_cannot_be_chosen() -> None:
    with pytest.raises(Invalid, match="not one of sklearn, lightning"):
        aip.autolog("keras")
    with pytest.raises(Invalid, match="child_runs"):
        aip.autolog(child_runs=-1)
    with pytest.raises(NotFound, match="pip install lightning"):
        aip.autolog("pytorch_lightning")


def test_the_magic(notebook: Notebook) -> None:
    notebook.run("%autolog --off")
    LogisticRegression().fit(X, Y)
    notebook.run("%autolog sklearn --no-score --children 0")
    GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(X, Y)
    LogisticRegression().fit(X, Y)
    found = _runs()
    assert [detail.run.name for detail in found] == ["GridSearchCV", "LogisticRegression"]
    assert [metric.key for metric in found[1].metrics] == ["fit_seconds"]
    assert notebook.fail("%autolog keras").field == "framework"


LATE = """
import sys
import aip_jupyter as aip
aip.autolog()
assert "sklearn" not in sys.modules
from sklearn.linear_model import Ridge
Ridge(alpha=0.5).fit([[0.0], [1.0]], [0, 1])
"""


def test_what_is_imported_later_is_met(tmp_path: Path) -> None:
    path = tmp_path / "late.py"
    path.write_text(LATE)
    subprocess.run([sys.executable, path], check=True, timeout=100)
    assert aip.get_run("Ridge").params["alpha"] == 0.5


def test_nothing_is_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LogisticRegression().fit(X, Y)
    assert package.autolog.__doc__


def test_a_class_that_refuses_to_be_changed_is_left_as_it_is() -> None:
    class Frozen(type(BaseEstimator)):  # type: ignore[misc]
        def __setattr__(cls, name: str, value: Any) -> None:
            raise RuntimeError("frozen")

    class Refusing(BaseEstimator, metaclass=Frozen):  # type: ignore[misc]
        def fit(self, x: Any, y: Any = None) -> Any:
            return self

        def predict(self, x: Any) -> Any:
            return x

    assert isinstance(Refusing().fit(X), Refusing)
    assert _runs() == []
