"""Rules of automatic release on their page, and for programs."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from bs4 import BeautifulSoup

from mailsluice.relay.profile import draft_profile
from mailsluice.sandbox import Sandbox
from mailsluice_web.app import create_app
from tests.inbox import HTMX, one, words
from tests.unlocked import KEY, TOKEN, unlock

API = "/api/sandbox/rules"
FORM = {"query": "subject:invoice", "profile": "out", "to": "bob@example.test\ncarol@example.test", "hours": "2"}
WANTED: dict[str, Any] = {"query": "subject:invoice", "profile": "out", "to": ["bob@example.test"]}


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    unlock(sandbox)
    sandbox.profiles.save(
        draft_profile(
            name="out", preset="custom", host="mail.invalid", sender_address="a@example.test", allow="@example.test"
        )
    )
    transport = httpx2.ASGITransport(app=create_app(sandbox))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8025") as client:
        yield client


@pytest.fixture
def page(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    client.headers.update(HTMX | KEY)
    return client


@pytest.fixture
def api(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    client.headers["Authorization"] = f"Bearer {TOKEN}"
    return client


def read(response: httpx2.Response, status: int = 200) -> BeautifulSoup:
    assert response.status_code == status, response.text
    return BeautifulSoup(response.text, "html.parser")


async def test_nothing_is_on_until_a_rule_is_made_and_the_page_says_what_one_does(page: httpx2.AsyncClient) -> None:
    tree = read(await page.get("/rules"))
    assert not tree.select(".rule")
    text = words(tree)
    for fact in ("off until you make one", "real mail", "captured by SMTP from now on", "turns the rule off"):
        assert fact in text
    assert [str(option["value"]) for option in tree.select("#profile option")] == ["out"]
    assert one(tree, "#hours")["value"] == "8"
    assert {str(label["for"]) for label in tree.select("label")} == {
        str(field["id"]) for field in tree.select("[name]")
    }


async def test_a_rule_is_made_shown_turned_off_and_removed(page: httpx2.AsyncClient, sandbox: Sandbox) -> None:
    tree = read(await page.post("/rules", data=FORM))
    card = one(tree, ".rule")
    assert "subject:invoice" in words(card)
    assert "bob@example.test , carol@example.test" in words(card)
    assert "at most 10 an hour, 50 a day" in words(card)
    assert words(one(card, ".chip")) == "On"
    (rule,) = sandbox.automatic.rules
    tree = read(await page.post(f"/rules/{rule.id}/ending"))
    assert words(one(tree, ".rule .chip")) == "Off"
    assert "Turned off by hand." in words(one(tree, ".rule"))
    assert not tree.select(f"form[action='/rules/{rule.id}/ending']")
    tree = read(await page.post(f"/rules/{rule.id}/removal"))
    assert not tree.select(".rule")
    read(await page.post(f"/rules/{rule.id}/removal"))
    read(await page.post(f"/rules/{rule.id}/ending"), 404)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"query": "before:garbage"}, "query"),
        ({"to": "eve@evil.test"}, "to"),
        ({"to": ""}, "to"),
        ({"profile": "nobody"}, "profile"),
        ({"hours": "never"}, "hours"),
        ({"per_day": "0"}, "per_day"),
        ({"per_hour": "٣"}, "per_hour"),
    ],
)
async def test_what_was_wrong_comes_back_at_its_field(
    page: httpx2.AsyncClient, sandbox: Sandbox, changes: dict[str, str], field: str
) -> None:
    typed = FORM | changes
    tree = read(await page.post("/rules", data=typed), 422)
    wrong = one(tree, "[aria-invalid=true]")
    assert wrong["name"] == field
    assert one(tree, f"#{field}-error")["id"] == str(wrong["aria-describedby"]).split()[-1]
    assert one(tree, "#query")["value"] == typed["query"]
    assert sandbox.automatic.rules == ()


async def test_an_open_page_asks_for_the_list_again_when_something_happened(page: httpx2.AsyncClient) -> None:
    await page.post("/rules", data=FORM)
    holder = one(read(await page.get("/rules")), "#rules")
    assert str(holder["hx-trigger"]).startswith("messages from:body")
    assert len(read(await page.get(str(holder["hx-get"]))).select(".rule")) == 1


async def test_hostile_text_in_a_query_stays_text(page: httpx2.AsyncClient) -> None:
    tree = read(await page.post("/rules", data=FORM | {"query": "subject:&lt;b&gt;<script>alert(1)</script>"}))
    assert not tree.select("script, b script")
    assert "script" in words(one(tree, ".rule code"))


async def test_without_a_profile_the_page_leads_to_one(page: httpx2.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.profiles.remove("out")
    tree = read(await page.get("/rules"))
    assert not tree.select("form")
    assert one(tree, "a[href='/profiles/new']")


async def test_a_broken_file_of_profiles_is_named_and_rules_can_still_be_ended(
    page: httpx2.AsyncClient, sandbox: Sandbox
) -> None:
    await page.post("/rules", data=FORM)
    sandbox.profiles.path.write_text("[profiles")
    tree = read(await page.get("/rules"))
    assert "profiles.toml, line" in words(one(tree, "[role=alert]"))
    (rule,) = sandbox.automatic.rules
    read(await page.post(f"/rules/{rule.id}/ending"))
    assert not sandbox.automatic.rules[0].is_on


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/rules/list"),
        ("POST", "/rules"),
        ("POST", "/rules/x/ending"),
        ("POST", "/rules/x/removal"),
        ("GET", API),
        ("POST", API),
        ("POST", f"{API}/x/ending"),
        ("DELETE", f"{API}/x"),
    ],
)
async def test_rules_need_the_token(client: httpx2.AsyncClient, sandbox: Sandbox, method: str, path: str) -> None:
    response = await client.request(method, path, headers=HTMX, data=FORM if method == "POST" else None)
    assert response.status_code == 401
    assert sandbox.automatic.rules == ()


async def test_a_program_makes_ends_and_deletes_a_rule(api: httpx2.AsyncClient, sandbox: Sandbox) -> None:
    made = await api.post(API, json=WANTED | {"hours": 1})
    assert made.status_code == 201
    rule = made.json()
    assert rule["is_on"]
    assert (rule["query"], rule["recipients"], rule["released"]) == ("subject:invoice", ["bob@example.test"], 0)
    assert rule["ends"].endswith("Z")
    assert "route" not in rule
    assert (await api.get(API)).json() == {"rules": [rule]}
    ended = await api.post(f"{API}/{rule['id']}/ending")
    assert (ended.status_code, ended.json()["is_on"], ended.json()["note"]) == (200, False, "Turned off by hand.")
    assert (await api.delete(f"{API}/{rule['id']}")).status_code == 204
    assert (await api.delete(f"{API}/{rule['id']}")).status_code == 404
    assert (await api.post(f"{API}/{rule['id']}/ending")).status_code == 404
    assert sandbox.automatic.rules == ()


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (WANTED | {"to": "eve@evil.test"}, 422, "to"),
        (WANTED | {"query": "to:"}, 422, "query"),
        (WANTED | {"hours": 200}, 422, "hours"),
        (WANTED | {"hours": "8"}, 400, ""),
        (WANTED | {"evil": 1}, 400, ""),
        ({"query": "x"}, 400, ""),
        ([], 400, ""),
    ],
)
async def test_a_program_hears_what_is_wrong(api: httpx2.AsyncClient, body: object, status: int, field: str) -> None:
    response = await api.post(API, json=body)
    assert (response.status_code, response.json()["field"]) == (status, field)
    assert response.json()["error"]
