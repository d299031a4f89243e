"""What a glance at the bytes of a message tells is what reading it tells."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailsluice.capture import Capture
from mailsluice.message.bounds import DEFAULT
from mailsluice.message.summary import summarize
from mailsluice.search import And, Candidate, Node, Or, Query, Term, matches, parse
from mailsluice.search.words import normal
from mailsluice.store.candidates import readable
from mailsluice.store.records import Receipt
from mailsluice.store.rows import read_receipt
from mailsluice.store.skimming import Skimming
from tests.bench.search_flood import mail
from tests.search_place import capture_of, searchable_mail

MAIL = [*searchable_mail(), mail()]
_FIELDS = ("", "", "", "from", "to", "cc", "bcc", "reply-to", "addressed", "subject", "message-id", "user", "type")
_HEAD = b"From: Ada <ada@example.com>\r\nSubject: Hello there\r\n"


def told(query: Query, raw: bytes) -> tuple[bool | None, bool]:
    """What the glance tells, and what is so."""
    capture = capture_of(raw, user="Shop")
    receipt = _receipt(capture)
    known = Candidate(subject=summarize(raw, bounds=DEFAULT).subject)
    read = readable(raw, read_receipt(receipt), bounds=DEFAULT)
    return Skimming(query).tells(raw, receipt, lambda: known), matches(query, read)


def _receipt(capture: Capture) -> str:

    return msgspec.json.encode(Receipt(capture.envelope, capture.session, capture.transcript)).decode()


@st.composite
def asked(draw: st.DrawFn) -> tuple[Query, bytes]:
    """A mail, and a query about words of it or of another one."""
    raw = draw(st.sampled_from(MAIL))
    source = raw if draw(st.booleans()) else draw(st.sampled_from(MAIL))
    candidate = readable(source, read_receipt(_receipt(capture_of(source))), bounds=DEFAULT)
    people = (candidate.sender, *candidate.to, *candidate.cc, *candidate.reply_to)
    texts = [candidate.subject, candidate.text, candidate.message_id, *(f"{one.name} {one.address}" for one in people)]
    texts += [value for _, value in candidate.headers]
    known = [text for text in map(normal, texts) if text] or ["x"]

    def term() -> Node:
        text = draw(st.sampled_from(known))
        start = draw(st.integers(0, len(text) - 1))
        value = normal(text[start : start + draw(st.sampled_from((1, 2, 3, 5, 12, 30)))]) or "x"
        return Term(draw(st.sampled_from(_FIELDS)), value)

    terms = tuple(term() for _ in range(draw(st.integers(1, 3))))
    return Query(And(terms) if draw(st.booleans()) else Or(terms)), raw


@settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))
@given(asked())
def test_what_a_glance_tells_is_so(given: tuple[Query, bytes]) -> None:
    guess, truth = told(*given)
    assert guess in (None, truth)


@pytest.mark.parametrize("text", ["w012", "zzzyx", "order", "subject:w012", "subject:zzzyx", "from:zzzyx", "to:zzzyx"])
def test_plain_mail_is_told_without_being_read(text: str) -> None:
    guess, truth = told(parse(text, now=0), mail())
    assert guess is truth


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (_HEAD + b"Content-Transfer-Encoding: base64\r\n\r\naW52b2ljZQ==\r\n", "invoice"),
        (_HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\ninv=\r\noice\r\n", "invoice"),
        (_HEAD + b"Content-Type: text/html\r\n\r\n<b>inv</b>oice\r\n", "invoice"),
        (_HEAD + b"Content-Type: text/plain;\r\n charset=utf-7\r\n\r\n+AGkAbg-voice\r\n", "invoice"),
        (_HEAD + b"Content-Type: text/plain; charset=utf-7\r\n\r\n+AGkAbg-voice\r\n", "invoice"),
        (_HEAD + b"\r\nstra\xc3\x9fe\r\n", "strasse"),
        (_HEAD + b"To: a(b)c@example.com\r\n\r\n", "ac@example.com"),
        (_HEAD + b'To: "gra"ce@example.com\r\n\r\n', "grace"),
        (_HEAD + b'To: "gr\\ace" <g@example.com>\r\n\r\n', "grace"),
        (_HEAD + b"X-Note: =?utf-8?q?inv?=\r\n =?utf-8?q?oice?=\r\n\r\n", "header:x-note=invoice"),
        (_HEAD + b"X-Note: inv\0oice\r\n\r\n", "header:x-note=invoice"),
        (_HEAD + b"X-Note: inv\roice\r\n\r\n", "header:x-note=invoice"),
        (_HEAD + b"\r\nhello\r\n", "-hello"),
        (_HEAD + b"\r\nhello\r\n", "type:plain"),
    ],
)
def test_what_the_bytes_do_not_show_is_read(raw: bytes, text: str) -> None:
    guess, truth = told(parse(text, now=0), raw)
    assert guess in (None, truth)
