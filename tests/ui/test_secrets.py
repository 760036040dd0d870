"""A new access token's secret: in the page when a person asks for it, once, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Request, expect

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.access import CreateToken, GetToken

from .lab import LabPage, in_both_themes

MIME = "application/vnd.aip.secret+json"
_NEW = "%load_ext aip_jupyter\n%aip token new ci --scope read"


def _card(lab_page: LabPage) -> Locator:
    return lab_page.page.locator(".jp-NotebookPanel").filter(visible=True).locator(".jp-AipSecret")


def _pickups(lab_page: LabPage) -> list[Request]:
    """What the page asks for, from now on, that could bring a secret."""
    asked: list[Request] = []

    def listen(request: Request) -> None:
        if "/tokens" in request.url:
            asked.append(request)

    lab_page.page.on("request", listen)
    return asked


def test_a_new_token_is_shown_once_and_kept_nowhere(
    lab_page: LabPage, screenshot: Callable[[str], None]
) -> None:
    page = lab_page.page
    page.evaluate(_LISTEN)
    asked = _pickups(lab_page)
    lab_page.open_notebook("secret.ipynb")
    outputs = lab_page.run(_NEW)
    assert MIME in outputs
    card = _card(lab_page)
    expect(card).to_contain_text("Access token ci of project default")
    expect(card.get_by_role("textbox")).to_have_count(0)
    assert asked == []
    in_both_themes(lab_page, screenshot, "secret-before")
    show = card.get_by_role("button", name="Show secret")
    show.focus()
    show.press("Enter")
    field = card.get_by_role("textbox", name="Secret")
    expect(field).to_be_visible()
    expect(card).to_contain_text("shown this once")
    secret = field.input_value()
    assert secret.startswith("aip_")
    assert [request.method for request in asked] == ["POST"]
    assert secret not in asked[0].url
    with lab_page.server.http(secret) as client:
        assert client.get("aip/v1/projects/default/models").status_code == 200
    in_both_themes(lab_page, screenshot, "secret-after")
    card.get_by_role("button", name="Copy").click()
    expect(card).to_contain_text("Copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == secret
    field.press("d")
    field.press("d")
    assert lab_page.cells == [_NEW], "the notebook has not taken the keys"
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    saved = (lab_page.server.folder / "work" / "secret.ipynb").read_text()
    assert MIME in saved
    assert secret not in saved
    assert secret not in page.evaluate(_KEPT)
    card.get_by_role("button", name="Hide").click()
    expect(field).to_have_count(0)
    assert secret not in page.content()
    lab_page.reload()
    lab_page.show_notebook("secret.ipynb")
    show.click()
    expect(card).to_contain_text("revoke it with %aip token revoke ci and make a new one")
    expect(show).to_have_count(0)
    screenshot("secret-gone")


_LISTEN = """() => {
    window.logged = [];
    for (const level of ['log', 'info', 'warn', 'error', 'debug']) {
        const before = console[level];
        console[level] = (...args) => { window.logged.push(args.map(String)); before(...args); };
    }
}"""

# All that the page keeps besides what it shows.
_KEPT = """async () => {
    const { serviceManager, shell } = window.jupyterapp;
    const workspace = await serviceManager.workspaces.fetch('default');
    const model = shell.currentWidget.content.model.toJSON();
    const stores = [localStorage, sessionStorage].map(store => ({ ...store }));
    return JSON.stringify([workspace, model, stores, window.logged, location.href, history.state]);
}"""


def _output(data: Any) -> dict[str, Any]:
    bundle = {MIME: data, "text/plain": "an access token", "text/html": "<b>not this one</b>"}
    return {"output_type": "display_data", "metadata": {}, "data": bundle}


def test_an_output_from_elsewhere_is_only_text_and_asks_for_nothing(
    lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None]
) -> None:
    token = services.tokens.create_token(CreateToken(name="untrusted")).info.id
    hostile = "<img src=x onerror=\"window.hacked='secret'\">"
    outputs = [
        _output({"project": hostile, "token": token, "name": hostile}),
        _output({"project": "default", "token": "../../../../api/kernels", "name": "x"}),
        _output({"project": "..", "token": token, "name": "x"}),
        _output("text"),
        _output({"project": "default", "token": token, "name": "untrusted", "text": "aip_forged"}),
    ]
    asked = _pickups(lab_page)
    lab_page.open_notebook("foreign-secret.ipynb", outputs)
    cards = _card(lab_page)
    expect(cards).to_have_count(5)
    expect(cards.nth(0)).to_contain_text(f"Access token {hostile} of project {hostile}")
    for place in (1, 2, 3):
        expect(cards.nth(place)).to_have_text("This output does not name an access token.")
    assert asked == []
    cards.nth(0).get_by_role("button").click()
    expect(cards.nth(0)).to_contain_text("there is no project")
    lab_page.page.set_viewport_size({"width": 560, "height": 800})
    cards.nth(4).get_by_role("button").click()
    field = cards.nth(4).get_by_role("textbox")
    expect(field).to_have_value(re.compile(f"^aip_{token}_"))
    in_both_themes(lab_page, screenshot, "secret-narrow")
    assert cards.nth(4).evaluate("node => node.scrollWidth <= node.clientWidth")
    assert lab_page.page.evaluate("() => window.hacked") is None
    paths = [request.url.removeprefix(lab_page.server.url) for request in asked]
    assert all(path.startswith("aip/v1/projects/") for path in paths), paths
    services.tokens.revoke_token(GetToken(token="untrusted"))
