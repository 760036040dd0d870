"""What we call the GPUs that NVML tells of, and which of them we may use."""

from __future__ import annotations

import pytest

from aip_jupyter.backends.gpus.nvml import Device, list_devices, visible


def device(name: str, memory: int = 24_576, uuid: str = "GPU-1", board: int = 0) -> Device:
    return Device(uuid=uuid, name=name, memory=memory, board=board)


@pytest.mark.parametrize(
    ("name", "memory", "type"),
    [
        ("Tesla T4", 15_360, "T4"),
        ("NVIDIA L4", 23_034, "L4"),
        ("NVIDIA A10", 23_028, "A10"),
        ("NVIDIA A10G", 23_028, "A10"),
        ("NVIDIA L40S", 46_068, "L40S"),
        ("NVIDIA A100-SXM4-40GB", 40_960, "A100-40G"),
        ("NVIDIA A100-PCIE-40GB", 40_960, "A100-40G"),
        ("NVIDIA A100 80GB PCIe", 81_920, "A100-80G"),
        ("NVIDIA A100-SXM4-80GB", 81_920, "A100-80G"),
        ("NVIDIA H100 PCIe", 81_559, "H100"),
        ("NVIDIA H100 80GB HBM3", 81_559, "H100"),
        ("NVIDIA H100 NVL", 95_830, "H100"),
        ("NVIDIA H200", 143_771, "H200"),
        ("NVIDIA L40", 46_068, "L40"),
        ("NVIDIA A100X", 81_920, "A100X"),
        ("NVIDIA RTX A6000", 49_140, "RTX-A6000"),
        ("NVIDIA GeForce RTX 4090", 24_564, "RTX-4090"),
        ("Tesla V100-SXM2-16GB", 16_384, "V100-SXM2-16GB"),
        ("Quadro RTX 6000", 24_576, "Quadro-RTX-6000"),
        ("NVIDIA", 1_024, "GPU"),
    ],
)
def test_types(name: str, memory: int, type: str) -> None:
    assert device(name, memory).type == type


def test_a_slice_has_the_type_of_its_gpu() -> None:
    assert device("NVIDIA A100-SXM4-80GB", 9_856, board=81_920).type == "A100-80G"
    assert device("NVIDIA H100 80GB HBM3", 9_856, board=81_559).type == "H100"


def test_only_what_we_may_use_is_given_out() -> None:
    first, second = device("NVIDIA L4", uuid="GPU-aa"), device("NVIDIA L4", uuid="GPU-bb")
    slices = [device("NVIDIA A100", uuid="MIG-1"), device("NVIDIA A100", uuid="MIG-2")]
    boards = [[first], [second], slices]
    assert visible(boards, None) == [first, second, *slices]
    assert visible(boards, "1") == [second]
    assert visible(boards, "1, 0,1") == [second, first]
    assert visible(boards, "GPU-b") == [second]
    assert visible(boards, "2") == slices
    assert visible(boards, "MIG-2") == [slices[1]]
    for nothing in ("", "-1", "NoDevFiles", "7"):
        assert visible(boards, nothing) == []


def test_a_machine_can_be_asked() -> None:
    assert all(found.uuid and found.memory for found in list_devices({}))
