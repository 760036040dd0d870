"""A session whose start hangs is given up: that is said, and nothing of it is left."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.gpus import agents
from aip_jupyter.backends.gpus.local import LocalPool
from aip_jupyter.backends.gpus.nvml import Device
from aip_jupyter.backends.gpus.processes import wait_until
from aip_jupyter.backends.process import is_running
from aip_jupyter.errors import Unavailable

from ..contracts.gpus import asking
from ..support.sessions import pid_of, record_of, stop_all, wait_for

HANGING = """
import os, pathlib, time
pathlib.Path({begun!r}).write_text(str(os.getpid()))
time.sleep(3600)
"""


@pytest.mark.parametrize("hanging", ["kernel", "agent"])
def test_a_start_that_hangs_is_given_up(
    hanging: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, begun = tmp_path / "home", tmp_path / "begun"
    pool = LocalPool(BackendConfig(home=home), [Device(uuid="GPU-a", name="NVIDIA L4", memory=1)])
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "sitecustomize.py").write_text(HANGING.format(begun=str(begun)))
    request = asking(environment={**os.environ, "PYTHONPATH": str(wrong)})
    processes: list[int] = []

    def hangs() -> bool:
        return begun.exists() and begun.read_text() != ""

    def is_known() -> bool:
        return hanging == "agent" or record_of(home, request.id).kernel != ""

    def impatient(done: Callable[[], bool], patience: float) -> bool:
        """The minute is over as soon as the start hangs."""
        if patience == agents.START_PATIENCE:
            wait_for(lambda: hangs() and is_known())
            record = record_of(home, request.id)
            processes.extend(pid_of(each) for each in (record.agent, record.kernel) if each)
            processes.append(int(begun.read_text()))
            patience = 0.1
        return wait_until(done, patience)

    with monkeypatch.context() as patched:
        patched.setattr(agents, "wait_until", impatient)
        if hanging == "agent":
            patched.setenv("PYTHONPATH", str(wrong))
        with pytest.raises(
            Unavailable, match=r"session: 'train' did not start within 60 s; try again"
        ) as caught:
            pool.start(request, "L4")
    assert caught.value.field == "session"
    assert processes
    assert not [process for process in processes if is_running(process)]
    assert pool.sessions() == []
    assert [path.name for path in (home / "sessions").iterdir()] == [".lock"]
    assert [offer.free for offer in pool.offers()] == [1]
    try:
        assert pool.start(asking(), "L4").session.state == "idle", "its name and its GPU are free again"
    finally:
        stop_all(pool)
