"""Where data went, as a data scientist sees it: a thousand boxes in the notebook, impact, and the form."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.datasets import GetDataset
from aip_jupyter.domain.lineage import Link, link_id
from aip_jupyter.domain.records import new_id

from ..contracts.datasets import a_dataset
from ..contracts.records import a_model, a_run, a_version
from .gallery import opened
from .lab import LabPage, in_both_themes

RUNS, VERSIONS = 400, 598


@pytest.fixture
def customers(lab_page: LabPage) -> str:
    """Data that many runs have used; what came out of them; a run that is deleted, and one that is gone."""
    data = a_dataset(f"customers-{new_id()[-6:]}", digest=f"{new_id()}{new_id()}", rows=9)
    stages = ("production", "staging", "development", "archived")
    states = ["ARCHIVED" if number == 3 else "LIVE" for number in range(RUNS)]
    runs = [
        a_run(f"churn-{number}", experiment="churn", started=number, status="completed", state=state)
        for number, state in enumerate(states)
    ]
    model = a_model(f"churn-{new_id()[-6:]}", latest_id=None)
    versions = [a_version(model, number + 1, stage=stages[min(number, 6) % 4]) for number in range(VERSIONS)]
    ends = [(f"dataset:{data.id}", f"run:{id}", "training") for id in [*(run.id for run in runs), new_id()]]
    ends += [
        (f"run:{runs[number % RUNS].id}", f"version:{version.id}", "")
        for number, version in enumerate(versions)
    ]
    links = [Link(id=link_id(*each), source=each[0], target=each[1], context=each[2]) for each in ends]
    with opened(lab_page.server) as platform:
        platform.datasets.apply([Put(data)])
        platform.tracking.apply([*map(Put, runs), *map(Put, links)])
        platform.registry.apply([Put(model), *map(Put, versions)])
    return data.name


def test_a_thousand_nodes_and_their_impact(
    customers: str, notebook: LabPage, screenshot: Callable[[str], None]
) -> None:
    notebook.run(f"%lineage dataset:{customers} --limit 1000")
    drawn = notebook.page.locator(".jp-OutputArea .aip-lineage")
    expect(drawn.locator(".aip-node")).to_have_count(1000)
    expect(drawn.locator(".aip-gone")).to_have_count(2)
    expect(drawn.get_by_text("churn, deleted")).to_have_count(1)
    expect(drawn.get_by_text("missing")).to_have_count(1)
    in_both_themes(notebook, screenshot, "lineage-large")
    notebook.run(f"%impact {customers}")
    table = notebook.page.locator(".jp-OutputArea table").last
    expect(table.locator("tbody tr").first).to_contain_text("production")
    in_both_themes(notebook, screenshot, "impact")
    notebook.run(f"%lineage dataset:{customers} --limit 1000")
    drawn.get_by_text("churn-0", exact=True).click()
    expect(notebook.page.get_by_role("tab", name="churn-0")).to_be_visible()


def test_the_form_records_data(
    notebook: LabPage, services: HttpServices, screenshot: Callable[[str], None]
) -> None:
    name = f"features-{new_id()[-6:]}"
    notebook.run(
        "import pandas as pd, aip_jupyter as aip\n"
        "features = pd.DataFrame({'age': [31, 45, None], 'city': ['Bonn', 'Graz', 'Bern']})"
    )
    notebook.run("aip.panels.LogDataset()")
    form = notebook.page.locator(".jp-OutputArea").last
    expect(form).to_contain_text("dataframe · 3 rows × 2 columns")
    expect(form.get_by_label("Name")).to_have_value("features")
    form.get_by_label("Data").select_option("a file, a folder or an address …")
    form.get_by_label("Path").fill("nowhere.csv")
    expect(form).to_contain_text("there is no file 'nowhere.csv'")
    button = form.get_by_role("button", name="Record")
    expect(button).to_be_disabled()
    screenshot("dataset-form-wrong")
    form.get_by_label("Data").select_option("features – DataFrame, 3 rows × 2 columns")
    form.get_by_label("Name").fill(name)
    form.get_by_label("Split").fill("train")
    form.get_by_label("Tags").fill("demo, owner=sales")
    expect(form).to_contain_text(f"as the new dataset {name}")
    button.click()
    expect(form).to_contain_text("variable features")
    in_both_themes(notebook, screenshot, "dataset-form")
    dataset = services.datasets.get_dataset(GetDataset(dataset=name)).dataset
    assert (dataset.rows, dataset.tags) == (3, {"split": "train", "demo": "", "owner": "sales"})
