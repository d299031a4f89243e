"""Preflight: who may get it, what Gmail makes of From, what is left of the day; never an exception."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.gmail.limits import SIZE
from mailsluice.relay.preflight import inspect
from mailsluice.relay.profile import Profile, draft_profile
from mailsluice.relay.rewrite import Rewriting, rewrite
from mailsluice.release import Finding, Quota
from tests.nasty import nasty_messages

ACCOUNT = "ada@gmail.com"
CLEAN = (
    "From: Ada <ada@gmail.com>\r\nTo: bob@example.com\r\nSubject: Invoice\r\nMessage-ID: <a@b>\r\nDate: x\r\n\r\nHi\r\n"
)
ORDER = ["stop", "doubt", "warning", "change", "note"]


def gmail(**form: Any) -> Profile:
    return draft_profile(**{"user": ACCOUNT, "allow": "@example.com"} | form)


def findings(
    raw: str | bytes = CLEAN,
    *,
    to: Sequence[str] = ("bob@example.com",),
    profile: Profile | None = None,
    quota: Quota = Quota(0, 0),  # noqa: B008 (frozen)
    **wishes: Any,
) -> tuple[Finding, ...]:
    raw = raw.encode() if isinstance(raw, str) else raw
    rewritten = rewrite(raw, wishes=Rewriting(date=datetime.now(UTC), message_id="fresh@example.com", **wishes))
    found = inspect(rewritten, profile=profile or gmail(), recipients=to, quota=quota)
    assert [finding.severity for finding in found] == sorted((f.severity for f in found), key=ORDER.index)
    return found


def one(code: str, found: Sequence[Finding]) -> Finding:
    """The only finding of this code."""
    (finding,) = (finding for finding in found if finding.code == code)
    return finding


def codes(found: Sequence[Finding], *severities: str) -> set[str]:
    return {finding.code for finding in found if not severities or finding.severity in severities}


def test_a_clean_mail_has_constant_lines_only() -> None:
    found = findings()
    assert codes(found) == {"fresh-date", "fresh-message-id", "accepted-is-not-delivered"}
    assert all(finding.is_constant for finding in found)


def test_exactly_what_gmail_takes_in_bytes_is_not_stopped_and_one_more_is() -> None:
    head = rewrite(
        CLEAN.encode(), wishes=Rewriting(date=datetime.now(UTC), message_id="fresh@example.com")
    ).raw.removesuffix(b"Hi\r\n")
    line = b"x" * 998 + b"\r\n"
    for size, stops in ((SIZE, set()), (SIZE + 1, {"too-large"})):
        lines, rest = divmod(size - len(head), 1000)
        raw = head + line * (lines - 1) + b"y" * (rest + 998) + b"\r\n"
        rewritten = rewrite(raw, wishes=Rewriting(date=datetime.now(UTC), message_id="fresh@example.com"))
        grown = len(rewritten.raw) - len(raw)  # the old Message-ID is kept in a field of its own
        rewritten = rewrite(
            raw[: -2 - grown] + b"\r\n", wishes=Rewriting(date=datetime.now(UTC), message_id="fresh@example.com")
        )
        assert len(rewritten.raw) == size
        found = inspect(rewritten, profile=gmail(), recipients=("bob@example.com",), quota=Quota(0, 0))
        assert codes(found, "stop") == stops
        custom = gmail(preset="custom", host="mail.example.net", port="587")
        assert not codes(inspect(rewritten, profile=custom, recipients=("bob@example.com",), quota=Quota(0, 0)), "stop")


def test_a_hundred_recipients_are_not_stopped_and_one_more_is() -> None:
    to = [f"u{n}@example.com" for n in range(101)]
    assert not codes(findings(to=to[:100]), "stop")
    assert not codes(findings(to=[*to[:100], to[0]]), "stop")
    assert codes(findings(to=to), "stop") == {"too-many-recipients"}


def test_nobody_is_no_recipient() -> None:
    assert codes(findings(to=()), "stop") == {"no-recipients"}


def test_a_recipient_who_is_not_allowed_is_named_with_the_rule() -> None:
    stop = one("not-allowed", findings(to=("bob@example.com", "eve@example.org")))
    assert stop.severity == "stop"
    assert stop.address == "eve@example.org"
    assert "eve@example.org is not among the recipients" in stop.text


@pytest.mark.parametrize("address", ["bob", "bob@", "Bob <bob@example.com>", "a b@example.com", "", "a@b\r\nDATA"])
def test_what_is_no_address_is_stopped(address: str) -> None:
    stop = one("bad-address", findings(to=(address,)))
    assert (stop.severity, stop.address) == ("stop", address)
    assert "\r" not in stop.text
    assert "name@example.com" in stop.remedy


@pytest.mark.parametrize(
    "address",
    [
        "${USER_EMAIL}", "{{user}}@example.com", "%recipient%", "%recipient%@example.com", "<address>",
        "<name>@example.com", "[[email]]", "$USER@example.com", "*|EMAIL|*", "{{ user.email }}", "%s@example.com",
    ],
)  # fmt: skip
def test_an_address_that_was_not_filled_in_is_stopped(address: str) -> None:
    stop = one("unfilled-address", findings(to=(address,), profile=gmail(allow="*@*")))
    assert (stop.severity, stop.address) == ("stop", address)


def test_a_profile_that_is_off_is_one_stop_whatever_the_recipients() -> None:
    found = findings(to=("bob@example.com", "eve@example.com"), profile=gmail(enabled=False))
    assert codes(found, "stop") == {"profile-disabled"}


@pytest.mark.parametrize(
    ("author", "seen", "old"),
    [
        ("Shop <shop@example.com>", "Shop <ada@gmail.com>", "shop@example.com"),
        ("shop@example.com", "see ada@gmail.com", "shop@example.com"),
        ("Ada@gmail.com", "see ada@gmail.com", "capital letter"),
        ("ada+shop@gmail.com", "see ada@gmail.com", "ada+shop@gmail.com"),
        ("a@example.com, b@example.com", "see ada@gmail.com", "names 2 addresses"),
        ("=?utf-8?q?J=C3=B6rg?= <j@example.com>", "Jörg <ada@gmail.com>", "j@example.com"),
    ],
)
def test_it_is_said_what_gmail_makes_of_from(author: str, seen: str, old: str) -> None:
    change = one("from-rewritten", findings(CLEAN.replace("Ada <ada@gmail.com>", author)))
    assert change.severity == "change"
    assert not change.is_constant
    for words in (seen, old, "X-Google-Original-From"):
        assert words in change.text
    assert "aliases" in change.remedy
    assert "Reply-To" in change.remedy


@pytest.mark.parametrize("form", [{"aliases": "shop@example.com"}, {"sender_address": "shop@example.com"}])
def test_an_alias_stays_in_from(form: dict[str, str]) -> None:
    raw = CLEAN.replace("ada@gmail.com", "shop@example.com")
    assert "from-rewritten" not in codes(findings(raw, profile=gmail(**form)))


def test_other_servers_and_the_relay_service_leave_from_alone() -> None:
    raw = CLEAN.replace("ada@gmail.com", "shop@example.com")
    for form in ({"preset": "custom", "host": "mail.example.net", "port": "587"}, {"preset": "workspace-relay"}):
        assert "from-rewritten" not in codes(findings(raw, profile=gmail(**form)))


def test_an_author_s_address_is_shown_whole_and_bounded() -> None:
    author = '"x" <"<script>alert(1)</script>"@evil.example>'
    text = one("from-rewritten", findings(CLEAN.replace("Ada <ada@gmail.com>", author))).text
    assert 'From is "<script>alert(1)</script>"@evil.example, which' in text
    long = one("from-rewritten", findings(CLEAN.replace("Ada <ada@gmail.com>", f"{'x' * 1000}@evil.example"))).text
    assert "x…, which" in long
    assert len(long) < 600


def test_only_of_gmail_it_is_said_that_it_hides_duplicates_and_signs() -> None:
    raw = "DKIM-Signature: v=1\r\n" + CLEAN
    elsewhere = gmail(preset="custom", host="mail.example.net", port="587")
    for profile, words in ((gmail(), True), (elsewhere, False)):
        found = findings(raw, profile=profile)
        assert ("Gmail" in one("fresh-message-id", found).text) is words
        assert ("Gmail" in one("signatures-removed", found).text) is words


def test_reply_to_is_not_offered_where_there_is_one() -> None:
    raw = CLEAN.replace("ada@gmail.com", "shop@example.com")
    assert "Reply-To" not in one("from-rewritten", findings("Reply-To: x@example.com\r\n" + raw)).remedy
    added = findings(raw, adds_reply_to=True)
    assert "Reply-To" not in one("from-rewritten", added).remedy
    assert "reply-to-added" in codes(added, "change")


def test_what_is_left_of_the_day_is_said_and_more_than_that_is_warned_of() -> None:
    left = one("quota", findings(quota=Quota(12, 500)))
    assert "12 of 500" in left.text
    assert "488" in left.text
    assert left.is_constant
    assert not one("quota", findings(quota=Quota(450, 500))).is_constant
    to = ("a@example.com", "b@example.com")
    assert codes(findings(to=to, quota=Quota(498, 500)), "warning") == set()
    assert codes(findings(to=to, quota=Quota(499, 500)), "warning") == {"over-quota"}
    assert "quota" not in codes(findings())


@pytest.mark.parametrize("address", [ACCOUNT, "a.da+x@googlemail.com", "shop@example.com"])
def test_sending_to_oneself_is_no_fair_test_of_the_inbox(address: str) -> None:
    found = findings(to=(address,), profile=gmail(sender_address="shop@example.com"))
    assert "not a fair test of the inbox" in one("self-send", found).text
    assert "self-send" not in codes(findings())


def test_particular_changes_are_said_and_a_bcc_is_not_named() -> None:
    raw = b"From x\nBcc: v@example.org\nBcc: w@example.org\nDKIM-Signature: x\nARC-Seal: y\nReceived: z\nDate: d\n"
    found = findings(raw + CLEAN.encode(), original_recipients=("v@example.org",))
    particular = {finding.code for finding in found if finding.severity == "change" and not finding.is_constant}
    assert particular == {
        "bcc-removed", "signatures-removed", "line-ends", "mbox-line-removed", "original-recipients-added",
        "repeated-removed",
    }  # fmt: skip
    assert "Bcc (2 fields)" in one("bcc-removed", found).text
    assert "v@example.org" not in "".join(finding.text for finding in found)
    assert "DKIM-Signature and ARC-Seal" in one("signatures-removed", found).text
    assert "7 line ends" in one("line-ends", found).text
    assert one("trace-removed", found).is_constant


def test_a_message_id_that_is_kept_is_warned_of() -> None:
    found = findings(keep_message_id=True)
    assert codes(found, "warning") == {"message-id-kept"}
    assert "fresh-message-id" not in codes(found)


def test_nasty_mail_is_inspected_in_words_that_fit_a_line() -> None:
    for name, raw in nasty_messages():
        for finding in findings(raw, quota=Quota(1, 2)):
            assert finding.text.isprintable(), name
            assert len(finding.text) < 1000, name


@given(st.binary(max_size=400), st.lists(st.text(max_size=20), max_size=3))
def test_whatever_the_bytes_nothing_is_raised(raw: bytes, to: list[str]) -> None:
    for finding in findings(raw, to=to):
        assert finding.text
