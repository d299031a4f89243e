import email
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from mailsluice.errors import Refusal
from mailsluice.message import parse
from mailsluice.relay.profile import Profile
from mailsluice.relay.testmail import Attachment, build_test_mail

NOW = datetime(2026, 3, 29, 9, 15, 30, tzinfo=timezone(timedelta(hours=2)))
PROFILE = Profile(
    name="work",
    host="smtp.gmail.com",
    port=587,
    user="ada@gmail.com",
    sender_name="Ada Lövelace, Countess",
    aliases=("ada@corp.test",),
)


def built(**changes: Any) -> bytes:
    arguments: dict[str, Any] = {"sender": "ada@gmail.com", "to": ["bob@example.com"], "now": NOW}
    profile = changes.pop("profile", PROFILE)
    return build_test_mail(profile, **arguments | changes)


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_it_says_test_email_unless_told_otherwise() -> None:
    message = parse(built())
    assert message.subject == "Test Email"
    assert "This is a test mail" in message.text
    assert message.sender.address == "ada@gmail.com"
    assert message.sender.name == "Ada Lövelace, Countess"
    assert [address.address for address in message.to] == ["bob@example.com"]
    assert message.date == NOW
    assert message.defects == ()


def test_every_line_ends_in_crlf_and_is_ascii() -> None:
    raw = built(subject="Grüße ✓" * 40, text="Zeile\nEins\r\nzwei\rdrei ✓\n" + "x" * 2000)
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_each_has_a_message_id_of_its_own_in_the_senders_domain() -> None:
    ids = {parse(built(sender="ada@corp.test")).message_id for _ in range(3)}
    assert len(ids) == 3
    assert all(id.endswith("@corp.test") for id in ids)


@pytest.mark.parametrize("sender", ["eve@example.com", "", "ada@gmail.com\r\nBcc: v@x.test"])
def test_a_sender_that_is_no_identity_is_refused(sender: str) -> None:
    with pytest.raises(Refusal, match="may not write as") as refusal:
        built(sender=sender)
    assert refusal.value.field == "sender"


def test_the_identity_is_written_as_the_profile_has_it() -> None:
    assert parse(built(sender="ADA@corp.TEST")).sender.address == "ada@corp.test"


def test_recipients_may_have_names_and_there_is_no_bcc() -> None:
    message = parse(built(to=["Bob <bob@example.com>", "eve@example.com"], cc=["jim@bücher.test"]))
    assert [address.address for address in message.to] == ["bob@example.com", "eve@example.com"]
    assert [address.address for address in message.cc] == ["jim@xn--bcher-kva.test"]
    assert message.bcc == ()


@pytest.mark.parametrize("address", ["nobody", "", "a@b.test, c@d.test", "a@b.test\r\nBcc: v@x.test", "<>"])
@pytest.mark.parametrize("field", ["to", "cc"])
def test_an_address_that_cannot_be_read_is_refused(field: str, address: str) -> None:
    with pytest.raises(Refusal, match="not one address") as refusal:
        built(**{field: [address]})
    assert refusal.value.field == field


@pytest.mark.parametrize("text", ["Hello\r\nBcc: v@x.test", "Hello\rBcc: v@x.test", "Hello\x00\x1b[2J\u2028x"])
def test_nothing_that_is_typed_becomes_a_header(text: str) -> None:
    profile = Profile(name="x", host="h.test", port=587, user="ada@gmail.com", sender_name=text)
    raw = built(profile=profile, subject=text, attachments=[Attachment(text, b"x")])
    message = read(raw)
    assert message["Bcc"] is None
    assert message["Subject"].startswith("Hello")
    assert sorted(message.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
    )


def test_attachments_arrive_as_they_were() -> None:
    picture, notes, odd = bytes(range(256)), b"lone\rand\nline ends", b""
    raw = built(
        attachments=[Attachment("Bild ü.png", picture), Attachment("notes.txt", notes), Attachment("", odd)],
    )
    parts = parse(raw).attachments
    assert [(part.filename, part.content_type) for part in parts] == [
        ("Bild ü.png", "image/png"),
        ("notes.txt", "application/octet-stream"),
        ("file", "application/octet-stream"),
    ]
    assert [part.content() for part in parts] == [picture, notes, odd]
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")


def test_the_date_carries_a_numeric_zone() -> None:
    assert read(built())["Date"] == "Sun, 29 Mar 2026 09:15:30 +0200"
    assert read(built(now=NOW.astimezone(UTC)))["Date"] == "Sun, 29 Mar 2026 07:15:30 +0000"
