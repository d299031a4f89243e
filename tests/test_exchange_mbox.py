"""mbox files: no byte of a message changes on the way out and in, and files of other programs are understood."""

import io
import mailbox
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.errors import Refusal
from mailsluice.exchange import mbox
from mailsluice.exchange.mail import Limits, Mail
from tests.exchanging import AWKWARD, LIMITS, RECEIVED, raws
from tests.nasty import nasty_messages

DATE = "Mon Jul 20 11:22:33 2026"
PIECES = [
    b"\r",
    b"\n",
    b"\r\n",
    b">",
    b"From ",
    b"From a@b Mon Jul 20 11:22:33 2026",
    b" noeol",
    b"x",
    b" ",
    b"\xff",
    b":",
]


def written(*mails: Mail) -> bytes:
    writer = mbox.MboxWriter()
    return b"".join(writer.add(mail) for mail in mails) + writer.end()


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join), min_size=1, max_size=5))
def test_any_messages_come_back_byte_for_byte(contents: list[bytes]) -> None:
    assert raws(mbox.read, written(*(Mail(raw, received=RECEIVED) for raw in contents))) == contents


def test_awkward_and_nasty_messages_come_back_byte_for_byte() -> None:
    contents = [*AWKWARD, *(raw for _, raw in nasty_messages())]
    found = raws(mbox.read, written(*map(Mail, contents)), Limits(message=64 << 20, messages=100_000))
    assert found == contents


def test_the_from_line_keeps_the_sender_and_the_second() -> None:
    senders = ("ada@example.com", "", '"a b"@example.com', "bjørn@exämple.test")
    content = written(*(Mail(b"x\r\n", sender=sender, received=RECEIVED) for sender in senders))
    assert content.startswith(b"From ada@example.com Mon Jul 20 11:22:33 2026\nx\r\n\nFrom MAILER-DAEMON Mon Jul ")
    found = list(mbox.read(io.BytesIO(content), LIMITS))
    assert [(mail.sender, mail.received) for mail in found] == [
        (sender, RECEIVED // 1_000_000 * 1_000_000) for sender in senders
    ]


def test_a_sender_with_line_ends_makes_no_second_message() -> None:
    content = written(Mail(b"x\r\n", sender="a\nFrom b Mon Jul 20 11:22:33 2026\n" + "\N{GRINNING FACE}" * 900))
    assert raws(mbox.read, content) == [b"x\r\n"]


def test_python_reads_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "mail.mbox"
    path.write_bytes(written(Mail(b"Subject: one\r\n\r\nFrom x\r\n"), Mail(b"Subject: two\r\n\r\n")))
    box = mailbox.mbox(path)
    assert [one["subject"] for one in box] == ["one", "two"]
    box.close()


def test_what_python_writes_is_read(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "mail.mbox")
    box.add(b"Subject: one\n\nFrom here\n")
    box.add(b"Subject: two\n\nlast\n")
    box.close()
    content = (tmp_path / "mail.mbox").read_bytes()
    assert raws(mbox.read, content) == [b"Subject: one\n\nFrom here\n", b"Subject: two\n\nlast\n"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"From - {DATE}\r\nA: 1\r\n\r\nx\r\n\r\nFrom - {DATE}\r\nB: 2\r\n\r\n\r\n".encode(), 2),
        (b"From a Mon Jul  6 11:22 2026\nA: 1\n\nx\n\nFrom b Mon Jul 20 11:22:34 2026 +0200\nB: 2\n\ny\n", 2),
        (b"From a Mon Jul  6 11:22:33 CEST 2026\nA: 1\n\nFrom the start\nit was text\n\n", 1),
        (b"From nobody knows when\nA: 1\n\nx\n", 1),
    ],
)
def test_files_of_other_programs_are_understood(content: bytes, expected: int) -> None:
    found = raws(mbox.read, content)
    assert len(found) == expected
    assert all(raw.startswith((b"A: 1", b"B: 2")) and b"From -" not in raw for raw in found)
    assert not any(raw.endswith((b"\r", b"\n\r\n\r\n")) for raw in found[:1])


def test_the_line_end_of_a_last_message_without_an_empty_line_stays() -> None:
    assert raws(mbox.read, b"From a Mon Jul 20 11:22:33 2026\nA: 1\n\nlast\n") == [b"A: 1\n\nlast\n"]


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Mon Jul 20 11:22:33 2026", 1_784_546_553),
        ("Mon Jul 20 13:22:33 2026 +0200", 1_784_546_553),
        ("Mon Jul 20 06:52:33 2026 -0430", 1_784_546_553),
        ("Mon Jul 20 11:22 2026", 1_784_546_520),
        ("Mon Feb 31 11:22:33 2026", 0),
        ("Mon Jul 20 11:22:33 0000", 0),
        ("Mon Jul 20 99:22:33 2026", 0),
    ],
)
def test_the_date_of_a_from_line_is_read(date: str, expected: int) -> None:
    (mail,) = mbox.read(io.BytesIO(f"From a {date}\nx\n\n".encode()), LIMITS)
    assert mail.received == expected * 1_000_000


def test_what_is_no_mbox_file_is_refused() -> None:
    with pytest.raises(Refusal, match="no mbox file"):
        raws(mbox.read, b"Subject: x\r\n\r\n")


@pytest.mark.parametrize("body", [b"x" * 2000, b"x\r\n" * 700, b"From " + b" " * 3000])
def test_a_message_above_the_limit_is_refused_by_its_number(body: bytes) -> None:
    content = written(Mail(b"fine\r\n"), Mail(body))
    with pytest.raises(Refusal, match="message number 2 is larger than"):
        raws(mbox.read, content, Limits(message=1000))


def test_a_message_of_just_the_limit_is_taken() -> None:
    contents = [b"From " + b"x" * 995, b"\n" * 1000, b"x" * 998 + b"\r\n"]
    assert raws(mbox.read, written(*map(Mail, contents)), Limits(message=1000)) == contents
