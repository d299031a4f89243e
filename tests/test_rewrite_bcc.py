"""The Bcc hunt: whatever comes in, no reader of any temper finds a Bcc in what goes out."""

import os
import re
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsluice.errors import Refusal
from mailsluice.message import parse, split_message
from mailsluice.relay.bcc import has_bcc
from mailsluice.relay.header import Header
from mailsluice.relay.rewrite import Rewriting, Rewritten, rewrite
from tests.nasty import nasty_messages

CORPUS = os.environ.get("MAILSLUICE_TEST_CORPUS", "")
PIECES = [
    b"Bcc", b"bcc", b"B", b"cc", b"Resent-", b":", b": ", b" ", b"\t", b"\r\n", b"\r\n", b"\r", b"\n", b"\r\n ",
    b"\0", b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xc2\x85", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\x01", b"\xe9", b"-",
    b"v@example.org", b"Subject: x", b"From ", b">From ", b"From: a@b", b"Date: ", b"Message-ID: <a@b>", b"Reply-To",
    b"Received: x", b"\r\n\r\n", b"X-Original-Message-ID: ",
]  # fmt: skip
CRUDE = re.compile(rb"^(?:resent-)?bcc\s*:", re.IGNORECASE | re.MULTILINE)
WISHES = Rewriting(
    date=datetime(2026, 11, 20, tzinfo=UTC),
    message_id="fresh@example.com",
    adds_reply_to=True,
    original_recipients=("v@example.org",),
)


def find_bcc(result: Rewritten) -> list[str]:
    """Which readers find a Bcc."""
    raw = result.raw
    header = raw.partition(b"\r\n\r\n")[0]
    names = {field.name.lower() for field in split_message(raw)[0]}
    by_python = BytesHeaderParser().parsebytes(raw)
    found = {
        "Python": by_python["bcc"] is not None or by_python["resent-bcc"] is not None,
        "our reader": bool(parse(raw).bcc) or not names.isdisjoint({"bcc", "resent-bcc"}),
        "a crude regex": bool(CRUDE.search(header.replace(b"\r\n", b"\n"))),
        "a crude regex without NULs": bool(CRUDE.search(header.replace(b"\0", b"").replace(b"\r\n", b"\n"))),
        "the second look": has_bcc(raw),
    }
    return [reader for reader, finds in found.items() if finds]


def assert_fit_to_leave(raw: bytes, result: Rewritten) -> None:
    assert find_bcc(result) == []
    assert result.raw.endswith(b"\r\n")
    assert result.raw.count(b"\r\n") == result.raw.count(b"\r") == result.raw.count(b"\n")
    assert BytesHeaderParser().parsebytes(result.raw)["x-original-to"] == "v@example.org" or raw[:1] in b" \t:"


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
@example(b"Bcc:")
@example(b"x\0Bcc: a\r\n\r\n")
@example(b"Subject: x\xe9\x85Bcc: a\r\n\r\n")
@example(b"B\0Bcc:\0cc:")
def test_no_bcc_leaves_and_nothing_else_is_raised(raw: bytes) -> None:
    try:
        result = rewrite(raw, wishes=WISHES)
    except Refusal:
        return
    assert_fit_to_leave(raw, result)


@given(st.binary(max_size=300))
def test_any_bytes_can_be_rewritten(raw: bytes) -> None:
    assert_fit_to_leave(raw, rewrite(raw, wishes=WISHES))


def test_a_bcc_that_stripping_missed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Header, "strip", lambda self: None)
    for raw in (
        b"Bcc: v@x",
        b"bcc : v@x",
        b"Bcc\r\n : v@x",
        b"A: b\0Bcc: v@x",
        b"A: b\x85\x01Resent-Bcc: v@x",
        b"\tBCC:",
    ):
        with pytest.raises(Refusal, match="Bcc") as refused:
            rewrite(raw + b"\r\n\r\nbody\r\n", wishes=WISHES)
        assert refused.value.field == "message"
    rewrite(b"Subject: no\r\n Bcc: here\r\n\r\nBcc: text\r\n", wishes=WISHES)


def test_no_bcc_leaves_in_nasty_mail_and_bodies_stay() -> None:
    for name, raw in nasty_messages():
        check(name, raw)


@pytest.mark.skipif(not CORPUS, reason="MAILSLUICE_TEST_CORPUS names no folder of .eml files")
def test_no_bcc_leaves_in_the_corpus_and_bodies_stay() -> None:
    files = sorted(Path(CORPUS).rglob("*.eml"))
    for file in files:
        check(str(file), file.read_bytes())
    assert files


def check(name: str, raw: bytes) -> None:
    result = rewrite(raw, wishes=WISHES)
    assert_fit_to_leave(raw, result)
    lines = re.sub(rb"\r+\n|\r|\n", b"\n", raw)
    body = (b"\n" + lines).partition(b"\n\n")[2]
    sent = result.raw.partition(b"\r\n\r\n")[2].replace(b"\r\n", b"\n")
    assert sent.removesuffix(b"\n") == body.removesuffix(b"\n"), name
    assert result.body_is_same is raw.endswith(result.raw.partition(b"\r\n\r\n")[2]), name
