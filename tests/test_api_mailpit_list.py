"""Mailpit's list of messages: shapes, counts and pages."""

import pytest

from mailsluice_web.api.dates import local_time
from tests.api_client import NOON, PLAIN, SUMMARY_KEYS, Mailbox, keys


async def test_an_empty_list_has_every_key_and_no_null(mailbox: Mailbox) -> None:
    answer = await mailbox.get("/api/v1/messages")
    assert answer.content == (
        b'{"total":0,"unread":0,"count":0,"messages_count":0,"messages_unread":0,"start":0,"tags":[],"messages":[]}\n'
    )


async def test_a_summary_has_exactly_mailpits_keys_and_values(mailbox: Mailbox) -> None:
    id = await mailbox.capture(to=("bob@example.test", "hidden@example.test"), user="app")
    (summary,) = (await mailbox.get("/api/v1/messages")).json()["messages"]
    assert keys(summary) == SUMMARY_KEYS
    assert summary == {
        "ID": id,
        "MessageID": "m1@example.test",
        "Read": False,
        "From": {"Name": "Ada", "Address": "ada@example.test"},
        "To": [{"Name": "Bob", "Address": "bob@example.test"}, {"Name": "", "Address": "carol@example.test"}],
        "Cc": [{"Name": "", "Address": "dan@example.test"}],
        "Bcc": [{"Name": "", "Address": "eve@example.test"}, {"Name": "", "Address": "hidden@example.test"}],
        "ReplyTo": [{"Name": "", "Address": "reply@example.test"}],
        "Subject": "Fish & <chips>",
        "Created": local_time(NOON),
        "Username": "app",
        "Tags": [],
        "Size": len(PLAIN),
        "Attachments": 0,
        "Snippet": "Hello Bob, lunch?",
    }
    assert keys(summary["From"]) == "Name Address"


async def test_the_list_is_newest_first_with_counts_of_the_whole(mailbox: Mailbox) -> None:
    ids = [await mailbox.capture(received=NOON + second * 1_000_000) for second in range(3)]
    await mailbox.sandbox.mark_seen([ids[0]], seen=True)
    answer = (await mailbox.get("/api/v1/messages?start=1&limit=1")).json()
    assert [one["ID"] for one in answer.pop("messages")] == [ids[1]]
    assert answer == {
        "total": 3,
        "unread": 2,
        "count": 1,
        "messages_count": 3,
        "messages_unread": 2,
        "start": 1,
        "tags": [],
    }


@pytest.mark.parametrize(
    ("query", "found", "start"),
    [
        ("", 50, 0),
        ("limit=0", 52, 0),
        ("limit=3", 3, 0),
        ("limit=-1", 50, 0),
        ("limit=x", 50, 0),
        ("limit=1_0", 50, 0),
        ("limit=", 50, 0),
        ("limit=" + "9" * 5000, 52, 0),
        ("limit=-" + "9" * 24, 50, 0),
        ("limit=999999999999999999", 52, 0),
        ("limit=%D9%A3", 50, 0),
        ("start=50", 2, 50),
        ("start=50&limit=0", 2, 50),
        ("start=-5&limit=1", 1, 0),
        ("start=x&limit=1", 1, 0),
        ("start=52", 0, 52),
        ("start=1" + "0" * 23, 0, 10**18),
        ("start=1" + "0" * 23 + "&limit=1" + "0" * 23, 0, 10**18),
        ("start=-1" + "0" * 23, 50, 0),
        ("start=" + "0" * 30 + "51", 1, 51),
        ("before=nonsense", 50, 0),
    ],
)
async def test_paging_reads_numbers_as_go_does(mailbox: Mailbox, query: str, found: int, start: int) -> None:
    for _ in range(52):
        await mailbox.capture()
    answer = (await mailbox.get(f"/api/v1/messages?{query}")).json()
    assert (len(answer["messages"]), answer["count"], answer["start"], answer["total"]) == (found, found, start, 52)


async def test_before_is_exclusive_to_the_millisecond(mailbox: Mailbox) -> None:
    old = await mailbox.capture(received=NOON - 1_000)
    await mailbox.capture(received=NOON + 999)
    await mailbox.capture(received=NOON + 5_000_000)
    for moment in ("2026-07-20T12:00:00Z", "2026-07-20T12:00:00.000999Z", str(NOON // 1_000_000), str(NOON // 1000)):
        answer = (await mailbox.client.get("/api/v1/messages", params={"before": moment})).json()
        assert [one["ID"] for one in answer["messages"]] == [old]
        assert (answer["count"], answer["total"], answer["messages_count"]) == (1, 3, 3)


async def test_paging_by_the_created_time_of_the_last_message_goes_on_behind_it(mailbox: Mailbox) -> None:
    first = await mailbox.capture(received=NOON + 123_456)
    await mailbox.capture(received=NOON + 456_789)
    (newest,) = (await mailbox.get("/api/v1/messages?limit=1")).json()["messages"]
    answer = await mailbox.client.get("/api/v1/messages", params={"before": newest["Created"]})
    assert [one["ID"] for one in answer.json()["messages"]] == [first]


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ('{"Read":true}', [True, True]),
        ('{"read":true,"ids":[],"search":""}', [True, True]),
        ('{"READ":true,"IDs":null,"Search":null,"unknown":{"a":[1]}}', [True, True]),
        ('{"Read":true,"IDs":["first"]}', [True, False]),
        ('{"Read":true,"ids":["first","first","0000000000000000000000"]}', [True, False]),
        ('{"Read":true,"IDs":["unknown"]}', [False, False]),
        (' \n{"Read":true} {"Read":false} trailing', [True, True]),
        ("{}", [False, False]),
        ("null", [False, False]),
    ],
)
async def test_messages_are_marked_read(mailbox: Mailbox, body: str, seen: list[bool]) -> None:
    ids = [await mailbox.capture(), await mailbox.capture()]
    answer = await mailbox.ask("PUT", "/api/v1/messages", body.replace("first", ids[0]))
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "ok", "text/plain")
    assert [await mailbox.seen(id) for id in ids] == seen
