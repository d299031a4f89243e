"""What pages say of releases in every state, of parked profiles, and of rules: no more than is true."""

from typing import Any

import msgspec
import pytest

from mailsluice.capture import new_id, now
from mailsluice.relay.secret import Secret
from mailsluice.release import RecipientReply, Release
from mailsluice.reply import Reply
from mailsluice.rule import Rule
from mailsluice_web.outcomes import fate
from tests.gmail import FakeGmail
from tests.inbox import one, words
from tests.outgoing import BOB, MAIL, add_profile
from tests.release_pages import NO, REFUSED, Pages, keep, record, values
from tests.smarthost import USER

LATER = Reply(421, "4.7.0", "Temporary System Problem. Try again later. - gsmtp")
ASKED = ("C: MAIL FROM:<ada@gmail.com>", f"C: RCPT TO:<{BOB}>")
HOUR = 3_600_000_000


def over(state: str, *, reply: Reply | None = None, **changes: Any) -> Release:
    """A release to Bob on whom there is no last word."""
    return record(state=state, reply=None, recipients=(RecipientReply(BOB, "waiting", reply),), **changes)


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        (record(), "accepted"),
        (record(state="refused", recipients=(RecipientReply(BOB, "refused", NO),)), "refused"),
        (over("queued"), "waiting"),
        (over("deferred", reply=LATER, transcript=ASKED), "waiting"),
        (over("failed", transcript=("S: 535 5.7.8 no",)), "not asked"),
        (over("failed", transcript=ASKED), "no answer"),
        (over("cancelled"), "not asked"),
        (over("cancelled", reply=LATER, transcript=ASKED), "put off"),
        (over("unknown"), "no answer"),
    ],
)
def test_no_answer_is_said_only_of_whom_the_server_was_asked_for(release: Release, expected: str) -> None:
    assert fate(release.recipients[0], release) == expected


@pytest.mark.parametrize(
    ("state", "is_told"), [("refused", True), ("deferred", True), ("cancelled", False), ("queued", False)]
)
async def test_advice_is_given_only_while_it_can_be_followed(pages: Pages, state: str, is_told: bool) -> None:
    release = record(state=state, reply=NO, verdict=REFUSED)
    await keep(pages.sandbox, release)
    page = words(one(await pages.page(f"/releases/{release.id}"), ".told"))
    assert (REFUSED.remedy in page) is is_told
    assert (str(NO) in page) is (state != "queued")


async def test_what_is_sent_again_no_longer_tells_to_look_in_sent(pages: Pages, gmail: FakeGmail) -> None:
    profile = await add_profile(pages.sandbox, gmail)
    release = over("unknown", route=profile.binding, is_past_dot=True, verdict=REFUSED)
    await keep(pages.sandbox, release)
    gmail.knobs.stall_at = "greeting"
    page = await pages.post(f"/releases/{release.id}/attempts", target="article#record")
    assert "Look in the Sent folder" not in words(page)
    assert REFUSED.meaning not in words(page)


async def test_what_was_settled_is_not_called_accepted(pages: Pages) -> None:
    release = over("unknown", is_past_dot=True)
    await keep(pages.sandbox, release)
    page = await pages.post(f"/releases/{release.id}/settlement", target="article#record")
    assert words(one(page, "[data-outcome]")) == "You found it in Sent"
    assert "Accepted by" not in words(page)


async def test_a_parked_profile_says_so_where_profiles_are_and_is_tried_again(pages: Pages, gmail: FakeGmail) -> None:
    profile = await add_profile(pages.sandbox, gmail)
    await pages.sandbox.vault.keep(profile, Secret("wrongwrongwrongw"))
    message = await pages.capture(MAIL)
    await pages.post(f"/messages/{message}/releases", values(await pages.dialog(message)))
    ((_, release),) = await pages.sandbox.store.journal.list(limit=2)
    await pages.sandbox.outbox.wait([release.id], seconds=20)
    for path in ("/profiles", "/profiles/work"):
        line = one(await pages.page(path), ".parked")
        assert "work is parked until you act." in words(line)
    assert "is tried again now" in words(await pages.post(str(one(line, "form")["action"])))
    assert not (await pages.page("/profiles")).select(".parked")


def rule(**changes: object) -> Rule:
    plain = Rule(
        id=new_id(),
        query="*",
        profile="work",
        route=("", 0, "", "", ""),
        recipients=(USER,),
        created=now(),
        ends=now() + HOUR,
    )
    return msgspec.structs.replace(plain, **changes)


async def test_profiles_claim_that_nothing_leaves_by_itself_only_while_that_is_so(
    pages: Pages, gmail: FakeGmail
) -> None:
    await add_profile(pages.sandbox, gmail)
    assert "Nothing leaves by itself" in words(await pages.page("/profiles"))
    pages.sandbox.automatic.rules = (rule(),)
    page = words(await pages.page("/profiles"))
    assert "Nothing leaves by itself" not in page
    assert "Automatic release is on" in page


@pytest.mark.parametrize(
    ("note", "is_told"),
    [
        ("Turned off at its ceiling of 1 message an hour: one more came.", True),
        ("Turned off: the profile work has another server or account now.", True),
        ("Turned off by hand.", False),
        ("Ended at the time that was set.", False),
    ],
)
async def test_a_rule_that_turned_itself_off_leaves_a_notice(pages: Pages, note: str, is_told: bool) -> None:
    off = rule(is_on=False, note=note)
    pages.sandbox.automatic.rules = (off,)
    notices = (await pages.whole("/")).select(".notice.stopped")
    assert [str(one(notice, "a")["href"]) for notice in notices] == (["/rules"] if is_told else [])
    for later in ((off, rule()), (), (msgspec.structs.replace(off, created=now() - 30 * HOUR, ends=now() - HOUR),)):
        pages.sandbox.automatic.rules = later
        assert not (await pages.whole("/")).select(".notice.stopped")


async def test_a_rule_that_was_turned_off_by_hand_leaves_no_notice(pages: Pages, gmail: FakeGmail) -> None:
    await add_profile(pages.sandbox, gmail)
    made = await pages.sandbox.automatic.add("*", "work", [USER])
    await pages.sandbox.automatic.turn_off(made.id)
    assert not (await pages.whole("/")).select(".notice.stopped")


async def test_a_rule_counts_what_it_queued_and_held_back(pages: Pages) -> None:
    pages.sandbox.automatic.rules = (rule(released=3, held=2),)
    card = words(one(await pages.page("/rules"), ".rule"))
    assert "Queued 3 messages, 2 held back; at most 10 an hour" in card


@pytest.mark.parametrize(
    ("path", "heading", "why"),
    [
        ("/profiles", "Profiles are locked", "They are accounts that real mail leaves through"),
        ("/rules", "Rules are locked", "They send real mail without anybody looking"),
        ("/messages/x/releases/new", "Releasing is locked", "It sends real mail"),
    ],
)
async def test_what_is_locked_is_named(pages: Pages, path: str, heading: str, why: str) -> None:
    del pages.client.headers["X-Mailsluice-Token"]
    page = await pages.get(path, status=401)
    assert words(one(page, "h1")) == heading
    assert f"{why}, so the key is needed" in words(page)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (MAIL, ["The body goes byte for byte."]),
        (MAIL[:-2] + b"\n", ["The body: 1 line end made CRLF, nothing else."]),
        (
            MAIL.replace(b"Subject: Hello\r\n", b"Subject: Hello\n"),
            ["The header: 1 line end made CRLF.", "The body goes byte for byte."],
        ),
    ],
)
async def test_line_ends_are_told_once_and_where_they_are(
    pages: Pages, gmail: FakeGmail, raw: bytes, told: list[str]
) -> None:
    await add_profile(pages.sandbox, gmail)
    page = await pages.dialog(await pages.capture(raw))
    lines = [words(line) for line in page.select(".changes > .findings > li")]
    assert [line for line in lines if "line end" in line or "byte for byte" in line] == told
