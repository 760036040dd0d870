"""Where settings come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.client.discovery import Server
from aip_jupyter.errors import Invalid
from aip_jupyter.services.settings import SECRETS, SETTINGS, Settings, load_settings


def test_every_setting_is_a_field_and_the_other_way_round() -> None:
    assert [setting.name for setting in SETTINGS] == list(Settings.__struct_fields__)
    assert set(Settings.__struct_fields__) >= SECRETS


def test_environment_wins_over_dotenv_wins_over_default(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AIP_PROJECT=from-file\nAIP_WORKERS=7\nAIP_HOME=~/x\n")
    settings = load_settings({"AIP_PROJECT": "from-environment"}, tmp_path)
    assert (settings.project, settings.workers, settings.deadline) == ("from-environment", 7, 30.0)
    assert settings.home == Path("~/x").expanduser()
    assert load_settings({}, tmp_path / "elsewhere").registry == "sqlite"


def test_categories() -> None:
    assert load_settings({"AIP_CATEGORIES": " a, b c ,"}).categories == ("a", "b c")
    assert load_settings({"AIP_CATEGORIES": ""}).categories == ()
    assert "Other" in load_settings({}).categories


@pytest.mark.parametrize(
    ("name", "value"), [("AIP_WORKERS", "many"), ("AIP_WORKERS", "0"), ("AIP_DEADLINE", "-1")]
)
def test_a_bad_value_names_the_variable(name: str, value: str) -> None:
    with pytest.raises(Invalid, match=name):
        load_settings({name: value})


def test_no_secret_is_in_what_is_printed_of_settings() -> None:
    secret = "s3cret"
    names = ("AIP_TOKEN", "AIP_URL", "AIP_REGISTRY_URL", "AIP_STORAGE_URL")
    settings = load_settings(dict.fromkeys(names, f"http://u:{secret}@h/"))
    server = Server(url=settings.url, token=settings.token, how="AIP_URL")
    config = BackendConfig(home=settings.home, url=settings.storage_url)
    for value in (settings, server, config):
        assert secret not in repr(value)
        assert secret not in str(value)
