"""Captured mail as our own API tells it: messages, mailboxes, tags and completions."""

import json

import msgspec
import pytest

from mailsluice_web.api.messages import told_message
from tests.api_client import PLAIN, RICH, Mailbox, events_of, keys

ROOT = "/api/sandbox"
MESSAGE_KEYS = (
    "id mailbox received size seen pinned tags from to cc bcc reply_to subject snippet attachments message_id "
    "envelope_sender unlisted user session code code_confidence action"
)


async def found(client: Mailbox, **parameters: str) -> list[str]:
    answer = await client.client.get(f"{ROOT}/messages", params=parameters)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["messages"]]


async def test_a_message_is_told_with_all_that_the_list_knows(mailbox: Mailbox) -> None:
    id = await mailbox.capture(to=("bob@example.test", "hidden@example.test"), user="Shop")
    await mailbox.sandbox.pin([id], pinned=True)
    await mailbox.sandbox.set_tags([id], ["new order"])
    message = (await mailbox.get(f"{ROOT}/messages/{id}")).json()
    assert keys(message) == MESSAGE_KEYS
    assert len(message.pop("session")) == 22
    assert message == {
        "id": id,
        "mailbox": "shop",
        "received": "2026-07-20T12:00:00Z",
        "size": len(PLAIN),
        "seen": False,
        "pinned": True,
        "tags": ["new order"],
        "from": {"name": "Ada", "address": "ada@example.test"},
        "to": [{"name": "Bob", "address": "bob@example.test"}, {"name": "", "address": "carol@example.test"}],
        "cc": [{"name": "", "address": "dan@example.test"}],
        "bcc": [{"name": "", "address": "eve@example.test"}],
        "reply_to": [{"name": "", "address": "reply@example.test"}],
        "subject": "Fish & <chips>",
        "snippet": "Hello Bob, lunch?",
        "attachments": 0,
        "message_id": "m1@example.test",
        "envelope_sender": "bounce@example.test",
        "unlisted": ["hidden@example.test"],
        "user": "Shop",
        "code": "",
        "code_confidence": None,
        "action": None,
    }


async def test_the_code_and_the_action_are_told(mailbox: Mailbox) -> None:
    listed = await mailbox.sandbox.store.get(await mailbox.capture())
    assert listed
    action = {"kind": "verify", "url": "https://example.test/?a=1"}
    told = told_message(msgspec.structs.replace(listed, code="123456", code_confidence=0.7, action=json.dumps(action)))
    assert (told["code"], told["code_confidence"], told["action"]) == ("123456", 0.7, action)


async def test_reading_marks_nothing_as_seen(mailbox: Mailbox) -> None:
    id = await mailbox.capture()
    events = events_of(mailbox.sandbox)
    for path in ("messages", f"messages/{id}", "messages/latest", "mailboxes", "tags"):
        assert (await mailbox.get(f"{ROOT}/{path}")).status_code == 200
    assert not await mailbox.seen(id)
    assert events == []


async def test_the_latest_may_be_that_of_a_query(mailbox: Mailbox) -> None:
    order, fish = await mailbox.capture(RICH), await mailbox.capture()
    assert (await mailbox.get(f"{ROOT}/messages/latest")).json()["id"] == fish
    assert (await mailbox.get(f"{ROOT}/messages/latest?query=from:shop")).json()["id"] == order


@pytest.mark.parametrize("id", ["unknown", "0000000000000000000000", "latest?query=nowhere", "%00"])
async def test_a_message_that_is_not_there_is_not_found(mailbox: Mailbox, id: str) -> None:
    await mailbox.capture()
    answer = await mailbox.get(f"{ROOT}/messages/{id}")
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": "There is no such message.", "field": "", "link": ""},
    )


async def test_the_list_goes_on_where_a_page_ends(mailbox: Mailbox) -> None:
    ids = [await mailbox.capture(user="shop") for _ in range(5)][::-1]
    await mailbox.capture(RICH)
    for parameters in ({"mailbox": "shop"}, {"query": "fish"}, {"query": "fish", "mailbox": "SHOP"}):
        read: list[str] = []
        before = ""
        while before is not None:
            asked = parameters | {"limit": "2"} | ({"before": str(before)} if before else {})
            answer = (await mailbox.client.get(f"{ROOT}/messages", params=asked)).json()
            assert keys(answer) == "messages next matching unread notes"
            assert (answer["matching"], answer["unread"]) == (5, 5)
            read += [one["id"] for one in answer["messages"]]
            before = answer["next"]
        assert read == ids


async def test_a_list_is_of_a_mailbox_and_a_query(mailbox: Mailbox) -> None:
    fish = await mailbox.capture(user="shop")
    order = await mailbox.capture(RICH, user="shop")
    other = await mailbox.capture()
    assert await found(mailbox) == [other, order, fish]
    assert await found(mailbox, mailbox="shop") == [order, fish]
    assert await found(mailbox, mailbox="Shop", query="fish") == [fish]
    assert await found(mailbox, query="fish") == [other, fish]
    assert await found(mailbox, mailbox="nothing") == []
    assert await found(mailbox, query="on:2026-07-21", tz="Pacific/Auckland") == [other, order, fish]


@pytest.mark.parametrize(
    ("parameters", "status", "field"),
    [
        ({"query": "before:garbage"}, 422, "query"),
        ({"query": "on:2026-07-21", "tz": "Mars"}, 422, "tz"),
        ({"mailbox": "///"}, 422, "mailbox"),
        ({"limit": "many"}, 400, ""),
        ({"limit": "-1"}, 400, ""),
        ({"before": "2026-07-21"}, 400, ""),
    ],
)
async def test_what_is_not_understood_is_said(
    mailbox: Mailbox, parameters: dict[str, str], status: int, field: str
) -> None:
    answer = await mailbox.client.get(f"{ROOT}/messages", params=parameters)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert answer.json()["error"]


async def test_a_page_has_an_upper_bound(mailbox: Mailbox) -> None:
    for _ in range(501):
        await mailbox.capture(b"Subject: x\r\n\r\n")
    assert len(await found(mailbox, limit="100000")) == 500
    assert len(await found(mailbox)) == 50


async def test_mailboxes_are_counted_each_and_together(mailbox: Mailbox) -> None:
    seen = await mailbox.capture(user="shop")
    await mailbox.capture(user="shop")
    await mailbox.capture(RICH)
    await mailbox.sandbox.mark_seen([seen], seen=True)
    assert (await mailbox.get(f"{ROOT}/mailboxes")).json() == {
        "mailboxes": [
            {"name": "inbox", "messages": 1, "unread": 1, "size": len(RICH)},
            {"name": "shop", "messages": 2, "unread": 1, "size": 2 * len(PLAIN)},
        ],
        "messages": 3,
        "unread": 2,
        "size": 2 * len(PLAIN) + len(RICH),
    }


async def test_without_mail_there_are_no_mailboxes_and_no_tags(mailbox: Mailbox) -> None:
    none = {"mailboxes": [], "messages": 0, "unread": 0, "size": 0}
    assert (await mailbox.get(f"{ROOT}/mailboxes")).json() == none
    assert (await mailbox.get(f"{ROOT}/tags")).json() == {"tags": []}
    empty: dict[str, object] = {"messages": [], "next": None, "matching": 0, "unread": 0, "notes": []}
    assert (await mailbox.get(f"{ROOT}/messages")).json() == empty
    (note,) = (await mailbox.get(f"{ROOT}/messages?query=form:ada")).json()["notes"]
    assert note == "form: is no operator, so it is looked for as text. Did you mean from:?"


async def test_tags_are_counted(mailbox: Mailbox) -> None:
    ids = [await mailbox.capture(), await mailbox.capture()]
    await mailbox.sandbox.add_tags(ids, ["shop"])
    await mailbox.sandbox.add_tags(ids[:1], ["New order"])
    tags = [{"name": "New order", "messages": 1}, {"name": "shop", "messages": 2}]
    assert (await mailbox.get(f"{ROOT}/tags")).json() == {"tags": tags}


async def test_completions_tell_what_may_stand_behind_a_field(mailbox: Mailbox) -> None:
    await mailbox.capture()
    await mailbox.capture(RICH)
    answer = await mailbox.get(f"{ROOT}/completions?field=From&prefix=ad")
    assert answer.json() == {"completions": ["ada@example.test"]}
    assert len((await mailbox.get(f"{ROOT}/completions?field=from&limit=1")).json()["completions"]) == 1


@pytest.mark.parametrize("parameters", ["", "?field=colour", "?field=from&limit=x"])
async def test_completions_of_no_field_are_refused(mailbox: Mailbox, parameters: str) -> None:
    answer = await mailbox.get(f"{ROOT}/completions{parameters}")
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


async def test_a_page_of_another_site_reads_nothing(mailbox: Mailbox) -> None:
    await mailbox.capture()
    for path in ("messages", "messages/latest", "mailboxes", "tags", "completions?field=from"):
        answer = await mailbox.get(f"{ROOT}/{path}", Origin="https://evil.example")
        assert (answer.status_code, answer.text) == (403, "Blocked due to CORS violation\n")


async def test_what_is_not_unicode_is_told_as_json(mailbox: Mailbox) -> None:
    await mailbox.capture(b"Subject: caf\xe9 \xed\xa0\x80\r\nFrom: \xff <a@example.test>\r\n\r\nhi")
    assert (await mailbox.get(f"{ROOT}/messages")).status_code == 200
