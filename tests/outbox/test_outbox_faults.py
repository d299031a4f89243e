"""Faults of ours while releases are sent: the journal's, the program's, the connection's."""

import asyncio
from pathlib import Path

import pytest

from mailsluice.release import Release
from tests.gmail import DROP, FakeGmail, replies
from tests.outbox.workplace import BOB, SECOND, Workplace, full_disk
from tests.smarthost import APP_PASSWORD, USER


async def released(place: Workplace) -> Release:
    """A release after its first attempt."""
    profile = await place.add_profile()
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        (release,) = await outbox.wait([draft.id], seconds=10)
        return release


async def test_a_journal_that_fails_before_the_dot_sends_nothing_and_tries_later(place: Workplace) -> None:
    def before(release: Release) -> None:
        if release.is_past_dot:
            full_disk(release)

    place.journal.before = before
    profile = await place.add_profile()
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        (release,) = await outbox.wait([draft.id], seconds=10)
        assert (release.state, release.due) == ("queued", place.clock() + 30 * SECOND)
        assert place.gmail.delivered == []
        place.journal.before = lambda release: None
        place.clock.advance(31)
        (release,) = await outbox.wait([draft.id], seconds=10)
        assert release.state == "delivered"
    assert len(place.gmail.delivered) == 1


async def test_a_journal_that_never_takes_the_dot_ends_as_failed(gmail: FakeGmail, tmp_path: Path) -> None:
    place = Workplace(gmail, tmp_path, runs=True)

    def before(release: Release) -> None:
        if release.is_past_dot:
            full_disk(release)

    place.journal.before = before
    profile = await place.add_profile()
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        while outbox_is_open(place, draft.id):
            await asyncio.sleep(0)
    assert place.journal.record(draft.id).state == "failed"
    assert (gmail.connections, gmail.delivered) == (4, [])


async def test_an_answer_that_cannot_be_recorded_is_recorded_later_and_nothing_is_sent_twice(
    place: Workplace,
) -> None:
    def before(release: Release) -> None:
        if release.state == "delivered":
            full_disk(release)

    place.journal.before = before
    profile = await place.add_profile()
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        while not place.gmail.delivered:
            await asyncio.sleep(0)
        place.clock.advance(6)
        place.journal.before = lambda release: None
        place.clock.advance(6)
        (release,) = await outbox.wait([draft.id], seconds=10)
        assert release.state == "delivered"
    assert len(place.gmail.delivered) == 1


async def test_a_fault_of_ours_fails_one_release_and_not_the_next(
    place: Workplace, caplog: pytest.LogCaptureFixture
) -> None:
    profile = await place.add_profile()
    lone_line_end, _ = place.draft(profile)
    async with place.open() as outbox:
        await outbox.add([(lone_line_end, b"Subject: x\n\n"), place.draft(profile)])
        (broken,) = await outbox.wait([lone_line_end.id], seconds=10)
        assert (broken.state, "fault" in broken.note) == ("failed", True)
        place.clock.advance(5)
        while not place.gmail.delivered:
            await asyncio.sleep(0)
    assert "ValueError" in caplog.text


async def test_a_fault_of_ours_after_the_dot_is_unknown(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **keywords: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("mailsluice.relay.lane.decide", broken)
    release = await released(place)
    assert release.state == "unknown"
    assert len(place.gmail.delivered) == 1


async def test_no_record_holds_the_password_or_a_sign_in_link(place: Workplace) -> None:
    place.gmail.fail_next("auth", replies.WEB_LOGIN_2014)
    release = await released(place)
    shown = repr(release)
    assert "a sign-in link" in shown
    assert APP_PASSWORD not in shown
    assert "accounts.google.com/signin" not in shown
    assert "TestTest" not in shown


async def test_a_connection_cut_after_the_dot_is_unknown_and_stays_so(place: Workplace) -> None:
    place.gmail.fail_next("message", DROP)
    profile = await place.add_profile()
    async with place.open() as outbox:
        (draft,) = await outbox.add([place.draft(profile)])
        (release,) = await outbox.wait([draft.id], seconds=10)
        assert (release.state, release.waiting) == ("unknown", (BOB,))
        assert f"Sent folder of {USER}" in release.note
        place.clock.advance(100_000)
    async with place.open() as outbox:
        place.clock.advance(100_000)
        await outbox.wait([draft.id], seconds=10)
    assert len(place.gmail.delivered) == 1


def outbox_is_open(place: Workplace, id: str) -> bool:
    return place.journal.record(id).is_open


async def test_a_journal_with_a_fault_stops_neither_the_lane_nor_is_anything_sent_twice(
    place: Workplace, caplog: pytest.LogCaptureFixture
) -> None:
    profile = await place.add_profile(pace=0.0)
    lost = place.draft(profile)

    def before(release: Release) -> None:
        if release.id == lost[0].id and not release.is_open:
            raise LookupError

    place.journal.before = before
    async with place.open() as outbox:
        other = place.draft(profile, "eve@x.test")
        await outbox.add([lost, other])
        while "could not be recorded" not in caplog.text:
            await asyncio.sleep(0)
        place.clock.advance(5)
        (release,) = await outbox.wait([other[0].id], seconds=10)
        assert release.state == "delivered"
    place.journal.before = lambda release: None
    async with place.open() as outbox:
        (release,) = await outbox.wait([lost[0].id], seconds=10)
        assert release.state == "unknown"
    assert [message.recipients for message in place.gmail.delivered] == [(BOB,), ("eve@x.test",)]
