"""What a query finds."""

import msgspec
import pytest

from mailsluice.message.addresses import Address
from mailsluice.search import Candidate, matches, parse

NOW = 1_795_219_200_000_000
MAIL = Candidate(
    sender=Address("Ada Lovelace", "ada@example.test"),
    to=(Address("Müller, Jürgen", "jm@example.test"), Address("", "bob@example.test")),
    cc=(Address("", "carol@example.test"),),
    reply_to=(Address("", "desk@example.test"),),
    envelope_sender="bounce@example.test",
    unlisted=("blind@example.test",),
    subject="Ihre Rechnung INV1842 für Straße, 50 % off",
    message_id="abc@example.test",
    text="Your invoice is ready:\n see https://example.test/pay?id=7 请查收发票 RÜCKGABE",
    filenames=("Bill July.pdf",),
    types=("text/plain", "application/pdf", "text/calendar"),
    headers=(("X-Mailer", "cron 2"), ("Received", "from a by b")),
    tags=("Billing",),
    has=frozenset({"attachment", "warning"}),
    states=frozenset({"unread", "pinned"}),
    mailbox="shop",
    user="shop",
    size=2000,
    received=NOW - 3_600_000_000,
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "voice",
        "1842",
        "invoice ready",
        '"invoice is ready: see"',
        "发票",
        "rückgabe",
        "ru\u0308ckgabe",
        "ruckgabe",
        "from:ada to:muller",
        "STRASSE",
        "straße",
        '"50 %"',
        "example.test/pay",
        "bill",
        "blind",
        "bounce@",
        "from:ada",
        "from:lovelace",
        'from:"Ada Lovelace <ada@example.test>"',
        'to:"müller, jürgen"',
        "to:MÜLLER",
        "cc:carol",
        "bcc:blind",
        "reply-to:desk",
        "addressed:carol addressed:ada addressed:blind",
        "subject:rechnung",
        "subject:inv1842",
        "message-id:<abc@example.test>",
        "tag:billing",
        "header:x-mailer=cron",
        "header:x-mailer",
        "filename:july",
        "type:calendar",
        "has:attachment has:warning",
        "is:unread is:pinned",
        "mailbox:Shop user:SHOP",
        "newer:2h larger:1k smaller:2k",
        "nowhere OR voice",
        "-nowhere",
        "-(nowhere OR never) voice",
        "!from:bob",
    ],
)
def test_a_message_is_found(text: str) -> None:
    query = parse(text, now=NOW)
    assert query.problems == ()
    assert matches(query, MAIL)


@pytest.mark.parametrize(
    "text",
    [
        "nowhere",
        '"ready invoice"',
        "100%",
        "in_oice",
        "from:bob",
        "to:name",
        "to:address",
        "to:ada",
        "to:blind",
        "tag:bill",
        "mailbox:sho",
        "header:x-mailer=never",
        "header:mailer",
        "filename:june",
        "type:image",
        "has:html",
        "is:read",
        "newer:30m",
        "older:2h",
        "larger:2000",
        "smaller:2000",
        "voice nowhere",
        "-voice",
        "-(voice OR nowhere)",
        "message-id:xyz",
    ],
)
def test_a_message_is_not_found(text: str) -> None:
    query = parse(text, now=NOW)
    assert query.problems == ()
    assert not matches(query, MAIL)


@pytest.mark.parametrize("text", ["before:garbage", "voice before:garbage", "voice OR to:", "-to:", "-is:nice"])
def test_a_term_that_is_not_understood_finds_nothing_whatever_stands_around_it(text: str) -> None:
    assert not matches(parse(text, now=NOW), MAIL)


def test_an_empty_address_is_not_found_by_punctuation() -> None:
    bare = msgspec.structs.replace(MAIL, sender=Address())
    assert not matches(parse("from:@", now=NOW), bare)


def test_a_query_can_be_kept_as_data() -> None:
    query = parse("a (b OR -header:x=y) on:2026-07-01", now=NOW)
    assert "Term" in repr(query)
    assert hash(query) == hash(parse(str(query), now=NOW))
