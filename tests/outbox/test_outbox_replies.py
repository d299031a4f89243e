"""Each answer of a smarthost: what becomes of the release, and of the profile."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mailsluice.release import Parking, Release
from tests.gmail import DROP, STALL, FakeGmail, replies
from tests.outbox.workplace import BOB, SECOND, Workplace
from tests.smarthost import SECRET, USER


async def released(
    place: Workplace, *to: str, sender: str = USER, **changes: Any
) -> tuple[Release, int, Parking | None]:
    """A release after its first attempt, in how many seconds it is tried again, and the profile's parking."""
    profile = await place.add_profile(**changes)
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile, *to, sender=sender)])
        (release,) = await outbox.wait([draft.id], seconds=10)
        due = (release.due - place.clock()) // SECOND if release.due else 0
        assert outbox.parking("work") == (await place.journal.parkings()).get("work")
        return release, due, outbox.parking("work")


@pytest.mark.parametrize(
    ("recipient", "state", "due", "park"),
    [
        ("nosuchuser", "refused", 0, 0),
        ("nodomain", "refused", 0, 0),
        ("badrecipient", "refused", 0, 0),
        ("syntax", "refused", 0, 0),
        ("syntaxshort", "refused", 0, 0),
        ("toomany", "refused", 0, 0),
        ("onebyone", "refused", 0, 0),
        ("prohibited", "refused", 0, 0),
        ("tlsrequired", "refused", 0, 0),
        ("notlisted", "refused", 0, 0),
        ("violation", "refused", 0, 0),
        ("busy", "deferred", 30, 0),
        ("timeout", "deferred", 30, 0),
        ("rejectednow", "deferred", 30, 0),
        ("throttle", "deferred", 30, 0),
        ("temporary", "deferred", 30, 0),
        ("quota", "deferred", 86_400, 86_400),
        ("toobig", "refused", 0, 0),
        ("bigheader", "refused", 0, 0),
        ("blocked", "refused", 0, 0),
        ("malformed", "refused", 0, 0),
        ("loop", "refused", 0, 0),
        ("noncompliant", "refused", 0, 0),
        ("unsolicited", "refused", 0, 0),
        ("adminrule", "refused", 0, 0),
        ("dropped", "unknown", 0, 0),
        ("lost", "unknown", 0, 0),
        ("stalled", "unknown", 0, 0),
    ],
)
async def test_an_answer_decides_about_release_and_profile(
    place: Workplace, recipient: str, state: str, due: int, park: int
) -> None:
    address = f"{recipient}@x.test"
    release, seconds, parking = await released(place, address)
    assert (release.state, seconds) == (state, due)
    assert (parking.until - place.clock()) // SECOND == park if parking else park == 0
    (one,) = release.recipients
    assert one.state == {"refused": "refused"}.get(state, "waiting")
    if state != "unknown":
        assert one.reply == release.reply
        assert release.reply
    assert release.verdict
    assert release.verdict.remedy
    assert release.transcript


@pytest.mark.parametrize("sender", ["badsender", "syntax", "toobig", "wantauth", "wantauth2025", "wanttls", "sequence"])
async def test_a_refused_sender_refuses_the_release(place: Workplace, sender: str) -> None:
    release, due, parking = await released(place, BOB, "eve@x.test", sender=f"{sender}@x.test")
    assert (release.state, due, parking) == ("refused", 0, None)
    assert [one.reply for one in release.recipients] == [release.reply, release.reply]
    assert [one.state for one in release.recipients] == ["refused", "refused"]


@pytest.mark.parametrize(
    ("user", "park"),
    [
        ("badcredentials", "for ever"),
        ("revoked", "for ever"),
        ("secondfactor", "for ever"),
        ("challenged", "for ever"),
        ("challenged2014", "for ever"),
        ("mechanism", "for ever"),
        ("undecodable", "for ever"),
        ("manylogins", "an hour"),
        ("manyloginslong", "an hour"),
        ("temporary", "an hour"),
    ],
)
async def test_no_answer_to_a_sign_in_is_tried_again(place: Workplace, user: str, park: str) -> None:
    release, due, parking = await released(place, user=f"{user}@gmail.com")
    assert (release.state, release.waiting, due) == ("failed", (BOB,), 0)
    assert parking
    assert parking.verdict == release.verdict
    assert parking.until == (0 if park == "for ever" else place.clock() + 3600 * SECOND)
    assert place.gmail.auth_attempts == 1


@pytest.mark.parametrize("reply", [replies.BAD_CREDENTIALS, replies.MANY_LOGINS])
async def test_a_hundred_releases_make_one_sign_in_where_it_is_refused(place: Workplace, reply: str) -> None:
    place.gmail.fail_next("auth", reply, times=100)
    profile = await place.add_profile()
    async with place.open() as outbox:
        releases = await outbox.add([place.draft(profile) for _ in range(100)])
        ended = await outbox.wait([one.id for one in releases], seconds=10)
        place.clock.advance(3599)
        await outbox.wait([one.id for one in releases], seconds=10)
        assert [one.state for one in ended].count("failed") == 1
        assert [place.journal.record(one.id).state for one in releases].count("queued") == 99
        while not (waiting := place.journal.record(releases[50].id)).note:
            await asyncio.sleep(0)
        parking = outbox.parking("work")
        assert parking
        assert waiting.due == parking.until
        assert "sends nothing for now" in waiting.note
    assert place.gmail.auth_attempts == 1
    async with place.open() as outbox:
        await outbox.wait([one.id for one in releases], seconds=10)
    assert place.gmail.auth_attempts == 1


async def test_an_hour_after_too_many_sign_ins_one_more_is_made(gmail: FakeGmail, tmp_path: Path) -> None:
    gmail.fail_next("auth", replies.MANY_LOGINS)
    place = Workplace(gmail, tmp_path)
    profile = await place.add_profile(pace=0.0)
    async with place.open() as outbox:
        releases = await outbox.add([place.draft(profile) for _ in range(3)])
        await outbox.wait([one.id for one in releases], seconds=10)
        place.clock.advance(3601)
        ended = await outbox.wait([one.id for one in releases], seconds=10)
    assert [one.state for one in ended] == ["failed", "delivered", "delivered"]
    assert gmail.auth_attempts == 2


@pytest.mark.parametrize("stage", ["greeting", "ehlo", "auth", "mail", "rcpt", "data"])
@pytest.mark.parametrize("trouble", [DROP, STALL])
async def test_a_fault_of_the_network_before_the_dot_is_tried_again(place: Workplace, stage: str, trouble: str) -> None:
    place.gmail.fail_next(stage, trouble, times=2 if stage in ("greeting", "ehlo") else 1)
    release, due, parking = await released(place)
    assert (release.state, due, parking, release.waiting) == ("deferred", 30, None, (BOB,))
    assert place.gmail.delivered == []


@pytest.mark.parametrize("reply", [replies.THROTTLED_EHLO, replies.TEMPORARY])
async def test_a_smarthost_that_turns_away_is_tried_again(place: Workplace, reply: str) -> None:
    place.gmail.fail_next("greeting", reply)
    release, due, parking = await released(place)
    assert (release.state, due, parking) == ("deferred", 30, None)


async def test_a_certificate_that_is_not_right_is_not_tried_again(place: Workplace) -> None:
    place.gmail.knobs.certificate = "expired"
    release, due, parking = await released(place)
    assert (release.state, due, parking, place.gmail.auth_attempts) == ("failed", 0, None, 0)


async def test_a_password_that_is_missing_parks_the_profile_without_a_sign_in(place: Workplace) -> None:
    profile = await place.add_profile()
    await place.vault.forget(profile)
    async with place.open() as outbox:
        releases = await outbox.add([place.draft(profile), place.draft(profile)])
        ended = await outbox.wait([one.id for one in releases], seconds=10)
        assert [one.state for one in ended] == ["failed", "queued"]
        await place.vault.keep(profile, SECRET)
        await outbox.resume("work")
        place.clock.advance(5)
        (_, release) = await outbox.wait([one.id for one in releases], seconds=10)
        assert release.state == "delivered"
    assert place.gmail.auth_attempts == 1


async def test_three_retries_by_itself_and_no_more(gmail: FakeGmail, tmp_path: Path) -> None:
    place = Workplace(gmail, tmp_path)
    profile = await place.add_profile()
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile, "busy@x.test")])
        for attempt, wait in enumerate((30, 120, 600), 1):
            (release,) = await outbox.wait([draft.id], seconds=10)
            assert (release.state, release.attempts) == ("deferred", attempt)
            assert release.due == place.clock() + wait * SECOND
            place.clock.advance(wait - 6)
            await outbox.wait([draft.id], seconds=10)
            assert gmail.connections == attempt
            place.clock.advance(7)
        (release,) = await outbox.wait([draft.id], seconds=10)
        assert (release.state, release.attempts, release.due) == ("refused", 4, 0)
        assert [one.state for one in release.recipients] == ["refused"]
        place.clock.advance(100_000)
        await outbox.wait([draft.id], seconds=10)
    assert gmail.connections == 4


async def test_refused_recipients_are_told_and_the_others_have_it(place: Workplace) -> None:
    release, due, parking = await released(place, "nosuchuser@x.test", BOB)
    assert (release.state, due, parking, release.accepted) == ("partly", 0, None, (BOB,))
    refused, accepted = release.recipients
    assert refused.reply
    assert accepted.reply
    assert (refused.reply.code, accepted.reply.code) == (550, 250)
    assert place.journal.ledger[0][2] == 1


async def test_a_recipient_put_off_is_tried_again_alone(gmail: FakeGmail, tmp_path: Path) -> None:
    place = Workplace(gmail, tmp_path)
    profile = await place.add_profile()
    gmail.fail_next("rcpt", replies.REJECTED_NOW)
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile, "eve@x.test", BOB, "nosuchuser@x.test")])
        (release,) = await outbox.wait([draft.id], seconds=10)
        assert (release.state, release.waiting, release.accepted) == ("deferred", ("eve@x.test",), (BOB,))
        place.clock.advance(31)
        (release,) = await outbox.wait([draft.id], seconds=10)
    assert (release.state, release.accepted) == ("partly", ("eve@x.test", BOB))
    assert [message.recipients for message in gmail.delivered] == [(BOB,), ("eve@x.test",)]
    assert [count for _, _, count in place.journal.ledger] == [1, 1]


async def test_recipients_beyond_a_limit_go_separately_at_once(gmail: FakeGmail, tmp_path: Path) -> None:
    place = Workplace(gmail, tmp_path, runs=True)
    gmail.knobs.recipients = 2
    everybody = tuple(f"r{number}@example.com" for number in range(11))
    profile = await place.add_profile()
    began = place.clock()
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile, *everybody)])
        (release,) = await outbox.wait([draft.id], seconds=10)
    assert (release.state, release.accepted) == ("delivered", everybody)
    assert [one for message in gmail.delivered for one in message.recipients] == [*everybody]
    assert (len(gmail.delivered), gmail.auth_attempts) == (6, 1)
    assert place.clock() - began < 20 * SECOND


async def test_who_is_refused_alone_too_is_not_asked_for_ever(gmail: FakeGmail, tmp_path: Path) -> None:
    place = Workplace(gmail, tmp_path, runs=True)
    profile = await place.add_profile()
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile, BOB, "onebyone@x.test")])
        (release,) = await outbox.wait([draft.id], seconds=10)
    assert (release.state, release.accepted) == ("partly", (BOB,))
    assert len(gmail.delivered) == 1
    assert len(place.commands("RCPT")) == 3


async def test_a_server_that_hangs_up_is_left_alone_by_the_others_too(place: Workplace) -> None:
    profile = await place.add_profile()
    async with place.open() as outbox:
        releases = await outbox.add([place.draft(profile, "throttle@x.test"), place.draft(profile)])
        first, second = await outbox.wait([one.id for one in releases], seconds=10)
        while not (waiting := place.journal.record(second.id)).note:
            await asyncio.sleep(0)
        assert waiting.due == first.due
        assert "earlier release" in waiting.note
        place.clock.advance(20)
        await outbox.wait([one.id for one in releases], seconds=10)
        assert place.gmail.connections == 1
        place.clock.advance(11)
        await outbox.wait([one.id for one in releases], seconds=10)
    assert place.gmail.connections == 2


async def test_a_day_s_limit_of_the_server_parks_the_profile(place: Workplace) -> None:
    profile = await place.add_profile(pace=0.0)
    place.gmail.fail_next("data", replies.DAILY_LIMIT)
    async with place.open() as outbox:
        releases = await outbox.add([place.draft(profile), place.draft(profile)])
        ids = [one.id for one in releases]
        ended = await outbox.wait(ids, seconds=10)
        assert [one.state for one in ended] == ["deferred", "queued"]
        place.clock.advance(86_000)
        await outbox.wait(ids, seconds=10)
        assert place.gmail.delivered == []
        place.clock.advance(401)
        ended = await outbox.wait(ids, seconds=10)
    assert [one.state for one in ended] == ["delivered", "delivered"]
