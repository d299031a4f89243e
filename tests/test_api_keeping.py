"""What programs change through our own API: tags, pins, marks, deletions and taking them back."""

import json
from typing import Any

import httpx2
import pytest

from mailsluice.events import Deleted, Marked, Pinned, Restored, Tagged
from mailsluice_web.api.dates import parse_date
from tests.api_client import RICH, Mailbox, events_of

ROOT = "/api/sandbox"
UNKNOWN = "0000000000000000000000"
WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", "tags", {"add": ["a"]}),
    ("PUT", "pins", {"pinned": True}),
    ("PUT", "marks", {"seen": True}),
    ("POST", "deletions", {}),
]


async def write(mailbox: Mailbox, method: str, path: str, body: object) -> httpx2.Response:
    return await mailbox.client.request(method, f"{ROOT}/{path}", json=body)


async def delete(mailbox: Mailbox, choice: dict[str, object]) -> dict[str, Any]:
    answer = await write(mailbox, "POST", "deletions", choice)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def state(mailbox: Mailbox) -> list[tuple[str, bool, bool, tuple[str, ...]]]:
    listed = await mailbox.sandbox.store.list_messages(limit=0)
    return [(one.id, one.seen, one.pinned, one.tags) for one in listed]


async def test_tags_are_added_and_removed_and_the_others_stay(mailbox: Mailbox) -> None:
    first, second = await mailbox.capture(), await mailbox.capture(RICH)
    await mailbox.sandbox.set_tags([first, second], ["old", "kept"])
    events = events_of(mailbox.sandbox)
    body = {"ids": [first, UNKNOWN, "x"], "add": ["new order"], "remove": ["OLD", "never"]}
    answer = await write(mailbox, "PUT", "tags", body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert [tags for *_, tags in await state(mailbox)] == [("kept", "old"), ("kept", "new order")]
    assert events == [Tagged((first,)), Tagged((first,))]


async def test_a_tag_needs_a_name(mailbox: Mailbox) -> None:
    id = await mailbox.capture()
    many = [str(number) for number in range(101)]
    bodies: list[dict[str, object]] = [{"add": ["a", "<>"]}, {"remove": [""]}, {}, {"add": []}, {"add": many}]
    for body in bodies:
        assert (await write(mailbox, "PUT", "tags", {"ids": [id]} | body)).status_code == 400
    assert (await mailbox.get("/api/v1/tags")).json() == []


async def test_messages_are_pinned_and_let_go(mailbox: Mailbox) -> None:
    first, second = await mailbox.capture(), await mailbox.capture(RICH)
    events = events_of(mailbox.sandbox)
    assert (await write(mailbox, "PUT", "pins", {"query": "fish", "pinned": True})).status_code == 204
    assert [(id, pinned) for id, _, pinned, _ in await state(mailbox)] == [(second, False), (first, True)]
    await write(mailbox, "PUT", "pins", {"all": True, "pinned": False})
    assert not any(pinned for _, _, pinned, _ in await state(mailbox))
    assert events == [Pinned((first,), True), Pinned((first,), False)]


async def test_messages_are_marked_seen_and_unseen(mailbox: Mailbox) -> None:
    shop, other = await mailbox.capture(user="shop"), await mailbox.capture()
    events = events_of(mailbox.sandbox)
    assert (await write(mailbox, "PUT", "marks", {"mailbox": "Shop", "seen": True})).status_code == 204
    assert [(id, seen) for id, seen, *_ in await state(mailbox)] == [(other, False), (shop, True)]
    await write(mailbox, "PUT", "marks", {"ids": [shop], "seen": False})
    assert events == [Marked((shop,), True), Marked((shop,), False)]


@pytest.mark.parametrize(("method", "path", "more"), WRITES)
@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"ids": None},
        {"all": False},
        {"query": ""},
        {"query": "  "},
        {"query": " ", "mailbox": "shop"},
        {"mailbox": ""},
        {"mailbox": "///"},
        {"query": "fish", "mailbox": ""},
        {"query": "before:garbage"},
        {"query": "to:"},
        {"ids": ["known"], "query": "fish"},
        {"ids": [], "all": True},
        {"query": "fish", "all": True},
        {"mailbox": "shop", "all": True},
        {"mailbox": "shop", "ids": ["known"]},
        {"ids": "known"},
        {"ids": [1]},
        {"all": 1},
        {"everything": True},
    ],
    ids=str,
)
async def test_a_choice_that_is_not_clear_changes_nothing(
    mailbox: Mailbox, method: str, path: str, more: dict[str, Any], choice: dict[str, Any]
) -> None:
    id = await mailbox.capture(user="shop")
    before, events = await state(mailbox), events_of(mailbox.sandbox)
    body = json.dumps(more | choice).replace("known", id)
    answer = await mailbox.ask(method, f"{ROOT}/{path}", body)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]
    assert await state(mailbox) == before
    assert events == []


@pytest.mark.parametrize(("method", "path", "more"), WRITES)
async def test_no_id_and_unknown_ids_change_nothing(
    mailbox: Mailbox, method: str, path: str, more: dict[str, Any]
) -> None:
    await mailbox.capture()
    before, events = await state(mailbox), events_of(mailbox.sandbox)
    for ids in ([], [UNKNOWN], ["latest", "", "é"]):
        assert (await write(mailbox, method, path, more | {"ids": ids})).status_code in (201, 204)
    assert await state(mailbox) == before
    assert events == []


@pytest.mark.parametrize(("method", "path", "more"), WRITES)
@pytest.mark.parametrize("body", ["", "{", "[]", "null", "ids=x"])
async def test_a_body_that_is_not_understood_changes_nothing(
    mailbox: Mailbox, method: str, path: str, more: dict[str, Any], body: str
) -> None:
    await mailbox.capture()
    before, answer = await state(mailbox), await mailbox.ask(method, f"{ROOT}/{path}", body)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)
    assert await state(mailbox) == before


async def test_a_deletion_is_taken_back_as_it_was(mailbox: Mailbox) -> None:
    first, second = await mailbox.capture(), await mailbox.capture()
    kept = await mailbox.capture(RICH)
    await mailbox.sandbox.set_tags([first], ["shop"])
    before, events = await state(mailbox), events_of(mailbox.sandbox)
    deletion = await delete(mailbox, {"query": "fish"})
    assert list(deletion) == ["token", "messages", "until"]
    assert (deletion["messages"], parse_date(deletion["until"]) is not None) == (2, True)
    assert await mailbox.ids() == [kept]
    answer = await write(mailbox, "POST", f"deletions/{deletion['token']}/undoing", None)
    assert (answer.status_code, answer.json()) == (200, {"messages": 2})
    assert await state(mailbox) == before
    assert [type(event) for event in events] == [Deleted, Restored]
    for event in events:
        assert isinstance(event, Deleted | Restored)
        assert set(event.ids or ()) == {first, second}


async def test_what_is_deleted_is_gone_from_every_route_until_it_is_taken_back(mailbox: Mailbox) -> None:
    id = await mailbox.capture(b"X-Tags: shop\r\n\r\nfish")
    paths = [f"/api/v1/message/{id}{view}" for view in ("", "/headers", "/raw")] + [f"{ROOT}/messages/{id}"]
    deletion = await delete(mailbox, {"ids": [id]})
    for path in paths:
        assert (await mailbox.get(path)).status_code == 404
    info = (await mailbox.get("/api/v1/info")).json()
    assert (info["Messages"], info["Unread"], info["Tags"], info["RuntimeStats"]["MessagesDeleted"]) == (0, 0, {}, 1)
    for path in ("/api/v1/messages", "/api/v1/search?query=fish"):
        answer = (await mailbox.get(path)).json()
        assert (answer["total"], answer["messages_count"], answer["messages"], answer["tags"]) == (0, 0, [], [])
    await write(mailbox, "POST", f"deletions/{deletion['token']}/undoing", None)
    for path in paths:
        assert (await mailbox.get(path)).status_code == 200
    assert (await mailbox.get("/api/v1/search?query=fish")).json()["messages_count"] == 1
    assert (await mailbox.get("/api/v1/info")).json()["Tags"] == {"shop": 1}


async def test_a_deletion_is_taken_back_once(mailbox: Mailbox) -> None:
    await mailbox.capture()
    token = (await delete(mailbox, {"all": True}))["token"]
    assert (await write(mailbox, "POST", f"deletions/{token}/undoing", None)).status_code == 200
    for other in (token, "unknown", UNKNOWN, "%00"):
        answer = await write(mailbox, "POST", f"deletions/{other}/undoing", None)
        assert (answer.status_code, "ten seconds" in answer.json()["error"]) == (404, True)
    assert len(await mailbox.ids()) == 1


async def test_a_deletion_of_nothing_has_no_token(mailbox: Mailbox) -> None:
    await mailbox.capture()
    choices: list[dict[str, object]] = [{"ids": []}, {"query": "nowhere"}, {"mailbox": "nothing"}]
    for choice in choices:
        assert await delete(mailbox, choice) == {"token": "", "messages": 0, "until": ""}
    assert len(await mailbox.ids()) == 1


@pytest.mark.parametrize(
    ("choice", "stays"),
    [
        ({"all": True}, ["pinned"]),
        ({"all": True, "pinned": True}, []),
        ({"mailbox": "shop"}, ["pinned"]),
        ({"mailbox": "shop", "pinned": True}, []),
        ({"query": "fish"}, []),
        ({"query": "fish -is:pinned"}, ["pinned"]),
        ({"query": "fish", "mailbox": "inbox"}, ["other", "pinned"]),
    ],
    ids=str,
)
async def test_pinned_messages_are_spared_unless_they_are_named(
    mailbox: Mailbox, choice: dict[str, object], stays: list[str]
) -> None:
    ids = {name: await mailbox.capture(user="shop") for name in ("pinned", "other")}
    await mailbox.sandbox.pin([ids["pinned"]], pinned=True)
    assert (await delete(mailbox, choice))["messages"] == 2 - len(stays)
    assert await mailbox.ids() == [ids[name] for name in stays]


async def test_a_mailbox_is_cleared_and_comes_back(mailbox: Mailbox) -> None:
    pinned, other = await mailbox.capture(user="shop"), await mailbox.capture(RICH)
    shop = await mailbox.capture(user="shop")
    await mailbox.sandbox.pin([pinned], pinned=True)
    answer = await mailbox.ask("DELETE", f"{ROOT}/mailboxes/Shop")
    assert (answer.status_code, answer.json()["messages"]) == (200, 1)
    assert await mailbox.ids() == [other, pinned]
    token = answer.json()["token"]
    assert (await write(mailbox, "POST", f"deletions/{token}/undoing", None)).json() == {"messages": 1}
    assert await mailbox.ids() == [shop, other, pinned]
    assert (await mailbox.ask("DELETE", f"{ROOT}/mailboxes/shop?pinned=1")).json()["messages"] == 2
    assert await mailbox.ids() == [other]


@pytest.mark.parametrize("path", ["%20", "---", "%F0%9F%90%9F", "shop?pinned=x"])
async def test_a_mailbox_that_cannot_be_is_not_taken_for_all(mailbox: Mailbox, path: str) -> None:
    await mailbox.capture(user="shop")
    answer = await mailbox.ask("DELETE", f"{ROOT}/mailboxes/{path}")
    assert answer.status_code in (400, 422)
    assert len(await mailbox.ids()) == 1


async def test_clearing_a_mailbox_without_mail_is_fine(mailbox: Mailbox) -> None:
    answer = await mailbox.ask("DELETE", f"{ROOT}/mailboxes/shop")
    assert (answer.status_code, answer.json()) == (200, {"token": "", "messages": 0, "until": ""})


async def test_dates_of_a_choice_are_meant_in_the_zone_asked_for(mailbox: Mailbox) -> None:
    await mailbox.capture()
    assert (await write(mailbox, "POST", "deletions?tz=UTC", {"query": "on:2026-07-21"})).json()["messages"] == 0
    answer = await write(mailbox, "POST", "deletions?tz=Pacific/Auckland", {"query": "on:2026-07-21"})
    assert answer.json()["messages"] == 1


async def test_delete_all_of_the_compatible_api_spares_pinned_messages(mailbox: Mailbox) -> None:
    pinned, _ = await mailbox.capture(), await mailbox.capture()
    await mailbox.sandbox.pin([pinned], pinned=True)
    await mailbox.ask("DELETE", "/api/v1/messages")
    assert await mailbox.ids() == [pinned]
    await mailbox.ask("DELETE", "/api/v1/messages", json.dumps({"IDs": [pinned]}))
    assert await mailbox.ids() == []


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("tags", "GET, HEAD, OPTIONS, PUT"),
        ("pins", "OPTIONS, PUT"),
        ("marks", "OPTIONS, PUT"),
        ("deletions", "OPTIONS, POST"),
        ("deletions/x/undoing", "OPTIONS, POST"),
        ("mailboxes/shop", "DELETE, OPTIONS"),
        ("mailboxes", "GET, HEAD, OPTIONS"),
        ("messages", "GET, HEAD, OPTIONS"),
        ("messages/latest", "GET, HEAD, OPTIONS"),
        ("completions", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(mailbox: Mailbox, path: str, allowed: str) -> None:
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - set(allowed.split(", ")):
        answer = await mailbox.ask(method, f"{ROOT}/{path}")
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


async def test_a_page_of_another_site_changes_nothing(mailbox: Mailbox) -> None:
    await mailbox.capture(user="shop")
    before = await state(mailbox)
    for method, path, more in WRITES:
        answer = await mailbox.ask(
            method, f"{ROOT}/{path}", json.dumps(more | {"all": True}), Origin="https://evil.example"
        )
        assert answer.status_code == 403
    assert (await mailbox.ask("DELETE", f"{ROOT}/mailboxes/shop", Origin="https://evil.example")).status_code == 403
    assert await state(mailbox) == before
