"""The Python API: its names and signatures are a promise."""

from __future__ import annotations

import inspect

import aip_jupyter as aip

SIGNATURES = {
    "active_run": "() -> 'ActiveRun | None'",
    "archive_project": "(name: 'str') -> 'ProjectCard'",
    "attach_session": (
        "(session: 'str | None' = None, *, last: 'int | None' = None, project: 'str | None' = None) -> 'None'"
    ),
    "autolog": (
        "(framework: 'str | None' = None, *, disable: 'bool' = False, training_score: 'bool' = True, "
        "child_runs: 'int' = 5) -> 'None'"
    ),
    "check_store": "(*, mend: 'bool' = True, verify: 'bool' = False) -> 'StoreReport'",
    "compare_runs": (
        "(ids: 'Sequence[str | ActiveRun]', metric_keys: 'Sequence[str] | None' = None, *, points: 'int' "
        "= 500, project: 'str | None' = None) -> 'RunComparison'"
    ),
    "create_project": "(name: 'str', *, description: 'str' = '') -> 'ProjectCard'",
    "create_token": (
        "(name: 'str', *, scope: 'str' = 'read', project: 'str | None' = None, expires: 'str' = '30d') "
        "-> 'NewTokenCard'"
    ),
    "delete_dataset": "(ref: 'str', *, project: 'str | None' = None) -> 'DatasetCard'",
    "delete_run": "(run: 'str | ActiveRun', *, project: 'str | None' = None) -> 'RunCard'",
    "delete_artifact": (
        "(run: 'str | ActiveRun', path: 'str', *, project: 'str | None' = None) -> 'ArtifactChange'"
    ),
    "describe": "() -> 'Status'",
    "download_artifact": (
        "(run: 'str | ActiveRun' = '', path: 'str' = '', to: 'str | os.PathLike[str] | None' = None, *, "
        "project: 'str | None' = None) -> 'Path'"
    ),
    "download_link": (
        "(ref: 'str', file: 'str' = '', *, expires: 'str' = '10m', project: 'str | None' = None)"
        " -> 'DownloadLinkCard'"
    ),
    "end_run": "(status: 'Status' = 'completed') -> 'ActiveRun'",
    "experiment": "(name: 'Any' = None) -> 'Any'",
    "get_dataset": "(ref: 'str', *, project: 'str | None' = None) -> 'DatasetCard'",
    "get_lineage": (
        "(ref: 'str', *, limit: 'int' = 200, depth: 'int' = 100, project: 'str | None' = None) -> "
        "'LineageGraph'"
    ),
    "get_metric_history": (
        "(run: 'str | ActiveRun', key: 'str', points: 'int' = 0, *, project: 'str | None' = None) -> "
        "'MetricHistory'"
    ),
    "get_model": "(name: 'str', *, limit: 'int' = 20, project: 'str | None' = None) -> 'ModelCard'",
    "get_model_lineage": (
        "(model: 'str', *, limit: 'int' = 100, project: 'str | None' = None) -> 'ModelLineageTable'"
    ),
    "get_project": "(name: 'str | None' = None) -> 'ProjectCard'",
    "get_run": "(run: 'str | ActiveRun' = '', *, project: 'str | None' = None) -> 'RunCard'",
    "get_run_datasets": "(run: 'str', *, project: 'str | None' = None) -> 'RunDatasetTable'",
    "get_text": "(run: 'str | ActiveRun', name: 'str', *, project: 'str | None' = None) -> 'str'",
    "get_version": "(ref: 'str', *, project: 'str | None' = None) -> 'VersionCard'",
    "gpu": (
        "(type: 'Any' = 'L40S', count: 'int' = 1, fraction: 'int' = 100, timeout: 'float | str | None' = "
        "3600, remote: 'bool' = True, *, session: 'str' = '', strict: 'bool' = False, "
        "project: 'str | None' = None) -> 'Any'"
    ),
    "impact": "(dataset: 'str', *, limit: 'int' = 20000, project: 'str | None' = None) -> 'ImpactTable'",
    "init": (
        "(project_id: 'str | None' = None, api_key: 'str | None' = None, url: 'str | None' = None) -> "
        "'Status'"
    ),
    "interrupt_session": "(session: 'str | None' = None, *, project: 'str | None' = None) -> 'SessionNote'",
    "list_artifacts": (
        "(run: 'str | ActiveRun' = '', path: 'str' = '', *, deleted: 'bool' = False, limit: 'int' = 1000, "
        "project: 'str | None' = None) -> 'ArtifactTable'"
    ),
    "list_datasets": (
        "(search: 'str' = '', *, name: 'str' = '', deleted: 'bool' = False, limit: 'int' = 100, "
        "project: 'str | None' = None) -> 'DatasetTable'"
    ),
    "list_gpus": "() -> 'GpuTable'",
    "list_models": (
        "(search: 'str' = '', *, category: 'str' = '', tag: 'str' = '', author: 'str' = '', limit: "
        "'int' = 100, project: 'str | None' = None) -> 'ModelTable'"
    ),
    "list_projects": "(*, archived: 'bool' = False) -> 'ProjectTable'",
    "list_runs": (
        "(search: 'str' = '', *, experiment: 'str' = '', status: 'str' = '', author: 'str' = '', filter: "
        "'str' = '', order_by: 'str' = 'started desc', deleted: 'bool' = False, limit: 'int' = 100, "
        "project: 'str | None' = None) -> 'RunTable'"
    ),
    "list_sessions": "(*, project: 'str | None' = None) -> 'SessionTable'",
    "list_texts": "(run: 'str | ActiveRun' = '', *, project: 'str | None' = None) -> 'list[TextInfo]'",
    "list_tokens": "(*, project: 'str | None' = None) -> 'TokenTable'",
    "load_model": (
        "(ref: 'str', *, to: 'str | Path | None' = None, trust: 'bool' = False, project: 'str | None' ="
        " None) -> 'Any'"
    ),
    "log_artifact": (
        "(path_or_object: 'Any', artifact_path: 'str | None' = None, *, name: 'str | None' = None, run: "
        "'str | ActiveRun | None' = None, project: 'str | None' = None) -> 'LoggedArtifacts'"
    ),
    "log_dataset": (
        "(name: 'str', data: 'Any' = None, *, path: 'str | os.PathLike[str] | None' = None, df: 'Any' = "
        "None, uri: 'str | None' = None, context: 'str | None' = None, split: 'str' = '', digest: 'str' = "
        "'', schema: 'Any' = None, profile: 'bool | Mapping[str, Any] | None' = None, source_type: 'str' = "
        "'', tags: 'Tags' = None, output: 'bool' = False, verify: 'bool' = False, project: 'str | None' = "
        "None) -> 'DatasetCard'"
    ),
    "log_metric": "(key: 'str', value: 'Any', step: 'int | None' = None) -> 'None'",
    "log_metrics": "(metrics: 'Mapping[str, Any]', step: 'int | None' = None) -> 'None'",
    "log_param": "(key: 'str', value: 'Any') -> 'None'",
    "log_params": "(params: 'Mapping[str, Any]') -> 'None'",
    "log_text": "(text: 'str', name: 'str') -> 'None'",
    "peek_session": (
        "(expression: 'str', session: 'str | None' = None, *, project: 'str | None' = None) -> 'PeekedValue'"
    ),
    "register_model": (
        "(name: 'str', obj_or_path: 'Any', *, version: 'str | None' = None, category: 'str | None' = "
        "None, tags: 'Tags' = None, description: 'str' = '', properties: 'Mapping[str, PropertyValue] |"
        " None' = None, project: 'str | None' = None) -> 'VersionCard'"
    ),
    "remove_role": "(user: 'str', *, project: 'str | None' = None) -> 'ProjectCard'",
    "restart_session": "(session: 'str', *, project: 'str | None' = None) -> 'SessionNote'",
    "restore_artifact": (
        "(run: 'str | ActiveRun', path: 'str', *, project: 'str | None' = None) -> 'ArtifactChange'"
    ),
    "restore_dataset": "(ref: 'str', *, project: 'str | None' = None) -> 'DatasetCard'",
    "restore_project": "(name: 'str') -> 'ProjectCard'",
    "restore_run": "(run: 'str | ActiveRun', *, project: 'str | None' = None) -> 'RunCard'",
    "revoke_token": "(name: 'str', *, project: 'str | None' = None) -> 'TokenNote'",
    "run": "(name: 'Any' = None, track_gpu: 'bool' = True, tags: 'Tags' = None) -> 'Any'",
    "run_on_gpu": (
        "(function: 'str | Callable[..., Any]', *args: 'Any', gpu: 'str' = 'L40S', count: 'int' = 1, "
        "fraction: 'int' = 100, timeout: 'float | str | None' = 3600, session: 'str | None' = None, inputs: "
        "'Mapping[str, Any] | None' = None, outputs: 'Sequence[str]' = (), background: 'bool' = False, "
        "strict: 'bool' = False, project: 'str | None' = None, **kwargs: 'Any') -> 'Any'"
    ),
    "search_runs": (
        "(experiment: 'str | None' = None, filter: 'str' = '', order_by: 'str' = '', limit: 'int' = 100, "
        "page_token: 'str' = '', *, project: 'str | None' = None) -> 'RunTable'"
    ),
    "session_log": (
        "(session: 'str | None' = None, *, lines: 'int' = 100, project: 'str | None' = None) -> 'str'"
    ),
    "session_stack": "(session: 'str | None' = None, *, project: 'str | None' = None) -> 'str'",
    "set_experiment": "(name: 'str') -> 'str'",
    "set_role": "(user: 'str', role: 'str', *, project: 'str | None' = None) -> 'ProjectCard'",
    "set_tag": "(key: 'str', value: 'str' = '') -> 'None'",
    "set_tags": "(tags: 'Tags') -> 'None'",
    "start_run": (
        "(name: 'str | None' = None, *, experiment: 'str | None' = None, tags: 'Tags' = None, notes: "
        "'str' = '', nested: 'bool' = False, resume: 'str | ActiveRun | None' = None, system_metrics: "
        "'bool' = True, project: 'str | None' = None) -> 'ActiveRun'"
    ),
    "show_artifact": "(run: 'str | ActiveRun', path: 'str', *, project: 'str | None' = None) -> 'Preview'",
    "stop_session": "(session: 'str', *, project: 'str | None' = None) -> 'SessionNote'",
    "update_notes": "(text: 'str') -> 'None'",
    "use_project": "(name: 'str') -> 'ProjectCard'",
    "watch_run": (
        "(run: 'str | ActiveRun' = '', metrics: 'Sequence[str] | None' = None, *, project: 'str | None' ="
        " None) -> 'None'"
    ),
}


def test_names_and_signatures_are_pinned() -> None:
    assert {name for name in aip.__all__ if not name.startswith("__")} == set(SIGNATURES)
    for name, signature in SIGNATURES.items():
        function = getattr(aip, name)
        assert str(inspect.signature(function)) == signature, name
        assert inspect.getdoc(function)
