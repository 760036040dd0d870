"""PyTorch is held to the session's part of its GPU, from the moment somebody imports it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TORCH = """
from . import cuda
loaded = True
"""
CUDA = """
calls, waiting = [], []

def _lazy_call(function):
    waiting.append(function)

def set_per_process_memory_fraction(fraction, device=None):
    calls.append(fraction)

def init():
    for function in waiting:
        function()
"""
CELL = """
import sys
from aip_jupyter.sessions.gpu_memory import limit_memory
before = list(sys.meta_path)
limit_memory()
assert "torch" not in sys.modules
import json
import torch.cuda
assert torch.loaded and torch.cuda.calls == [], "the GPU is not touched before it is used"
assert sys.meta_path == before
torch.cuda.init()
import importlib
importlib.reload(torch)
assert torch.__spec__.origin.endswith("__init__.py")
print(torch.cuda.calls)
"""


@pytest.mark.parametrize(("fraction", "limits"), [("25", "[0.25]"), ("", "[]")])
def test_the_limit_is_set_when_the_gpu_is_used(tmp_path: Path, fraction: str, limits: str) -> None:
    package = tmp_path / "torch"
    package.mkdir()
    (package / "__init__.py").write_text(TORCH)
    (package / "cuda.py").write_text(CUDA)
    environ = {**os.environ, "AIP_SESSION_FRACTION": fraction, "PYTHONPATH": str(tmp_path)}
    reply = subprocess.run([sys.executable, "-c", CELL], env=environ, capture_output=True, text=True)
    assert reply.returncode == 0, reply.stderr
    assert reply.stdout.strip() == limits


ABSENT = """
import sys
from aip_jupyter.sessions.gpu_memory import limit_memory
limit_memory()
sys.path.clear()
try:
    import torch
except ModuleNotFoundError as error:
    print(error)
"""


def test_pytorch_need_not_be_there() -> None:
    environ = {**os.environ, "AIP_SESSION_FRACTION": "50"}
    reply = subprocess.run([sys.executable, "-c", ABSENT], env=environ, capture_output=True, text=True)
    assert reply.stdout == "No module named 'torch'\n", reply.stderr
