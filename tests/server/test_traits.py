"""Settings of the server as they are typed on a command line."""

from __future__ import annotations

import pytest
from traitlets.config import Config
from traitlets.config.loader import DeferredConfigList, DeferredConfigString

from aip_jupyter.server.app import AipApp


@pytest.mark.parametrize(
    "given",
    [
        DeferredConfigString("root,ada"),
        DeferredConfigString("root, ada"),
        DeferredConfigString("['root', 'ada']"),
        DeferredConfigList(["root", "ada"]),
        ["root", "ada"],
    ],
)
def test_a_list_of_names_is_never_lost(given: object) -> None:
    """One that was not understood would be no restriction at all."""
    config = Config()
    config.AipApp.admins = given
    assert AipApp(config=config).admins == ["root", "ada"]


def test_one_name_is_a_list_too() -> None:
    config = Config()
    config.AipApp.admins = DeferredConfigString("root")
    assert AipApp(config=config).admins == ["root"]
    assert AipApp().admins is None
