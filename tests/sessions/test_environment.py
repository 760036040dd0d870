"""Which variables a session gets."""

from __future__ import annotations

from aip_jupyter.sessions.environment import session_environment

PLAIN = {"PATH": "/bin", "HOME": "/home/ada", "CUDA_HOME": "/cuda", "AIP_HOME": "/data", "HF_TOKEN": "hers"}
KEYS = {
    "AIP_TOKEN": "secret",
    "AIP_URL": "http://x/?token=secret",
    "JPY_PARENT_PID": "1",
    "JPY_SESSION_NAME": "a.ipynb",
    "JPY_API_TOKEN": "secret",
    "JUPYTER_TOKEN": "secret",
    "JUPYTERHUB_API_TOKEN": "secret",
    "JUPYTER_SERVER_URL": "http://x",
    "KERNEL_USERNAME": "ada",
}
BACKENDS = {"AIP_REGISTRY_URL": "postgresql://ada:secret@x", "AIP_STORAGE_URL": "s3://key:secret@x"}


def test_the_users_own_variables_go_along() -> None:
    assert session_environment(PLAIN) == PLAIN


def test_what_is_about_this_kernel_and_what_is_a_key_stays() -> None:
    assert session_environment({**PLAIN, **KEYS, **BACKENDS}) == PLAIN


def test_without_a_server_the_session_knows_where_the_backends_are() -> None:
    assert session_environment({**PLAIN, **KEYS, **BACKENDS}, embedded=True) == {**PLAIN, **BACKENDS}
