"""What people see: escaped whatever it holds, aligned, human."""

from __future__ import annotations

import time

import pytest

from aip_jupyter.domain.artifacts import Artifact
from aip_jupyter.domain.models import Model, Version, VersionDetail
from aip_jupyter.domain.system import BackendInfo, CheckReport, Description, DoctorCheck, Finding
from aip_jupyter.notebook.display import age_text, cut, element, html_facts, size_text, text_table
from aip_jupyter.notebook.status import Doctor, Status, StoreReport
from aip_jupyter.notebook.tables import ModelCard, ModelTable, VersionCard

EVIL = "\"'><script>alert(1)</script>\x1b[31m\u202e"
NOW = int(time.time() * 1000)


def model(name: str = "digits") -> Model:
    return Model(
        id="1" * 32,
        name=name,
        category=EVIL,
        description=EVIL,
        author=EVIL,
        tags={EVIL: EVIL},
        version_count=1,
        last_number=1,
        latest_number=1,
        latest_name=EVIL,
        created=NOW,
        updated=NOW,
    )


def version() -> Version:
    return Version(
        id="2" * 32,
        model_id="1" * 32,
        number=1,
        name=EVIL,
        author=EVIL,
        description=EVIL,
        tags={EVIL: EVIL},
        size=1234,
        file_count=1,
        digest="abcdef" * 10,
        created=NOW,
    )


def artifact() -> Artifact:
    return Artifact(id="3" * 32, owner_id="2" * 32, path=EVIL, uri=EVIL)


def displays() -> list[object]:
    info = BackendInfo(seam="registry", name=EVIL, location=EVIL, capabilities=[EVIL])
    description = Description(
        version=EVIL,
        mode="server",
        home=EVIL,
        project=EVIL,
        author=EVIL,
        categories=[EVIL],
        backends=[info],
        base_url="/user/a/",
    )
    finding = Finding(kind="left_over", what=EVIL, mended=False)
    return [
        ModelTable([model(EVIL)], project=EVIL, base_url="/user/a/", more=True),
        ModelTable([], project=EVIL),
        ModelCard(model(EVIL), [version()], [artifact()], base_url="/user/a/"),
        VersionCard(VersionDetail(model=model(EVIL), version=version(), artifacts=[]), base_url="/user/a/"),
        Status(description, url=EVIL, how=EVIL, project=EVIL),
        Doctor([DoctorCheck(name=EVIL, ok=False, found=EVIL, advice=EVIL)]),
        StoreReport(CheckReport(named=0, blobs=1, bytes=2, findings=[finding])),
    ]


@pytest.mark.parametrize("shown", displays(), ids=lambda shown: type(shown).__name__)
def test_hostile_text_is_harmless(shown: object) -> None:
    html = shown._repr_html_()  # type: ignore[attr-defined]
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    for page in (html, repr(shown)):
        assert "\x1b" not in page
        assert "\u202e" not in page


def test_an_attribute_cannot_be_left() -> None:
    assert element("a", href='"><b>') == '<a href="&quot;&gt;&lt;b&gt;"></a>'
    assert element("td", element("b", "<")) == "<td><b>&lt;</b></td>"


def test_a_link_opens_the_model_in_the_sidebar_or_by_its_address() -> None:
    shown = ModelTable([model("a b/ü")], project="default", base_url="/user/a/")._repr_html_()
    assert 'href="/user/a/lab?aip-model=a%20b%2F%C3%BC&amp;aip-project=default"' in shown
    assert 'data-commandlinker-command="aip:open-model"' in shown
    assert 'data-commandlinker-args="{&quot;model&quot;: &quot;a b/' in shown
    assert "&quot;project&quot;: &quot;default&quot;}" in shown


def test_without_a_server_there_is_no_link() -> None:
    assert "<a " not in ModelTable([model()], project="default")._repr_html_()


def test_a_table_is_a_list() -> None:
    one, two = model("one"), model("two")
    table = ModelTable([one, two], project="default")
    assert [m.name for m in table] == ["one", "two"]
    assert table[0] is one
    assert table[-1:] == [two]
    assert len(table) == 2
    assert two in table


def test_a_table_says_when_there_is_more() -> None:
    assert "--limit 10" in repr(ModelTable([model()], project="default", more=True))
    assert "--limit" not in repr(ModelTable([model()], project="default"))


def test_a_card_says_how_to_load() -> None:
    detail = VersionDetail(
        model=Model(id="1" * 32, name="digits-clf", tags={"demo": ""}),
        version=Version(id="2" * 32, model_id="1" * 32, number=2, name="_v2", format="skops", size=10),
        artifacts=[],
    )
    text = repr(VersionCard(detail))
    assert "digits-clf:2 (_v2)" in text
    assert "digits_clf = %load_model digits-clf:2" in text
    assert "demo" in text


def test_a_card_of_a_hostile_name_gives_no_line_that_runs_it() -> None:
    detail = VersionDetail(
        model=Model(id="1" * 32, name='x{__import__("os").system("id")}'),
        version=Version(id="2" * 32, model_id="1" * 32, number=2, name="_v2"),
        artifacts=[],
    )
    text = repr(VersionCard(detail))
    assert "%load_model" not in text
    assert "aip.load_model(" in text


def test_different_versions_are_told_in_one_line() -> None:
    def status(version: str) -> Status:
        description = Description(
            version=version, mode="server", home="", project="p", author="a", categories=[], backends=[]
        )
        return Status(description, url="http://h/", how="AIP_URL", project="p")

    from aip_jupyter import __version__

    assert status(__version__).difference == ""
    line = status("9.9").difference
    assert __version__ in line
    assert "9.9" in line
    assert "\n" not in line
    assert line in repr(status("9.9"))


def test_what_the_check_found_is_told() -> None:
    fine = StoreReport(CheckReport(named=1, blobs=1, bytes=5))
    assert fine.ok
    assert "all is well" in repr(fine)
    lost = Finding(kind="missing_bytes", what="digits:1", mended=False)
    bad = StoreReport(CheckReport(named=1, blobs=0, bytes=0, findings=[lost]))
    assert not bad.ok
    assert "files whose bytes are gone" in repr(bad)
    assert "digits:1" in bad._repr_html_()


def test_what_a_check_would_free_is_told_by_kind_and_together() -> None:
    waiting = [
        Finding(kind="orphaned_bytes", what=f"sha256:{n}", mended=False, size=1000) for n in range(1, 31)
    ]
    purged = Finding(kind="purged", what="7 runs", mended=False, size=500)
    report = CheckReport(named=1, blobs=31, bytes=5, freed=30_500, findings=[*waiting, purged])
    dry, done = StoreReport(report, mended=False), StoreReport(report)
    assert dry.ok
    assert "31 findings, nothing was changed, 30.5 kB would be freed" in repr(dry)
    assert "31 findings, 0 mended, 30.5 kB freed" in repr(done)
    for text in (repr(dry), dry._repr_html_()):
        assert "30.0 kB" in text
        assert "500 B" in text
        assert "sha256:20" in text
        assert "sha256:21" not in text
        assert "and 10 more" in text
        assert "7 runs" in text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_345, "12.3 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (3_200_000_000, "3.2 GB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "just now"), (59, "just now"), (60, "1 min ago"), (7200, "2 h ago"), (86400 * 3, "3 d ago")],
)
def test_ages(seconds: int, text: str) -> None:
    assert age_text(1_000_000_000_000, 1_000_000_000_000 + seconds * 1000) == text
    assert age_text(1_000_000_000_000, 2_000_000_000_000).startswith("2001-09-")


def test_columns_are_aligned_and_cut() -> None:
    assert text_table(("a", "b"), [("long", "x"), ("y" * 9, "z")], width=6) == (
        "a       b\nlong    x\nyyyyy…  z"
    )
    assert cut("a\nb", 9) == "a\ufffdb"
    assert html_facts([("empty", ""), ("a", "b")]).count("<tr>") == 1
