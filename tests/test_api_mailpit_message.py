"""One message in Mailpit's API: shapes, key order, headers, source and parts."""

import hashlib
from typing import Any

import pytest

from mailsluice.capture import Capture, Envelope, SessionFacts, new_id
from mailsluice.errors import StoreError
from mailsluice.events import Marked
from mailsluice_web.api.dates import local_time
from tests.api_client import NOON, PLAIN, RICH, SUMMARY_KEYS, Mailbox, events_of, keys

MESSAGE_KEYS = (
    "ID MessageID From To Cc Bcc ReplyTo ReturnPath Subject ListUnsubscribe Date Tags Username Text HTML Size Inline "
    "Attachments"
)


async def test_a_message_without_any_header_still_has_every_key(mailbox: Mailbox) -> None:
    await mailbox.capture(b"\r\n\r\nbare")
    (summary,) = (await mailbox.get("/api/v1/messages")).json()["messages"]
    assert keys(summary) == SUMMARY_KEYS
    assert summary["From"] == {"Name": "", "Address": ""}
    assert [summary[key] for key in ("To", "Cc", "Bcc", "ReplyTo", "Tags")] == [[]] * 5
    message = (await mailbox.get("/api/v1/message/latest")).json()
    assert keys(message) == MESSAGE_KEYS
    assert message["Date"] == local_time(NOON)


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


async def test_a_message_opens_though_it_cannot_be_marked_read(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any, **__: Any) -> None:
        raise StoreError("The disk is full.")

    await mailbox.capture()
    monkeypatch.setattr(mailbox.sandbox.store, "mark_seen", full)
    assert (await mailbox.get("/api/v1/message/latest")).status_code == 200
