"""Trainings of PyTorch Lightning that log by themselves, under both names of the package.

`make test-frameworks` has the libraries, which are too large for the usual environment.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import aip_jupyter as aip
from aip_jupyter.client.connect import disconnect
from aip_jupyter.client.journals import JOURNALS
from aip_jupyter.notebook import run_state

torch: Any = import_module("torch")

pytestmark = pytest.mark.filterwarnings("default")  # what these libraries warn of is not ours


@pytest.fixture(autouse=True)
def logging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Switched on in a fresh home, and off again."""
    monkeypatch.setenv("AIP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AIP_CAPTURE", "off")
    monkeypatch.chdir(tmp_path)
    disconnect()
    aip.autolog()
    yield
    aip.autolog(disable=True)
    run_state.forget_all()
    JOURNALS.close()
    disconnect()


@pytest.fixture(params=["lightning.pytorch", "pytorch_lightning"])
def lightning(request: pytest.FixtureRequest) -> Any:
    return import_module(request.param)


def _runs() -> Any:
    assert not JOURNALS.flush(60)
    return aip.list_runs()


def _model(lightning: Any) -> Any:
    class Line(lightning.LightningModule):  # type: ignore[misc]
        def __init__(self, lr: float = 0.1, size: int = 1, fails: bool = False) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(1, size)

        def training_step(self, batch: Any, index: int) -> Any:
            if self.hparams.fails:
                raise ValueError("a fault of the model")
            loss = ((self.layer(batch[0]) - batch[1]) ** 2).mean()
            self.log("train_loss", loss, on_epoch=True)
            return loss

        def validation_step(self, batch: Any, index: int) -> None:
            self.log("val_loss", ((self.layer(batch[0]) - batch[1]) ** 2).mean())

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)

    return Line


def _data() -> Any:
    x = torch.arange(8.0).reshape(8, 1) / 8
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, 2 * x), batch_size=4)


def _trainer(lightning: Any, **options: Any) -> Any:
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return lightning.Trainer(max_epochs=3, accelerator="cpu", **quiet, **options)


def test_a_training_is_a_run(lightning: Any, tmp_path: Path) -> None:
    checkpoint = lightning.callbacks.ModelCheckpoint(dirpath=tmp_path / "best", monitor="val_loss")
    trainer = _trainer(lightning, callbacks=[checkpoint])
    trainer.fit(_model(lightning)(lr=0.2), _data(), _data())
    (detail,) = _runs()
    card = aip.get_run(detail.run.id)
    assert (card.run.name, card.run.status) == ("Line", "completed")
    assert (card.params["lr"], card.params["size"], card.params["fails"]) == (0.2, 1, False)
    assert (card.params["trainer.max_epochs"], card.params["optimizer.name"]) == (3, "SGD")
    assert card.params["optimizer.lr"] == 0.2
    for key in ("train_loss_epoch", "val_loss", "epoch"):
        history = aip.get_metric_history(card.run.id, key)
        assert history.steps == [2, 4, 6], key
    assert card.metrics["val_loss"].last == float(trainer.callback_metrics["val_loss"])
    assert Path(card.run.tags["best_model_path"]).is_file()
    assert card.metrics["best_model_score"].last == float(checkpoint.best_model_score)
    assert not [each for each in trainer.callbacks if type(each).__name__ == "AipCallback"]


def test_twice_changes_nothing_and_disabling_takes_it_back(lightning: Any) -> None:
    aip.autolog()
    aip.autolog("pytorch_lightning")
    trainer = _trainer(lightning, enable_checkpointing=False)
    trainer.fit(_model(lightning)(), _data())
    (detail,) = _runs()
    assert aip.get_metric_history(detail.run.id, "train_loss").steps == [2, 4, 6]
    aip.autolog(disable=True)
    _trainer(lightning, enable_checkpointing=False).fit(_model(lightning)(), _data())
    assert len(_runs()) == 1


def test_a_training_that_fails(lightning: Any) -> None:
    trainer = _trainer(lightning, enable_checkpointing=False)
    with pytest.raises(ValueError, match="a fault of the model"):
        trainer.fit(_model(lightning)(fails=True), _data())
    (detail,) = _runs()
    assert detail.run.status == "failed"
    assert aip.active_run() is None


def test_in_an_active_run(lightning: Any) -> None:
    with aip.start_run("mine"):
        for _ in range(2):
            _trainer(lightning, enable_checkpointing=False).fit(
                model=_model(lightning)(), train_dataloaders=_data()
            )
        assert aip.active_run() is not None
    (detail,) = _runs()
    assert detail.run.name == "mine"
    assert detail.run.params["Line-2.lr"] == 0.1
    assert {"train_loss", "Line-2.train_loss"} <= {metric.key for metric in detail.metrics}
