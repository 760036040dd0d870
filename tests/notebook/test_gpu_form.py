"""The launcher form, driven by the values of its widgets, with real sessions on GPUs that are declared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import aip_jupyter as aip
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.gpus import local
from aip_jupyter.backends.gpus.local import LocalPool
from aip_jupyter.backends.gpus.nvml import Device
from aip_jupyter.client.connect import disconnect
from aip_jupyter.notebook.gpu_form import GpuForm

from ..support.sessions import stop_all
from .conftest import Notebook

DEVICES = [Device(uuid=f"GPU-{n}", name="NVIDIA L4", memory=23_034) for n in range(3)]


@pytest.fixture
def form(notebook: Notebook, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GpuForm]:
    monkeypatch.setattr(local, "list_devices", lambda: DEVICES)
    disconnect()
    yield aip.panels.Gpus()
    stop_all(LocalPool(BackendConfig(home=home), DEVICES))


def fill(form: GpuForm, **values: object) -> None:
    for name, value in values.items():
        form.fields[name].input.value = value


def test_a_session_is_started_used_and_stopped(form: GpuForm, notebook: Notebook) -> None:
    assert form.fields["gpu"].input.options == (("L4 – 3 of 3 free", "L4"), ("cpu", "cpu"))
    assert form.fields["count"].input.options == (1, 2, 3)
    fill(form, session="big", count=2)
    assert form.fields["fraction"].input.disabled, "a part is of one GPU"
    form.start_button.click()
    assert form.start_button.disabled
    form.wait()
    assert "GPU session &#x27;big&#x27; is there" in form.result.value
    assert form.fields["gpu"].input.options[0] == ("L4 – 1 of 3 free", "L4")
    (row,) = form.rows
    assert (row.session.name, len(row.session.devices)) == ("big", 2)
    assert row.interrupt_button.disabled, "it runs nothing"
    notebook.run("%%gpu --session big --out seen\nimport os\nseen = os.environ['CUDA_VISIBLE_DEVICES']")
    assert notebook["seen"] == "GPU-0,GPU-1"

    # A name that is taken is told below its field, until another is typed.
    fill(form, session="big", count=1)
    form.start_button.click()
    form.wait()
    assert "is taken" in form.fields["session"].problem
    fill(form, session="", fraction=50)
    assert not form.fields["session"].problem
    form.start_button.click()
    form.wait()
    assert {row.session.name for row in form.rows} == {"big", "l4-50pct"}

    # To stop asks first.
    row = next(row for row in form.rows if row.session.name == "big")
    row.stop_button.click()
    assert row.asks
    row.keep_button.click()
    assert not row.asks
    row.stop_button.click()
    row.sure_button.click()
    form.wait()
    assert [row.session.name for row in form.rows] == ["l4-50pct"]
    assert "has ended" in form.result.value
    assert form.fields["gpu"].input.options[0] == ("L4 – 2 of 3 free", "L4")


def test_where_no_widgets_show_there_is_a_table(form: GpuForm) -> None:
    data, _ = form._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"].splitlines()[1].split() == ["L4", "3", "3", "22", "GiB"]
    assert "No GPU sessions in project" in data["text/html"]


def test_what_is_wrong_is_told_while_one_types(form: GpuForm) -> None:
    fill(form, session="tmp_x")
    assert "may not begin with" in form.fields["session"].problem
    assert form.start_button.disabled
    fill(form, session="x", gpu="cpu")
    assert form.fields["count"].input.options == (1,)
    assert not form.start_button.disabled


def test_a_word_alone_shows_all(notebook: Notebook) -> None:
    shown = notebook.run("%gpu")
    assert list(shown) == []
    assert repr(shown).startswith(
        "There is no GPU here: the CPU stands in for every type.\n\nNo GPU sessions"
    )
    assert shown._repr_html_().count('class="aip"') == 2
