"""What Mailpit's API changes: marks and deletions, and bodies that are not understood."""

import json

import pytest

from mailsluice.capture import new_id
from mailsluice.events import Deleted
from mailsluice_web.security import BODY_LIMIT
from tests.api_client import RICH, Mailbox, events_of


async def test_messages_are_marked_unread_when_read_is_false_or_missing(mailbox: Mailbox) -> None:
    ids = [await mailbox.capture(), await mailbox.capture()]
    await mailbox.sandbox.mark_seen(None, seen=True)
    await mailbox.ask("PUT", "/api/v1/messages", json.dumps({"IDs": ids[:1]}))
    assert [await mailbox.seen(id) for id in ids] == [False, True]
    await mailbox.ask("PUT", "/api/v1/messages", '{"Read":false}')
    assert [await mailbox.seen(id) for id in ids] == [False, False]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('{"Read":true,"IDs":["first"],"Search":"x"}', "You may specify either IDs or a search query, not both"),
        ('{"Read":true,"Search":" "}', "Search is blank; nothing was changed"),
        ('{"Read":1}', "Read must be true or false; nothing was changed"),
        ('{"Read":"true"}', "Read must be true or false; nothing was changed"),
        ('{"Read":true,"Search":[]}', "Search must be a text; nothing was changed"),
        ('{"Read":true,"IDs":"first"}', "IDs must be a list of texts; nothing was changed"),
        ('{"Read":true,"IDs":0}', "IDs must be a list of texts; nothing was changed"),
    ],
)
async def test_a_marking_that_is_not_understood_changes_nothing(mailbox: Mailbox, body: str, text: str) -> None:
    id = await mailbox.capture()
    answer = await mailbox.ask("PUT", "/api/v1/messages", body.replace("first", id))
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (400, text, "text/plain")
    assert not await mailbox.seen(id)


MALFORMED = [
    '{"IDs":["first"',
    '{"IDs":["first"]',
    "{IDs:[]}",
    "{'IDs':[]}",
    "[]",
    '["first"]',
    '"first"',
    "1",
    "NaN",
    "true",
    "first",
    "IDs",
    "ids=",
    "ids",
    "foo=bar",
    '{"IDs":"first"}',
    '{"IDs":""}',
    '{"IDs":0}',
    '{"IDs":false}',
    '{"IDs":{}}',
    '{"IDs":[1]}',
    '{"IDs":[null]}',
    '{"IDs":["first"],"ids":[]}',
    '{"IDs":NaN}',
    '{"IDs":[' + "[" * 100_000,
    '{"IDs":' + "9" * 5000 + "}",
    "--x\r\nContent-Disposition: form-data; name=ids\r\n\r\nfirst\r\n--x--",
    "\ufeff{}",
    "\x00",
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
async def test_a_malformed_deletion_deletes_nothing(mailbox: Mailbox, body: str) -> None:
    id = await mailbox.capture()
    answer = await mailbox.ask("DELETE", "/api/v1/messages", body.replace("first", id))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/plain"
    assert answer.text.endswith("nothing was changed")
    assert await mailbox.ids() == [id]


async def test_malformed_json_marks_nothing(mailbox: Mailbox) -> None:
    id = await mailbox.capture()
    for body in ("", "{", '{"Read":true', "Read=true"):
        assert (await mailbox.ask("PUT", "/api/v1/messages", body)).status_code == 400
    assert not await mailbox.seen(id)


@pytest.mark.parametrize(
    "body", ["", " \r\n", "{}", '{"IDs":[]}', '{"ids":null}', "null", '{"other":["x"]}', '{} {"IDs":["x"]}']
)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
async def test_a_deletion_that_names_no_id_deletes_all(mailbox: Mailbox, body: str, content_type: str) -> None:
    await mailbox.capture()
    await mailbox.capture(RICH)
    events = events_of(mailbox.sandbox)
    answer = await mailbox.ask("DELETE", "/api/v1/messages", body, **{"Content-Type": content_type})
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "ok", "text/plain")
    assert await mailbox.ids() == []
    assert events == [Deleted(None)]


@pytest.mark.parametrize(
    "body",
    [
        '{"IDs":["first"]}',
        '{"ids":["first"]}',
        '{"iDs":["first"],"x":1}',
        '{"IDs":["first","first"]}',
        '{"IDs":["unknown","first","0000000000000000000000","latest","\\ud800",""]}',
        '\n{"IDs":["first"]}{"IDs":[]}',
        "ids=first",
        "IDs=first&IDs=unknown",
        "ids%5B%5D=first",
        "ids[]=first",
        "a=b&ids=first&ids=",
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
async def test_a_deletion_deletes_the_known_ids_it_names(mailbox: Mailbox, body: str, content_type: str) -> None:
    first, second = await mailbox.capture(), await mailbox.capture()
    events = events_of(mailbox.sandbox)
    answer = await mailbox.ask(
        "DELETE", "/api/v1/messages", body.replace("first", first), **{"Content-Type": content_type}
    )
    assert (answer.status_code, answer.text) == (200, "ok")
    assert await mailbox.ids() == [second]
    assert events == [Deleted((first,))]


@pytest.mark.parametrize(
    "body", ['{"IDs":["unknown"]}', '{"IDs":["0000000000000000000000"]}', '{"IDs":["latest"]}', '{"IDs":[""]}', "ids=x"]
)
async def test_a_deletion_of_unknown_ids_is_ok_and_deletes_nothing(mailbox: Mailbox, body: str) -> None:
    id = await mailbox.capture()
    answer = await mailbox.ask("DELETE", "/api/v1/messages", body)
    assert (answer.status_code, answer.text) == (200, "ok")
    assert await mailbox.ids() == [id]


async def test_an_oversized_deletion_deletes_nothing(mailbox: Mailbox) -> None:
    id = await mailbox.capture()
    answer = await mailbox.ask("DELETE", "/api/v1/messages", b" " * (BODY_LIMIT + 1))
    assert (answer.status_code, answer.text) == (400, "http: request body too large")
    assert answer.headers["content-type"] == "text/plain"
    assert await mailbox.ids() == [id]


async def test_many_ids_are_deleted_at_once(mailbox: Mailbox) -> None:
    id = await mailbox.capture()
    body = json.dumps({"IDs": [*(new_id() for _ in range(50_000)), id]})
    assert (await mailbox.ask("DELETE", "/api/v1/messages", body)).text == "ok"
    assert await mailbox.ids() == []
