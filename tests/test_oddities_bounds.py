import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.capture import Envelope, Recipient, SessionFacts
from mailsluice.message import parse
from mailsluice.message.oddities import Oddity, oddities
from mailsluice.message.oddities.rules import RULES
from mailsluice.store.records import Receipt
from tests.nasty import multipart, nasty_messages
from tests.odd_mail import PLAIN, mail

NASTY = dict(nasty_messages())
FRAGMENTS = [
    b"--b", b"--b--", b"\r\n", b"\n", b"\r", b" ", b"\0", b"\xff", b"\xc3", b"text", b"=?utf-8?q?=C3?=", b"=?", b"?=",
    b'"', b"Content-Type: multipart/alternative; boundary=b\r\n", b"Content-Type: multipart/related; boundary=b\r\n",
    b"Content-Type: text/html; charset=utf-16\r\n", b"Content-Type: ;=\r\n", b"Content-ID: <", b"cid:x",
    b"MIME-Version:",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n", b"=A", b"From: (",
    b"Sender: a@b, c@d\r\n", b"Date: Mon, 1 Jan 1 00:00:00 +9999\r\n", b"Message-ID: <", b"List-Unsubscribe: <", b"h=",
    b"List-Unsubscribe-Post: x\r\n", b"DKIM-Signature: h", b'<img src="cid:&#xD800;">', b"Subject : x\r\n \r\n",
]  # fmt: skip


def receipt(*parameters: str) -> Receipt:
    """A session that does not fit any message."""
    session = SessionFacts("s", "127.0.0.1:5", 1, warnings=("something was odd",))
    return Receipt(Envelope("a@b", (Recipient("c@d"), Recipient("C@d")), parameters), session, ())


def told(raw: bytes) -> tuple[Oddity, ...]:
    """What is odd, each one fit to be shown."""
    found = oddities(raw, parse(raw), receipt("SIZE=1", "BODY=7BIT"))
    assert len(found) <= 100
    assert len({(one.code, one.text) for one in found}) == len(found)
    for one in found:
        assert one.text.isprintable(), one
        assert one.text.endswith("."), one
        assert one.code != "malformed", one
        assert one.rfc.startswith("RFC "), one
        assert one.url.startswith("https://www.rfc-editor.org/rfc/rfc"), one
        one.text.encode()
    return found


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_message_is_told_about_in_known_words(name: str) -> None:
    told(NASTY[name])


@pytest.mark.skipif("MAILSLUICE_TEST_CORPUS" not in os.environ, reason="MAILSLUICE_TEST_CORPUS names no folder of mail")
def test_every_message_of_the_corpus_is_told_about_in_known_words() -> None:
    paths = [path for path in sorted(Path(os.environ["MAILSLUICE_TEST_CORPUS"]).rglob("*")) if path.is_file()]

    for path in paths:
        told(path.read_bytes())

    assert paths


@pytest.mark.parametrize(
    "name", ["huge-header-4096k", "20000-headers", "5000-parts", "quadratic-boundaries", "addr-22"]
)
def test_a_large_message_takes_a_moment(name: str) -> None:
    raw = NASTY[name]
    message = parse(raw)
    _ = message.defects, message.text, message.html  # read before, as a page does
    times = []
    for _ in range(3):
        began = time.process_time()
        oddities(raw, message, receipt())
        times.append(time.process_time() - began)

    assert min(times) < 0.2


def test_html_of_ten_megabytes_takes_a_moment() -> None:
    raw = mail("Content-Type: text/html; charset=utf-8\r\n\r\n" + '<img src="cid:a">=\r\n' * 500_000)
    message = parse(raw)
    _ = message.defects, message.html
    began = time.process_time()

    found = oddities(raw, message, None)

    assert time.process_time() - began < 0.5
    assert {one.code for one in found} == {"html-only", "cid-missing"}


def test_of_many_alike_a_few_are_told_and_the_rest_counted() -> None:
    parts = ["Content-Type: multipart/mixed\r\n\r\nx" for _ in range(60)]
    raw = mail(multipart("mixed", "b", PLAIN + "a", *parts))
    found = [one.text for one in oddities(raw, parse(raw), None) if one.code == "no-boundary"]

    assert (len(found), found[-1]) == (21, "40 more like this were found.")


def test_every_code_says_how_bad_it_is_and_where_the_rule_stands() -> None:
    for code, (severity, rfc) in RULES.items():
        assert code == code.lower()
        assert severity in ("defect", "warning", "note")
        assert re.fullmatch(r"RFC \d{4}, ([A-Z]|\d[\d.]*)", rfc), code


@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    told(raw)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30).map(b"".join))
def test_no_heap_of_mail_like_pieces_makes_it_raise(raw: bytes) -> None:
    told(raw)


@given(st.lists(st.text(max_size=20), max_size=4), st.text(max_size=20))
def test_no_envelope_makes_it_raise(parameters: list[str], sender: str) -> None:
    facts = SessionFacts("s", "127.0.0.1:5", 10**17)
    came = Receipt(Envelope(sender, (Recipient(sender),), (*parameters, f"SIZE={sender}")), facts, ())

    oddities(mail(), parse(mail()), came, received=10**30)
