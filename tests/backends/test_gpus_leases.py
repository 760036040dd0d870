"""A GPU belongs to one holder at a time, over all processes, until the last that has its lock has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aip_jupyter.backends.gpus.leases import Leases
from aip_jupyter.backends.gpus.nvml import Device
from aip_jupyter.errors import GpuNotAvailable

DEVICES = [Device(uuid=f"GPU-{n}", name="NVIDIA L4", memory=23_034) for n in range(2)]

_RACER = """
import sys
from pathlib import Path
from aip_jupyter.backends.gpus.leases import Leases
from aip_jupyter.errors import GpuNotAvailable
from aip_jupyter.backends.gpus.nvml import Device
devices = [Device(uuid=f"GPU-{n}", name="NVIDIA L4", memory=23_034) for n in range(2)]
leases = Leases(Path(sys.argv[1]), devices)
print("ready", flush=True)
sys.stdin.readline()
try:
    print(leases.take("L4")[0].uuid, flush=True)
except GpuNotAvailable:
    print("none", flush=True)
sys.stdin.readline()
"""


def test_eight_processes_race_for_two(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _RACER, str(tmp_path / "gpus")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    racers = [subprocess.Popen(command, text=True, **pipes) for _ in range(8)]  # type: ignore[call-overload]
    try:
        for word in ("ready", None):
            lines = [racer.stdout.readline().strip() for racer in racers]
            assert word is None or set(lines) == {word}
            for racer in racers if word else ():
                racer.stdin.write("go\n")
                racer.stdin.flush()
        assert sorted(lines) == ["GPU-0", "GPU-1", *["none"] * 6]
        assert [offer.label for offer in Leases(tmp_path / "gpus", DEVICES).offers()] == ["L4 ×2 (none free)"]
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()
            racer.stdin.close()
            racer.stdout.close()
    assert [offer.label for offer in Leases(tmp_path / "gpus", DEVICES).offers()] == ["L4 ×2"]


def test_a_lease_goes_on_with_those_who_inherited_it(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "gpus", DEVICES[:1])
    device, held = leases.take("L4")
    assert device == DEVICES[0]
    heir = subprocess.Popen(["sleep", "60"], pass_fds=[held])
    os.close(held)
    with pytest.raises(GpuNotAvailable):
        leases.take("L4")
    heir.kill()
    heir.wait()
    os.close(leases.take("L4")[1])


def test_to_look_takes_nothing(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "gpus", DEVICES)
    assert leases.offers()[0].free == 2
    assert not (tmp_path / "gpus").exists()
    _, held = leases.take("L4")
    assert leases.offers()[0].free == 1
    os.close(held)
    assert leases.offers()[0].free == 2
    with pytest.raises(GpuNotAvailable):
        leases.take("A10")
