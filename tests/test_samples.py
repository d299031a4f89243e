import email
import email.policy
import re
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from mailsluice.samples import Sample, sample_messages

NOW = datetime(2026, 3, 29, 9, 15, 30, tzinfo=UTC)
SAMPLES = sample_messages(now=NOW)
SOUND = [sample for sample in SAMPLES if sample.name != "broken"]


def read(sample: Sample) -> EmailMessage:
    return email.message_from_bytes(sample.raw, policy=email.policy.default)


def sample_named(name: str) -> Sample:
    return next(sample for sample in SAMPLES if sample.name == name)


def part_of(sample: Sample, content_type: str) -> EmailMessage:
    return next(part for part in read(sample).walk() if part.get_content_type() == content_type)


def defects_of(sample: Sample) -> list[object]:
    message = read(sample)
    in_headers = [defect for part in message.walk() for header in part.values() for defect in header.defects]
    return [defect for part in message.walk() for defect in part.defects] + in_headers


def test_the_same_arguments_give_the_same_bytes() -> None:
    assert sample_messages(now=NOW) == SAMPLES
    assert sample_messages(now=NOW.replace(minute=16)) != SAMPLES


def test_the_names_are_the_six_kinds_of_mail() -> None:
    names = [sample.name for sample in SAMPLES]
    assert names == ["password-reset", "order-html-pdf", "invite", "japanese", "verification-code", "broken"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_survives_smtp_byte_for_byte(sample: Sample) -> None:
    assert sample.raw.endswith(b"\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", sample.raw)
    assert max(map(len, sample.raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_has_the_headers_of_a_real_message(sample: Sample) -> None:
    message = read(sample)
    assert message["Date"].datetime == NOW
    assert sample.sender in message["From"]
    assert re.fullmatch(r"<[0-9.]+\.[0-9a-f]{8}@[a-z.-]+\.example>", message["Message-ID"])
    assert message["MIME-Version"] == "1.0"
    assert 400 < len(sample.raw) < 20_000


def test_message_ids_differ() -> None:
    assert len({read(sample)["Message-ID"] for sample in SAMPLES}) == len(SAMPLES)


@pytest.mark.parametrize("name", [sample.name for sample in SAMPLES])
def test_the_recipient_is_in_envelope_and_header(name: str) -> None:
    sample = next(one for one in sample_messages(recipient="ada@corp.test", now=NOW) if one.name == name)
    assert sample.recipients[0] == "ada@corp.test"
    assert "ada@corp.test" in read(sample)["To"]


@pytest.mark.parametrize("sample", SOUND, ids=lambda sample: sample.name)
def test_a_sound_sample_has_no_defects(sample: Sample) -> None:
    assert defects_of(sample) == []


@pytest.mark.parametrize("sample", SOUND, ids=lambda sample: sample.name)
def test_no_encoded_word_is_too_long(sample: Sample) -> None:
    assert all(len(word) <= 75 for word in re.findall(rb"=\?[^?]+\?B\?[^?]*\?=", sample.raw))


def test_the_pdf_is_whole_and_its_table_points_at_its_objects() -> None:
    pdf = part_of(sample_named("order-html-pdf"), "application/pdf").get_content()
    assert pdf.startswith(b"%PDF-1.4\n")
    assert pdf.endswith(b"%%EOF\n")
    table = int(pdf.split(b"startxref\n")[1].split(b"\n")[0])
    assert pdf[table:].startswith(b"xref\n0 7\n")
    offsets = re.findall(rb"(\d{10}) 00000 n \n", pdf[table:])
    assert [pdf[int(offset) :].split(b" ")[0] for offset in offsets] == [b"1", b"2", b"3", b"4", b"5", b"6"]


def test_the_order_shows_its_inline_picture_by_content_id() -> None:
    sample = sample_named("order-html-pdf")
    picture = part_of(sample, "image/png")
    assert f"cid:{picture['Content-ID'].strip('<>')}" in part_of(sample, "text/html").get_content()
    assert picture.get_content().startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.get_content_disposition() == "inline"


def test_the_order_has_a_recipient_that_no_header_names() -> None:
    sample = sample_named("order-html-pdf")
    assert sample.recipients[1].encode() not in sample.raw


def test_the_invite_is_a_calendar_request_in_the_alternative_and_attached() -> None:
    sample = sample_named("invite")
    calendar = part_of(sample, "text/calendar")
    assert calendar.get_param("method") == "REQUEST"
    lines = calendar.get_content().splitlines()
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    assert {"METHOD:REQUEST", "VERSION:2.0", "DTSTART:20260331T133000Z", "DTEND:20260331T141500Z"} <= set(lines)
    assert {line.split(":")[0] for line in lines} >= {"PRODID", "UID", "DTSTAMP", "SUMMARY"}
    attached = part_of(sample, "application/ics").get_content()
    assert attached.decode().splitlines() == lines
    assert b"\n" not in attached.replace(b"\r\n", b"")


def test_the_japanese_sample_is_iso_2022_jp_in_body_and_subject() -> None:
    sample = sample_named("japanese")
    assert sample.raw.isascii()
    assert b"Subject: =?ISO-2022-JP?B?" in sample.raw
    assert read(sample)["Subject"] == "ご注文の発送のお知らせ"
    assert "さくら商店" in read(sample).get_content()


def test_the_verification_code_is_in_subject_text_and_html() -> None:
    sample = sample_named("verification-code")
    assert read(sample)["Subject"].startswith("482 913")
    assert all("482 913" in part_of(sample, kind).get_content() for kind in ("text/plain", "text/html"))


def test_the_broken_sample_is_broken_in_every_announced_way() -> None:
    raw = sample_named("broken").raw
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"Subject: Caf\xe9" in head
    assert b"--=_open--" not in body
    assert b"charset=x-no-such-charset" in body
    assert b"\r\n.\r\n" in body
