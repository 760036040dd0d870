"""The Python API: its names and signatures are a promise."""

from __future__ import annotations

import inspect

import aip_jupyter as aip

SIGNATURES = {
    "active_run": "() -> 'ActiveRun | None'",
    "check_store": "(*, mend: 'bool' = True, verify: 'bool' = False) -> 'StoreReport'",
    "describe": "() -> 'Status'",
    "end_run": "(status: 'Status' = 'completed') -> 'ActiveRun'",
    "get_dataset": "(ref: 'str', *, project: 'str | None' = None) -> 'DatasetCard'",
    "get_lineage": "(ref: 'str', *, limit: 'int' = 200, project: 'str | None' = None) -> 'LineageGraph'",
    "get_metric_history": "(run: 'str', key: 'str', *, project: 'str | None' = None) -> 'MetricHistory'",
    "get_model": "(name: 'str', *, limit: 'int' = 20, project: 'str | None' = None) -> 'ModelCard'",
    "get_run": "(run: 'str' = '', *, project: 'str | None' = None) -> 'RunCard'",
    "get_version": "(ref: 'str', *, project: 'str | None' = None) -> 'VersionCard'",
    "gpu": "(type: 'Any' = '', *, session: 'str' = '', strict: 'bool' = False) -> 'Any'",
    "interrupt_session": "(session: 'str', *, project: 'str | None' = None) -> 'SessionNote'",
    "list_datasets": (
        "(search: 'str' = '', *, name: 'str' = '', limit: 'int' = 100, project: 'str | None' = None) ->"
        " 'DatasetTable'"
    ),
    "list_gpus": "() -> 'GpuTable'",
    "list_models": (
        "(search: 'str' = '', *, category: 'str' = '', tag: 'str' = '', author: 'str' = '', limit: "
        "'int' = 100, project: 'str | None' = None) -> 'ModelTable'"
    ),
    "list_runs": (
        "(search: 'str' = '', *, experiment: 'str' = '', status: 'str' = '', author: 'str' = '', limit:"
        " 'int' = 100, project: 'str | None' = None) -> 'RunTable'"
    ),
    "list_sessions": "(*, project: 'str | None' = None) -> 'SessionTable'",
    "load_model": (
        "(ref: 'str', *, to: 'str | Path | None' = None, trust: 'bool' = False, project: 'str | None' ="
        " None) -> 'Any'"
    ),
    "log_dataset": (
        "(name: 'str', data: 'Any' = None, *, path: 'str | os.PathLike[str] | None' = None, df: 'Any' ="
        " None, uri: 'str | None' = None, context: 'str' = '', tags: 'Tags' = None, project: 'str | "
        "None' = None) -> 'DatasetCard'"
    ),
    "log_metric": "(key: 'str', value: 'Any', step: 'int | None' = None) -> 'None'",
    "log_metrics": "(metrics: 'Mapping[str, Any]', step: 'int | None' = None) -> 'None'",
    "log_param": "(key: 'str', value: 'Any') -> 'None'",
    "log_params": "(params: 'Mapping[str, Any]') -> 'None'",
    "register_model": (
        "(name: 'str', obj_or_path: 'Any', *, version: 'str | None' = None, category: 'str | None' = "
        "None, tags: 'Tags' = None, description: 'str' = '', properties: 'Mapping[str, PropertyValue] |"
        " None' = None, project: 'str | None' = None) -> 'VersionCard'"
    ),
    "run_on_gpu": (
        "(function: 'str | Callable[..., Any]', *args: 'Any', gpu: 'str' = '', session: 'str | None' = "
        "None, inputs: 'Mapping[str, Any] | None' = None, outputs: 'Sequence[str]' = (), strict: 'bool'"
        " = False, **kwargs: 'Any') -> 'Any'"
    ),
    "session_log": "(session: 'str', *, lines: 'int' = 100, project: 'str | None' = None) -> 'str'",
    "set_tag": "(key: 'str', value: 'str' = '') -> 'None'",
    "set_tags": "(tags: 'Tags') -> 'None'",
    "start_run": (
        "(name: 'str | None' = None, *, experiment: 'str | None' = None, tags: 'Tags' = None, notes: "
        "'str' = '') -> 'ActiveRun'"
    ),
    "stop_session": "(session: 'str', *, project: 'str | None' = None) -> 'SessionNote'",
}


def test_names_and_signatures_are_pinned() -> None:
    assert {name for name in aip.__all__ if not name.startswith("__")} == set(SIGNATURES)
    for name, signature in SIGNATURES.items():
        function = getattr(aip, name)
        assert str(inspect.signature(function)) == signature, name
        assert inspect.getdoc(function)
