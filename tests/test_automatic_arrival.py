"""New mail as a query sees it."""

from collections.abc import Iterable

import pytest

from mailsluice.automatic.arrival import candidate_of, looks_inside
from mailsluice.capture import Envelope, SessionFacts, now
from mailsluice.message import summarize
from mailsluice.search import matches, parse
from mailsluice.store.records import ListedMessage, Receipt
from tests.inbox import BROKEN, PLAIN, RICH
from tests.nasty import nasty_messages

NOWHERE = "-nowhere -header:x=nowhere -filename:nowhere -type:nowhere -to:nowhere -subject:nowhere -message-id:nowhere"


def listed(raw: bytes) -> ListedMessage:
    summary = summarize(raw)
    return ListedMessage(
        1,
        "id",
        "inbox",
        "",
        now(),
        len(raw),
        False,
        False,
        summary,
        "env@example.test",
        ("blind@example.test",),
        "shop",
    )


def found(text: str, raw: bytes, *, warnings: Iterable[str] = ()) -> bool:
    receipt = Receipt(Envelope("", ()), SessionFacts("id", "unix", 0, warnings=tuple(warnings)), ())
    query = parse(text, now=now())
    assert query.problems == ()
    return matches(query, candidate_of(listed(raw), raw, receipt))


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ('hello "see https://example.test/menu"', PLAIN),
        ("from:ada to:bob subject:lunch -has:html is:unread mailbox:inbox user:shop", PLAIN),
        ("bcc:blind env@example.test newer:1m larger:10", PLAIN),
        ("header:date=2026 type:text/plain -has:attachment", PLAIN),
        ("has:html has:attachment has:inline filename:logo.gif type:image/gif filename:.html", RICH),
        ("has:defect", BROKEN),
    ],
)
def test_a_message_is_seen_whole(text: str, raw: bytes) -> None:
    assert found(text, raw)


def test_a_warning_of_the_session_can_be_asked_for() -> None:
    assert found("has:warning", PLAIN, warnings=["A line was too long."])
    assert not found("has:warning", PLAIN)


def test_what_a_rule_leaves_out_is_seen_behind_what_a_search_keeps() -> None:
    header = b"".join(b"X-Filler-%d: %b\r\n" % (number, b"x" * 900) for number in range(30))
    raw = header + b"X-Late: secret\r\n\r\n" + b"filler filler\r\n" * 10_000 + b"confidential\r\n"
    assert not found("-confidential", raw)
    assert not found("-header:x-late", raw)


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("", False),
        ("from:ada -subject:b newer:2h", False),
        ("word", True),
        ("a:b", True),
        ("-(to:x OR has:html)", True),
    ],
)
def test_the_source_is_read_only_where_the_query_asks_for_it(text: str, inside: bool) -> None:
    assert looks_inside(parse(text, now=now())) is inside


def test_hostile_mail_can_be_held_against_every_kind_of_term() -> None:
    for name, raw in nasty_messages():
        assert found(NOWHERE, raw), name
