"""What is sent in place of what was captured: the bytes, field by field."""

from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import pytest

from mailsluice.errors import Refusal
from mailsluice.relay.rewrite import MBOX_LINE, Change, Rewriting, Rewritten, rewrite

DATE = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DATE_LINE = b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n"
ID_LINE = b"Message-ID: <fresh@example.com>\r\n"
PLAIN = (
    b"From: Ada <ada@example.com>\r\nDate: old\r\nMessage-ID: <old@example.com>\r\nTo: b@example.org\r\n\r\nbody\r\n"
)


def rewritten(raw: bytes, **wishes: Any) -> Rewritten:
    return rewrite(raw, wishes=Rewriting(date=DATE, message_id="fresh@example.com", **wishes))


def header(raw: bytes, **wishes: Any) -> bytes:
    """The header after rewriting, without the Date and the Message-ID that are put on top of these."""
    return rewritten(raw + b"\r\n\r\nbody\r\n", **wishes).raw.partition(b"\r\n\r\n")[0][len(DATE_LINE + ID_LINE) :]


def changes(raw: bytes, **wishes: Any) -> dict[tuple[str, str], int]:
    return {(change.name, change.kind): change.count for change in rewritten(raw, **wishes).changes}


def test_date_and_message_id_are_replaced_where_they_stand_and_the_rest_stays_byte_for_byte() -> None:
    result = rewritten(PLAIN)
    assert result.raw == (
        b"From: Ada <ada@example.com>\r\n" + DATE_LINE + ID_LINE + b"X-Original-Message-ID: <old@example.com>\r\n"
        b"To: b@example.org\r\n\r\nbody\r\n"
    )
    assert (result.message_id, result.original_message_id) == ("fresh@example.com", "old@example.com")
    assert (result.line_ends, result.body_is_same) == (0, True)


def test_date_and_message_id_are_put_on_top_where_there_is_none() -> None:
    assert rewritten(b"To: b@example.org\r\n\r\nx\r\n").raw == DATE_LINE + ID_LINE + b"To: b@example.org\r\n\r\nx\r\n"
    assert rewritten(b"no header here\r\n\r\nx\r\n").raw.startswith(DATE_LINE + ID_LINE + b"no header here\r\n")


def test_only_the_first_date_and_message_id_get_a_successor() -> None:
    raw = b"Date: 1\r\nMessage-ID: <a@b>\r\ndate : 2\r\nMessage-Id\t:<c@d>\r\n\r\nx\r\n"
    assert rewritten(raw).raw == DATE_LINE + ID_LINE + b"X-Original-Message-ID: <a@b>\r\n\r\nx\r\n"
    assert changes(raw)["Date", "removed"] == changes(raw)["Message-ID", "removed"] == 1


def test_a_copy_of_a_copy_keeps_the_first_original_message_id() -> None:
    result = rewritten(b"X-Original-Message-ID: <first@x>\r\nMessage-ID: <second@x>\r\n\r\nx\r\n")
    assert result.raw.count(b"X-Original-Message-ID") == 1
    assert b"<first@x>" in result.raw
    assert b"<second@x>" not in result.raw


def test_the_message_id_stays_on_request() -> None:
    result = rewritten(PLAIN, keep_message_id=True)
    assert (result.message_id, result.original_message_id) == ("old@example.com", "old@example.com")
    assert b"\r\nMessage-ID: <old@example.com>\r\n" in result.raw
    assert b"fresh" not in result.raw
    assert b"X-Original" not in result.raw


@pytest.mark.parametrize("value", [b"", b" no brackets@x", b" <a@b@c>", b" <a b@c>", b" <a.@b>", b" <a@b.>", b" <@b>"])
def test_a_message_id_that_is_none_is_not_kept(value: bytes) -> None:
    result = rewritten(b"Message-ID:" + value + b"\r\n\r\nx\r\n", keep_message_id=True)
    assert result.message_id == "fresh@example.com"
    assert result.raw.count(b"\nMessage-ID:") + result.raw.startswith(b"Message-ID:") == 1


def test_the_first_valid_message_id_of_several_is_kept() -> None:
    result = rewritten(b"Message-ID: bad\r\nMessage-ID: <a@b>\r\nMessage-ID: <c@d>\r\n\r\nx\r\n", keep_message_id=True)
    assert result.message_id == "a@b"
    assert result.raw == DATE_LINE + b"Message-ID: <a@b>\r\n\r\nx\r\n"


def test_answers_go_to_the_author_on_request_unless_the_app_said_where() -> None:
    raw = b"From: Ada,\r\n <ada@example.com>"
    assert header(raw, adds_reply_to=True) == raw + b"\r\nReply-To: Ada,\r\n <ada@example.com>"
    raw += b"\r\nreply-to: c@example.com"
    assert header(raw, adds_reply_to=True) == raw


def test_a_bcc_hidden_in_from_does_not_come_back_in_reply_to() -> None:
    result = header(b"From: a@b\x0bBcc: v@example.org", adds_reply_to=True)
    assert result == b"From: a@b\r\nReply-To: a@b"


def test_the_envelope_stays_in_x_original_to_without_control_characters() -> None:
    result = rewritten(PLAIN, original_recipients=("v@example.org", "w\r\nBcc: x@example.org")).raw
    assert b"X-Original-To: v@example.org\r\nX-Original-To: wBcc: x@example.org\r\n" in result


@pytest.mark.parametrize(
    "field",
    [
        b"Bcc: v@example.org",
        b"bCC: v@example.org",
        b"Bcc : v@example.org",
        b"Bcc\t \t: v@example.org",
        b"Bcc:\r\n v@example.org,\r\n\tw@example.org",
        b"Bcc: v@example.org\r\n \r\n w@example.org",
        b"Bcc\r\n : v@example.org",
        b"Bcc\r\n: v@example.org",
        b"B\r\n cc: v@example.org",
        b"\xef\xbb\xbfBcc: v@example.org",
        b"\0Bcc: v@example.org",
        b"B\x01c\x7fc\0: v@example.org",
        b"\xc2\xa0Bcc\xe2\x80\x8b: v@example.org",
        b"Bcc: v@example.org\r\nBCC: w@example.org",
        b"Resent-Bcc: v@example.org",
        b"Return-Path: <v@example.org>",
        b"Received: from x\r\n\tby y for v@example.org",
        b"DKIM-Signature: v@example.org",
        b"DomainKey-Signature: v@example.org",
        b"X-Google-DKIM-Signature: v@example.org",
        b"ARC-Seal: v@example.org",
        b"ARC-Message-Signature: v@example.org",
        b"ARC-Authentication-Results: v@example.org",
    ],
)
def test_what_must_not_leave_goes_however_it_is_spelled(field: bytes) -> None:
    assert header(b"To: a@b\r\n" + field + b"\r\nSubject: s") == b"To: a@b\r\nSubject: s"
    assert header(field + b"\r\nSubject: s") == b"Subject: s"
    assert header(b"no colon\r\n" + field) == b"no colon"
    assert header(b"To: a@b\n" + field.replace(b"\r\n", b"\n") + b"\nSubject: s") == b"To: a@b\r\nSubject: s"


@pytest.mark.parametrize(
    "end", [b"\0", b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x85", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9"]
)
def test_a_bcc_behind_what_some_programs_take_for_a_line_end_goes(end: bytes) -> None:
    assert header(b"Subject: x" + end + b"Bcc: v@example.org" + end + b" w@example.org") == b"Subject: x"
    assert header(b"Subject: x" + end + b" bcc : v@example.org" + end + b"X-A: b") == b"Subject: x" + end + b"X-A: b"


def test_a_bcc_behind_a_bare_line_end_is_a_field_and_goes() -> None:
    assert header(b"Subject: x\rBcc: v@example.org\nX-A: b") == b"Subject: x\r\nX-A: b"


def test_a_bcc_behind_a_folded_line_without_colon_goes() -> None:
    assert header(b"junk\r\n Bcc: v@example.org\r\nX-A: b") == b"junk\r\nX-A: b"


def test_taking_out_a_bcc_makes_no_new_one() -> None:
    assert header(b"B\0Bcc: v@example.org\0cc: w@example.org\r\nX-A: b") == b"X-A: b"


@pytest.mark.parametrize(
    "field", [b"X-Bcc: a", b"Subject: no\r\n Bcc: here", b"Subject: \xc3\x85Bcc: x", b"Bccx: a", b"To: Bcc: a", b"Bcc"]
)
def test_what_is_no_bcc_stays(field: bytes) -> None:
    assert header(b"To: a\r\n" + field + b"\r\nX-A: b") == b"To: a\r\n" + field + b"\r\nX-A: b"


def test_the_line_of_a_mailbox_file_goes_and_a_from_field_with_a_blank_stays() -> None:
    raw = b"From a@b Fri Nov 20 10:00:00 2026\r\n>From c\r\nFrom : a@b"
    assert header(raw) == b"From : a@b"
    assert changes(raw)[MBOX_LINE, "removed"] == 2


def test_an_orphaned_continuation_does_not_join_what_is_put_in() -> None:
    assert rewritten(b" orphan\r\nTo: a@b\r\n\r\nx\r\n").raw.startswith(b" orphan\r\n" + DATE_LINE + ID_LINE + b"To:")


@pytest.mark.parametrize(
    ("raw", "expected", "line_ends"),
    [
        (b"A: b\n\nx\ny\n", b"A: b\r\n\r\nx\r\ny\r\n", 4),
        (b"A: b\r\rx\r", b"A: b\r\n\r\nx\r\n", 3),
        (b"A: b\r\r\n\r\r\nx\r\r\n", b"A: b\r\n\r\nx\r\n", 3),
        (b"A: b\r\n\r\nx\ny\rz\r\n", b"A: b\r\n\r\nx\r\ny\r\nz\r\n", 2),
        (b"A: b\r\n\r\nx", b"A: b\r\n\r\nx\r\n", 1),
        (b"A: b\r\n", b"A: b\r\n", 0),
        (b"A: b\r\n\t \r\n c\r\n\r\nx\r\n", b"A: b\r\n\t \r\n c\r\n\r\nx\r\n", 0),
        (b"\r\nBcc: is text here\r\n", b"\r\nBcc: is text here\r\n", 0),
        (b"", b"\r\n", 1),
    ],
)
def test_every_line_end_becomes_crlf_and_the_header_ends_at_the_first_empty_line(
    raw: bytes, expected: bytes, line_ends: int
) -> None:
    result = rewritten(raw)
    assert result.raw == DATE_LINE + ID_LINE + expected
    assert result.line_ends == line_ends


@pytest.mark.parametrize(
    ("raw", "line_ends", "body_line_ends"),
    [
        (b"A: b\nC: d\n\nx\ny\n", 5, 2),
        (b"A: b\nC: d\n\r\nx\r\n", 2, 0),
        (b"A: b\r\n\r\nx\r\ny", 1, 1),
        (b"A: b\r\rx\ry\r\n", 3, 1),
        (b"A: b\r\r\n\r\r\nx\r\r\n", 3, 1),
        (b"A: b\n\n\n\nx\r\n", 4, 2),
        (b"\nx\n", 2, 1),
        (b"A: b\nC: d\n", 2, 0),
        (b"", 1, 0),
        (b"A: b\r\n\r\nx\r\n", 0, 0),
        (b"A: b\n\n" + b"\r" * 100_000 + b"x", 100_003, 100_001),
    ],
)
def test_line_ends_of_the_body_are_counted_apart(raw: bytes, line_ends: int, body_line_ends: int) -> None:
    result = rewritten(raw)
    assert (result.line_ends, result.body_line_ends) == (line_ends, body_line_ends)


def test_the_body_is_called_the_same_only_if_it_is() -> None:
    assert rewritten(b"A: b\r\n\r\nx\n").body_is_same is False
    assert rewritten(b"A: b\nC: d\r\n\r\nx\r\n").body_is_same is True


def test_the_diff_shows_the_header_before_and_after() -> None:
    raw = b"From: \xe4 a@b\r\nBcc: v@x,\r\n w@x\r\nSubject: \xc3\xa4\x1b\r\nMessage-ID: <a@b>\r\nDate: old\r\n\r\n"
    assert [f"{line.mark} {line.text}" for line in rewritten(raw, adds_reply_to=True).diff] == [
        "  From: ä a@b",
        "+ Reply-To: ä a@b",
        "- Bcc: v@x,",
        "-  w@x",
        "  Subject: ä\ufffd",
        "- Message-ID: <a@b>",
        "+ Message-ID: <fresh@example.com>",
        "+ X-Original-Message-ID: <a@b>",
        "- Date: old",
        "+ Date: Fri, 20 Nov 2026 10:00:00 +0000",
    ]


def test_the_diff_is_bounded_and_still_shows_a_late_change() -> None:
    diff = rewritten(b"A: b\r\n" * 50_000 + b"Bcc: " + b"x" * 9000 + b"\r\n\r\nx\r\n").diff
    assert len(diff) < 1000
    assert any(line.mark == "-" and line.text.startswith("Bcc: x") and len(line.text) < 2000 for line in diff)
    assert "more lines" in diff[-1].text


def test_changes_are_counted() -> None:
    assert rewritten(b"Bcc: a\r\nbcc: b\r\nReceived: c\r\nMessage-ID: <a@b>\r\n\r\nx\r\n").changes == (
        Change("Bcc", "removed", 2),
        Change("Received", "removed", 1),
        Change("Date", "added", 1),
        Change("X-Original-Message-ID", "added", 1),
        Change("Message-ID", "replaced", 1),
    )


def test_a_header_beyond_all_measure_is_refused() -> None:
    with pytest.raises(Refusal, match="larger than 8 MB") as refused:
        rewritten(b"A: " + b"x" * 9_000_000)
    assert refused.value.field == "message"


@pytest.mark.parametrize(
    "raw",
    [
        b"A: b\r\n" * 180_000 + b"\r\nx\r\n",
        b"A: " + b"x" * 1_000_000 + b"\r\n\r\nx\r\n",
        b"A: b\r\n\r\n" + b"line of the body\r\n" * 2_000_000,
        b"\0Bcc: x" * 130_000 + b"\r\n\r\nx\r\n",
        b"B" + b"\0" * 1_000_000 + b"cc: x\r\n\r\nx\r\n",
        b"A: b\r\n\r\n" + b"\r" * 10_000_000 + b"x\r\n",
        b"From a " * 150_000,
    ],
    ids=["fields", "line", "body", "hidden", "NULs", "CRs", "mbox"],
)
def test_hostile_size_is_no_hostile_time(raw: bytes) -> None:
    began = perf_counter()
    rewritten(raw)
    assert perf_counter() - began < 5
