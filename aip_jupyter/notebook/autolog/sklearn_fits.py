"""What is logged of a `fit` that a user has called: not of those that it calls itself."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from ..run_start import Said, begin
from .options import options_of
from .training import Training, guarded, plain_param

MAX_ROWS = 10_000
"""Rows of the training data that are enough for its score."""

_here = threading.local()
_lock = threading.Lock()
_going = 0
"""Fits that users have called and that go on, in all threads."""


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def logged(fit: Callable[..., Any], estimator: Any, arguments: Any, options: Mapping[str, Any]) -> Any:
    """Fit, and log that, unless it is a part of another fit, or what is fitted predicts nothing."""
    global _going
    if _is_inner() or not _predicts(estimator):
        return fit(*arguments, **options)
    _here.is_in_fit = True
    with _lock:
        _going += 1
    try:
        return _logged(fit, estimator, arguments, options)
    finally:
        with _lock:
            _going -= 1
        _here.is_in_fit = False


def _is_inner() -> bool:
    if getattr(_here, "is_in_fit", False):
        return True
    if not _going or threading.current_thread() is threading.main_thread():
        return False
    # A search fits its candidates in threads of joblib.
    frame = sys._getframe(2)
    while frame.f_back is not None:
        if str(frame.f_globals.get("__name__")).startswith("joblib."):
            return True
        frame = frame.f_back
    return False


def _predicts(estimator: Any) -> bool:
    """A scaler, or what else only prepares the data, does not."""
    found = guarded(
        "an estimator", lambda: hasattr(estimator, "predict") or hasattr(estimator, "fit_predict")
    )
    return bool(found)


def _logged(fit: Callable[..., Any], estimator: Any, arguments: Any, options: Mapping[str, Any]) -> Any:
    training = guarded("a fit", lambda: _begun(estimator))
    began = time.perf_counter()
    try:
        result = fit(*arguments, **options)
    except BaseException as error:
        if training is not None:
            told = error
            guarded("the end of a fit", lambda: training.end(told))
        raise
    if training is not None:
        seconds = time.perf_counter() - began
        guarded("a fit", lambda: training.log_metrics({"fit_seconds": seconds}))
        guarded("a search", lambda: _log_search(training, estimator))
        guarded("a training score", lambda: _log_score(training, fit, estimator, arguments, options))
        guarded("the end of a fit", training.end)
    return result


def _begun(estimator: Any) -> Training:
    kind = type(estimator)
    tags = {"estimator_name": kind.__name__, "estimator_class": f"{kind.__module__}.{kind.__qualname__}"}
    training = Training(kind.__name__, tags)
    guarded("params", lambda: training.log_params(_dotted(estimator.get_params(deep=True))))
    return training


def _dotted(params: Mapping[str, Any]) -> dict[str, Any]:
    """`clf__C` of a pipeline is `clf.C`."""
    return {key.replace("__", "."): value for key, value in params.items()}


def _log_score(
    training: Training, fit: Callable[..., Any], estimator: Any, arguments: Any, options: Mapping[str, Any]
) -> None:
    """By the estimator's own measure, on the data that it was trained with."""
    if not options_of("sklearn").training_score or hasattr(estimator, "best_score_"):
        return
    bound = signature(fit).bind(*arguments, **options)
    given = (*bound.args, *bound.kwargs.values())  # whatever their names are
    x, y = given[0], given[1] if len(given) > 1 else None
    if y is None or not hasattr(estimator, "score"):
        return
    if (getattr(x, "shape", None) or (len(x),))[0] > MAX_ROWS:
        from sklearn.utils import resample

        x, y = resample(x, y, replace=False, n_samples=MAX_ROWS, random_state=0)
    training.log_metrics({"training_score": estimator.score(x, y)})


def _log_search(training: Training, search: Any) -> None:
    """What a search over params has found: the best ones, and the best candidates as parts of the run."""
    results = getattr(search, "cv_results_", None)
    if not isinstance(results, dict) or "params" not in results:
        return
    if hasattr(search, "best_params_"):
        training.log_params({f"best.{key}": value for key, value in _dotted(search.best_params_).items()})
    training.log_metrics({"best_score": getattr(search, "best_score_", None)})
    ranks = next((values for key, values in results.items() if key.startswith("rank_test")), None)
    if ranks is None:
        return
    best = sorted(range(len(ranks)), key=lambda number: int(ranks[number]))
    for number in best[: options_of("sklearn").child_runs]:
        _log_candidate(training, results, number)


def _log_candidate(training: Training, results: Mapping[str, Any], number: int) -> None:
    outer = training.run
    said = Said(f"{outer.name} {number}", outer.experiment, system_metrics=False)
    run = begin(said, outer)
    try:
        run.log_params({k: plain_param(v) for k, v in _dotted(results["params"][number]).items()})
        means = {
            key: values[number]
            for key, values in results.items()
            if key.startswith(("mean_", "std_", "rank_"))
        }
        run.log_metrics(means)
    finally:
        run.end()
