"""A GPU belongs to one holder at a time, over all processes, until the last that has its lock has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aip_jupyter.backends.gpus.leases import Leases
from aip_jupyter.backends.gpus.nvml import Device
from aip_jupyter.errors import GpuNotAvailable, Invalid

DEVICES = [Device(uuid=f"GPU-{n}", name="NVIDIA L4", memory=23_034) for n in range(2)]


def close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


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
    print(leases.take("L4")[0][0].uuid, flush=True)
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
    devices, held = leases.take("L4")
    assert devices == DEVICES[:1]
    heir = subprocess.Popen(["sleep", "60"], pass_fds=held)
    close(held)
    with pytest.raises(GpuNotAvailable):
        leases.take("L4")
    heir.kill()
    heir.wait()
    close(leases.take("L4")[1])


def test_to_look_takes_nothing(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "gpus", DEVICES)
    assert leases.offers()[0].free == 2
    assert not (tmp_path / "gpus").exists()
    _, held = leases.take("L4")
    assert leases.offers()[0].free == 1
    close(held)
    assert leases.offers()[0].free == 2
    with pytest.raises(GpuNotAvailable):
        leases.take("A10")


def test_who_gets_nothing_keeps_nothing(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "gpus", DEVICES)
    before = len(os.listdir("/proc/self/fd"))
    _, held = leases.take("L4", fraction=50)
    assert len(held) == 2
    with pytest.raises(GpuNotAvailable):
        leases.take("L4", count=2)
    assert len(os.listdir("/proc/self/fd")) == before + 2
    close([*held, *leases.take("L4", fraction=75)[1], *leases.take("L4", fraction=50)[1]])
    both, held = leases.take("L4", count=2)
    assert both == DEVICES
    close(held)


def test_slices_are_given_one_at_a_time(tmp_path: Path) -> None:
    slices = [Device(uuid=f"MIG-{n}", name="NVIDIA L4", memory=10_000, board=23_034) for n in range(2)]
    leases = Leases(tmp_path / "gpus", slices)
    with pytest.raises(Invalid, match="slices"):
        leases.take("L4", count=2)
    close(leases.take("L4")[1])


_CROWD = """
import os, random, sys
from pathlib import Path
from aip_jupyter.backends.gpus.leases import Leases
from aip_jupyter.errors import GpuNotAvailable
from tests.backends.test_gpus_leases import DEVICES, close
leases, chance = Leases(Path(sys.argv[1]), DEVICES), random.Random(int(sys.argv[2]))
for _ in range(150):
    count, fraction = chance.choice([(1, 25), (1, 50), (1, 75), (1, 100), (2, 100)])
    try:
        devices, held = leases.take("L4", count, fraction)
    except GpuNotAvailable:
        continue
    # Each writes beside the leases what it has; nobody may find more than a whole GPU.
    mine = [Path(sys.argv[1], f"{device.uuid}-{os.getpid()}-{fraction}.mark") for device in devices]
    for mark in mine:
        mark.touch()
    for device in devices:
        marks = Path(sys.argv[1]).glob(f"{device.uuid}-*.mark")
        assert sum(int(mark.stem.rsplit("-", 1)[1]) for mark in marks) <= 100
    for mark in mine:
        mark.unlink()
    close(held)
"""


def test_nobody_gets_more_of_a_gpu_than_there_is(tmp_path: Path) -> None:
    def start(number: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _CROWD, str(tmp_path / "gpus"), str(number)]
        return subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE, text=True)

    (tmp_path / "gpus").mkdir()
    crowd = [start(number) for number in range(4)]
    for one in crowd:
        _, errors = one.communicate()
        assert one.returncode == 0, errors
    assert Leases(tmp_path / "gpus", DEVICES).offers()[0].free == 2
