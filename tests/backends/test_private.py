"""The home is its owner's alone, whatever makes it first, and so is all under it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.gpus.leases import Leases
from aip_jupyter.backends.gpus.local import LocalPool
from aip_jupyter.backends.gpus.nvml import Device
from aip_jupyter.backends.private import make_private
from aip_jupyter.backends.process import this_process
from aip_jupyter.backends.sql.migrate import prepare
from aip_jupyter.backends.storage.local_disk import make_folder
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.sessions import CPU
from aip_jupyter.services.journal_files import About, make_journal
from aip_jupyter.services.signing import Signer

from ..contracts.gpus import asking


def take_lease(home: Path) -> None:
    gpu = Device(uuid="GPU-1", name="NVIDIA L4", memory=23_034)
    _, held = Leases(home / "gpus", [gpu]).take("L4")
    for each in held:
        os.close(each)


def start_session(home: Path) -> None:
    pool = LocalPool(BackendConfig(home=home), [])
    pool.stop(pool.start(asking(), CPU).session.id)


def start_journal(home: Path) -> None:
    about = About(journal=new_id(), project="default", store="s", holder=this_process(), created=1)
    os.close(make_journal(home, about)[1])


FIRST: dict[str, Callable[[Path], object]] = {
    "a session": start_session,
    "a lease": take_lease,
    "a signature": lambda home: Signer(home).sign("download", 60),
    "the store": lambda home: prepare(home / "store.db"),
    "a file": lambda home: make_folder(home / "blobs" / "staging"),
    "a journal": start_journal,
}


@pytest.mark.parametrize("first", FIRST)
def test_a_home_is_private_whatever_makes_it(tmp_path: Path, first: str) -> None:
    home = tmp_path / "data" / "aip"
    before = os.umask(0o022)
    try:
        FIRST[first](home)
    finally:
        os.umask(before)
    folders = [home.parent, home, *(path for path in home.rglob("*") if path.is_dir())]
    assert {oct(path.stat().st_mode & 0o777) for path in folders} == {"0o700"}


def test_a_folder_that_is_there_stays_as_it_is_and_a_file_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_private(tmp_path / "file")
