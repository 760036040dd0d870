"""What is logged of `Trainer.fit` of PyTorch Lightning, under each of its two names.

A callback is added for the time of one `fit`, so that there is never more than one.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from ...domain.records import new_id
from .training import Training, guarded

_ORIGINAL = "__aip_original__"
_trainings: dict[str, Training] = {}
"""By callback: fits may go on in threads, and in each other, in one run."""


def install(module: ModuleType) -> None:
    """Let `Trainer.fit` log."""
    trainer: Any = module.Trainer
    original = trainer.fit
    if hasattr(original, _ORIGINAL):
        return
    kind = _callback_class(module.Callback)

    @functools.wraps(original)
    def fit(self: Any, model: Any, *arguments: Any, **options: Any) -> Any:
        return _logged(original, kind, self, model, arguments, options)

    setattr(fit, _ORIGINAL, original)
    trainer.fit = fit


def uninstall(module: ModuleType) -> None:
    """Let it be as it was."""
    trainer: Any = module.Trainer
    trainer.fit = getattr(trainer.fit, _ORIGINAL, trainer.fit)


def _logged(original: Any, kind: Any, trainer: Any, model: Any, arguments: Any, options: Any) -> Any:
    training = guarded("a training", lambda: _begun(trainer, model))
    if training is None:  # also where another process is the one that logs
        return original(trainer, model, *arguments, **options)
    callback = guarded("what a training measures", lambda: _added(kind, trainer, training))
    try:
        result = original(trainer, model, *arguments, **options)
    except BaseException as error:
        told = error
        guarded("the end of a training", lambda: training.end(told))
        raise
    finally:
        guarded("the end of a training", lambda: _remove(trainer, callback))
    guarded("a checkpoint", lambda: _log_checkpoint(training, trainer))
    guarded("the end of a training", lambda: _end(training, trainer))
    return result


def _added(kind: Any, trainer: Any, training: Training) -> Any:
    callback = kind(new_id())
    trainer.callbacks.insert(0, callback)  # those that save checkpoints stay the last
    _trainings[callback.key] = training
    return callback


def _remove(trainer: Any, callback: Any) -> None:
    if callback is not None:
        _trainings.pop(callback.key, None)
        with contextlib.suppress(ValueError):  # who has replaced the list has left it out
            trainer.callbacks.remove(callback)


def _begun(trainer: Any, model: Any) -> Training | None:
    if not trainer.is_global_zero:
        return None
    kind = type(model)
    training = Training(
        kind.__name__, {"model_name": kind.__name__, "model_class": f"{kind.__module__}.{kind.__qualname__}"}
    )
    guarded("params", lambda: training.log_params(_params(trainer, model)))
    return training


def _params(trainer: Any, model: Any) -> dict[str, Any]:
    """The model's own, as `save_hyperparameters` has kept them, then what the trainer was told."""
    told = {
        "trainer.max_epochs": trainer.max_epochs,
        "trainer.max_steps": trainer.max_steps,
        "trainer.precision": trainer.precision,
        "trainer.devices": trainer.num_devices,
        "trainer.accumulate_grad_batches": trainer.accumulate_grad_batches,
        "trainer.gradient_clip_val": trainer.gradient_clip_val,
    }
    return {**flat(getattr(model, "hparams", {})), **told}


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dicts in dicts as `outer.inner`."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found.update(flat(value, f"{prefix}{key}."))
        else:
            found[f"{prefix}{key}"] = value
    return found


def _callback_class(base: Any) -> Any:
    class AipCallback(base):  # type: ignore[misc]  # of the one library or the other
        """Logs what a model has logged, when an epoch ends."""

        def __init__(self, key: str) -> None:
            self.key = key

        def __reduce__(self) -> Any:
            """In another process, and in a copy, it is one that does nothing."""
            return base, ()

        def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
            self._log(lambda training: training.log_params(_optimizers(trainer)))

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            self._log(lambda training: _log_epoch(training, trainer))

        def _log(self, log: Any) -> None:
            training = _trainings.get(self.key)
            if training is not None:
                guarded("an epoch", lambda: log(training))

    return AipCallback


def _optimizers(trainer: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, optimizer in enumerate(trainer.optimizers):
        prefix = "optimizer" if not number else f"optimizer{number}"
        found[f"{prefix}.name"] = type(optimizer).__name__
        found.update({f"{prefix}.{key}": value for key, value in optimizer.defaults.items()})
    return found


def _log_epoch(training: Training, trainer: Any) -> None:
    training.log_metrics(
        {**trainer.callback_metrics, "epoch": trainer.current_epoch}, step=trainer.global_step
    )


def _log_checkpoint(training: Training, trainer: Any) -> None:
    checkpoint = getattr(trainer, "checkpoint_callback", None)
    if path := getattr(checkpoint, "best_model_path", ""):
        training.run.set_tags({f"{training.prefix}best_model_path": str(path)})
        training.log_metrics({"best_model_score": getattr(checkpoint, "best_model_score", None)})


def _end(training: Training, trainer: Any) -> None:
    was_interrupted = str(trainer.state.status).endswith("interrupted")
    training.end(KeyboardInterrupt() if was_interrupted else None)
