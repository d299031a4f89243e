"""Through the real program what Gmail gets is what the preflight showed, byte for byte, and never a Bcc."""

import hashlib
import os
import re
import smtplib
from collections import Counter
from collections.abc import Iterable, Iterator
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

import pytest

from mailsluice.message.headers import split_message
from tests.gmail import FakeGmail, Knobs
from tests.hidden import HIDDEN, ODD_HEADERS, hidden_messages
from tests.nasty import nasty_messages
from tests.program import Program, deliver
from tests.releasing_client import BOB, ReleasingClient, begin, open_gmail, recipients, write_profile

CORPUS = os.environ.get("MAILSLUICE_TEST_CORPUS", "")
ENVELOPE = ("undisclosed@envelope.test", "unnamed@envelope.test")
STRIPPED = {
    "bcc", "resent-bcc", "return-path", "received", "x-original-to", "dkim-signature", "domainkey-signature",
    "x-google-dkim-signature", "arc-seal", "arc-message-signature", "arc-authentication-results",
}  # fmt: skip
ANY_LINE_END = re.compile(rb"\r+\n|\r|\n")
CRUDE = re.compile(rb"[^a-z]*(?:resent\W*)?b[^a-z:]*c[^a-z:]*c[^a-z:]*:.*", re.IGNORECASE | re.DOTALL)


@pytest.fixture
def gmail() -> Iterator[FakeGmail]:
    # Doubts are overridden, so Gmail takes what it would not: the bytes are the point here.
    with open_gmail(Knobs(daily_limit=100_000, block_attachments=False)) as gmail:
        write_profile(gmail)
        yield gmail


@pytest.fixture
def client(start: Program.Starter, gmail: FakeGmail) -> ReleasingClient:
    return begin(start, ":memory:")


def test_everything_nasty_leaves_as_the_preflight_showed_it(client: ReleasingClient, gmail: FakeGmail) -> None:
    assert hunt(client, gmail, nasty_messages()) == {}


@pytest.mark.skipif(not CORPUS, reason="MAILSLUICE_TEST_CORPUS names no folder of .eml files")
@pytest.mark.timeout(600)
def test_every_message_of_the_corpus_leaves_as_the_preflight_showed_it(
    client: ReleasingClient, gmail: FakeGmail
) -> None:
    messages = ((str(path), path.read_bytes()) for path in sorted(Path(CORPUS).rglob("*.eml")))
    assert hunt(client, gmail, messages) == {}
    assert gmail.delivered


def test_no_spelling_of_bcc_leaves(client: ReleasingClient, gmail: FakeGmail) -> None:
    messages = dict(hidden_messages())
    assert hunt(client, gmail, messages.items()) == {}
    assert len(gmail.delivered) == len(messages)
    assert [message.raw for message in gmail.delivered if HIDDEN in message.raw] == []


def test_odd_headers_that_are_no_bcc_stay(client: ReleasingClient, gmail: FakeGmail) -> None:
    assert hunt(client, gmail, [("odd", b"".join(ODD_HEADERS) + b"\r\nHello\r\n")]) == {}
    (message,) = gmail.delivered
    assert [field for field in ODD_HEADERS if field not in message.raw] == []


def test_what_tells_of_the_way_here_does_not_leave(client: ReleasingClient, gmail: FakeGmail) -> None:
    fields = "".join(
        f"{name.title()}: boss@secret.test\r\n{name.upper()} :\r\n boss@secret.test\r\n" for name in STRIPPED
    )
    raw = f"From: app@shop.test\r\n{fields}Subject: Hi\r\n\r\nHello\r\n".encode()
    assert hunt(client, gmail, [("all", raw)]) == {}
    (message,) = gmail.delivered
    assert HIDDEN not in message.raw


def test_to_me_tells_the_envelope_once_and_a_field_of_that_name_in_the_mail_is_not_taken_for_it(
    client: ReleasingClient, gmail: FakeGmail
) -> None:
    raw = b"From: app@shop.test\r\nX-Original-To: boss@secret.test\r\nSubject: Hi\r\n\r\nHello\r\n"
    id = client.program.send(raw, recipients=ENVELOPE)
    (record,) = client.release(id, to=[], to_me=True, wait=30)
    assert record["state"] == "delivered"
    (message,) = gmail.delivered
    assert message.recipients == ("ada@gmail.com",)
    found = [field.value.strip() for field in split_message(message.raw)[0] if field.name.lower() == "x-original-to"]
    assert found == [*ENVELOPE]


def hunt(client: ReleasingClient, gmail: FakeGmail, messages: Iterable[tuple[str, bytes]]) -> dict[str, int]:
    """Release every message, in spite of doubts; the stops that were met, and how often."""
    stops: Counter[str] = Counter()
    problems: list[str] = []
    with smtplib.SMTP("127.0.0.1", client.program.smtp_port, timeout=60) as smtp:
        for name, raw in messages:
            raw = raw if raw.endswith(b"\r\n") else raw + b"\r\n"  # SMTP has lines: the last one ends
            id = deliver(smtp, raw, "app@shop.test", ENVELOPE)
            shown = client.preflight(id)
            if shown["stopped"]:
                stops.update(one["code"] for one in shown["findings"] if one["severity"] == "stop")
                continue
            problems.extend(f"{name}: {problem}" for problem in released(client, gmail, id, raw, shown))
    assert not problems, "\n".join(problems)
    return dict(stops)


def released(client: ReleasingClient, gmail: FakeGmail, id: str, raw: bytes, shown: Any) -> Iterator[str]:
    """Release what was shown; what is wrong with what Gmail got."""
    promised = client.preflight_raw(id, stamp=shown["stamp"])
    (record,) = client.release(id, stamp=shown["stamp"], digest=shown["digest"], anyway=True, wait=60)
    if record["state"] != "delivered" or recipients(record) != {BOB: ("accepted", 250)}:
        yield f"not delivered: {record}"
        return
    sent = gmail.delivered[-1]
    if sent.raw != promised:
        yield "other bytes than the preflight's"
    if hashlib.sha256(sent.raw).hexdigest() != shown["digest"] or len(sent.raw) != record["size"]:
        yield "another digest or size"
    if sent.recipients != (BOB,):
        yield f"sent to {sent.recipients}"
    yield from disclosures(sent.raw)
    yield from changed_body(raw, sent.raw)


def disclosures(raw: bytes) -> Iterator[str]:
    """Fields that must not leave, by four readers that know nothing of each other."""
    head = raw.partition(b"\r\n\r\n")[0]
    for rules in (policy.compat32, policy.default):
        names = {name.strip().lower() for name in BytesHeaderParser(policy=rules).parsebytes(raw).keys()}  # noqa: SIM118
        if names & STRIPPED:
            yield f"Python's parser sees {names & STRIPPED}"
    names = {field.name.strip().lower() for field in split_message(raw)[0]}
    if names & STRIPPED:
        yield f"we see {names & STRIPPED}"
    if found := [line[:80] for line in re.split(rb"\r\n(?![ \t])|[\0\v\f\r\n]", head) if CRUDE.match(line)]:
        yield f"a Bcc is left: {found}"
    if any(address.encode() in head for address in ENVELOPE):
        yield "the envelope is disclosed"


def changed_body(captured: bytes, sent: bytes) -> Iterator[str]:
    """Whether the line ends or anything else than the line ends are wrong."""
    if not sent.endswith(b"\r\n") or re.search(rb"\r(?!\n)|(?<!\r)\n", sent):
        yield "a line end that is not CRLF"
    text = ANY_LINE_END.sub(b"\r\n", captured)
    body = text[2:] if text.startswith(b"\r\n") else text.partition(b"\r\n\r\n")[2]
    if sent.partition(b"\r\n\r\n")[2] != body:
        yield "another body"
