import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsluice.message import Message, Part, frame, parse, text_from_html
from tests.nasty import head, multipart, nasty_messages

NASTY = dict(nasty_messages())
PLAIN = "Content-Type: text/plain; charset=utf-8\r\n\r\n"
HTML = "Content-Type: text/html; charset=utf-8\r\n\r\n"
PIXEL = "Content-Type: image/png\r\nContent-ID: <logo@x>\r\nContent-Disposition: inline; filename=logo.png\r\n\r\npng"
PDF = "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=bill.pdf\r\n\r\npdf"


def message(body: str, *, charset: str = "utf-8") -> Message:
    """A message with this Content-Type and body."""
    return parse((head("x") + body).encode(charset))


def encoded(encoding: str, body: bytes, *, kind: str = "text/plain") -> Part:
    """The only part of a message with this transfer encoding."""
    header = f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    return parse(head("x").encode() + header + body).parts[0]


def read_all(raw: bytes) -> Message:
    """Everything that a page may ask of a message."""
    found = parse(raw)
    for part in found.parts:
        part.content(), part.text(), part.filename, part.size, part.charset, part.disposition, part.content_id
    frame(found.html, parts={})
    text_from_html(found.html)
    assert found.date is None or found.date.utcoffset() is not None
    shown = [found.subject, found.sender.name, *(header.value for header in found.headers), *found.defects]
    shown += [found.summary.snippet, *(part.filename for part in found.parts)]
    for text in shown:
        assert not set(text) & set("\r\n\0")
    for text in (*shown, found.text, found.html):
        text.encode()
    return found


def test_a_plain_message_is_one_part_numbered_nought() -> None:
    found = message(PLAIN + "Hello\r\nBob\r\n")

    assert (found.text, found.html, [part.number for part in found.parts]) == ("Hello\nBob\n", "", ["0"])


def test_parts_are_numbered_by_their_place() -> None:
    alternative = multipart("alternative", "in", PLAIN + "text", HTML + "html")
    found = message(multipart("mixed", "out", alternative, PDF))

    assert [part.number for part in found.parts] == ["1.1", "1.2", "2"]


def test_a_part_is_found_by_its_number() -> None:
    part = message(multipart("mixed", "b", PLAIN + "text", PDF)).part("2")

    assert part is not None
    assert (part.filename, part.content(), part.size) == ("bill.pdf", b"pdf", 3)


def test_an_unknown_part_number_finds_nothing() -> None:
    assert message(PLAIN + "x").part("7") is None


def test_each_alternative_gives_its_first_text_and_html() -> None:
    found = message(multipart("alternative", "b", PLAIN + "one", PLAIN + "two", HTML + "html"))

    assert (found.text, found.html) == ("one", "html")


def test_html_within_related_is_the_body() -> None:
    related = multipart("related", "r", HTML + '<img src="cid:logo@x">', PIXEL)
    found = message(multipart("alternative", "a", PLAIN + "text", related))

    assert (found.text, found.html) == ("text", '<img src="cid:logo@x">')
    assert [part.content_id for part in found.inline] == ["logo@x"]


def test_texts_beside_one_another_in_mixed_are_joined() -> None:
    assert message(multipart("mixed", "b", PLAIN + "one", PDF, PLAIN + "two")).text == "one\n\ntwo"


def test_texts_in_the_chosen_branch_of_an_alternative_are_joined() -> None:
    branch = multipart("mixed", "m", HTML + "<p>one", PDF, HTML + "<p>two")

    assert message(multipart("alternative", "a", PLAIN + "text", branch)).html == "<p>one\n<p>two"


def test_an_attached_text_is_no_body() -> None:
    attached = "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nattached"
    found = message(multipart("mixed", "b", PLAIN + "text", attached))

    assert (found.text, [part.filename for part in found.attachments]) == ("text", ["a.txt"])


def test_parts_with_neither_name_nor_content_id_are_not_listed() -> None:
    calendar = "Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR"
    found = message(multipart("alternative", "b", PLAIN + "text", calendar))

    assert (found.inline, found.attachments, found.parts[1].content_type) == ((), (), "text/calendar")


def test_a_file_without_disposition_is_listed_as_inline() -> None:
    found = message(multipart("mixed", "b", PLAIN + "text", "Content-Type: image/png; name=a.png\r\n\r\npng"))

    assert [part.filename for part in found.inline] == ["a.png"]


def test_octet_streams_are_attachments_whatever_they_say() -> None:
    stream = "Content-Type: application/octet-stream; name=a.bin\r\nContent-Disposition: inline\r\n\r\nx"

    assert [part.filename for part in message(multipart("mixed", "b", stream)).attachments] == ["a.bin"]


def test_the_file_name_falls_back_to_the_content_id() -> None:
    assert message(multipart("mixed", "b", "Content-Type: image/png\r\nContent-ID: <logo@x>\r\n\r\nx")).inline[
        0
    ].filename == ("logo@x")


def test_an_attached_message_is_one_attachment_named_by_its_subject() -> None:
    inner = "Content-Type: message/rfc822\r\n\r\n" + head("inner", subject="Re: a/b") + PLAIN + "inner"
    (part,) = message(multipart("mixed", "b", PLAIN + "text", inner)).attachments

    assert part.filename == "Re a b.eml"
    assert parse(part.content()).text == "inner"


def test_a_part_boundary_that_begins_like_another_is_told_apart() -> None:
    inner = multipart("alternative", "abc", PLAIN + "one")

    assert [part.number for part in message(multipart("mixed", "ab", inner)).parts] == ["1.1"]


def test_an_outer_boundary_ends_an_inner_part_that_never_ends() -> None:
    inner = "Content-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n" + PLAIN + "text"
    found = message(multipart("mixed", "out", inner, PDF))

    assert ([part.number for part in found.parts], found.text) == (["1.1", "2"], "text")


def test_a_message_cut_off_is_read_as_far_as_it_goes() -> None:
    found = message("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" + PLAIN + "cut o")

    assert found.text == "cut o"
    assert found.defects == ("The message does not end with its closing boundary; it may have been cut.",)


def test_a_multipart_without_boundary_is_shown_as_it_came() -> None:
    found = message("Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nhi\r\n--x--\r\n")

    assert found.text == "--x\n\nhi\n--x--\n"
    assert "names no boundary" in found.defects[0]


def test_nesting_is_followed_to_a_bound() -> None:
    found = parse(NASTY["nested-multipart-2000"])

    assert len(found.parts) == 1
    assert "more than 100 levels deep" in found.defects[0]


def test_parts_are_counted_to_a_bound() -> None:
    found = parse(NASTY["quadratic-boundaries"])

    assert len(found.parts) < 10_001
    assert "more than 10,000 parts" in found.defects[0]


def test_base64_may_hold_rubbish_and_go_on_after_its_padding() -> None:
    assert encoded("base64", b"!!!PGI+aGk8L2I+====@@@PGI+\r\n").content() == b"<b>hi</b><b>"


def test_base64_may_lack_its_padding() -> None:
    assert encoded("Base64", b"aGk").content() == b"hi"


def test_broken_quoted_printable_keeps_what_it_cannot_decode() -> None:
    assert encoded("quoted-printable", b"a=\r\n=ZZ=C3=\r\n=A4 = \t\r\n=3D").text() == "a=ZZä ="


def test_uuencode_is_decoded() -> None:
    assert encoded("x-uuencode", b"begin 644 x.txt\r\n#86)C\r\n`\r\nend\r\n").content() == b"abc"


def test_an_unknown_transfer_encoding_is_a_defect() -> None:
    found = message("Content-Transfer-Encoding: x-foo\r\n\r\nx")

    assert (found.text, found.defects) == (
        "x",
        ("The text has the unknown transfer encoding 'x-foo' and is shown as it came.",),
    )


def test_utf8_that_names_no_charset_is_a_defect_and_read_as_utf8() -> None:
    found = message("\r\ngrüße")

    assert (found.text, len(found.defects)) == ("grüße", 1)


def test_a_charset_that_does_not_fit_is_a_defect_and_guessed() -> None:
    body = "Content-Type: text/plain; charset=utf-8\r\n\r\n" + "Съешь же ещё этих мягких французских булок. " * 5
    found = message(body, charset="cp1251")

    assert found.text.startswith("Съешь же ещё")
    assert found.defects == ("The text holds bytes that are not utf-8; the charset was guessed.",)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Fri, 20 Nov 2026 10:00:00 +0100", datetime(2026, 11, 20, 10, tzinfo=timezone(timedelta(hours=1)))),
        ("20 Nov 26 10:00 EST", datetime(2026, 11, 20, 15, tzinfo=UTC)),
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 10:00:00 -0000", datetime(2026, 11, 20, 10, tzinfo=UTC)),
    ],
)
def test_dates_are_read_in_the_forms_that_occur(date: str, expected: datetime) -> None:
    assert parse(f"Date: {date}\r\n\r\n".encode()).date == expected


@pytest.mark.parametrize("date", ["Fri, 31 Feb 2026 25:61:61 +9999", "not a date", "31 Dec 99999 23:59:59 +0000"])
def test_a_date_that_is_none_is_a_defect(date: str) -> None:
    found = parse(f"Date: {date}\r\n\r\n".encode())

    assert (found.date, found.defects) == (None, (f"The Date field cannot be read as a date: '{date}'.",))


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_message_is_read_in_bounded_time(name: str) -> None:
    began = time.process_time()

    read_all(NASTY[name])

    assert time.process_time() - began < 3


def corpus() -> Iterator[Path]:
    """The files below the folder that MAILSLUICE_TEST_CORPUS names."""
    folder = os.environ.get("MAILSLUICE_TEST_CORPUS")
    if folder:
        yield from (path for path in sorted(Path(folder).rglob("*")) if path.is_file())


@pytest.mark.skipif("MAILSLUICE_TEST_CORPUS" not in os.environ, reason="MAILSLUICE_TEST_CORPUS names no folder of mail")
def test_every_message_of_the_corpus_is_read() -> None:
    paths = list(corpus())

    for path in paths:
        read_all(path.read_bytes())

    assert paths


@given(st.binary(max_size=400))
@example(b"")
@example(b"\r")
@example(b"Content-Type: message/rfc822\r\n\r\n")
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    read_all(raw)


@given(st.lists(st.sampled_from(FRAGMENTS := [
    b"--b", b"--b--", b"--bc", b"\r\n", b"\n", b"\r", b" ", b"\0", b"\xff", b"text", b"=?utf-8?q?=C3?=", b"=?", b"?=",
    b"Content-Type: multipart/mixed; boundary=b\r\n", b"Content-Type: multipart/digest; boundary=bc\r\n",
    b"Content-Type: message/rfc822\r\n", b"Content-Type: text/html; charset=utf-16\r\n", b"Content-Type: ;=\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: x-uue\r\n", b"begin 644 x\r\n",
    b"Content-Disposition: attachment; filename*0*=x'y'%", b"Content-ID: <", b"From: (", b'To: "', b"Date: 1 Jan",
    b"<p", b"<style", b"&#xD800;", b"<svg><a href=", b"url(cid:", b"<!--",
]), max_size=30).map(b"".join))  # fmt: skip
def test_no_heap_of_mail_like_pieces_makes_it_raise(raw: bytes) -> None:
    read_all(raw)
