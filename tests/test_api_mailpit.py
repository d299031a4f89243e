"""Mailpit's API as its clients meet it, on a real store: shapes, key order, texts and what they change."""

import hashlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from mailsluice import __version__
from mailsluice.capture import Capture, Envelope, SessionFacts, new_id
from mailsluice.errors import StoreError
from mailsluice.events import Deleted, Marked
from mailsluice.sandbox import Sandbox
from mailsluice_web.api.dates import local_time, parse_date, rfc3339
from mailsluice_web.api.gojson import decode_object, encode
from mailsluice_web.security import BODY_LIMIT
from tests.api_client import NOON, PLAIN, RICH, SUMMARY_KEYS, Mailbox, events_of, keys, opened

MESSAGE_KEYS = (
    "ID MessageID From To Cc Bcc ReplyTo ReturnPath Subject ListUnsubscribe Date Tags Username Text HTML Size Inline "
    "Attachments"
)


@pytest.fixture
async def mailbox(sandbox: Sandbox) -> AsyncIterator[Mailbox]:
    async with opened(sandbox) as mailbox:
        yield mailbox


@pytest.fixture
def auckland(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "NZST-12")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def test_info_has_exactly_mailpits_keys(mailbox: Mailbox) -> None:
    await mailbox.capture()
    await mailbox.capture()
    await mailbox.sandbox.mark_seen([(await mailbox.ids())[0]], seen=True)
    answer = await mailbox.get("/api/v1/info")
    info = answer.json()
    assert keys(answer.json()) == "Version LatestVersion Database DatabaseSize Messages Unread Tags RuntimeStats"
    assert keys(info["RuntimeStats"]) == (
        "Uptime Memory MessagesDeleted SMTPAccepted SMTPAcceptedSize SMTPRejected SMTPIgnored"
    )
    assert info["Version"] == f"v1.30.5+mailsluice.{__version__}"
    assert info["LatestVersion"] == "disabled"
    assert info["Database"] == str(mailbox.sandbox.store.path)
    assert info["DatabaseSize"] > 0
    assert (info["Messages"], info["Unread"], info["Tags"]) == (2, 1, {})
    assert info["RuntimeStats"]["SMTPAccepted"] == 2
    assert info["RuntimeStats"]["SMTPAcceptedSize"] == 2 * len(PLAIN)
    assert info["RuntimeStats"]["Memory"] > 1_000_000
    assert 0 <= info["RuntimeStats"]["Uptime"] < 60


async def test_info_counts_what_was_deleted(mailbox: Mailbox) -> None:
    await mailbox.capture()
    await mailbox.sandbox.delete(None)
    info = (await mailbox.get("/api/v1/info")).json()
    assert (info["Messages"], info["RuntimeStats"]["MessagesDeleted"]) == (0, 1)


async def test_json_is_written_as_go_writes_it(mailbox: Mailbox) -> None:
    await mailbox.capture()
    answer = await mailbox.get("/api/v1/messages")
    assert answer.headers["content-type"] == "application/json"
    assert answer.content.endswith(b"}\n")
    assert b'"Subject":"Fish \\u0026 \\u003cchips\\u003e"' in answer.content
    assert b": " not in answer.content


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


async def test_a_message_without_any_header_still_has_every_key(mailbox: Mailbox) -> None:
    await mailbox.capture(b"\r\n\r\nbare")
    (summary,) = (await mailbox.get("/api/v1/messages")).json()["messages"]
    assert keys(summary) == SUMMARY_KEYS
    assert summary["From"] == {"Name": "", "Address": ""}
    assert [summary[key] for key in ("To", "Cc", "Bcc", "ReplyTo", "Tags")] == [[]] * 5
    message = (await mailbox.get("/api/v1/message/latest")).json()
    assert keys(message) == MESSAGE_KEYS
    assert message["Date"] == local_time(NOON)


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
        ("limit=99999999999999999999", 50, 0),
        ("limit=999999999999999999", 52, 0),
        ("limit=%D9%A3", 50, 0),
        ("start=50", 2, 50),
        ("start=50&limit=0", 2, 50),
        ("start=-5&limit=1", 1, 0),
        ("start=x&limit=1", 1, 0),
        ("start=52", 0, 52),
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


async def test_a_message_has_exactly_mailpits_keys_and_values(mailbox: Mailbox) -> None:
    id = await mailbox.capture(RICH, to=("bob@example.test", "hidden@example.test"))
    answer = await mailbox.get(f"/api/v1/message/{id}")
    message = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert keys(answer.json()) == MESSAGE_KEYS
    assert keys(message["ListUnsubscribe"]) == "Header Links Errors HeaderPost"
    image, page = message.pop("Inline"), message.pop("Attachments")
    html = '<p>Hello <img src="cid:logo@example.test"></p>'
    assert (message.pop("HTML").strip(), message.pop("Text").strip()) == (html, "Hello")
    assert message == {
        "ID": id,
        "MessageID": "",
        "From": {"Name": "", "Address": "shop@example.test"},
        "To": [{"Name": "", "Address": "bob@example.test"}],
        "Cc": [],
        "Bcc": [{"Name": "", "Address": "hidden@example.test"}],
        "ReplyTo": [],
        "ReturnPath": "bounce@example.test",
        "Subject": "Grüße",
        "ListUnsubscribe": {
            "Header": "<mailto:off@example.test>, <https://example.test/off>",
            "Links": ["mailto:off@example.test", "https://example.test/off"],
            "Errors": "",
            "HeaderPost": "List-Unsubscribe=One-Click",
        },
        "Date": local_time(NOON),
        "Tags": [],
        "Username": "",
        "Size": len(RICH),
    }
    assert [part["PartID"] for part in (*image, *page)] == ["1.2", "2"]


async def test_attachments_have_exactly_mailpits_keys_and_values(mailbox: Mailbox) -> None:
    await mailbox.capture(RICH)
    message = (await mailbox.get("/api/v1/message/latest")).json()
    gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00,"
    (image,), (page,) = message["Inline"], message["Attachments"]
    assert keys(image) == "PartID FileName ContentType ContentID Size Checksums"
    assert keys(image["Checksums"]) == "MD5 SHA1 SHA256"
    assert image == {
        "PartID": "1.2",
        "FileName": "logo@example.test",
        "ContentType": "image/gif",
        "ContentID": "logo@example.test",
        "Size": len(gif),
        "Checksums": {
            "MD5": hashlib.md5(gif).hexdigest(),
            "SHA1": hashlib.sha1(gif).hexdigest(),
            "SHA256": hashlib.sha256(gif).hexdigest(),
        },
    }
    assert (page["FileName"], page["ContentType"], page["ContentID"]) == ("a b.html", "text/html", "")


async def test_a_part_without_any_name_is_counted_but_not_listed(mailbox: Mailbox) -> None:
    await mailbox.capture(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n"
        b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF\r\n--b--\r\n"
    )
    assert (await mailbox.get("/api/v1/messages")).json()["messages"][0]["Attachments"] == 1
    assert (await mailbox.get("/api/v1/message/latest")).json()["Attachments"] == []


async def test_the_return_path_falls_back_to_the_sender(mailbox: Mailbox) -> None:
    session = SessionFacts(id=new_id(), peer="unix", began=NOON)
    await mailbox.sandbox.store.add(Capture(new_id(), NOON, Envelope("", ()), session, (), PLAIN))
    assert (await mailbox.get("/api/v1/message/latest")).json()["ReturnPath"] == "ada@example.test"


async def test_the_date_header_keeps_its_own_offset(mailbox: Mailbox) -> None:
    await mailbox.capture()
    assert (await mailbox.get("/api/v1/message/latest")).json()["Date"] == "2026-07-20T14:00:00+02:00"


async def test_only_the_whole_message_marks_it_read(mailbox: Mailbox) -> None:
    id = await mailbox.capture(RICH)
    events = events_of(mailbox.sandbox)
    for path in ("/headers", "/raw", "/part/2"):
        assert (await mailbox.get(f"/api/v1/message/{id}{path}")).status_code == 200
    assert not await mailbox.seen(id)
    await mailbox.get(f"/api/v1/message/{id}")
    await mailbox.get(f"/api/v1/message/{id}")
    assert await mailbox.seen(id)
    assert events == [Marked((id,), True)]


async def test_headers_are_canonical_sorted_and_undecoded(mailbox: Mailbox) -> None:
    id = await mailbox.capture(RICH)
    answer = await mailbox.get(f"/api/v1/message/{id}/headers")
    headers = answer.json()
    assert list(headers) == sorted(headers)
    assert headers["Subject"] == ["=?utf-8?q?Gr=C3=BC=C3=9Fe?="]
    assert headers["X-Long"] == ["one two", "three"]
    assert headers["Mime-Version"] == ["1.0"]
    assert answer.headers["content-type"] == "application/json"


async def test_headers_with_odd_bytes_stay_json(mailbox: Mailbox) -> None:
    await mailbox.capture(b"Subject: caf\xe9 \xed\xa0\x80\r\nmessage-id: <x@y>\r\nodd name: z\r\n\r\n")
    headers = (await mailbox.get("/api/v1/message/latest/headers")).json()
    assert headers["Subject"] == ["caf\ufffd \ufffd\ufffd\ufffd"]
    assert headers["Message-Id"] == ["<x@y>"]


@pytest.mark.parametrize("raw", [RICH, b"", b"\x00\xff\r\n.\r\n", b"x" * 3_000_001])
async def test_the_source_comes_back_byte_for_byte(mailbox: Mailbox, raw: bytes) -> None:
    id = await mailbox.capture(raw)
    answer = await mailbox.get(f"/api/v1/message/{id}/raw")
    assert answer.content == raw
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-length"] == str(len(raw))
    assert "content-disposition" not in answer.headers


async def test_the_source_can_be_downloaded(mailbox: Mailbox) -> None:
    id = await mailbox.capture()
    answer = await mailbox.get("/api/v1/message/latest/raw?dl=1")
    assert answer.headers["content-disposition"] == f'attachment; filename="{id}.eml"'


async def test_a_part_comes_decoded_with_its_type_and_name(mailbox: Mailbox) -> None:
    id = await mailbox.capture(RICH)
    image = await mailbox.get(f"/api/v1/message/{id}/part/1.2")
    page = await mailbox.get("/api/v1/message/latest/part/2")
    assert image.content == b"GIF89a\x01\x00\x01\x00\x00\x00\x00,"
    assert image.headers["content-type"] == "image/gif"
    assert image.headers["content-disposition"] == 'inline; filename="logo%40example.test"'
    assert page.headers["content-type"] == "text/html"
    assert page.headers["content-disposition"] == 'inline; filename="a%20b.html"'


async def test_a_part_opened_as_a_page_runs_nothing(mailbox: Mailbox) -> None:
    await mailbox.capture(RICH)
    answer = await mailbox.get("/api/v1/message/latest/part/2")
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("number", ["1.1", "1", "0", "3", "", "x", "1.2/thumb", "-1", "2%0d%0a", "%32%20"])
async def test_a_part_that_is_none_or_the_text_itself_is_not_found(mailbox: Mailbox, number: str) -> None:
    await mailbox.capture(RICH)
    assert (await mailbox.get(f"/api/v1/message/latest/part/{number}")).status_code == 404


async def test_the_type_of_a_part_cannot_break_out_of_its_header(mailbox: Mailbox) -> None:
    await mailbox.capture(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\n"
        b'Content-Type: "a/b c\xff"\r\n'
        b"Content-Disposition: attachment; filename*=utf-8''%0D%0ASet-Cookie%3A%20x\r\n\r\nz\r\n"
        b"--b--\r\n"
    )
    answer = await mailbox.get("/api/v1/message/latest/part/2")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert " " not in answer.headers["content-type"]


PER_MESSAGE = ["", "/headers", "/raw", "/part/1"]


@pytest.mark.parametrize("path", PER_MESSAGE)
@pytest.mark.parametrize("id", ["0000000000000000000000", "unknown", "LATEST", "%27%20OR%201", "%00", "%ED%A0%80"])
async def test_an_unknown_id_is_not_found(mailbox: Mailbox, path: str, id: str) -> None:
    await mailbox.capture()
    answer = await mailbox.get(f"/api/v1/message/{id}{path}")
    assert (answer.status_code, answer.text) == (404, "404 page not found")
    assert answer.headers["content-type"] == "text/plain"


@pytest.mark.parametrize("path", PER_MESSAGE)
async def test_the_latest_of_nothing_is_not_found(mailbox: Mailbox, path: str) -> None:
    answer = await mailbox.get(f"/api/v1/message/latest{path}")
    assert (answer.status_code, answer.text) == (404, "Message not found")
    assert answer.headers["content-type"] == "text/plain"


async def test_latest_is_the_newest(mailbox: Mailbox) -> None:
    await mailbox.capture()
    newest = await mailbox.capture(RICH)
    assert (await mailbox.get("/api/v1/message/latest")).json()["ID"] == newest


ALLOWED = {
    "/api/v1/info": "GET, HEAD, OPTIONS",
    "/api/v1/webui": "GET, HEAD, OPTIONS",
    "/api/v1/messages": "DELETE, GET, HEAD, OPTIONS, PUT",
    "/api/v1/message/latest": "GET, HEAD, OPTIONS",
    "/api/v1/message/latest/headers": "GET, HEAD, OPTIONS",
    "/api/v1/message/latest/raw": "GET, HEAD, OPTIONS",
    "/api/v1/message/latest/part/2": "GET, HEAD, OPTIONS",
    "/livez": "GET, HEAD",
    "/readyz": "GET, HEAD",
}


@pytest.mark.parametrize("path", ALLOWED)
async def test_a_wrong_method_is_told_the_right_ones(mailbox: Mailbox, path: str) -> None:
    for method in {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} - set(ALLOWED[path].split(", ")):
        answer = await mailbox.ask(method, path)
        assert (answer.status_code, answer.text) == (405, "Method Not Allowed\n")
        assert answer.headers["allow"] == ALLOWED[path]
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", ALLOWED)
async def test_head_is_get_without_a_body(mailbox: Mailbox, path: str) -> None:
    await mailbox.capture(RICH)
    await mailbox.sandbox.mark_seen(None, seen=True)
    got, head = await mailbox.get(path), await mailbox.ask("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers.get("content-type") == got.headers.get("content-type")
    assert "content-length" in head.headers


@pytest.mark.parametrize(
    "path", [*(path for path in ALLOWED if path.startswith("/api")), "/api/v1/nothing", "/api/v1/"]
)
async def test_options_is_empty_everywhere_in_the_api(mailbox: Mailbox, path: str) -> None:
    answer = await mailbox.ask("OPTIONS", path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["access-control-allow-methods"] == "GET, POST, DELETE, PUT, OPTIONS"


@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v1/messages/",
        "/api/v1/info/",
        "/api/v2/messages",
        "/api/v1/message",
        "/api/v1/message/",
        "/api/v1/message/latest/",
        "/api/v1/message/latest/sa-check",
        "/api/nothing",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_unknown_address_of_the_api_is_not_found(mailbox: Mailbox, method: str, path: str) -> None:
    answer = await mailbox.ask(method, path)
    assert answer.status_code == 404
    assert answer.text == ("" if method == "HEAD" else "File not found\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_page_of_another_site_reads_and_changes_nothing(mailbox: Mailbox, method: str) -> None:
    id = await mailbox.capture()
    answer = await mailbox.ask(method, "/api/v1/messages", Origin="https://evil.example")
    assert (answer.status_code, answer.text) == (403, "Blocked due to CORS violation\n")
    assert await mailbox.ids() == [id]


async def test_health_is_empty_while_all_is_well(mailbox: Mailbox) -> None:
    for path in ("/livez", "/readyz"):
        answer = await mailbox.get(path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["cache-control"] == "no-store"


async def test_a_store_in_trouble_is_alive_but_not_ready(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(mailbox.sandbox.store), "trouble", "The disk is full.")
    ready = await mailbox.get("/readyz")
    assert (ready.status_code, ready.text) == (503, "Service Unavailable")
    assert (await mailbox.get("/livez")).status_code == 200


async def test_a_store_that_cannot_be_written_says_so(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: Any, **__: Any) -> None:
        raise StoreError("The disk is full.")

    await mailbox.capture()
    monkeypatch.setattr(mailbox.sandbox.store, "delete", full)
    answer = await mailbox.ask("DELETE", "/api/v1/messages")
    assert (answer.status_code, answer.text) == (503, "The disk is full.")


async def test_a_message_opens_though_it_cannot_be_marked_read(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any, **__: Any) -> None:
        raise StoreError("The disk is full.")

    await mailbox.capture()
    monkeypatch.setattr(mailbox.sandbox.store, "mark_seen", full)
    assert (await mailbox.get("/api/v1/message/latest")).status_code == 200


@pytest.mark.usefixtures("auckland")
def test_stored_times_are_shown_in_the_servers_zone_to_the_millisecond() -> None:
    assert local_time(NOON + 450_999) == "2026-07-21T00:00:00.45+12:00"
    assert local_time(NOON + 999) == "2026-07-21T00:00:00+12:00"


@pytest.mark.usefixtures("auckland")
@pytest.mark.parametrize(
    "text",
    [
        "2026-07-20T12:00:00Z",
        "2026-07-20T14:00:00+02:00",
        "2026-07-20 14:00:00 +0200",
        "2026-07-20 14:00:00 +0200 CEST",
        "2026-07-20 12:00:00 UTC",
        "2026-07-20T12:00:00.000000999Z",
        "2026-07-21",
        "2026-07-21 00:00",
        "2026/07/21 00:00:00",
        "07/21/2026",
        "07/21/2026 00:00",
        "Jul 21, 2026",
        "21 July 2026",
        "Mon, 20 Jul 2026 14:00:00 +0200",
        "1784548800",
        "1784548800000",
        "1784548800000999",
        "  2026-07-20T12:00:00Z ",
    ],
)
def test_dates_are_read_in_the_usual_spellings(text: str) -> None:
    assert parse_date(text) == NOON


@pytest.mark.parametrize("text", ["", "soon", "9" * 61, "2026-13-01", "0001-01-01T00:00:00+14:00", "٢٠٢٦", "\x00"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None or "0001" in text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 7, 20, 11, 22, 33, 456_000, UTC), "2026-07-20T11:22:33.456Z"),
        (datetime(2026, 7, 20, 11, 22, 33, 450_000, UTC), "2026-07-20T11:22:33.45Z"),
        (datetime(2026, 7, 20, 11, 22, 33, 0, UTC), "2026-07-20T11:22:33Z"),
        (datetime(26, 7, 20, 11, 22, 33), "0026-07-20T11:22:33Z"),
        (datetime(2026, 7, 20, tzinfo=timezone(-timedelta(hours=3, minutes=30))), "2026-07-20T00:00:00-03:30"),
    ],
)
def test_times_are_written_as_go_writes_them(moment: datetime, text: str) -> None:
    assert rfc3339(moment) == text


def test_json_escapes_what_go_escapes_and_replaces_what_is_not_unicode() -> None:
    assert encode({"k": "<&>\u2028\u2029é"}) == '{"k":"\\u003c\\u0026\\u003e\\u2028\\u2029é"}\n'.encode()
    assert encode({"k": "a\ud800b"}) == '{"k":"a\ufffdb"}\n'.encode()


def test_the_first_json_value_counts_and_its_keys_are_lower_case() -> None:
    assert decode_object(b'\n {"IDs": ["A"], "Read": true} garbage') == {"ids": ["A"], "read": True}


def test_the_memory_is_told_where_proc_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from mailsluice_web.api import info

    monkeypatch.setattr(info, "Path", lambda _: Path("/nonexistent/statm"))
    assert info._resident_bytes() > 1_000_000
