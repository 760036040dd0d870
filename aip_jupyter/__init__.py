"""The machine-learning platform inside the notebook.

    %load_ext aip_jupyter
    import aip_jupyter as aip

Importing this loads nothing else: `%load_ext` must stay under 30 ms (a test and a benchmark watch it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .notebook import panels as panels
    from .notebook.api import check_store as check_store
    from .notebook.api import describe as describe
    from .notebook.api import get_model as get_model
    from .notebook.api import get_version as get_version
    from .notebook.api import list_models as list_models
    from .notebook.api import load_model as load_model
    from .notebook.api import register_model as register_model
    from .notebook.artifact_download import download_artifact as download_artifact
    from .notebook.artifact_preview import show_artifact as show_artifact
    from .notebook.artifacts import delete_artifact as delete_artifact
    from .notebook.artifacts import list_artifacts as list_artifacts
    from .notebook.artifacts import log_artifact as log_artifact
    from .notebook.artifacts import restore_artifact as restore_artifact
    from .notebook.autolog import autolog as autolog
    from .notebook.datasets import delete_dataset as delete_dataset
    from .notebook.datasets import get_dataset as get_dataset
    from .notebook.datasets import get_run_datasets as get_run_datasets
    from .notebook.datasets import list_datasets as list_datasets
    from .notebook.datasets import log_dataset as log_dataset
    from .notebook.datasets import restore_dataset as restore_dataset
    from .notebook.gpu_api import interrupt_session as interrupt_session
    from .notebook.gpu_api import list_gpus as list_gpus
    from .notebook.gpu_api import list_sessions as list_sessions
    from .notebook.gpu_api import session_log as session_log
    from .notebook.gpu_api import stop_session as stop_session
    from .notebook.gpu_attach import attach_session as attach_session
    from .notebook.gpu_functions import gpu as gpu
    from .notebook.gpu_look import peek_session as peek_session
    from .notebook.gpu_look import restart_session as restart_session
    from .notebook.gpu_look import session_stack as session_stack
    from .notebook.gpu_run import run_on_gpu as run_on_gpu
    from .notebook.impact import get_model_lineage as get_model_lineage
    from .notebook.impact import impact as impact
    from .notebook.lineage import get_lineage as get_lineage
    from .notebook.projects import archive_project as archive_project
    from .notebook.projects import create_project as create_project
    from .notebook.projects import get_project as get_project
    from .notebook.projects import init as init
    from .notebook.projects import list_projects as list_projects
    from .notebook.projects import remove_role as remove_role
    from .notebook.projects import restore_project as restore_project
    from .notebook.projects import set_role as set_role
    from .notebook.projects import use_project as use_project
    from .notebook.run_functions import experiment as experiment
    from .notebook.run_functions import run as run
    from .notebook.run_live import watch_run as watch_run
    from .notebook.run_reading import compare_runs as compare_runs
    from .notebook.run_reading import delete_run as delete_run
    from .notebook.run_reading import get_metric_history as get_metric_history
    from .notebook.run_reading import get_run as get_run
    from .notebook.run_reading import get_text as get_text
    from .notebook.run_reading import list_runs as list_runs
    from .notebook.run_reading import list_texts as list_texts
    from .notebook.run_reading import restore_run as restore_run
    from .notebook.run_reading import search_runs as search_runs
    from .notebook.run_state import active_run as active_run
    from .notebook.run_state import set_experiment as set_experiment
    from .notebook.runs import end_run as end_run
    from .notebook.runs import log_metric as log_metric
    from .notebook.runs import log_metrics as log_metrics
    from .notebook.runs import log_param as log_param
    from .notebook.runs import log_params as log_params
    from .notebook.runs import log_text as log_text
    from .notebook.runs import set_tag as set_tag
    from .notebook.runs import set_tags as set_tags
    from .notebook.runs import start_run as start_run
    from .notebook.runs import update_notes as update_notes
    from .notebook.tokens import create_token as create_token
    from .notebook.tokens import download_link as download_link
    from .notebook.tokens import list_tokens as list_tokens
    from .notebook.tokens import revoke_token as revoke_token

_API = {
    "check_store": "api",
    "describe": "api",
    "get_model": "api",
    "get_version": "api",
    "list_models": "api",
    "load_model": "api",
    "register_model": "api",
    "gpu": "gpu_functions",
    "interrupt_session": "gpu_api",
    "list_gpus": "gpu_api",
    "list_sessions": "gpu_api",
    "peek_session": "gpu_look",
    "restart_session": "gpu_look",
    "run_on_gpu": "gpu_run",
    "session_log": "gpu_api",
    "session_stack": "gpu_look",
    "attach_session": "gpu_attach",
    "stop_session": "gpu_api",
    "experiment": "run_functions",
    "run": "run_functions",
    "watch_run": "run_live",
    "compare_runs": "run_reading",
    "delete_run": "run_reading",
    "get_metric_history": "run_reading",
    "get_run": "run_reading",
    "get_text": "run_reading",
    "list_runs": "run_reading",
    "list_texts": "run_reading",
    "restore_run": "run_reading",
    "search_runs": "run_reading",
    "active_run": "run_state",
    "autolog": "autolog",
    "set_experiment": "run_state",
    "end_run": "runs",
    "log_metric": "runs",
    "log_metrics": "runs",
    "log_param": "runs",
    "log_params": "runs",
    "log_text": "runs",
    "set_tag": "runs",
    "set_tags": "runs",
    "start_run": "runs",
    "update_notes": "runs",
    "delete_artifact": "artifacts",
    "download_artifact": "artifact_download",
    "list_artifacts": "artifacts",
    "log_artifact": "artifacts",
    "restore_artifact": "artifacts",
    "show_artifact": "artifact_preview",
    "delete_dataset": "datasets",
    "get_dataset": "datasets",
    "get_run_datasets": "datasets",
    "list_datasets": "datasets",
    "log_dataset": "datasets",
    "restore_dataset": "datasets",
    "get_lineage": "lineage",
    "get_model_lineage": "impact",
    "impact": "impact",
    "init": "projects",
    "use_project": "projects",
    "create_project": "projects",
    "list_projects": "projects",
    "get_project": "projects",
    "archive_project": "projects",
    "restore_project": "projects",
    "set_role": "projects",
    "remove_role": "projects",
    "create_token": "tokens",
    "list_tokens": "tokens",
    "revoke_token": "tokens",
    "download_link": "tokens",
}
"""The names of the Python API, and the module of `notebook` that has each."""

__all__ = ["__version__", *_API]


def __getattr__(name: str) -> Any:
    """The Python API, imported at first use."""
    if name in _API:
        from importlib import import_module

        found = getattr(import_module(f".notebook.{_API[name]}", __name__), name)
        globals()[name] = found  # the next time nobody asks here: this is in training loops
        return found
    if name == "panels":
        from importlib import import_module

        return import_module(".notebook.panels", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "panels"])


def load_ipython_extension(ipython: Any) -> None:
    """`%load_ext aip_jupyter`."""
    from .notebook.magics import register

    register(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """`%unload_ext aip_jupyter`."""
    from .notebook.magics import unregister

    unregister(ipython)


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .server.app import AipApp

    return [{"module": "aip_jupyter", "app": AipApp}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "aip-jupyter"}]
