"""What logs of a `Trainer` of Lightning breaks none: with one that does nothing else than call."""

from __future__ import annotations

import copy
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import aip_jupyter as aip
from aip_jupyter.client.journals import JOURNALS
from aip_jupyter.notebook import run_state
from aip_jupyter.notebook.autolog import lightning_trainers, training


class Callback:
    """The base of all."""


class Trainer:
    """Fits a model by calling it."""

    is_global_zero = True
    max_epochs = max_steps = num_devices = accumulate_grad_batches = precision = 1
    gradient_clip_val = None
    current_epoch = global_step = 0

    def __init__(self) -> None:
        self.callbacks: Any = []
        self.state = SimpleNamespace(status="finished")
        self.callback_metrics: dict[str, Any] = {"loss": 1.0}

    def fit(self, model: Callable[[Trainer], Any]) -> Any:
        try:
            return model(self)
        finally:
            for callback in self.callbacks:
                callback.on_train_epoch_end(self, model)


@pytest.fixture(autouse=True)
def logging(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AIP_CAPTURE", "off")
    training._told.clear()
    module: Any = ModuleType("trainers")
    module.Trainer, module.Callback = Trainer, Callback
    lightning_trainers.install(module)
    yield
    lightning_trainers.uninstall(module)
    run_state.forget_all()
    JOURNALS.close()
    assert not lightning_trainers._trainings


def nothing(trainer: Trainer) -> None:
    """A model."""


def test_a_fit_in_another_and_beside_another() -> None:
    both, found = threading.Barrier(2), []

    def fit() -> None:
        found.append(Trainer().fit(lambda trainer: both.wait(60)))

    with aip.start_run("mine") as run:
        assert Trainer().fit(lambda trainer: (Trainer().fit(nothing), "fitted")[1]) == "fitted"
        assert aip.active_run() is run
        thread = threading.Thread(target=fit)
        thread.start()
        fit()
        thread.join()
    assert sorted(found) == [0, 1]
    assert not JOURNALS.flush(60)
    card = aip.get_run(run.id)
    assert {"loss", "function-2.loss"} <= card.metrics.keys()


@pytest.mark.parametrize("callbacks", [(), []])
def test_a_list_that_is_replaced(callbacks: Any) -> None:
    def model(trainer: Trainer) -> str:
        trainer.callbacks = callbacks
        return "fitted"

    assert Trainer().fit(model) == "fitted"
    assert aip.active_run() is None


def test_a_list_that_takes_no_more() -> None:
    trainer = Trainer()
    trainer.callbacks = ()
    assert trainer.fit(lambda trainer: "fitted") == "fitted"
    assert aip.active_run() is None


def test_a_fault_of_the_model_is_the_one_that_is_raised() -> None:
    def model(trainer: Trainer) -> None:
        trainer.callbacks = []
        raise KeyError("of the model")

    with pytest.raises(KeyError, match="of the model"):
        Trainer().fit(model)
    assert aip.active_run() is None


def test_a_run_ends_whatever_its_checkpoint_is() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("cannot be said")

    class Checkpoint:
        @property
        def best_model_path(self) -> str:
            raise Mute

    trainer: Any = Trainer()
    trainer.checkpoint_callback = Checkpoint()
    trainer.fit(nothing)
    assert aip.active_run() is None


def test_what_is_copied_or_sent_logs_nothing() -> None:
    def model(trainer: Trainer) -> None:
        (callback,) = trainer.callbacks
        assert type(copy.deepcopy(callback)) is Callback
        assert type(pickle.loads(pickle.dumps(callback))) is Callback

    Trainer().fit(model)
    assert "lightning" not in sys.modules
